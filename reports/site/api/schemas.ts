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

const seenSchema = z.object({
  step: z.string(),
  operation: z.string(),
  seen: z.string(),
  extent: z.literal("sample").optional(),
});

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

/** A run, judged: the shape of `run --format json`. */
export const resultSchema = z.looseObject({
  schema: z.literal("dmabuf-conform/result/1"),
  suite: z.object({ version: z.string(), ledger: z.string(), cases: z.string() }),
  target: z.looseObject({ id: z.string(), kernel: z.string(), detectors: z.array(z.string()) }),
  profile: z.string(),
  partial: z.boolean(),
  startedAt: z.string(),
  finishedAt: z.string().optional(),
  command: z.array(z.string()),
  counts: countsSchema,
  results: z.array(caseSchema),
}).meta({ title: "RunResult" });

/** What the kernel said. */
export const logSchema = z.object({
  lines: z.array(z.object({
    case: z.string(),
    step: z.string().optional(),
    level: z.string(),
    text: z.string(),
  })),
});

/** How far a run has come. */
export const progressSchema = z.object({
  counts: countsSchema,
  partial: z.boolean(),
  last: z.string().describe("The case that ended last"),
}).meta({ title: "Progress" });

/** A case over the runs. */
export const historySchema = z.object({
  case: z.string(),
  runs: z.array(z.object({ head: headSchema, facts: factsSchema, durationMs: z.number() })),
  next: z.string().optional().describe("Ask for those before this run to go on"),
});

/** Since when a case behaves as it does. */
export const windowsSchema = z.object({
  case: z.string(),
  windows: z.array(z.object({
    target: z.string(),
    profile: z.string(),
    from: headSchema,
    to: headSchema,
    runs: z.int().describe("How many runs"),
    facts: factsSchema,
  })),
});

const sourceSchema = z.record(z.string(), z.string());

const clauseSchema = z.object({
  id: z.string(),
  family: z.string(),
  title: z.string(),
  requirement: z.string(),
  keyword: z.enum(["MUST", "MUST NOT", "SHOULD", "MAY"]),
  level: z.enum(["code", "documentation", "discussion"]),
  status: z.enum(["mainline", "proposed", "contested", "withdrawn"]),
  since: z.string().optional().describe("The first kernel in which it holds"),
  until: z.string().optional().describe("The last kernel in which it holds"),
  observable: z.array(z.string()),
  sources: z.array(sourceSchema),
  contested: z.array(
    z.object({ holder: z.string(), alternative: z.string(), source: sourceSchema.optional() }),
  ),
  notTested: z.object({ reason: z.string(), details: z.string() }).optional(),
  notes: z.string().optional(),
  cases: z.array(z.string()),
}).meta({ title: "Clause" });

const profileSchema = z.object({
  id: z.string(),
  title: z.string(),
  kind: z.enum(["proposal", "kernel", "role"]),
  summary: z.string(),
  extends: z.array(z.string()),
  oracle: z.string().optional(),
  notes: z.string().optional(),
  clauses: z.array(z.string()),
}).meta({ title: "Profile" });

/** Every profile. */
export const profilesSchema = z.object({ profiles: z.array(profileSchema) });

/** A profile and its newest runs. */
export const profileInRunsSchema = z.object({ profile: profileSchema, runs: z.array(entrySchema) });

const paperHeadSchema = z.object({
  kind: z.enum(["certificate", "mutants", "tour", "depth", "races"]),
  name: z.string(),
});

/** What lies beside the runs. */
export const papersSchema = z.object({ papers: z.array(paperHeadSchema) });

/** One of the papers. */
export const paperSchema = paperHeadSchema.extend({
  paper: z.union([z.string(), z.looseObject({}), z.array(z.looseObject({}))])
    .describe("The text of a certificate as it was signed, or the report"),
}).meta({ title: "Paper" });

/** What was not taken. */
export const refusedSchema = z.object({
  refused: z.array(z.object({ name: z.string(), reason: z.string() })),
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

/** The newest run of each target and profile. */
export const latestSchema = z.object({
  latest: z.array(z.object({
    run: entrySchema,
    before: entrySchema.optional(),
    changed: z.array(caseComparisonSchema),
  })),
});

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
