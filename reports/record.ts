/**
 * The run record: JSON Lines, written as things happen and never rewritten.
 *
 * A header; for each attempt at a case a `case` line, a `step` line per observation and an `end` line; a footer. A
 * record without a footer is partial. What is here is what the lines say; `record_writer.ts` writes them and
 * `record_reader.ts` reads them.
 *
 * @module
 */
import { z } from "zod";
import type { TargetDescription } from "../runners/target.ts";
import { type CaseEnd, caseEndSchema, type Observation, observationSchema } from "../spec/observation.ts";
import { messageOf } from "../spec/message_of.ts";

/** The version of the format. */
export const RECORD_SCHEMA = "dmabuf-conform/run/1";

/** The suite that made a record. */
export interface SuiteIdentity {
  /** Its version. */
  readonly version: string;
  /** Digest of the ledger, `sha256:` and hexadecimal digits. */
  readonly ledger: string;
  /** Digest of the selected cases, in the same form. */
  readonly cases: string;
}

/** What a record says of its target: the target's own description. */
export type RecordedTarget = Omit<TargetDescription, "operations"> & {
  readonly operations: readonly string[];
};

/** The first line: what was run, on what, by what. */
export interface Header {
  /** The kind of line. */
  readonly type: "header";
  /** The format and its version. */
  readonly schema: string;
  /** The suite that made the record. */
  readonly suite: SuiteIdentity;
  /** What was run on. */
  readonly target: RecordedTarget;
  /** The profile that the target is held against. */
  readonly profile: string;
  /** The ids of the cases to run, in order. */
  readonly selection: readonly string[];
  /** How often each case is run. */
  readonly repeat: number;
  /** The seed of the order, where the cases were shuffled. */
  readonly seed?: number | undefined;
  /** The arguments of the command. */
  readonly command: readonly string[];
  /** When the run began: ISO 8601, UTC. */
  readonly startedAt: string;
}

/** An attempt begins. */
export interface CaseLine {
  /** The kind of line. */
  readonly type: "case";
  /** The id of the case. */
  readonly case: string;
  /** Which attempt at the case, counted from 1. */
  readonly attempt: number;
  /** Digest of the case's text and row. */
  readonly digest: string;
}

/** A step is over. */
export interface StepLine extends Observation {
  /** The kind of line. */
  readonly type: "step";
  /** The id of the case. */
  readonly case: string;
  /** Which attempt at the case, counted from 1. */
  readonly attempt: number;
}

/** An attempt is over. */
export interface EndLine extends CaseEnd {
  /** The kind of line. */
  readonly type: "end";
  /** The id of the case. */
  readonly case: string;
  /** Which attempt at the case, counted from 1. */
  readonly attempt: number;
  /** Wall time in milliseconds. */
  readonly durationMs: number;
}

/** An attempt that has no end, and why. */
export interface NotRun {
  /** The id of the case. */
  readonly case: string;
  /** Which attempt at the case, counted from 1. */
  readonly attempt: number;
  /** Why it has no end. */
  readonly reason: string;
}

/** The last line: the run is over. */
export interface Footer {
  /** The kind of line. */
  readonly type: "footer";
  /** When the run ended: ISO 8601, UTC. */
  readonly finishedAt: string;
  /** How many attempts have an end. */
  readonly attempts: number;
  /** The attempts that have none. */
  readonly notRun: readonly NotRun[];
}

/** A line of a record. */
export type RecordLine = Header | CaseLine | StepLine | EndLine | Footer;

/** Schema of {@link RecordedTarget}. */
export const targetSchema = z.looseObject({
  id: z.string(),
  name: z.string(),
  version: z.string(),
  kernel: z.string(),
  config: z.string().optional(),
  image: z.string().optional(),
  devices: z.array(z.string()).optional(),
  architecture: z.string(),
  pageSize: z.int().positive(),
  detectors: z.array(z.string()),
  operations: z.array(z.string()),
});

const headerSchema: z.ZodType<Header> = z.object({
  type: z.literal("header"),
  schema: z.string(),
  suite: z.object({ version: z.string(), ledger: z.string(), cases: z.string() }),
  target: targetSchema,
  profile: z.string(),
  selection: z.array(z.string()),
  repeat: z.int().positive(),
  seed: z.int().optional(),
  command: z.array(z.string()),
  startedAt: z.iso.datetime(),
});

const caseSchema: z.ZodType<CaseLine> = z.object({
  type: z.literal("case"),
  case: z.string(),
  attempt: z.int().positive(),
  digest: z.string(),
});

const footerSchema: z.ZodType<Footer> = z.object({
  type: z.literal("footer"),
  finishedAt: z.iso.datetime(),
  attempts: z.int().nonnegative(),
  notRun: z.array(z.object({ case: z.string(), attempt: z.int().positive(), reason: z.string() })),
});

const taggedSchema = z.looseObject({
  type: z.string(),
  case: z.string().optional(),
  attempt: z.int().positive().optional(),
});

/**
 * What can be wrong with a record:
 *
 * - `not-text`, `not-json`, `not-a-line`, `unknown-type`: one line cannot be read at all
 * - `no-header`, `second-header`, `other-version`: the header is not as it must be
 * - `not-selected`, `begins-twice`, `not-begun`, `over-already`, `after-footer`: a line stands where it cannot
 * - `wrong-count`: the footer tells of another number of attempts
 */
export type RecordFault =
  | "not-text"
  | "not-json"
  | "not-a-line"
  | "unknown-type"
  | "no-header"
  | "second-header"
  | "other-version"
  | "not-selected"
  | "begins-twice"
  | "not-begun"
  | "over-already"
  | "after-footer"
  | "wrong-count";

/** A line that is wrong, and why. */
export class BadLine {
  /** What is wrong. */
  readonly fault: RecordFault;
  /** Why, in words. */
  readonly reason: string;

  constructor(fault: RecordFault, reason: string) {
    this.fault = fault;
    this.reason = reason;
  }
}

/** Reads one line of a record. */
export function parseLine(text: string): RecordLine | BadLine {
  const json = parseJson(text);
  if (json instanceof BadLine) return json;
  const tagged = taggedSchema.safeParse(json);
  if (!tagged.success) return new BadLine("not-a-line", "it is not an object with a type");
  const { type, case: caseId = "", attempt = 1, ...rest } = tagged.data;
  switch (type) {
    case "header":
      return checked(headerSchema.safeParse(json));
    case "case":
      return checked(caseSchema.safeParse(json));
    case "step":
      return withTag(observationSchema.safeParse(rest), { type, case: caseId, attempt });
    case "end":
      return endLine(rest, { type, case: caseId, attempt });
    case "footer":
      return checked(footerSchema.safeParse(json));
    default:
      return new BadLine("unknown-type", `it has the unknown type "${type}"`);
  }
}

function endLine(
  rest: Record<string, unknown>,
  tag: Pick<EndLine, "type" | "case" | "attempt">,
): EndLine | BadLine {
  const { durationMs, ...end } = rest;
  const duration = z.number().nonnegative().safeParse(durationMs);
  if (!duration.success) return new BadLine("not-a-line", "its durationMs is not a number of milliseconds");
  return withTag(caseEndSchema.safeParse(end), { ...tag, durationMs: duration.data });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    return new BadLine(
      "not-json",
      `it is not JSON: ${messageOf(error)}`,
    );
  }
}

function checked<T>(result: z.ZodSafeParseResult<T>): T | BadLine {
  return result.success ? result.data : new BadLine("not-a-line", z.prettifyError(result.error));
}

function withTag<T extends object, G extends object>(
  result: z.ZodSafeParseResult<T>,
  tag: G,
): (T & G) | BadLine {
  return result.success
    ? { ...result.data, ...tag }
    : new BadLine("not-a-line", z.prettifyError(result.error));
}
