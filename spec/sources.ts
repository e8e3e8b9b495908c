/**
 * What the clauses cite: mails and kernels.
 *
 * @module
 */
import { z } from "zod";

/** A mail. */
export interface Mail {
  /** Its message-id, without brackets. */
  readonly "message-id"?: string | undefined;
  /** Whether the message-id follows from the others of its series and was not seen. */
  readonly inferred?: boolean | undefined;
  /** Who wrote it. */
  readonly author: string;
  /** Its subject, as sent. */
  readonly subject?: string | undefined;
  /** The day, as in `2026-01-11`. */
  readonly date?: string | undefined;
  /** The file of the mail among the seeds. */
  readonly seed?: string | undefined;
  /** How much of it was read, in a word. */
  readonly seen: string;
}

/** A kernel release. */
export interface KernelSource {
  /** The package that has the source. */
  readonly package?: string | undefined;
  /** The exact version of the source. */
  readonly version?: string | undefined;
  /** Whether its source was read. */
  readonly read?: boolean | undefined;
}

/** Everything that clauses cite, by the keys that they use. */
export interface Sources {
  /** The mails. */
  readonly mails: Readonly<Record<string, Mail>>;
  /** The kernels, by version. */
  readonly kernels: Readonly<Record<string, KernelSource>>;
}

const text = z.string().trim().min(1);

/** Schema of `spec/sources.yaml`. */
export const sourcesSchema: z.ZodType<Sources> = z.strictObject({
  mails: z.record(
    z.string(),
    z.strictObject({
      "message-id": text.optional().meta({ description: "Its message-id, without brackets." }),
      inferred: z.boolean().optional().meta({
        description: "Whether the message-id follows from the others of its series and was not seen.",
      }),
      author: text.meta({ description: "Who wrote it." }),
      subject: text.optional().meta({ description: "Its subject, as sent." }),
      date: text.optional().meta({ description: "The day, as in 2026-01-11." }),
      seed: text.optional().meta({ description: "The file of the mail among the seeds." }),
      seen: text.meta({ description: "How much of it was read: whole or excerpt." }),
    }),
  ).meta({ description: "The mails, by the keys that clauses use." }),
  kernels: z.record(
    z.string(),
    z.strictObject({
      package: text.optional().meta({ description: "The package that has the source." }),
      version: text.optional().meta({ description: "The exact version of the source." }),
      read: z.boolean().optional().meta({ description: "Whether its source was read." }),
    }),
  ).meta({ description: "The kernels, by version." }),
});
