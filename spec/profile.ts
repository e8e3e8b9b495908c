/**
 * A profile: what a target claims, as a set of clauses.
 *
 * @module
 */
import { z } from "zod";
import type { Position } from "./diagnostic.ts";
import { type ClauseId, type ProfileId, profileIdSchema } from "./ids.ts";

/** What a profile describes: a proposal on the lists, a kernel as released, or a part that a driver plays. */
export type ProfileKind = "proposal" | "kernel" | "role";

/** A profile as its file gives it. */
export interface ProfileText {
  /** The name of the file without `.yaml`. */
  readonly id: ProfileId;
  /** What it is, in a few words. */
  readonly title: string;
  /** What it describes. */
  readonly kind: ProfileKind;
  /** What it is, in a sentence or two. */
  readonly summary: string;
  /** Profiles whose clauses it has too. */
  readonly extends?: readonly ProfileId[] | undefined;
  /** Clauses, or all of a family as in `VREV-*`. */
  readonly include?: readonly string[] | undefined;
  /** Clauses that it does not have after all. */
  readonly exclude?: readonly string[] | undefined;
  /** The simulator that behaves as the profile says. */
  readonly oracle?: string | undefined;
  /** What else a reader should know. */
  readonly notes?: string | undefined;
}

/** A profile with its clauses. */
export interface Profile extends Omit<ProfileText, "extends" | "include" | "exclude"> {
  /** The profiles that it extends directly. */
  readonly extends: readonly ProfileId[];
  /** Every clause of it, those of the profiles that it extends included. */
  readonly clauses: ReadonlySet<ClauseId>;
  /** Where it stands. */
  readonly at: Position;
}

const text = z.string().trim().min(1);

const pattern = z.string().regex(
  /^[A-Z][A-Z0-9]*-(\*|\d{2,3}|\d{1,2}\*)$/,
  "expected a clause such as VREV-10, or VREV-* for all of a family",
);

/** Schema of a profile's file. */
export const profileSchema: z.ZodType<ProfileText> = z.strictObject({
  id: profileIdSchema.meta({ description: "The name of the file without .yaml." }),
  title: text.meta({ description: "What it is, in a few words." }),
  kind: z.enum(["proposal", "kernel", "role"]).meta({
    description: "What it describes: a proposal, a kernel as released, or a part that a driver plays.",
  }),
  summary: text.meta({ description: "What it is, in a sentence or two." }),
  extends: z.array(profileIdSchema).optional().meta({ description: "Profiles whose clauses it has too." }),
  include: z.array(pattern).optional().meta({ description: "Clauses, or all of a family as in VREV-*." }),
  exclude: z.array(pattern).optional().meta({ description: "Clauses that it does not have after all." }),
  oracle: text.optional().meta({ description: "The simulator that behaves as the profile says." }),
  notes: text.optional().meta({ description: "What else a reader should know." }),
});
