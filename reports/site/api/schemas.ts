/**
 * What the programming interface answers. The schemas are also its description.
 *
 * @module
 */
import { z } from "zod";
import type { ComparedWord } from "../../compare/mod.ts";
import type { Word } from "../../formats/format.ts";

const words = [
  "pass",
  "fail",
  "contested",
  "unknown",
  "not-supported",
  "not-run",
] as const satisfies readonly Word[];
const comparedWords = [...words, "absent"] as const satisfies readonly ComparedWord[];

const wordSchema = z.enum(words);

const countsSchema = z.object({
  pass: z.int(),
  fail: z.int(),
  contested: z.int(),
  unknown: z.int(),
  "not-supported": z.int(),
  "not-run": z.int(),
  total: z.int(),
});

const headSchema = z.object({
  run: z.string().describe("The name of the run, which stays when a partial run goes on"),
  target: z.string(),
  kernel: z.string(),
  profile: z.string(),
  startedAt: z.string().describe("ISO 8601, UTC"),
  partial: z.boolean(),
});

/** A run in a list. */
export const entrySchema = headSchema.extend({
  targetName: z.string(),
  finishedAt: z.string().optional(),
  counts: countsSchema,
  durationMs: z.number(),
}).meta({ title: "Run" });

const seenSchema = z.object({ step: z.string(), operation: z.string(), seen: z.string() });

/** What a case showed. */
export const factsSchema = z.object({
  case: z.string(),
  title: z.string(),
  clauses: z.array(z.string()),
  word: wordSchema,
  reason: z.string(),
  seen: z.array(seenSchema),
}).meta({ title: "CaseFacts" });

/** A list of runs. */
export const runsSchema = z.object({ runs: z.array(entrySchema) });

/** A run with what each case showed. */
export const runSchema = z.object({ run: entrySchema, cases: z.array(factsSchema) });

/** A case in a run: the shape of `results` in `run --format json`. */
export const caseSchema = z.looseObject({
  case: z.string(),
  title: z.string(),
  clauses: z.array(z.string()),
  verdict: z.enum(["pass", "fail", "contested", "unknown"]),
  end: z.string(),
  reasons: z.array(z.string()),
  steps: z.array(
    z.looseObject({ step: z.string(), operation: z.string(), expected: z.string(), observed: z.string() }),
  ),
}).meta({ title: "CaseResult" });

/** A case over the runs. */
export const historySchema = z.object({
  case: z.string(),
  runs: z.array(z.object({ head: headSchema, facts: factsSchema, durationMs: z.number() })),
});

const clauseSchema = z.object({
  id: z.string(),
  title: z.string(),
  requirement: z.string(),
  status: z.string(),
  cases: z.array(z.string()),
});

/** Every clause. */
export const clausesSchema = z.object({ clauses: z.array(clauseSchema) });

/** A clause and what the newest run of every target and profile says of it. */
export const clauseInRunsSchema = z.object({
  clause: clauseSchema,
  runs: z.array(z.object({ head: headSchema, word: z.enum(comparedWords) })),
});

const caseComparisonSchema = z.object({
  case: z.string(),
  title: z.string(),
  clauses: z.array(z.string()),
  difference: z.enum(["verdict", "support", "behaviour", "coverage", "same"]),
  words: z.array(z.enum(comparedWords)),
  windows: z.array(z.object({ from: z.int(), to: z.int(), word: wordSchema })),
  changes: z.array(z.object({
    at: z.int(),
    step: z.string().optional(),
    operation: z.string().optional(),
    before: z.string(),
    after: z.string(),
  })),
  says: z.string(),
}).meta({ title: "CaseComparison" });

/** Runs side by side: the shape of `compare --format json`. */
export const comparisonSchema = z.object({
  schema: z.literal("dmabuf-conform/comparison/1"),
  runs: z.array(headSchema.extend({ label: z.string() })),
  counts: z.object({
    verdict: z.int(),
    support: z.int(),
    behaviour: z.int(),
    coverage: z.int(),
    same: z.int(),
  }),
  groups: z.array(
    z.object({ at: z.array(z.int()), title: z.string(), cases: z.array(caseComparisonSchema) }),
  ),
  same: z.array(caseComparisonSchema),
  clauses: z.array(z.object({
    clause: z.string(),
    words: z.array(z.enum(comparedWords)),
    differs: z.boolean(),
    cases: z.array(z.string()),
  })),
}).meta({ title: "Comparison" });

/** What was found. */
export const searchSchema = z.object({
  hits: z.array(
    z.object({ kind: z.enum(["run", "log"]), run: z.string(), case: z.string(), text: z.string() }),
  ),
});

/** What became of an upload. */
export const uploadedSchema = z.object({
  kind: z.enum(["imported", "continued", "duplicate"]),
  run: z.string(),
  url: z.string(),
}).meta({ title: "Uploaded" });

/** What went wrong. */
export const problemSchema = z.object({ error: z.string(), hint: z.string().optional() }).meta({
  title: "Problem",
});
