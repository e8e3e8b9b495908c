/**
 * What a certificate says: the predicate of its in-toto statement. README.md in this folder explains each field.
 *
 * @module
 */
import { z } from "zod";
import type { End, Verdict } from "../../cases/judge/judgement.ts";
import type { Keyword, Status } from "../../spec/clause.ts";
import type { ProfileKind } from "../../spec/profile.ts";
import { type KnownFailure, knownFailureSchema } from "../baseline/file.ts";
import type { RecordedTarget, SuiteIdentity } from "../record.ts";
import { targetSchema } from "../record.ts";
import type { Baseline, Counts, VerdictCounts } from "../result.ts";

/** The version of the predicate. */
export const CERTIFICATE_SCHEMA = "dmabuf-conform/certificate/1";

/** The type of the predicate, as in-toto names types. */
export const CERTIFICATE_TYPE = "urn:dmabuf-conform:certificate:v1";

/**
 * How much a certificate is worth:
 *
 * - `instrumented`: a kernel, with a checker of memory and one of locks alive until the end
 * - `functional`: a kernel, without them
 * - `model`: a simulator, so that it says something of a proposal and nothing of a machine
 */
export type Grade = "instrumented" | "functional" | "model";

/** How the attempts at something compare. */
export interface Stability {
  /** How many there were. */
  readonly attempts: number;
  /** How often which verdict was given. */
  readonly verdicts: VerdictCounts;
  /** Whether every attempt got the same verdict. */
  readonly stable: boolean;
  /** Whether what watches for bugs was there and still at work. */
  readonly detectors: "alive" | "doubtful" | "none";
}

/** The four facts. */
export interface FourFacts {
  /** What was shown; the worst where there were several cases. */
  readonly verdict: Verdict;
  /** How it ended; the worst where there were several cases. */
  readonly end: End;
  /** How it stands against the baseline. */
  readonly baseline: Baseline;
  /** How the attempts compare. */
  readonly stability: Stability;
}

/**
 * Where a clause stands:
 *
 * - `shown`: it was seen to hold
 * - `contested`: the target follows another party of a disagreement
 * - `waived`: it was seen not to hold, and that was let pass
 * - `not-covered`, `not-observable`: nothing was seen of it, for a reason
 */
export type ClauseState = "shown" | "contested" | "waived" | "not-covered" | "not-observable";

/** A clause of the profile. */
export interface CertifiedClause extends FourFacts {
  /** Its id. */
  readonly clause: string;
  /** What it is about. */
  readonly title: string;
  /** How strong it is. */
  readonly keyword: Keyword;
  /** Where it stands among the sources. */
  readonly status: Status;
  /** What became of it. */
  readonly state: ClauseState;
  /** The cases that were run and speak of it. */
  readonly cases: readonly string[];
}

/** A case that was run. */
export interface CertifiedCase extends FourFacts {
  /** Its id. */
  readonly case: string;
  /** Digest of its text and row. */
  readonly digest: string;
}

/** A clause of which nothing was seen. */
export interface UnseenClause {
  /** Its id. */
  readonly clause: string;
  /** Why, in a word. */
  readonly reason: string;
  /** Why, in a sentence. */
  readonly details: string;
}

/** A clause on which people disagree. */
export interface ContestedClause {
  /** Its id. */
  readonly clause: string;
  /** Who holds something else. */
  readonly holders: readonly string[];
  /** Whom the target follows, where that is not the clause. */
  readonly follows: readonly string[];
}

/** A failure that was let pass. */
export interface WaivedFailure {
  /** The case. */
  readonly case: string;
  /** What was seen. */
  readonly message: string;
  /** Where it was agreed. */
  readonly url: string;
  /** Why. */
  readonly why?: string | undefined;
}

/** A case of the profile that the target could not run, or that was left out because it can do harm. */
export interface UnsupportedCase {
  /** The case. */
  readonly case: string;
  /** Why. */
  readonly reason: string;
}

/** What a certificate says. */
export interface Certificate {
  /** The shape and its version. */
  readonly schema: typeof CERTIFICATE_SCHEMA;
  /** How much it is worth. */
  readonly grade: Grade;
  /** What the target claims. */
  readonly profile: { readonly id: string; readonly title: string; readonly kind: ProfileKind };
  /** The suite that judged; `files` is the digest of its own files. */
  readonly suite: SuiteIdentity & { readonly files: string };
  /** What was run on. */
  readonly target: RecordedTarget;
  /** The run. */
  readonly run: {
    /** The name of the record's file. */
    readonly record: string;
    /** When it began: ISO 8601, UTC. */
    readonly startedAt: string;
    /** When it ended: ISO 8601, UTC. */
    readonly finishedAt: string;
    /** The arguments of the command. */
    readonly command: readonly string[];
    /** How often each case was to be run. */
    readonly repeat: number;
  };
  /** When it was signed: ISO 8601, UTC. */
  readonly issuedAt: string;
  /** Who signed it. */
  readonly issuer: { readonly keyId: string; readonly publicKey: string };
  /** How many clauses of the profile are in which state. */
  readonly clauseCounts: Readonly<Record<ClauseState, number>>;
  /** How many of the profile's cases in the run ended how. */
  readonly caseCounts: Counts;
  /** Clauses of which nothing was seen, for a reason. */
  readonly notCovered: readonly UnseenClause[];
  /** Clauses of which nothing can be seen on such a target. */
  readonly notObservable: readonly UnseenClause[];
  /** Clauses on which people disagree. */
  readonly contested: readonly ContestedClause[];
  /** Failures that were let pass. */
  readonly waived: readonly WaivedFailure[];
  /** Cases that the target could not run. */
  readonly notSupported: readonly UnsupportedCase[];
  /** What watched for bugs, and the case after which that is in doubt. */
  readonly detectors: { readonly present: readonly string[]; readonly doubtfulAfter?: string | undefined };
  /** The baseline and those of its entries that were used. */
  readonly baseline?: {
    readonly file: string;
    readonly digest: string;
    readonly used: readonly KnownFailure[];
  } | undefined;
  /** Every clause of the profile. */
  readonly clauses: readonly CertifiedClause[];
  /** Every case of the profile that was run. */
  readonly cases: readonly CertifiedCase[];
}

const verdict = z.enum(["pass", "fail", "contested", "unknown"]);
const state = z.enum(["shown", "contested", "waived", "not-covered", "not-observable"]);
const count = z.int().nonnegative();

const factsShape = {
  verdict,
  end: z.enum([
    "completed",
    "timeout",
    "crash",
    "hang",
    "lost",
    "infra-error",
    "suite-error",
    "not-supported",
    "not-run",
  ]),
  baseline: z.enum([
    "expected",
    "unexpected-fail",
    "unexpected-pass",
    "other-failure",
    "stale-entry",
    "waived",
  ]),
  stability: z.strictObject({
    attempts: count,
    verdicts: z.partialRecord(verdict, count),
    stable: z.boolean(),
    detectors: z.enum(["alive", "doubtful", "none"]),
  }),
} as const;

const unseen = z.strictObject({ clause: z.string(), reason: z.string(), details: z.string() });

/** Schema of {@link Certificate}. */
export const certificateSchema: z.ZodType<Certificate> = z.strictObject({
  schema: z.literal(CERTIFICATE_SCHEMA),
  grade: z.enum(["instrumented", "functional", "model"]),
  profile: z.strictObject({
    id: z.string(),
    title: z.string(),
    kind: z.enum(["proposal", "kernel", "role"]),
  }),
  suite: z.strictObject({ version: z.string(), ledger: z.string(), cases: z.string(), files: z.string() }),
  target: targetSchema,
  run: z.strictObject({
    record: z.string(),
    startedAt: z.iso.datetime(),
    finishedAt: z.iso.datetime(),
    command: z.array(z.string()),
    repeat: z.int().positive(),
  }),
  issuedAt: z.iso.datetime(),
  issuer: z.strictObject({ keyId: z.string(), publicKey: z.string() }),
  clauseCounts: z.record(state, count),
  caseCounts: z.strictObject({
    pass: count,
    fail: count,
    contested: count,
    unknown: count,
    "not-supported": count,
    "not-run": count,
    total: count,
  }),
  notCovered: z.array(unseen),
  notObservable: z.array(unseen),
  contested: z.array(z.strictObject({
    clause: z.string(),
    holders: z.array(z.string()),
    follows: z.array(z.string()),
  })),
  waived: z.array(z.strictObject({
    case: z.string(),
    message: z.string(),
    url: z.string(),
    why: z.string().optional(),
  })),
  notSupported: z.array(z.strictObject({ case: z.string(), reason: z.string() })),
  detectors: z.strictObject({ present: z.array(z.string()), doubtfulAfter: z.string().optional() }),
  baseline: z.strictObject({ file: z.string(), digest: z.string(), used: z.array(knownFailureSchema) })
    .optional(),
  clauses: z.array(z.strictObject({
    clause: z.string(),
    title: z.string(),
    keyword: z.enum(["MUST", "MUST NOT", "SHOULD", "MAY"]),
    status: z.enum(["mainline", "proposed", "contested", "withdrawn"]),
    state,
    ...factsShape,
    cases: z.array(z.string()),
  })),
  cases: z.array(z.strictObject({ case: z.string(), digest: z.string(), ...factsShape })),
});
