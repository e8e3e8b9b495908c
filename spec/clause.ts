/**
 * A clause of the ledger: one thing that must hold, who says so, and from where it can be seen.
 *
 * @module
 */
import { z } from "zod";
import type { Position } from "./diagnostic.ts";
import { type ClauseId, clauseIdSchema } from "./ids.ts";

/** How strong a clause is, in the words of RFC 2119. */
export type Keyword = "MUST" | "MUST NOT" | "SHOULD" | "MAY";

/** What a clause rests on: code, documentation, or what people said. */
export type Level = "code" | "documentation" | "discussion";

/** Where a clause stands: in a release, in a proposal, disputed, or taken back. */
export type Status = "mainline" | "proposed" | "contested" | "withdrawn";

/** A place from which a clause can be seen to hold. */
export type View = "userspace" | "cpu-mapping" | "importer" | "device" | "log" | "simulator";

/** Why no case shows a clause. */
export type NotTestedReason =
  | "build-time"
  | "hardware"
  | "not-observable"
  | "open-question"
  | "suite-internal"
  | "informative";

/** Where a clause comes from. `lines` counts lines of the mail or the file, as in `110-111, 118`. */
export type Source =
  | {
    /** A key of the mails in `spec/sources.yaml`. */
    readonly mail: string;
    readonly lines?: string | undefined;
    readonly function?: string | undefined;
    readonly file?: string | undefined;
  }
  | {
    /** A version among the kernels in `spec/sources.yaml`. */
    readonly kernel: string;
    readonly file: string;
    readonly lines?: string | undefined;
    readonly function?: string | undefined;
  }
  | { readonly clause: ClauseId }
  | { readonly commit: string; readonly note?: string | undefined }
  | { readonly text: string };

/** What somebody holds instead of a clause. */
export interface ContestedBy {
  /** Who holds it. */
  readonly holder: string;
  /** What they hold, in a sentence. */
  readonly alternative: string;
  /** Where they say so. */
  readonly source?: Source | undefined;
}

/** Why no case shows a clause. */
export interface NotTested {
  /** The reason in a word. */
  readonly reason: NotTestedReason;
  /** The reason in a sentence. */
  readonly details: string;
}

/** A clause as its file gives it. */
export interface ClauseText {
  /** The family and a number; never changes. */
  readonly id: ClauseId;
  /** What it is about, in a few words. */
  readonly title: string;
  /** The sentence that must hold, with its keyword. */
  readonly requirement: string;
  /** How strong it is. */
  readonly keyword: Keyword;
  /** What it rests on. */
  readonly level: Level;
  /** Where it stands. */
  readonly status: Status;
  /** The first kernel in which it holds. */
  readonly since?: string | undefined;
  /** The last kernel in which it holds. */
  readonly until?: string | undefined;
  /** From where it can be seen; empty where it cannot. */
  readonly observable: readonly View[];
  /** Where it comes from. */
  readonly sources: readonly Source[];
  /** What others hold instead. */
  readonly contested?: readonly ContestedBy[] | undefined;
  /** Why no case shows it. */
  readonly "not-tested"?: NotTested | undefined;
  /** What else a reader should know. */
  readonly notes?: string | undefined;
}

/** A clause of the ledger. */
export interface Clause extends Omit<ClauseText, "not-tested" | "contested"> {
  /** The family, as in `VREV`. */
  readonly family: string;
  /** What others hold instead; empty where nobody does. */
  readonly contested: readonly ContestedBy[];
  /** Why no case shows it. */
  readonly notTested?: NotTested | undefined;
  /** Where it stands. */
  readonly at: Position;
}

/** A family of clauses as its file gives it. */
export interface FamilyText {
  /** What its clauses' ids begin with, as in `VREV`. */
  readonly family: string;
  /** What it is about, in a few words. */
  readonly title: string;
  /** What it is about, in a sentence or two. */
  readonly summary: string;
  /** The clauses, in their order. */
  readonly clauses: readonly ClauseText[];
}

/** A family of clauses. */
export interface Family {
  /** What its clauses' ids begin with, as in `VREV`. */
  readonly id: string;
  /** What it is about, in a few words. */
  readonly title: string;
  /** What it is about, in a sentence or two. */
  readonly summary: string;
  /** The clauses, in their order. */
  readonly clauses: readonly ClauseId[];
}

const text = z.string().trim().min(1);

/** Schema of line numbers: one number, or text such as `110-111, 118`. */
const lines = z.union([z.int().positive(), text]).transform(String)
  .meta({ description: "Lines of the mail or the file, as in 110-111." });

const file = text.meta({ description: "The file, as a path in the kernel's source tree." });

const functionName = text.meta({ description: "The function, without parentheses." });

const sourceSchema: z.ZodType<Source> = z.union([
  z.strictObject({
    mail: text.meta({ description: "A key of the mails in spec/sources.yaml." }),
    lines: lines.optional(),
    function: functionName.optional(),
    file: file.optional(),
  }),
  z.strictObject({
    kernel: text.meta({ description: "A version among the kernels in spec/sources.yaml." }),
    file,
    lines: lines.optional(),
    function: functionName.optional(),
  }),
  z.strictObject({ clause: clauseIdSchema.meta({ description: "A clause that this one follows from." }) }),
  z.strictObject({
    commit: text.meta({ description: "The begin of a commit's id." }),
    note: text.optional().meta({ description: "What the commit does." }),
  }),
  z.strictObject({ text: text.meta({ description: "Any other source, in words." }) }),
]);

const notTestedReason = z.enum([
  "build-time",
  "hardware",
  "not-observable",
  "open-question",
  "suite-internal",
  "informative",
]);

const clauseSchema: z.ZodType<ClauseText> = z.strictObject({
  id: clauseIdSchema.meta({ description: "The family and a number, which never changes." }),
  title: text.meta({ description: "What the clause is about, in a few words." }),
  requirement: text.meta({ description: "The sentence that must hold, with its keyword." }),
  keyword: z.enum(["MUST", "MUST NOT", "SHOULD", "MAY"]).meta({
    description: "How strong it is, in the words of RFC 2119.",
  }),
  level: z.enum(["code", "documentation", "discussion"]).meta({ description: "What it rests on." }),
  status: z.enum(["mainline", "proposed", "contested", "withdrawn"]).meta({
    description: "Where it stands.",
  }),
  since: text.optional().meta({ description: "The first kernel in which it holds." }),
  until: text.optional().meta({ description: "The last kernel in which it holds." }),
  observable: z.array(z.enum(["userspace", "cpu-mapping", "importer", "device", "log", "simulator"])).meta({
    description: "From where it can be seen.",
  }),
  sources: z.array(sourceSchema).min(1).meta({ description: "Where it comes from." }),
  contested: z.array(z.strictObject({
    holder: text.meta({ description: "Who holds it." }),
    alternative: text.meta({ description: "What they hold, in a sentence." }),
    source: sourceSchema.optional().meta({ description: "Where they say so." }),
  }))
    .min(1)
    .optional().meta({ description: "What others hold instead." }),
  "not-tested": z.strictObject({
    reason: notTestedReason.meta({ description: "The reason in a word." }),
    details: text.meta({ description: "The reason in a sentence." }),
  }).optional()
    .meta({ description: "Why no case shows it." }),
  notes: text.optional().meta({ description: "What else a reader should know." }),
});

/** Schema of a file of clauses. */
export const familySchema: z.ZodType<FamilyText> = z.strictObject({
  family: z.string().regex(/^[A-Z][A-Z0-9]*$/, "expected a family such as VREV")
    .meta({ description: "What the ids of the clauses begin with." }),
  title: text.meta({ description: "What the clauses are about, in a few words." }),
  summary: text.meta({ description: "What they are about, in a sentence or two." }),
  clauses: z.array(clauseSchema).min(1).meta({ description: "The clauses, in their order." }),
});
