/**
 * Writes what a program shows as a case file: what the model says is what the case expects.
 *
 * A case that was written is parsed and run before it is given: it passes on the model and does not pass on the
 * target. Not every difference can be said in a case; then there is a reason instead.
 *
 * @module
 */
import { Document, isMap, isSeq } from "yaml";
import type { Case } from "../../cases/case.ts";
import { refusalsWithoutControl } from "../../cases/control.ts";
import { judge } from "../../cases/judge/judge.ts";
import type { Judgement } from "../../cases/judge/judgement.ts";
import { MAX_TITLE } from "../../cases/lint.ts";
import { parseCases } from "../../cases/parse.ts";
import { programOf } from "../../cases/program.ts";
import { formatDiagnostic } from "../../spec/diagnostic.ts";
import type { ClauseId } from "../../spec/ids.ts";
import type { Ledger } from "../../spec/ledger.ts";
import { type Dialect, simulator } from "../simulator/mod.ts";
import type { Target } from "../target.ts";
import { operationAt } from "./arrange.ts";
import { likelyClause } from "./clauses.ts";
import { Player } from "./play.ts";
import { type Shown, type WrittenSections, writtenSections } from "./written.ts";

/** What is needed to write cases. */
export interface WriteOptions {
  /** Opens the target once more, to see that the case does not pass on it. */
  readonly open: () => Target | Promise<Target>;
  /** The model. */
  readonly against: Dialect;
  /** The target's name, for the text. */
  readonly target: string;
  /** The ledger. */
  readonly ledger: Pick<Ledger, "clauses">;
  /** The cases that tell which clause a difference is about. */
  readonly cases: readonly Case[];
}

/** A difference as a case, or why it is none. */
export type WrittenCase =
  | {
    readonly kind: "case";
    /** A name for the file, without the ending. */
    readonly name: string;
    /** The file. */
    readonly text: string;
    /** The case in it. */
    readonly case: Case;
  }
  | { readonly kind: "unwritable"; readonly reason: string };

/** What a case says of where it comes from. */
export interface Words {
  /** What shows the difference. */
  readonly operation: string;
  /** What was done to find it: the first word of the title. */
  readonly found: string;
  /** How it was found. */
  readonly why: string;
  /** Why no control stands in it. */
  readonly noControl: string;
  /** Remarks above the case. */
  readonly remarks: readonly string[];
}

type Head = Readonly<Record<string, unknown>>;

/** How long a target may take for the case, in milliseconds. */
const TIMEOUT_MS = 60_000;

/** Writes a difference as a case file and sees that the case shows it. */
export async function writeCase(shown: Shown, words: Words, options: WriteOptions): Promise<WrittenCase> {
  const sections = writtenSections(shown);
  if (sections.kind === "unwritable") return sections;
  const drafted = draft(shown, sections, words, options);
  if (drafted.kind === "unwritable") return drafted;
  const { case: case_ } = drafted;
  const onModel = await judgedOn(case_, () => simulator(options.against));
  if (onModel.verdict !== "pass") {
    return unwritable(
      `the case would be ${onModel.verdict} on the model itself: ${onModel.reasons.join("; ")}`,
    );
  }
  const onTarget = await judgedOn(case_, options.open);
  if (onTarget.verdict === "pass") return unwritable("the format of cases has no words for what differs");
  return drafted;
}

function unwritable(reason: string): Extract<WrittenCase, { kind: "unwritable" }> {
  return { kind: "unwritable", reason };
}

function draft(shown: Shown, sections: WrittenSections, words: Words, options: WriteOptions): WrittenCase {
  const name = nameOf(shown, words);
  const head = headOf(shown, words, options);
  const plain = parse(textOf(head, sections, words), name, options.ledger);
  const needsControl = plain.kind === "case" && refusalsWithoutControl(plain.case).length > 0;
  if (!needsControl) return plain;
  return parse(textOf({ ...head, "no control": words.noControl }, sections, words), name, options.ledger);
}

function parse(text: string, name: string, ledger: WriteOptions["ledger"]): WrittenCase {
  const { cases, diagnostics } = parseCases(text, { file: `${name}.yaml`, path: name, ledger });
  const [first] = cases;
  if (first) return { kind: "case", name, text, case: first };
  return unwritable(diagnostics.map(formatDiagnostic).join("; ") || "there is nothing in it");
}

function nameOf({ divergence: { kind } }: Shown, { operation }: Words): string {
  return `${operation} ${kind.expected} ${kind.seen}`.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-")
    .replaceAll(/^-|-$/g, "");
}

function headOf(shown: Shown, { operation, found, why }: Words, options: WriteOptions): Head {
  const { expected, seen } = shown.divergence.kind;
  const clause = clauseOf(shown, options);
  return {
    title: `${found}: ${operation} gives "${expected}" and not "${seen}"`.slice(0, MAX_TITLE),
    why:
      `${why} The clause is a guess from the cases that use the operation; check it before you keep the case.`,
    clauses: clause ? [clause] : [],
  };
}

function clauseOf(
  { arranged, divergence: { aspect, index } }: Shown,
  { cases, ledger }: WriteOptions,
): ClauseId | undefined {
  const outcome = arranged.expected.observations[index]?.outcome;
  return likelyClause({ operation: operationAt(arranged, index), aspect, outcome }, cases, ledger);
}

function textOf(head: Head, { given, when, then }: WrittenSections, { remarks }: Words): string {
  const body = {
    ...head,
    ...(given.length > 0 && { given }),
    ...(when.length > 0 && { when }),
    ...(then.length > 0 && { then }),
  };
  const document = new Document(body, { aliasDuplicateObjects: false });
  for (const section of ["given", "when", "then"]) flowActions(document.get(section));
  document.commentBefore = remarks.map((remark) => ` ${remark}`).join("\n");
  return document.toString({ lineWidth: 110, flowCollectionPadding: true });
}

/** Puts what each step does on one line, as cases do. */
function flowActions(steps: unknown): void {
  if (!isSeq(steps)) return;
  for (const step of steps.items) {
    if (!isMap(step)) continue;
    for (const { key, value } of step.items) {
      if (String(key) === "blocks until") flowActions(value);
      else if (isMap(value) || isSeq(value)) value.flow = true;
    }
  }
}

async function judgedOn(case_: Case, open: () => Target | Promise<Target>): Promise<Judgement> {
  const player = new Player(open, { timeoutMs: TIMEOUT_MS, graceMs: TIMEOUT_MS });
  try {
    const { pageSize } = await player.describe();
    return judge(case_, await player.play(programOf(case_)), { pageSize });
  } finally {
    await player.close();
  }
}
