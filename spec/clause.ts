/**
 * A clause of the ledger: one thing that must hold, who says so, and from where it can be seen.
 *
 * @module
 */
import { z } from "zod";
import type { Position } from "./diagnostic.ts";
import { type ClauseId, clauseIdSchema } from "./ids.ts";

/** How strong a clause is, in the words of RFC 2119. */
export const KEYWORDS = ["MUST", "MUST NOT", "SHOULD", "MAY"] as const;

/** How strong a clause is. */
export type Keyword = typeof KEYWORDS[number];

/** What a clause rests on: code, documentation, or what people said. */
export const LEVELS = ["code", "documentation", "discussion"] as const;

/** What a clause rests on. */
export type Level = typeof LEVELS[number];

/** Where a clause stands: in a release, in a proposal, disputed, or taken back. */
export const STATUSES = ["mainline", "proposed", "contested", "withdrawn"] as const;

/** Where a clause stands. */
export type Status = typeof STATUSES[number];

/** The places from which a clause can be seen to hold. */
export const VIEWS = ["userspace", "cpu-mapping", "importer", "device", "log", "simulator"] as const;

/** A place from which a clause can be seen to hold. */
export type View = typeof VIEWS[number];

/** Why no case shows a clause. */
export const NOT_TESTED_REASONS = [
  "build-time",
  "hardware",
  "not-observable",
  "open-question",
  "suite-internal",
  "informative",
] as const;

/** Why no case shows a clause. */
export type NotTestedReason = typeof NOT_TESTED_REASONS[number];

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
  readonly source?: Source | undefined;
}

/** Why no case shows a clause. */
export interface NotTested {
  readonly reason: NotTestedReason;
  /** The reason in a sentence. */
  readonly details: string;
}

/** A clause as its file gives it. */
export interface ClauseText {
  readonly id: ClauseId;
  readonly title: string;
  /** The sentence that must hold, with its keyword. */
  readonly requirement: string;
  readonly keyword: Keyword;
  readonly level: Level;
  readonly status: Status;
  /** The first kernel in which it holds. */
  readonly since?: string | undefined;
  /** The last kernel in which it holds. */
  readonly until?: string | undefined;
  /** From where it can be seen; empty where it cannot. */
  readonly observable: readonly View[];
  readonly sources: readonly Source[];
  /** What others hold instead. */
  readonly contested?: readonly ContestedBy[] | undefined;
  readonly "not-tested"?: NotTested | undefined;
  readonly notes?: string | undefined;
}

/** A clause of the ledger. */
export interface Clause extends Omit<ClauseText, "not-tested" | "contested"> {
  /** The family, as in `VREV`. */
  readonly family: string;
  /** What others hold instead; empty where nobody does. */
  readonly contested: readonly ContestedBy[];
  readonly notTested?: NotTested | undefined;
  /** Where it stands. */
  readonly at: Position;
}

/** A family of clauses as its file gives it. */
export interface FamilyText {
  readonly family: string;
  readonly title: string;
  readonly summary: string;
  readonly clauses: readonly ClauseText[];
}

/** A family of clauses. */
export interface Family {
  /** What its clauses' ids begin with, as in `VREV`. */
  readonly id: string;
  readonly title: string;
  readonly summary: string;
  readonly clauses: readonly ClauseId[];
}

const text = z.string().trim().min(1);

/** Schema of line numbers: one number, or text such as `110-111, 118`. */
const lines = z.union([z.int().positive(), text]).transform(String)
  .meta({ description: "Lines of the mail or the file, as in 110-111." });

const sourceSchema: z.ZodType<Source> = z.union([
  z.strictObject({
    mail: text.meta({ description: "A key of the mails in spec/sources.yaml." }),
    lines: lines.optional(),
    function: text.optional(),
    file: text.optional(),
  }),
  z.strictObject({
    kernel: text.meta({ description: "A version among the kernels in spec/sources.yaml." }),
    file: text,
    lines: lines.optional(),
    function: text.optional(),
  }),
  z.strictObject({ clause: clauseIdSchema }),
  z.strictObject({ commit: text, note: text.optional() }),
  z.strictObject({ text }),
]);

const clauseSchema: z.ZodType<ClauseText> = z.strictObject({
  id: clauseIdSchema.meta({ description: "The family and a number, which never changes." }),
  title: text,
  requirement: text.meta({ description: "The sentence that must hold, with its keyword." }),
  keyword: z.enum(KEYWORDS),
  level: z.enum(LEVELS).meta({ description: "What it rests on." }),
  status: z.enum(STATUSES).meta({ description: "Where it stands." }),
  since: text.optional().meta({ description: "The first kernel in which it holds." }),
  until: text.optional().meta({ description: "The last kernel in which it holds." }),
  observable: z.array(z.enum(VIEWS)).meta({ description: "From where it can be seen." }),
  sources: z.array(sourceSchema).min(1),
  contested: z.array(z.strictObject({ holder: text, alternative: text, source: sourceSchema.optional() }))
    .min(1)
    .optional().meta({ description: "What others hold instead." }),
  "not-tested": z.strictObject({ reason: z.enum(NOT_TESTED_REASONS), details: text }).optional()
    .meta({ description: "Why no case shows it." }),
  notes: text.optional(),
});

/** Schema of a file of clauses. */
export const familySchema: z.ZodType<FamilyText> = z.strictObject({
  family: z.string().regex(/^[A-Z][A-Z0-9]*$/, "expected a family such as VREV"),
  title: text,
  summary: text,
  clauses: z.array(clauseSchema).min(1),
});
