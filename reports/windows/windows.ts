/**
 * Behaviour windows: for each clause which behaviour was seen in which run, and what the ledger knows of the places
 * where behaviour changes.
 *
 * @module
 */
import type { Clause, Keyword, Source, Status } from "../../spec/clause.ts";
import type { Ledger } from "../../spec/ledger.ts";
import { type CaseFacts, labelsOf, type RunFacts, type RunHead } from "../compare/mod.ts";
import type { Word } from "../formats/format.ts";
import { clausesBehind, filesOf } from "./behind.ts";
import { type Owed, owedBy, owedSince } from "./owed.ts";

/** The version of the shape. */
export const WINDOWS_SCHEMA = "dmabuf-conform/windows/1";

/** A run, with what it owes. */
export interface WindowsRun extends RunHead {
  /** A name as short as can be. */
  readonly label: string;
  /** The profile of the ledger that says what the target owes. */
  readonly owes: string | undefined;
}

/** One behaviour, and where it was seen. */
export interface Behaviour {
  /** How the cases that show it ended. */
  readonly word: Word;
  /** What was seen, in a few words. */
  readonly says: string;
  /** The runs in which it was seen, by their places. */
  readonly places: readonly number[];
  /** The same in words, as in `up to 6.12` or `7.2 to 7.3`. */
  readonly spans: string;
  /** The cases that show it. */
  readonly cases: readonly string[];
}

/** A commit that the ledger has for a clause. */
export interface KnownCommit {
  /** The begin of its id. */
  readonly commit: string;
  /** What the ledger says of it. */
  readonly note?: string | undefined;
}

/** What changes: what is seen, or only whether the cases can be answered. */
export type ChangeKind = "behaviour" | "support";

/** What the ledger knows of a clause that behaves otherwise from some run on. */
export interface Trace {
  /** What changes. */
  readonly kind: ChangeKind;
  /** The first run that behaves otherwise, by its place. */
  readonly at: number;
  /** The last run before it that was otherwise and that run, by their short names; others that cannot tell may lie between. */
  readonly between: readonly [string, string];
  /** What the ledger says of the change, as in `holds since 7.1` or, by its profiles, `owed since 7.1`; missing where it says nothing of such a change. */
  readonly ledger?: string | undefined;
  /** The commits that the ledger has for the clause. */
  readonly commits: readonly KnownCommit[];
  /** The files of the kernel that the clause cites. */
  readonly files: readonly string[];
}

/**
 * How a clause stands in a run:
 *
 * - `holds`: the run owes it and every case that it could answer passed
 * - `broken`: the run owes it and a case failed
 * - `left open`: the run owes it, no case failed, and of one nothing could be said, as when a machine is lost
 * - `contested`: a case shows that the target takes another side of a disagreement
 * - `holds, not owed`: every case passed, although the ledger does not say that it must
 * - `not owed`: cases do not pass, as they need not
 * - `not shown`: no case was answered
 */
export type Standing =
  | "holds"
  | "broken"
  | "left open"
  | "contested"
  | "holds, not owed"
  | "not owed"
  | "not shown";

/** One clause over the runs. */
export interface ClauseWindows {
  /** The id of the clause. */
  readonly clause: string;
  /** What it is about, in a few words. */
  readonly title: string;
  /** How strong it is; missing where the ledger has no such clause. */
  readonly keyword?: Keyword | undefined;
  /** Where it stands; missing in the same way. */
  readonly status?: Status | undefined;
  /** The first kernel in which it holds, where the ledger says so. */
  readonly since?: string | undefined;
  /** The last one. */
  readonly until?: string | undefined;
  /** How it stands in each run. */
  readonly standings: readonly Standing[];
  /** Every behaviour of its cases, and where it was seen. */
  readonly behaviours: readonly Behaviour[];
  /** Where behaviour changes, and what the ledger knows of it; empty where it does not change. */
  readonly traces: readonly Trace[];
}

/** The behaviour windows of some runs. */
export interface Windows {
  /** The shape and its version. */
  readonly schema: typeof WINDOWS_SCHEMA;
  /** The runs, in order. */
  readonly runs: readonly WindowsRun[];
  /** The clauses that one of the cases verifies; those whose behaviour changes come first, then those whose support does. */
  readonly clauses: readonly ClauseWindows[];
}

/** Finds the behaviour windows of runs, which are given in the order of their kernels. */
export function windowsOf(runs: readonly RunFacts[], ledger: Ledger): Windows {
  const labels = labelsOf(runs);
  const owed = runs.map((run) => owedBy(run, ledger));
  const clauses = [...casesByClause(runs)].map(([id, cases]) =>
    clauseWindows(id, cases, { runs, labels, owed, ledger })
  );
  return {
    schema: WINDOWS_SCHEMA,
    runs: runs.map(({ cases: _cases, ...head }, place) => ({
      ...head,
      label: labels[place] ?? head.run,
      owes: owed[place]?.profile,
    })),
    clauses: clauses.toSorted((one, other) =>
      weightOf(one) - weightOf(other) || (one.clause < other.clause ? -1 : 1)
    ),
  };
}

function weightOf({ traces }: ClauseWindows): number {
  if (traces.some(({ kind }) => kind === "behaviour")) return 0;
  return traces.length > 0 ? 1 : 2;
}

/** What is needed beside the cases of a clause. */
interface Context {
  readonly runs: readonly RunFacts[];
  readonly labels: readonly string[];
  readonly owed: readonly Owed[];
  readonly ledger: Ledger;
}

function casesByClause(runs: readonly RunFacts[]): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>();
  for (const { cases } of runs) {
    for (const { case: id, clauses } of cases.values()) {
      for (const clause of clauses) {
        const own = found.get(clause);
        if (own) own.add(id);
        else found.set(clause, new Set([id]));
      }
    }
  }
  return found;
}

function clauseWindows(id: string, cases: ReadonlySet<string>, context: Context): ClauseWindows {
  const { runs, labels, owed, ledger } = context;
  const clause = [...ledger.clauses.values()].find((each) => each.id === id);
  const perCase = [...cases].map((each) => behavioursOf(runs.map((run) => reached(run.cases.get(each)))));
  const behaviours = merged([...cases], perCase, labels);
  const changes = changesOf(perCase);
  return {
    clause: id,
    title: clause?.title ?? id,
    keyword: clause?.keyword,
    status: clause?.status,
    since: clause?.since,
    until: clause?.until,
    standings: runs.map((run, place) =>
      standingOf([...cases].flatMap((each) => run.cases.get(each)?.word ?? []), owes(owed[place], clause))
    ),
    behaviours,
    traces: changes.map((change) => traceOf(change, clause, context)),
  };
}

function owes(owed: Owed | undefined, clause: Clause | undefined): boolean {
  return clause !== undefined && owed?.clauses.has(clause.id) === true;
}

/**
 * A case that was not reached says nothing. Nor does it say anything which of the allowed outcomes of a race came up where
 * threads were only run again and again: another run would have shown others.
 */
function reached(facts: CaseFacts | undefined): CaseFacts | undefined {
  if (facts?.word === "not-run") return undefined;
  if (!facts || facts.word === "fail") return facts;
  return { ...facts, seen: facts.seen.filter(({ extent }) => extent !== "sample") };
}

/** What a case showed in a run, in a few words. */
interface Shown {
  readonly word: Word;
  readonly says: string;
}

/** What a case showed in each run; `undefined` where it was not reached. */
function behavioursOf(facts: readonly (CaseFacts | undefined)[]): readonly (Shown | undefined)[] {
  const step = decidingStep(facts);
  return facts.map((each) => each && { word: each.word, says: saysOf(each, step) });
}

/** The first step that was not seen alike in all runs that could answer the case. */
function decidingStep(facts: readonly (CaseFacts | undefined)[]): string | undefined {
  const answered = facts.filter((each) => each !== undefined && each.word !== "not-supported");
  const steps = new Set(answered.flatMap((each) => each?.seen.map(({ step }) => step) ?? []));
  return [...steps].find((step) =>
    new Set(answered.map((each) => each?.seen.find((seen) => seen.step === step)?.seen)).size > 1
  );
}

function saysOf({ word, reason, seen }: CaseFacts, step: string | undefined): string {
  if (word === "not-supported") return withoutFigures(reason.replace(STEP_NOT_SUPPORTED, ""));
  const decisive = seen.find((each) => each.step === step);
  if (decisive) return `${decisive.operation}: ${decisive.seen}`;
  return word === "pass" ? "as the clause says" : withoutFigures(reason);
}

/** How a reason begins whose rest says what is not there. */
const STEP_NOT_SUPPORTED = /^\S+: expected .+, but it is not supported: /;

/** Figures in a reason differ from run to run without meaning anything. */
function withoutFigures(reason: string): string {
  return reason.replaceAll(/\(schedule [^)]*\)/g, "").replaceAll(/\b\d+(\.\d+)? ms\b/g, "… ms")
    .replaceAll(/ \(\d+\)(?=,|$)/g, "").trim();
}

function merged(
  ids: readonly string[],
  perCase: readonly (readonly (Shown | undefined)[])[],
  labels: readonly string[],
): Behaviour[] {
  const found = new Map<string, Behaviour>();
  ids.forEach((id, index) => {
    const shown = perCase[index] ?? [];
    for (const [key, { word, says }] of new Map(shown.flatMap((each) => each ? [[keyOf(each), each]] : []))) {
      const places = shown.flatMap((each, place) => each && keyOf(each) === key ? [place] : []);
      const whole = `${key} ${places.join(" ")}`;
      const cases = [...found.get(whole)?.cases ?? [], id].sort();
      found.set(whole, { word, says, places, spans: spansOf(places, labels), cases });
    }
  });
  return [...found.values()].toSorted((one, other) =>
    (one.places[0] ?? 0) - (other.places[0] ?? 0) || other.places.length - one.places.length ||
    other.cases.length - one.cases.length
  );
}

function keyOf({ word, says }: Shown): string {
  return JSON.stringify([word, says]);
}

/** Places in words: neighbours make a span. */
function spansOf(places: readonly number[], labels: readonly string[]): string {
  const spans: { from: number; to: number }[] = [];
  for (const place of places) {
    const last = spans.at(-1);
    if (last?.to === place - 1) last.to = place;
    else spans.push({ from: place, to: place });
  }
  if (spans.length === 1 && places.length === labels.length) return "in all";
  return spans.map(({ from, to }) => spanOf(labels[from] ?? "", labels[to] ?? "")).join(", ");
}

function spanOf(from: string, to: string): string {
  return from === to ? from : `${from} to ${to}`;
}

/** What changes at a place, and the last place before it where it was otherwise. */
interface Change {
  readonly at: number;
  readonly from: number;
  readonly kind: ChangeKind;
}

/**
 * The places at which some case shows something else than in the run before that could answer it, or at which it can be
 * answered and could not before, or the other way round. Runs that could not answer, between two that behave otherwise,
 * make no changes of their own: what they would have shown is not known.
 */
function changesOf(perCase: readonly (readonly (Shown | undefined)[])[]): readonly Change[] {
  const all = perCase.flatMap(changesOfCase);
  const behaviour = narrowest(all.filter(({ kind }) => kind === "behaviour"));
  const support = narrowest(all.filter(({ kind }) => kind === "support"))
    .filter(({ at }) => !behaviour.some((each) => each.from < at && at <= each.at));
  return [...behaviour, ...support].toSorted((one, other) => one.at - other.at);
}

function changesOfCase(shown: readonly (Shown | undefined)[]): Change[] {
  const changes: Change[] = [];
  let last: { readonly place: number; readonly isAnswered: boolean } | undefined;
  let answered: { readonly place: number; readonly key: string } | undefined;
  shown.forEach((each, at) => {
    if (!each) return;
    const isAnswered = each.word !== "not-supported";
    const key = keyOf(each);
    if (isAnswered && answered && key !== answered.key) {
      changes.push({ at, from: answered.place, kind: "behaviour" });
    } else if (last && isAnswered !== last.isAnswered) {
      changes.push({ at, from: last.place, kind: "support" });
    }
    last = { place: at, isAnswered };
    if (isAnswered) answered = { place: at, key };
  });
  return changes;
}

/** One change for each place, the one that says most exactly where it came. */
function narrowest(changes: readonly Change[]): Change[] {
  return [...Map.groupBy(changes, ({ at }) => at).values()].flatMap((each) =>
    each.toSorted((one, other) => other.from - one.from)[0] ?? []
  );
}

/** From the worst to the best, of what was answered. */
function standingOf(words: readonly Word[], isOwed: boolean): Standing {
  const answered = words.filter((word) => word !== "not-supported" && word !== "not-run");
  if (answered.length === 0) return "not shown";
  if (answered.includes("fail")) return isOwed ? "broken" : "not owed";
  if (answered.includes("unknown")) return isOwed ? "left open" : "not owed";
  if (answered.includes("contested")) return "contested";
  return isOwed ? "holds" : "holds, not owed";
}

function traceOf(
  { at, from, kind }: Change,
  clause: Clause | undefined,
  { labels, ledger }: Context,
): Trace {
  const between = [labels[from] ?? "", labels[at] ?? ""] as const;
  const sources = clause ? clausesBehind(clause, ledger).flatMap(({ sources }) => sources) : [];
  return {
    kind,
    at,
    between,
    ledger: clause && (ledgerSays(clause) ?? owedSince(clause.id, ledger)),
    commits: sources.flatMap((source) => "commit" in source ? [commitOf(source)] : []),
    files: filesOf(sources),
  };
}

function ledgerSays({ since, until }: Clause): string | undefined {
  if (since !== undefined && until !== undefined) return `holds from ${since} to ${until}`;
  if (since !== undefined) return `holds since ${since}`;
  return until === undefined ? undefined : `holds up to ${until}`;
}

function commitOf({ commit, note }: Extract<Source, { commit: string }>): KnownCommit {
  return note === undefined ? { commit } : { commit, note };
}
