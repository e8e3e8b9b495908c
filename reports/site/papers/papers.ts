/**
 * What lies beside the runs: certificates, and what is known of the suite itself. A file is known by what is in it,
 * not by its name.
 *
 * @module
 */
import { z } from "zod";
import type { Fate, MutantResult } from "../../../runners/mutation/kills.ts";
import { MUTATION_SCHEMA, type MutationScore } from "../../../runners/mutation/score.ts";
import { DEPTH_SCHEMA, TOUR_SCHEMA } from "../../../runners/tour/mod.ts";

/** A way in which a target was not the model. */
export interface ToldDivergence {
  /** The operation at which it shows. */
  readonly operation: string;
  /** The state in which that was done. */
  readonly state: string;
  /** What the model did. */
  readonly expected: string;
  /** What the target did. */
  readonly seen: string;
  /** On how many edges the same was seen. */
  readonly edges?: number | undefined;
}

/** What became of a universe of the model. */
export interface TouredUniverse {
  /** Its name. */
  readonly universe: string;
  /** What it is about. */
  readonly title: string;
  /** Abstract states. */
  readonly states: number;
  /** Operations in them. */
  readonly edges: number;
  /** Edges that led where the model says. */
  readonly taken: number;
  /** Edges on which the target was not the model. */
  readonly diverged: number;
  /** Programs that were played. */
  readonly sequences: number;
  /** Their steps. */
  readonly steps: number;
  /** Ways in which the target was not the model. */
  readonly divergences: readonly ToldDivergence[];
  /** Edges that were not taken, and why. */
  readonly notTaken: readonly {
    readonly state: string;
    readonly operation: string;
    readonly reason: string;
  }[];
}

/** What every report of a tour says. */
export interface Toured {
  /** The target. */
  readonly target: { readonly id: string; readonly name: string; readonly kernel: string };
  /** The dialect that was the model. */
  readonly dialect: string;
  /** Why it did not come to its end, if so. */
  readonly stopped?: string | undefined;
  /** What the target did wrong as a target. */
  readonly failures: readonly string[];
}

/** A tour: every edge of the model on a target. */
export interface Tour extends Toured {
  /** What became of each universe. */
  readonly universes: readonly TouredUniverse[];
}

/** Every sequence of operations up to a depth, on a target. */
export interface DepthTour extends Toured {
  /** How many operations a sequence had. */
  readonly depth: number;
  /** What became of each universe. */
  readonly universes: readonly {
    readonly universe: string;
    readonly title: string;
    readonly sequences: number;
    readonly histories: number;
    readonly divergences: readonly ToldDivergence[];
    readonly violations: readonly {
      readonly what: string;
      readonly operation: string;
      readonly state: string;
    }[];
  }[];
}

/** A race, run over the schedules of the simulator. */
export interface ExploredRace {
  /** The case. */
  readonly case: string;
  /** What its judge said. */
  readonly verdict: string;
  /** Why. */
  readonly reasons: readonly string[];
  /** Schedules that were run. */
  readonly runs: number;
  /** Whether they were all that differ. */
  readonly exhaustive: boolean;
  /** States of the simulator that were seen. */
  readonly states?: number | undefined;
  /** Each outcome: how many schedules end so, and one of them. */
  readonly ends: readonly { readonly count: number; readonly schedule?: string | undefined }[];
}

/** What a file holds. */
export type Paper =
  /** A certificate, as it was signed. */
  | { readonly kind: "certificate"; readonly text: string }
  /** What became of the mutants. */
  | { readonly kind: "mutants"; readonly score: MutationScore }
  /** A tour of the model. */
  | { readonly kind: "tour"; readonly tour: Tour }
  /** Every sequence up to a depth. */
  | { readonly kind: "depth"; readonly tour: DepthTour }
  /** Races over all schedules. */
  | { readonly kind: "races"; readonly races: readonly ExploredRace[] };

const FATES = [
  "killed",
  "control",
  "postcondition",
  "harness",
  "survived",
] as const satisfies readonly Fate[];

const count = z.number().int().nonnegative();

const mutantSchema: z.ZodType<MutantResult> = z.object({
  id: z.string(),
  title: z.string(),
  dialect: z.string(),
  breaks: z.array(z.string()),
  fate: z.enum(FATES),
  kills: z.array(z.object({
    case: z.string(),
    to: z.string(),
    by: z.enum(["step", "control", "postcondition", "harness"]),
    reason: z.string(),
  })),
  reason: z.string().optional(),
  explained: z.boolean(),
});

const scoreSchema: z.ZodType<MutationScore> = z.object({
  schema: z.literal(MUTATION_SCHEMA),
  counts: z.object({ killed: count, control: count, postcondition: count, harness: count, survived: count }),
  score: z.number().min(0).max(1),
  mutants: z.array(mutantSchema),
  cases: z.array(z.object({ case: z.string(), kills: count, alone: z.array(z.string()) })),
});

const divergence = z.object({
  operation: z.string(),
  state: z.string(),
  expected: z.string(),
  seen: z.string(),
  edges: count.optional(),
});

const toured = {
  target: z.object({ id: z.string(), name: z.string(), kernel: z.string() }),
  dialect: z.string(),
  stopped: z.string().optional(),
  failures: z.array(z.string()),
};

const tourSchema: z.ZodType<Tour> = z.object({
  schema: z.literal(TOUR_SCHEMA),
  ...toured,
  universes: z.array(z.object({
    universe: z.string(),
    title: z.string(),
    states: count,
    edges: count,
    taken: count,
    diverged: count,
    sequences: count,
    steps: count,
    divergences: z.array(divergence),
    notTaken: z.array(z.object({ state: z.string(), operation: z.string(), reason: z.string() })),
  })),
});

const depthSchema: z.ZodType<DepthTour> = z.object({
  schema: z.literal(DEPTH_SCHEMA),
  ...toured,
  depth: count,
  universes: z.array(z.object({
    universe: z.string(),
    title: z.string(),
    sequences: count,
    histories: count,
    divergences: z.array(divergence),
    violations: z.array(z.object({ what: z.string(), operation: z.string(), state: z.string() })),
  })),
});

const racesSchema: z.ZodType<readonly ExploredRace[]> = z.array(z.object({
  case: z.string(),
  verdict: z.string(),
  reasons: z.array(z.string()),
  runs: count,
  exhaustive: z.boolean(),
  states: count.optional(),
  ends: z.array(z.object({ count, schedule: z.string().optional() })),
}));

/** What the in-toto statement of another kind, which lies beside every certificate, is told by. */
const STATEMENT = z.object({ predicateType: z.string() });

/** The envelope of a signed statement. */
const ENVELOPE = z.object({ payload: z.string(), payloadType: z.string(), signatures: z.array(z.unknown()) });

const NAMED = z.object({ schema: z.string() });
const RACES = z.array(z.object({ case: z.string(), ends: z.array(z.unknown()) })).min(1);

/** A file that says what it is and is not that. */
export class BadPaper extends Error {
  /** The name of the class. */
  override readonly name = "BadPaper";
}

/**
 * What a file holds; `undefined` where it is nothing that this site shows.
 *
 * @param certificateType the type of the predicate of a certificate
 * @throws {BadPaper} if it says what it is and is not that
 */
export function paperIn(text: string, certificateType: string): Paper | undefined {
  const json = jsonIn(text);
  const envelope = ENVELOPE.safeParse(json);
  if (envelope.success) {
    const type = predicateTypeOf(envelope.data.payload);
    return type === undefined || type === certificateType ? { kind: "certificate", text } : undefined;
  }
  if (RACES.safeParse(json).success) return { kind: "races", races: parsed(racesSchema, json) };
  const named = NAMED.safeParse(json);
  switch (named.data?.schema) {
    case MUTATION_SCHEMA:
      return { kind: "mutants", score: parsed(scoreSchema, json) };
    case TOUR_SCHEMA:
      return { kind: "tour", tour: parsed(tourSchema, json) };
    case DEPTH_SCHEMA:
      return { kind: "depth", tour: parsed(depthSchema, json) };
    default:
      return undefined;
  }
}

/** The type of what is signed; nothing where the payload cannot be read, so that the page can say what is wrong. */
function predicateTypeOf(payload: string): string | undefined {
  return STATEMENT.safeParse(jsonIn(Buffer.from(payload, "base64").toString())).data?.predicateType;
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function parsed<T>(schema: z.ZodType<T>, json: unknown): T {
  const { data, error } = schema.safeParse(json);
  if (data !== undefined) return data;
  const [issue] = error?.issues ?? [];
  throw new BadPaper(`It is not as this version writes it: ${issue?.path.join(".")}: ${issue?.message}`);
}
