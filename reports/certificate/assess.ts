/**
 * What a run says of a profile: the facts of a certificate, and what stands against giving one.
 *
 * @module
 */
import type { Case, Step } from "../../cases/case.ts";
import { SECTIONS } from "../../cases/case.ts";
import { type TargetKind, targetKindsOf } from "../../cases/target_kinds.ts";
import type { Clause } from "../../spec/clause.ts";
import type { Ledger } from "../../spec/ledger.ts";
import type { Profile } from "../../spec/profile.ts";
import { entriesFor, entriesOf, failsAs, holdAgainst } from "../baseline/apply.ts";
import type { BaselineEntry, BaselineFile, KnownFailure } from "../baseline/file.ts";
import type { RecordedTarget } from "../record.ts";
import type { RunRecord } from "../record_reader.ts";
import { type CaseResult, countsOf, isBad, isExpected, resultOf, type RunResult } from "../result.ts";
import { clauseFacts } from "./clause_facts.ts";
import { detectorsOf, type DetectorStates } from "./detectors.ts";
import type {
  Certificate,
  CertifiedCase,
  CertifiedClause,
  ClauseState,
  ContestedClause,
  UnseenClause,
  UnsupportedCase,
} from "./predicate.ts";

/** The reason of a gap that the issuer explains. */
export const BY_ISSUER = "explained-by-issuer";

/** What is held against a profile. */
export interface Assessed {
  /** The record. */
  readonly record: RunRecord;
  /** The name of its file. */
  readonly recordName: string;
  /** What the target claims. */
  readonly profile: Profile;
  /** The clauses. */
  readonly ledger: Pick<Ledger, "clauses">;
  /** The suite's cases, by id. */
  readonly cases: ReadonlyMap<string, Case>;
  /** The known failures, where there are any. */
  readonly baseline?: BaselineFile | undefined;
  /** Why nothing was seen of some clauses, in the words of whoever certifies. */
  readonly explanations?: ReadonlyMap<string, string> | undefined;
  /** The suite that judges, for a set of cases. */
  readonly identity: (cases: readonly Case[]) => Certificate["suite"];
}

/** Something that stands against a certificate. */
export interface Objection {
  /** What kind of thing it is. */
  readonly kind:
    | "partial"
    | "other-suite"
    | "changed-case"
    | "not-run"
    | "failed"
    | "not-shown"
    | "baseline"
    | "gap"
    | "explanation"
    | "empty";
  /** The case or the clause, where it is about one. */
  readonly of?: string | undefined;
  /** What is wrong; a sentence without a final period. */
  readonly message: string;
  /** What to do; a sentence without a final period. */
  readonly hint: string;
}

/** A certificate without the name of who signs it and when. */
export type CertificateFacts = Omit<Certificate, "issuer" | "issuedAt">;

/** What a run says of a profile. */
export interface Assessment {
  /** What a certificate would say. */
  readonly facts: CertificateFacts;
  /** What stands against it; it may be given if there is nothing. */
  readonly objections: readonly Objection[];
}

/** A case of the profile and what became of it. */
interface Entry {
  readonly case: Case;
  readonly result: CaseResult | undefined;
  /** Operations that it needs and the target does not have. */
  readonly lacks: readonly string[];
}

/** Finds out what a run says of a profile. */
export function assess(assessed: Assessed): Assessment {
  const { record, profile, cases, baseline } = assessed;
  const judged = resultOf(record, cases);
  const result = baseline ? holdAgainst(judged, baseline, cases.keys()) : judged;
  const entries = entriesIn(assessed, result);
  const clauses = [...profile.clauses].flatMap((id) => assessed.ledger.clauses.get(id) ?? []);
  const detectors = detectorsOf(record, result.results);
  const found = clauses.map((clause) => findClause(clause, entries, assessed, detectors));
  const facts = factsOf(assessed, result, entries, found, detectors);
  const objections = [
    ...againstRun(result, assessed),
    ...entries.flatMap(againstCase),
    ...found.flatMap(({ objection }) => objection ?? []),
    ...idleExplanations(assessed, found),
  ];
  return { facts, objections };
}

function entriesIn({ profile, cases }: Assessed, { results, target }: RunResult): Entry[] {
  const byId = new Map(results.map((each) => [each.case, each]));
  const claimed = new Set(target.operations);
  return [...cases.values()]
    .filter(({ clauses }) => clauses.every((clause) => profile.clauses.has(clause)))
    .map((case_) => ({
      case: case_,
      result: byId.get(case_.id),
      lacks: [...operationsOf(case_)].filter((operation) => !claimed.has(operation)),
    }));
}

function operationsOf({ sections }: Case): ReadonlySet<string> {
  const within = (step: Step): string[] => [step.operation, ...step.until.flatMap(within)];
  return new Set(SECTIONS.flatMap((section) => sections[section].flatMap(within)));
}

function againstRun(
  { partial, results, suite, against }: RunResult,
  { cases, identity }: Assessed,
): Objection[] {
  const now = identity(results.flatMap((each) => cases.get(each.case) ?? []));
  const objections: Objection[] = [];
  if (partial) {
    objections.push({
      kind: "partial",
      message: "The run is partial: its record has no end",
      hint: "Go on with it by conform run --resume, and certify it then",
    });
  }
  if (results.length === 0) {
    objections.push({ kind: "empty", message: "The run has no case", hint: "Run the cases of the profile" });
  }
  if (suite.ledger !== now.ledger || suite.cases !== now.cases) {
    objections.push({
      kind: "other-suite",
      message: `The run was made with another ${
        suite.ledger === now.ledger ? "set of cases" : "ledger"
      } than this suite has`,
      hint: "Run the cases again with this suite, or certify with the suite that ran them",
    });
  }
  return [
    ...objections,
    ...(against?.stale ?? []).map(({ case: id, at }): Objection => ({
      kind: "baseline",
      of: id,
      message: `${at} waives a failure of ${id}, and the suite has no such case`,
      hint: "Take the entry out of the baseline",
    })),
  ];
}

function againstCase({ case: case_, result, lacks }: Entry): Objection[] {
  const of = case_.id;
  if (!result || result.end === "not-run") {
    if (lacks.length > 0 || case_.dangerous !== undefined) return [];
    return [{
      kind: "not-run",
      of,
      message: `The target has every operation that ${of} needs, but the case was not run`,
      hint: "Run all cases of the profile, without --shard, --clause or a selector",
    }];
  }
  if (result.stale) {
    return [{
      kind: "changed-case",
      of,
      message: `The case ${of} has changed since the run`,
      hint: "Run the cases again with this suite",
    }];
  }
  if (isExpected(result) && !isBad(result)) return [];
  if (result.baseline === "waived") return [];
  return [againstResult(result)];
}

function againstResult(result: CaseResult): Objection {
  const of = result.case;
  const reason = result.reasons[0] ?? "no reason was given";
  if (result.baseline === "unexpected-pass" || result.baseline === "stale-entry") {
    const what = result.baseline === "unexpected-pass" ? "it passes" : "it is not supported here";
    return {
      kind: "baseline",
      of,
      message: `${result.known?.at} says that ${of} fails, but ${what}`,
      hint: "Bring the baseline up to the run by conform baseline update",
    };
  }
  if (result.verdict === "unknown") {
    return {
      kind: "not-shown",
      of,
      message: `Nothing can be said of ${of}: ${reason}`,
      hint: "Find out why the target did not get through it, and run again",
    };
  }
  const known = result.baseline === "expected" ? ", which is known but not waived" : "";
  return {
    kind: "failed",
    of,
    message: `The target fails ${of}${known}: ${reason}`,
    hint: "Mend it, or waive it in a baseline with the address where that was agreed",
  };
}

/** What became of a clause. */
interface Found {
  readonly facts: CertifiedClause;
  readonly contested?: ContestedClause | undefined;
  readonly unseen?: UnseenClause | undefined;
  readonly objection?: Objection | undefined;
}

function findClause(
  clause: Clause,
  entries: readonly Entry[],
  assessed: Assessed,
  detectors: DetectorStates,
): Found {
  const own = entries.filter((entry) => entry.case.clauses.includes(clause.id));
  const ran = own.flatMap(({ result }) => result && hasRun(result) ? [result] : []);
  const holders = clause.contested.map(({ holder }) => holder);
  const follows = [...new Set(ran.flatMap(({ steps }) => steps.flatMap(({ holder }) => holder ?? [])))];
  const contested = holders.length + follows.length === 0
    ? undefined
    : { clause: clause.id, holders, follows };
  if (ran.length > 0) {
    return { facts: clauseFacts(clause, stateOf(ran), ran, detectors), contested };
  }
  const unseen = whyUnseen(clause, own, assessed) ?? explained(clause, assessed);
  const state = unseen?.reason === "not-observable" ? "not-observable" : "not-covered";
  const facts = clauseFacts(clause, state, [], detectors);
  return unseen ? { facts, contested, unseen } : { facts, contested, objection: gapAt(clause, own) };
}

function hasRun({ end }: CaseResult): boolean {
  return end !== "not-supported" && end !== "not-run";
}

function stateOf(ran: readonly CaseResult[]): ClauseState {
  if (ran.some(({ baseline }) => baseline === "waived")) return "waived";
  return ran.some(({ verdict }) => verdict === "contested") ? "contested" : "shown";
}

/** Why nothing was seen of a clause, or `undefined` where nothing explains it. */
function whyUnseen(
  { id, keyword, notTested }: Clause,
  own: readonly Entry[],
  assessed: Assessed,
): UnseenClause | undefined {
  const because = (reason: string, details: string) => ({ clause: id, reason, details });
  if (notTested) return because(notTested.reason, notTested.details);
  if (own.length === 0) {
    const elsewhere = [...assessed.cases.values()].filter((each) => each.clauses.includes(id));
    if (elsewhere.length === 0) return undefined;
    const details = `The cases that show it verify clauses that the profile does not have, too: ${
      elsewhere.map((each) => each.id).join(", ")
    }`;
    return because("outside-profile", details);
  }
  if (own.every((entry) => entry.case.dangerous !== undefined && !entry.result)) {
    return because("dangerous", "The cases that show it can harm a machine and were left out");
  }
  const kind = kindOf(assessed.record.header.target);
  const kinds = new Set(own.flatMap((entry) => targetKindsOf(entry.case)));
  if (!shownOn(kind).some((each) => kinds.has(each))) {
    return because(
      "not-observable",
      `Only ${[...kinds].map((each) => KIND_WORDS[each]).join(" and ")} can show it, and this target is ${
        KIND_WORDS[kind]
      }`,
    );
  }
  return keyword === "MAY"
    ? because("optional", `It allows something and asks for nothing; ${becameOfAll(own)}`)
    : undefined;
}

/** The issuer's own words for a gap. They stand in the certificate as what they are. */
function explained({ id }: Clause, { explanations }: Assessed): UnseenClause | undefined {
  const details = explanations?.get(id);
  return details === undefined ? undefined : { clause: id, reason: BY_ISSUER, details };
}

function idleExplanations({ explanations }: Assessed, found: readonly Found[]): Objection[] {
  const used = new Set(found.flatMap(({ unseen }) => unseen?.reason === BY_ISSUER ? [unseen.clause] : []));
  return [...explanations?.keys() ?? []].filter((id) => !used.has(id)).map((id) => ({
    kind: "explanation",
    of: id,
    message:
      `There is nothing to explain about ${id}: it was seen, has a reason already, or is not in the profile`,
    hint: "Leave the explanation out",
  }));
}

function gapAt({ id }: Clause, own: readonly Entry[]): Objection {
  const [entry] = own;
  const reason = entry === undefined
    ? "the suite has no case for it and does not say why"
    : `${entry.case.id} ${becameOf(entry)}`;
  return {
    kind: "gap",
    of: id,
    message: `The profile has ${id}, of which nothing was seen: ${reason}`,
    hint: entry === undefined
      ? "Add a case, or say in the ledger why there can be none"
      : "Certify for a profile without the clause, give the target what the case needs, or say why with --explain",
  };
}

/** What became of the cases of a clause, each in its own words. */
function becameOfAll(own: readonly Entry[]): string {
  return own.map((entry) => `${entry.case.id} ${becameOf(entry)}`).join("; ");
}

function becameOf({ result, lacks }: Entry): string {
  if (lacks.length > 0) return `needs ${lacks.join(", ")}, which the target does not have`;
  if (!result || result.end === "not-run") return "was not run";
  return `was answered with "not implemented here" (${result.reasons[0] ?? "no reason was given"})`;
}

const KIND_WORDS: Readonly<Record<TargetKind, string>> = {
  sim: "a model",
  native: "a kernel",
  module: "a kernel with the suite's module",
};

/** The kind of a target. Whatever is not a simulator is a kernel, and has the module if it can be an importer in it. */
function kindOf({ architecture, operations }: RecordedTarget): TargetKind {
  if (architecture === "generic") return "sim";
  return operations.includes("importer.attach") ? "module" : "native";
}

/** The kinds of targets whose cases a target of a kind can show. */
function shownOn(kind: TargetKind): readonly TargetKind[] {
  return kind === "module" ? ["native", "module"] : [kind];
}

function factsOf(
  assessed: Assessed,
  result: RunResult,
  entries: readonly Entry[],
  found: readonly Found[],
  detectors: DetectorStates,
): CertificateFacts {
  const { record, recordName, profile } = assessed;
  const { header, footer } = record;
  const ran = entries.flatMap(({ result: each }) => each && each.end !== "not-run" ? [each] : []);
  const unseen = found.flatMap((each) => each.unseen ?? []);
  const states = found.map(({ facts }) => facts.state);
  const count = (state: ClauseState) => states.filter((each) => each === state).length;
  return {
    schema: "dmabuf-conform/certificate/1",
    grade: detectors.grade,
    profile: { id: profile.id, title: profile.title, kind: profile.kind },
    suite: assessed.identity(result.results.flatMap((each) => assessed.cases.get(each.case) ?? [])),
    target: header.target,
    run: {
      record: recordName,
      startedAt: header.startedAt,
      finishedAt: footer?.finishedAt ?? header.startedAt,
      command: header.command,
      repeat: header.repeat,
    },
    clauseCounts: {
      shown: count("shown"),
      contested: count("contested"),
      waived: count("waived"),
      "not-covered": count("not-covered"),
      "not-observable": count("not-observable"),
    },
    caseCounts: countsOf(ran),
    notCovered: unseen.filter(({ reason }) => reason !== "not-observable"),
    notObservable: unseen.filter(({ reason }) => reason === "not-observable"),
    contested: found.flatMap((each) => each.contested ?? []),
    waived: ran.flatMap(waivedOf),
    notSupported: entries.flatMap(notSupportedOf),
    detectors: { present: header.target.detectors, doubtfulAfter: detectors.doubtfulAfter },
    baseline: usedOf(assessed.baseline, header.target, ran),
    clauses: found.map(({ facts }) => facts),
    cases: ran.map((each) => caseFacts(each, assessed, detectors)),
  };
}

function waivedOf({ case: id, baseline, known, reasons }: CaseResult): Certificate["waived"][number][] {
  if (baseline !== "waived" || !known?.waiver) return [];
  return [{ case: id, message: reasons[0] ?? "", url: known.waiver.url, why: known.waiver.why }];
}

function notSupportedOf({ case: { id, dangerous }, result, lacks }: Entry): UnsupportedCase[] {
  if (result?.end === "not-supported") return [{ case: id, reason: result.reasons[0] ?? "" }];
  if (result && result.end !== "not-run") return [];
  if (lacks.length > 0) return [{ case: id, reason: `The target does not have ${lacks.join(", ")}` }];
  return dangerous === undefined
    ? []
    : [{ case: id, reason: `Left out because it can do harm: ${dangerous}` }];
}

/** The baseline with those of its entries that let something pass. */
function usedOf(
  baseline: BaselineFile | undefined,
  target: RecordedTarget,
  ran: readonly CaseResult[],
): Certificate["baseline"] {
  if (!baseline) return undefined;
  const entries = entriesFor(baseline, target);
  const used = entries.filter((entry) =>
    ran.some((each) => each.known !== undefined && entriesOf(each, [entry]).length > 0 && isUsed(entry, each))
  );
  return {
    file: baseline.file.replace(/^.*[/\\]/, ""),
    digest: baseline.digest,
    used: used.map(withoutPlace),
  };
}

function isUsed(entry: BaselineEntry, result: CaseResult): boolean {
  return isBad(result) ? failsAs(result, entry) : entry.passes === "sometimes";
}

function withoutPlace({ at: _at, ...known }: BaselineEntry): KnownFailure {
  return known;
}

function caseFacts(
  result: CaseResult,
  { cases }: Assessed,
  { stateAt }: DetectorStates,
): CertifiedCase {
  const { case: id, verdict, end, baseline, stability } = result;
  const digest = cases.get(id)?.source.digest ?? "";
  return { case: id, digest, verdict, end, baseline, stability: { ...stability, detectors: stateAt(id) } };
}
