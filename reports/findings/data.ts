/**
 * What the findings rest on: of each run the counts, what it could not answer and why, and every case that did not
 * simply pass. It is gathered from records once and kept beside the pages, so that their figures can be checked.
 *
 * @module
 */
import { z } from "zod";
import type { ClauseId } from "../../spec/ids.ts";
import type { Ledger } from "../../spec/ledger.ts";
import { headOf } from "../compare/mod.ts";
import { wordOf } from "../formats/format.ts";
import type { CaseResult, RunResult, StepResult } from "../result.ts";
import { owedBy } from "../windows/mod.ts";

/** Whether the kernel owes what a case shows, by the ledger. */
export type Debt = "owed" | "not owed";

/** A case that did not simply pass. */
export interface Noted {
  /** The id of the case. */
  readonly case: string;
  /** The clauses that it verifies. */
  readonly clauses: readonly string[];
  /** How it ended. */
  readonly word: "fail" | "unknown" | "contested";
  /** How the run of it ended, as in `completed` or `crash`. */
  readonly end: string;
  /** Whether the kernel owes all of its clauses. */
  readonly debt: Debt;
  /** What was expected and what was seen of each step that is not as expected, or why the case is open. */
  readonly seen: readonly string[];
}

/** What a run could not answer for one reason. */
export interface Lacking {
  /** The reason. */
  readonly reason: string;
  /** How many cases. */
  readonly cases: number;
  /** The first of them. */
  readonly example: string;
}

/** Clauses that hold although the kernel does not owe them. */
export interface Early {
  /** The id of the clause. */
  readonly clause: string;
  /** How many of its cases pass. */
  readonly cases: number;
}

/** What was found on one kernel. */
export interface KernelData {
  /** The name of the target. */
  readonly target: string;
  /** The release, as `uname -r` says it. */
  readonly kernel: string;
  /** What the target is, in words. */
  readonly name: string;
  /** What watched for bugs. */
  readonly detectors: readonly string[];
  /** The profile of the ledger that says what the kernel owes. */
  readonly owes: string;
  /** When the run began: ISO 8601, UTC. */
  readonly startedAt: string;
  /** The time that the cases took, in seconds. */
  readonly seconds: number;
  /** How many cases ended how. */
  readonly counts: Readonly<Record<string, number>>;
  /** What it could not answer, the most frequent reason first. */
  readonly lacking: readonly Lacking[];
  /** The cases that did not simply pass. */
  readonly noted: readonly Noted[];
  /** The clauses that hold although they are not owed. */
  readonly early: readonly Early[];
}

/** What the findings rest on. */
export interface FindingsData {
  /** The digests of the ledger and the cases of the runs. */
  readonly suite: { readonly version: string; readonly ledger: string; readonly cases: string };
  /** The kernels, the oldest first. */
  readonly kernels: readonly KernelData[];
}

/** Schema of {@link FindingsData}. */
export const findingsSchema: z.ZodType<FindingsData> = z.strictObject({
  suite: z.strictObject({ version: z.string(), ledger: z.string(), cases: z.string() }),
  kernels: z.array(z.strictObject({
    target: z.string(),
    kernel: z.string(),
    name: z.string(),
    detectors: z.array(z.string()),
    owes: z.string(),
    startedAt: z.iso.datetime(),
    seconds: z.int(),
    counts: z.record(z.string(), z.int()),
    lacking: z.array(z.strictObject({ reason: z.string(), cases: z.int(), example: z.string() })),
    noted: z.array(z.strictObject({
      case: z.string(),
      clauses: z.array(z.string()),
      word: z.enum(["fail", "unknown", "contested"]),
      end: z.string(),
      debt: z.enum(["owed", "not owed"]),
      seen: z.array(z.string()),
    })),
    early: z.array(z.strictObject({ clause: z.string(), cases: z.int() })),
  })),
});

/** Takes from a judged run what the findings need. */
export function kernelData(result: RunResult, ledger: Ledger): KernelData {
  const owed = owedBy(headOf(result), ledger);
  const { target, startedAt, counts, results } = result;
  return {
    target: target.id,
    kernel: target.kernel,
    name: target.name,
    detectors: target.detectors,
    owes: owed.profile ?? "",
    startedAt,
    seconds: Math.round(results.reduce((total, { durationMs }) => total + durationMs, 0) / 1000),
    counts: { ...counts },
    lacking: lackingIn(results),
    noted: results.flatMap((each) => notedOf(each, owed.clauses)),
    early: earlyIn(results, owed.clauses),
  };
}

function lackingIn(results: readonly CaseResult[]): Lacking[] {
  const lacking = results.filter((each) => wordOf(each) === "not-supported");
  return [...Map.groupBy(lacking, ({ reasons }) => reasonOf(reasons[0] ?? ""))]
    .map(([reason, own]) => ({ reason, cases: own.length, example: own[0]?.case ?? "" }))
    .toSorted((one, other) => other.cases - one.cases || (one.reason < other.reason ? -1 : 1));
}

/** A reason without the step at which it came, and without which device it was. */
function reasonOf(text: string): string {
  return text
    .replace(/^\S+: (expected that .*?, but )?/, "")
    .replace(/^it is not supported: /, "")
    .replace(/\b[0-9a-f]{4}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-9a-f]\b/g, "a device")
    .replace(/ \(\d+\)$/, "");
}

function notedOf(result: CaseResult, owed: ReadonlySet<ClauseId>): Noted[] {
  const word = wordOf(result);
  if (word !== "fail" && word !== "unknown" && word !== "contested") return [];
  const { case: id, clauses, end, steps, reasons } = result;
  const unmet = steps.filter(({ status }) => status === "unmet" || status === "alternative").map(seenOf);
  return [{
    case: id,
    clauses,
    word,
    end,
    debt: isOwed(clauses, owed) ? "owed" : "not owed",
    seen: unmet.length > 0 && word !== "unknown" ? unmet : reasons.map(inOneLine),
  }];
}

function seenOf({ step, operation, expected, observed, reason, log }: StepResult): string {
  const logged = log.filter(({ level }) => level === "warn" || level === "err").map(({ text }) => text);
  const what = reason ?? `expected that it ${expected}, seen ${observed}`;
  return inOneLine(
    `${step}, ${operation}: ${what}${logged.length === 0 ? "" : `; the kernel: ${logged[0]}`}`,
  );
}

/** How long what was seen may be on a page. */
const MAX_LENGTH = 600;

/** Times and process ids would be others in each run. */
function inOneLine(text: string): string {
  const plain = text.replaceAll(/\s+/g, " ").replaceAll(/\b(\d+\.)?\d+ ms\b/g, "… ms").trim();
  return plain.length > MAX_LENGTH ? `${plain.slice(0, MAX_LENGTH)}…` : plain;
}

function isOwed(clauses: readonly string[], owed: ReadonlySet<string>): boolean {
  return clauses.every((clause) => owed.has(clause));
}

function earlyIn(results: readonly CaseResult[], owed: ReadonlySet<string>): Early[] {
  const clauses = new Set(results.flatMap((each) => each.clauses).filter((clause) => !owed.has(clause)));
  return [...clauses].flatMap((clause) => {
    const words = results.filter((each) => each.clauses.includes(clause)).map(wordOf)
      .filter((word) => word !== "not-supported" && word !== "not-run");
    return words.length > 0 && words.every((word) => word === "pass")
      ? [{ clause, cases: words.length }]
      : [];
  }).toSorted((one, other) => one.clause < other.clause ? -1 : 1);
}
