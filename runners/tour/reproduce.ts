/**
 * Writes a divergence as a case file: what the model says is what the case expects.
 *
 * A case that was written passes on the model and does not pass on the target. Not every difference can be said in a
 * case; then there is a reason instead.
 *
 * @module
 */
import { Document, isPair, visit } from "yaml";
import type { Case } from "../../cases/case.ts";
import { refusalsWithoutControl } from "../../cases/control.ts";
import { judge, type Verdict } from "../../cases/judge.ts";
import { MAX_TITLE } from "../../cases/lint.ts";
import { parseCases } from "../../cases/parse.ts";
import { programOf } from "../../cases/program.ts";
import { formatDiagnostic } from "../../spec/diagnostic.ts";
import type { Ledger } from "../../spec/ledger.ts";
import { likelyClause } from "../fuzz/clauses.ts";
import { Player } from "../fuzz/play.ts";
import { type WrittenSections, writtenSections } from "../fuzz/written.ts";
import { type Dialect, simulator } from "../simulator/mod.ts";
import type { Target } from "../target.ts";
import type { TourDivergence } from "./tour.ts";

/** What is needed to write divergences. */
export interface ReproduceOptions {
  /** Opens the target once more, to see that the case does not pass on it. */
  readonly open: () => Target | Promise<Target>;
  /** The target's name, for the text. */
  readonly target: string;
  /** The model. */
  readonly dialect: Dialect;
  /** The ledger. */
  readonly ledger: Pick<Ledger, "clauses">;
  /** The cases that tell which clause a difference is about. */
  readonly cases: readonly Case[];
}

/** A divergence as a case, or why it is none. */
export type Reproduction =
  | {
    readonly kind: "case";
    /** A name for the file, without the ending. */
    readonly name: string;
    /** The file. */
    readonly text: string;
  }
  | { readonly kind: "unwritable"; readonly reason: string };

const NO_CONTROL = "The steps are the shortest way to the difference and show nothing else.";

const TIMES = { timeoutMs: 60_000, graceMs: 5_000 };

/** Writes a divergence as a case file and sees that the case shows it. */
export async function reproduce(found: TourDivergence, options: ReproduceOptions): Promise<Reproduction> {
  const sections = writtenSections(found);
  if (sections.kind === "unwritable") return sections;
  const name = nameOf(found);
  const case_ = parsed(textOf(found, sections, options, {}), name, options) ??
    parsed(textOf(found, sections, options, { "no control": NO_CONTROL }), name, options);
  if (!case_) return unwritable("the format of cases refuses it");
  if (typeof case_ === "string") return unwritable(case_);
  const onModel = await verdictOn(case_, () => simulator(options.dialect));
  if (onModel !== "pass") return unwritable(`the case would be ${onModel} on the model itself`);
  const onTarget = await verdictOn(case_, options.open);
  if (onTarget === "pass") return unwritable("the format of cases has no words for what differs");
  return { kind: "case", name, text: case_.source.text };
}

function unwritable(reason: string): Reproduction {
  return { kind: "unwritable", reason };
}

/** The case in a text, what is wrong with it, or nothing where it only lacks a control. */
function parsed(text: string, name: string, { ledger }: ReproduceOptions): Case | string | undefined {
  const { cases: [case_], diagnostics } = parseCases(text, { file: `${name}.yaml`, path: name, ledger });
  if (!case_) return diagnostics.map(formatDiagnostic).join("; ");
  return case_.noControl === undefined && refusalsWithoutControl(case_).length > 0 ? undefined : case_;
}

function nameOf({ operation, divergence: { kind } }: TourDivergence): string {
  return `${operation.split(" ")[0]} ${kind.expected} ${kind.seen}`.toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-").replaceAll(/^-|-$/g, "");
}

function textOf(
  found: TourDivergence,
  { given, when, then }: WrittenSections,
  options: ReproduceOptions,
  more: Readonly<Record<string, unknown>>,
): string {
  const { operation, state, divergence: { expected, seen, kind } } = found;
  const clause = clauseOf(found, options);
  const body = {
    title: `Tour: ${operation.split(" ")[0]} gives "${kind.expected}" and not "${kind.seen}"`.slice(
      0,
      MAX_TITLE,
    ),
    why:
      `The tour of ${options.target} by the model ${options.dialect.id} found it in the state "${state}". ` +
      "The clause is a guess from the cases that use the operation; check it before you keep the case.",
    clauses: clause ? [clause] : [],
    ...more,
    ...(given.length > 0 && { given }),
    ...(when.length > 0 && { when }),
    ...(then.length > 0 && { then }),
  };
  const document = new Document(body, { aliasDuplicateObjects: false });
  flowArguments(document);
  document.commentBefore = ` expected: ${expected}\n seen: ${seen}`;
  return document.toString({ lineWidth: 110, flowCollectionPadding: true });
}

function clauseOf({ divergence, arranged }: TourDivergence, { cases, ledger }: ReproduceOptions) {
  const { index, aspect } = divergence;
  const action = arranged.program.steps[Math.min(index, arranged.program.steps.length - 1)];
  const operation = action &&
    arranged.steps.get(action.action === "finish" ? action.of : action.id)?.operation;
  const outcome = arranged.expected.observations[index]?.outcome;
  return likelyClause({ operation: operation ?? "", aspect, outcome }, cases, ledger);
}

/** Puts what each step does on one line, as cases do: a map that is the value of a key is its arguments. */
function flowArguments(document: Document): void {
  visit(document, {
    Map(_key, map, path) {
      if (isPair(path.at(-1))) map.flow = true;
    },
    Seq(_key, list, path) {
      const holder = path.at(-1);
      const isSteps = isPair(holder) && STEPS.has(String(holder.key));
      if (!isSteps) list.flow = true;
    },
  });
}

const STEPS: ReadonlySet<string> = new Set(["given", "when", "then", "blocks until"]);

async function verdictOn(case_: Case, open: () => Target | Promise<Target>): Promise<Verdict> {
  const target = await open();
  const { pageSize } = await target.describe();
  const player = new Player(() => target, TIMES);
  try {
    return judge(case_, await player.play(programOf(case_)), { pageSize }).verdict;
  } finally {
    await player.close();
  }
}
