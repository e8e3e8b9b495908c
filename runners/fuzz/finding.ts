/**
 * Writes a finding as a case file: what the model says is what the case expects.
 *
 * A case that was written is parsed and run before it is given: it passes on the model and does not pass on the
 * target. Not every difference can be said in a case; then there is a reason instead.
 *
 * @module
 */
import { Document, isMap, isSeq } from "yaml";
import type { Case } from "../../cases/case.ts";
import { refusalsWithoutControl } from "../../cases/control.ts";
import { judge, type Judgement } from "../../cases/judge.ts";
import { MAX_TITLE } from "../../cases/lint.ts";
import { parseCases } from "../../cases/parse.ts";
import { programOf } from "../../cases/program.ts";
import { formatDiagnostic } from "../../spec/diagnostic.ts";
import type { Ledger } from "../../spec/ledger.ts";
import { type Dialect, simulator } from "../simulator/mod.ts";
import type { Target } from "../target.ts";
import { likelyClause } from "./clauses.ts";
import type { Finding } from "./fuzz.ts";
import { Player } from "./play.ts";
import { type WrittenSections, writtenSections } from "./written.ts";

/** What is needed to write findings. */
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

/** A finding as a case, or why it is none. */
export type WrittenFinding =
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

/** How long the target may take for the case, in milliseconds. */
const TIMEOUT_MS = 60_000;

/** Why no control stands in a case that was found by chance. */
const NO_CONTROL =
  "The program was found by chance; its steps are those that show the difference and no more.";

/** Writes a finding as a case file and sees that the case shows it. */
export async function writeFinding(finding: Finding, options: WriteOptions): Promise<WrittenFinding> {
  const sections = writtenSections(finding);
  if (sections.kind === "unwritable") return sections;
  const drafted = draft(finding, sections, options);
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

/** The command that finds a finding again. */
export function replayCommand({ seed, path, maxSteps }: Finding, target: string, against: string): string {
  return `conform fuzz --target ${target} --against ${against} --seed ${seed} --path ${path} ` +
    `--max-steps ${maxSteps}`;
}

function unwritable(reason: string): Extract<WrittenFinding, { kind: "unwritable" }> {
  return { kind: "unwritable", reason };
}

function draft(finding: Finding, sections: WrittenSections, options: WriteOptions): WrittenFinding {
  const name = nameOf(finding);
  const plain = textOf(headOf(finding, options), sections, finding, options);
  const parsed = parse(plain, name, options.ledger);
  const needsControl = parsed.kind === "case" && refusalsWithoutControl(parsed.case).length > 0;
  if (!needsControl) return parsed;
  const head = { ...headOf(finding, options), "no control": NO_CONTROL };
  return parse(textOf(head, sections, finding, options), name, options.ledger);
}

function parse(text: string, name: string, ledger: WriteOptions["ledger"]): WrittenFinding {
  const { cases, diagnostics } = parseCases(text, { file: `${name}.yaml`, path: name, ledger });
  const [first] = cases;
  if (first) return { kind: "case", name, text, case: first };
  return unwritable(diagnostics.map(formatDiagnostic).join("; ") || "there is nothing in it");
}

function nameOf({ operation, divergence: { kind } }: Finding): string {
  return `${operation} ${kind.expected} ${kind.seen}`.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-")
    .replaceAll(/^-|-$/g, "");
}

type Head = Readonly<Record<string, unknown>>;

function headOf(finding: Finding, { against, target, ledger, cases }: WriteOptions): Head {
  const { operation, divergence: { aspect, index, kind }, arranged: { expected } } = finding;
  const outcome = expected.observations[index]?.outcome;
  const clause = likelyClause({ operation, aspect, outcome }, cases, ledger);
  return {
    title: `Fuzzing: ${operation} gives "${kind.expected}" and not "${kind.seen}"`.slice(0, MAX_TITLE),
    why: `A random program told ${target} from sim:${against.id}, the model, and was shortened. ` +
      "The clause is a guess from the cases that use the operation; check it before you keep the case.",
    clauses: clause ? [clause] : [],
  };
}

function textOf(
  head: Head,
  { given, when, then }: WrittenSections,
  finding: Finding,
  { target, against }: WriteOptions,
): string {
  const body = {
    ...head,
    ...(given.length > 0 && { given }),
    ...(when.length > 0 && { when }),
    ...(then.length > 0 && { then }),
  };
  const document = new Document(body, { aliasDuplicateObjects: false });
  for (const section of ["given", "when", "then"]) flowActions(document.get(section));
  const { expected, seen } = finding.divergence;
  document.commentBefore = [
    ` Found by ${replayCommand(finding, target, `sim:${against.id}`)}`,
    ` expected of ${finding.operation}: ${expected}`,
    ` seen: ${seen}`,
  ].join("\n");
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
