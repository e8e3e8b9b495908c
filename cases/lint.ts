/**
 * What is wrong with cases that can be read: whether they show what they say, and only once.
 *
 * @module
 */
import { type Diagnostic, type Finding, type Position, sortDiagnostics } from "../spec/diagnostic.ts";
import type { Ledger } from "../spec/ledger.ts";
import { didYouMean } from "../spec/nearest.ts";
import { partAt } from "../spec/tree.ts";
import { parseYaml } from "../spec/yaml_file.ts";
import { type Case, SECTIONS, type Step } from "./case.ts";
import { refusalsWithoutControl } from "./control.ts";

/** The longest title, in characters; a longer one does not fit on a line of a report. */
export const MAX_TITLE = 90;

/** What the linter can be told of the outside. */
export interface LintOptions {
  /** Tells whether a case passes on a simulator at all; not asked where it is left out. */
  readonly passesSomewhere?: ((case_: Case) => boolean) | undefined;
}

/**
 * Looks for mistakes that reading the files does not show.
 *
 * @param cases every case, since two of them may be the same
 * @param ledger the ledger
 * @param options what can be told of the outside
 */
export function lint(
  cases: readonly Case[],
  ledger: Pick<Ledger, "clauses">,
  options: LintOptions = {},
): readonly Diagnostic[] {
  return sortDiagnostics([
    ...cases.flatMap((case_) => lintClauses(case_, ledger)),
    ...cases.flatMap(lintTitle),
    ...cases.flatMap(lintControls),
    ...sameSteps(cases),
    ...cases.flatMap((case_) => lintPasses(case_, options)),
  ]);
}

function lintClauses(case_: Case, ledger: Pick<Ledger, "clauses">): readonly Diagnostic[] {
  if (case_.clauses.length === 0) return [diagnose(case_, [], noClauses())];
  return case_.clauses.flatMap((id, index) => {
    const clause = ledger.clauses.get(id);
    if (!clause) return [diagnose(case_, ["clauses", index], unknownClause(id, ledger))];
    if (!clause.notTested) return [];
    return [diagnose(case_, ["clauses", index], {
      code: "inconsistent",
      message: `The ledger says that no case shows ${id}: ${clause.notTested.reason}`,
      hint: `Remove "not-tested" at ${clause.at.file}:${clause.at.line}, or ${id} here`,
    })];
  });
}

function noClauses(): Finding {
  return {
    code: "missing-key",
    message: "The case verifies no clause",
    hint: 'Add "clauses" with the clauses that it verifies',
  };
}

/** What to say of a clause that is not in the ledger. */
export function unknownClause(id: string, ledger: Pick<Ledger, "clauses">): Finding {
  return {
    code: "unknown-clause",
    message: `The ledger has no clause ${id}`,
    hint: didYouMean(id, ledger.clauses.keys(), "Look for it in spec/clauses"),
  };
}

function lintTitle(case_: Case): readonly Diagnostic[] {
  if (case_.title.length <= MAX_TITLE) return [];
  return [diagnose(case_, ["title"], {
    code: "long-title",
    message: `The title has ${case_.title.length} characters and no title may have more than ${MAX_TITLE}`,
    hint: 'Say in the title what the case shows and in "why" the rest',
  })];
}

function lintControls(case_: Case): readonly Diagnostic[] {
  if (case_.noControl !== undefined) return [];
  return refusalsWithoutControl(case_).map(({ operation, at }) => ({
    ...at,
    code: "no-control",
    message: `The case expects ${operation} to be refused and never shows that it works`,
    hint:
      'Add a step under "control" where it succeeds on the same object, or say under "no control" why none can',
  }));
}

function sameSteps(cases: readonly Case[]): readonly Diagnostic[] {
  const first = new Map<string, Case>();
  return cases.flatMap((case_) => {
    const key = canonical(SECTIONS.map((section) => case_.sections[section].map(essenceOf)));
    const twin = first.get(key);
    if (!twin) {
      first.set(key, case_);
      return [];
    }
    return [diagnose(case_, [], {
      code: "same-steps",
      message: `The steps of ${case_.id} are those of ${twin.id}`,
      hint: "Remove one of the two and let the other name the clauses of both",
    })];
  });
}

/** What a step does and expects, without its place and what is said about it. */
function essenceOf({ operation, args, bind, expects, otherwise, until }: Step): unknown {
  return { operation, args, bind, expects, otherwise, until: until.map(essenceOf) };
}

/** JSON with the keys in order, so that the same values give the same text. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) => {
    if (typeof inner !== "object" || inner === null || Array.isArray(inner)) return inner;
    return Object.fromEntries(Object.entries(inner).sort(([a], [b]) => a < b ? -1 : 1));
  });
}

function lintPasses(case_: Case, { passesSomewhere }: LintOptions): readonly Diagnostic[] {
  if (!passesSomewhere || passesSomewhere(case_)) return [];
  return [diagnose(case_, [], {
    code: "passes-nowhere",
    message: `No dialect of the simulator passes ${case_.id}`,
    hint: `Run it to see why: conform run '${case_.id}'`,
  })];
}

/** A mistake at a part of a case's file. The file is read again for it, since cases do not keep all their places. */
function diagnose({ source }: Case, path: readonly PropertyKey[], finding: Finding): Diagnostic {
  return { ...placeOf(source.text, source.file, path), ...finding };
}

function placeOf(text: string, file: string, path: readonly PropertyKey[]): Position {
  const result = parseYaml(text, file);
  if (!result.ok) return { file, line: 1, column: 1 };
  const { tree, positionOf } = result.yaml;
  return positionOf(partAt(tree, path)?.at ?? tree.at);
}
