/**
 * Brings a baseline up to what a run shows, and leaves everything else in the file as it is: its comments, its order,
 * its quotes.
 *
 * @module
 */
import { type Document, isMap, isSeq, parseDocument, type YAMLMap, type YAMLSeq } from "yaml";
import { matchesSelector } from "../../cases/select.ts";
import { type CaseResult, isBad, type RunResult } from "../result.ts";
import { entriesFor, entriesOf, failsAs } from "./apply.ts";
import type { Condition } from "./condition.ts";
import { type BaselineEntry, type KnownFailure, parseBaseline } from "./file.ts";

/** What new entries are bound to: nothing, the kernel of the run or its target. */
export type NewCondition = "none" | "kernel" | "target";

/** What was done to a baseline. */
export interface BaselineChange {
  /** Whether an entry came, went or says something else now; or what was left for a person to do. */
  readonly kind: "added" | "removed" | "changed" | "left";
  /** What the entry speaks of. */
  readonly case: string;
  /** Why; a sentence without a final period. */
  readonly why: string;
}

/** A baseline after an update. */
export interface UpdatedBaseline {
  /** The text of the file. */
  readonly text: string;
  /** What was done. */
  readonly changes: readonly BaselineChange[];
}

/** A run that a baseline cannot be brought up to. */
export class UpdateRefused extends Error {
  /** The name of the class. */
  override readonly name = "UpdateRefused";
  /** What to do next. */
  readonly hint: string;

  /** Makes an error of what is wrong and what to do. */
  constructor(message: string, hint: string) {
    super(message);
    this.hint = hint;
  }
}

/** The text of a baseline that knows of nothing. */
export const EMPTY_BASELINE =
  `# Failures that are known. A run that is held against this file fails if one of them is gone or has changed.
# "conform baseline update" brings it up to a run and keeps the comments.
known: []
`;

/** The longest message that an update writes. */
const MAX_MESSAGE = 200;

/**
 * Brings a baseline up to a run.
 *
 * @param text the text of the file
 * @param file its name in messages
 * @param result the run, not held against any baseline
 * @param suite the ids of every case of the suite
 * @param condition what new entries are bound to
 * @throws {BaselineError} if the file has mistakes
 * @throws {UpdateRefused} if the run is partial, or is not one of this suite
 */
export function updateBaseline(
  text: string,
  file: string,
  result: RunResult,
  suite: Iterable<string>,
  condition: NewCondition = "none",
): UpdatedBaseline {
  refuse(result);
  const baseline = parseBaseline(text, file);
  const document = parseDocument(text.replaceAll("\r\n", "\n"));
  const list = document.get("known");
  if (!isSeq(list)) throw new Error("Cannot update a baseline without a list");
  const entries = entriesFor(baseline, result.target);
  const ids = [...suite];
  const plans = baseline.known.map((entry) =>
    entries.includes(entry) ? planFor(entry, entries, result, ids) : KEEP
  );
  const told = new Set(
    plans.flatMap((plan, index) => explained(plan, baseline.known[index], entries, result)),
  );
  const missing = result.results.filter((each) => isBad(each) && !told.has(each.case));
  const changes = [
    ...plans.flatMap((plan, index) => carryOut(plan, baseline.known[index], list.items[index], document)),
    ...missing.flatMap((each) => append(each, conditionOf(condition, result), list, document)),
  ];
  const gone = new Set(plans.flatMap((plan, index) => plan.do === "replace" ? [list.items[index]] : []));
  list.items = list.items.filter((item) => !gone.has(item));
  if (list.items.length > 0) list.flow = false;
  const changed = changes.some(({ kind }) => kind !== "left");
  if (!changed) return { text, changes };
  const written = document.toString({ lineWidth: 0 });
  return { text: text.includes("\r\n") ? written.replaceAll("\n", "\r\n") : written, changes };
}

function refuse({ partial, results }: RunResult): void {
  const again = "Run it to its end, and update from that record";
  if (partial) {
    throw new UpdateRefused(
      "The run is partial, so what it does not show may still fail",
      `${again}; conform run --resume goes on with it`,
    );
  }
  const open = results.find(({ end }) => end === "not-run");
  if (open) throw new UpdateRefused(`The run never reached ${open.case}, so nothing is known of it`, again);
  const stale = results.find((each) => each.stale !== undefined);
  if (!stale) return;
  const what = stale.stale === "missing" ? "is not in this suite" : "has changed since";
  throw new UpdateRefused(
    `The case ${stale.case} of the run ${what}`,
    "Run it again with this suite, and update from that record",
  );
}

/** What becomes of an entry. */
type Plan =
  | { readonly do: "keep" }
  | { readonly do: "rewrite"; readonly to: CaseResult }
  /** In place of it come entries for the cases that fail as it says; often there are none. */
  | { readonly do: "replace"; readonly by: readonly CaseResult[]; readonly why: string };

const KEEP: Plan = { do: "keep" };

function planFor(
  entry: BaselineEntry,
  entries: readonly BaselineEntry[],
  { results }: RunResult,
  suite: readonly string[],
): Plan {
  if (!suite.some((id) => matchesSelector(id, entry.case))) {
    return { do: "replace", by: [], why: "the suite has no such case" };
  }
  const covered = results.filter((each) => matchesSelector(each.case, entry.case));
  const open = covered.filter((each) => !isTrueOf(entry, each) && !isKnown(each, entries));
  const [first] = open;
  if (!first) return KEEP;
  if (covered.length === 1 && isBad(first)) return { do: "rewrite", to: first };
  const by = covered.length === 1 ? [] : covered.filter((each) => isBad(each) && failsAs(each, entry));
  return { do: "replace", by, why: whyGone(first, covered.length) };
}

/** Whether an entry is right about a case. */
function isTrueOf(entry: KnownFailure, result: CaseResult): boolean {
  if (isBad(result)) return failsAs(result, entry);
  return result.end !== "not-supported" && entry.passes === "sometimes";
}

/** Whether some entry knows how a case fails. */
function isKnown(result: CaseResult, entries: readonly BaselineEntry[]): boolean {
  return isBad(result) && entriesOf(result, entries).some((entry) => failsAs(result, entry));
}

function whyGone({ case: id, end, verdict }: CaseResult, covered: number): string {
  const what = end === "not-supported"
    ? "is not supported here"
    : isBad({ verdict, end })
    ? "fails otherwise"
    : "passes";
  return covered === 1 ? `it ${what}` : `${id} ${what}`;
}

/** The cases whose failures the file knows after a plan is carried out. */
function explained(
  plan: Plan,
  entry: BaselineEntry | undefined,
  entries: readonly BaselineEntry[],
  { results }: RunResult,
): string[] {
  switch (plan.do) {
    case "rewrite":
      return [plan.to.case];
    case "replace":
      return plan.by.map((each) => each.case);
    case "keep":
      if (!entry || !entries.includes(entry)) return [];
      return results
        .filter((each) => matchesSelector(each.case, entry.case) && failsAs(each, entry))
        .map((each) => each.case);
  }
}

function carryOut(
  plan: Plan,
  entry: BaselineEntry | undefined,
  item: unknown,
  document: Document,
): BaselineChange[] {
  if (plan.do === "keep" || !entry || !isMap(item)) return [];
  if (plan.do === "rewrite") return rewrite(item, entry, plan.to);
  const list = document.get("known");
  const { at: _at, case: _case, ...rest } = entry;
  if (isSeq(list)) {
    for (const each of plan.by) {
      list.add(document.createNode({ case: each.case, ...rest }));
    }
  }
  return [
    { kind: "removed", case: entry.case, why: plan.why },
    ...plan.by.map((
      each,
    ) => ({ kind: "added", case: each.case, why: `it still fails as "${entry.case}" said` } as const)),
  ];
}

function rewrite(item: YAMLMap, entry: BaselineEntry, result: CaseResult): BaselineChange[] {
  const message = messageOf(result);
  if (message === "") return [leftOver(result)];
  item.set("message", message);
  if (result.verdict !== "fail") item.set("verdict", result.verdict);
  else item.delete("verdict");
  if (!entry.waiver) return [{ kind: "changed", case: entry.case, why: "it fails otherwise" }];
  item.delete("waiver");
  return [{
    kind: "changed",
    case: entry.case,
    why: "it fails otherwise, so the waiver does not speak of it any more",
  }];
}

/** Failures of the target itself are nothing that anybody should get used to. */
const NOT_TO_BE_KNOWN: readonly CaseResult["end"][] = ["lost", "infra-error", "suite-error"];

function append(
  result: CaseResult,
  when: Condition | undefined,
  list: YAMLSeq,
  document: Document,
): BaselineChange[] {
  const message = messageOf(result);
  if (message === "" || NOT_TO_BE_KNOWN.includes(result.end)) return [leftOver(result)];
  const verdict = result.verdict === "fail" ? {} : { verdict: result.verdict };
  list.add(document.createNode({ case: result.case, ...verdict, message, ...(when ? { when } : {}) }));
  return [{ kind: "added", case: result.case, why: message }];
}

function leftOver({ case: id, end, reasons }: CaseResult): BaselineChange {
  const why = end === "completed" ? "its reason cannot be written down" : `it ended with ${end}`;
  return { kind: "left", case: id, why: `${why}: ${reasons[0] ?? "no reason was given"}` };
}

function conditionOf(kind: NewCondition, { target }: RunResult): Condition | undefined {
  const [kernel] = /^\d+\.\d+/.exec(target.kernel) ?? [];
  if (kind === "target") return { target: target.id };
  return kind === "kernel" && kernel !== undefined ? { kernel } : undefined;
}

/** The part of the first reason that will be the same next time and can be written in YAML. */
function messageOf({ reasons, raced }: CaseResult): string {
  const plain = (reasons[0] ?? "").replaceAll(/\s+/g, " ").trim();
  const lasting = raced ? plain.replace(/ \((?:\d+ of \d+|schedule).*$/s, "") : plain;
  return lasting.replace(/[\p{Cc}\p{Cf}\p{Cs}].*$/su, "").slice(0, MAX_MESSAGE).toWellFormed().trim();
}
