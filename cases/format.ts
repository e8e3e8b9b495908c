/**
 * What a case file looks like: the keys of the file and what a step can expect.
 *
 * What a step does is not in these schemas: the vocabulary says it.
 *
 * @module
 */
import { z } from "zod";
import { ERRNO_NAMES, type ErrnoName } from "../spec/errno.ts";
import { type ClauseId, clauseIdSchema } from "../spec/ids.ts";
import { type Signal, signalSchema, type Value } from "../spec/observation.ts";
import { OBJECT_NAME } from "../spec/operations/operation.ts";

/** How a name of the matrix is spelt. */
export const VARIABLE_NAME = /^[a-z][a-z0-9_]*$/;

/** What a case file says besides its steps. */
export interface CaseHead {
  readonly title: string;
  readonly why: string;
  readonly clauses: readonly ClauseId[];
  readonly "no control"?: string | undefined;
  readonly "no mutant"?: string | undefined;
  readonly dangerous?: string | undefined;
}

/** One event in the order in which importers see them, as a case writes it. */
export type WrittenEvent =
  | { readonly invalidate: string }
  | { readonly remap: string; readonly fails?: ErrnoName | undefined }
  | { readonly unmap: string }
  | { readonly stop: string }
  | { readonly unpin: string }
  | { readonly wakeup: string }
  | { readonly "release-request": string };

/** What a step expects, as a case writes it. */
export interface WrittenExpectation {
  readonly returns?: Value | undefined;
  readonly fails?: ErrnoName | readonly ErrnoName[] | undefined;
  readonly faults?: Signal | undefined;
  readonly sees?: Readonly<Record<string, number>> | readonly WrittenEvent[] | undefined;
  readonly warns?: string | readonly [] | undefined;
  readonly "may warn"?: string | undefined;
}

/** What others expect of a step, as a case writes it. */
export interface WrittenAlternative extends WrittenExpectation {
  readonly holder: string;
  readonly blocks?: false | undefined;
}

/** Everything that stands beside the operation of a step, but the steps that run while it blocks. */
export interface WrittenStep extends WrittenExpectation {
  readonly otherwise?: readonly WrittenAlternative[] | undefined;
  readonly note?: string | undefined;
}

/** A text that says something. */
export const text: z.ZodType<string> = z.string().trim().min(1);
const objectName = z.string().regex(OBJECT_NAME, "expected the name of an object that an earlier step gave");
const errno = z.enum(ERRNO_NAMES);

/** A value, as a case writes it. */
export const valueSchema: z.ZodType<Value> = z.lazy(() =>
  z.union([
    z.null(),
    z.boolean(),
    z.number(),
    z.string(),
    z.array(valueSchema),
    z.record(z.string(), valueSchema),
  ])
).meta({ id: "value", description: "A value; of a map, only the keys that are named are compared." });

const event: z.ZodType<WrittenEvent> = z.union([
  z.strictObject({
    invalidate: objectName.meta({ description: "The importer of this attachment is told." }),
  }),
  z.strictObject({
    remap: objectName.meta({
      description: "The importer of this attachment maps again from within its callback.",
    }),
    fails: errno.optional().meta({ description: "The error that this map fails with." }),
  }),
  z.strictObject({ unmap: objectName.meta({ description: "The importer of this attachment unmaps." }) }),
  z.strictObject({
    stop: objectName.meta({ description: "The driver of this attachment stops its hardware." }),
  }),
  z.strictObject({ unpin: objectName.meta({ description: "The importer of this attachment unpins." }) }),
  z.strictObject({ wakeup: objectName.meta({ description: "The user of this device hears of a wake-up." }) }),
  z.strictObject({
    "release-request": objectName.meta({ description: "The user of this device is asked to let go of it." }),
  }),
]);

const expectation = {
  returns: valueSchema.optional()
    .meta({ description: "The value that it returns; of a map, only the keys that are named are compared." }),
  fails: z.union([errno, z.array(errno).min(1)]).optional()
    .meta({ description: "The error it fails with, or a list of which any will do." }),
  faults: signalSchema.optional().meta({ description: "The signal that the CPU access raises." }),
  sees: z.union([z.record(objectName, z.int().nonnegative()), z.array(event)]).optional()
    .meta({
      description:
        "How often each attachment is told, or exactly what is seen in order; [] is nothing at all.",
    }),
  warns: z.union([text, z.tuple([])]).optional()
    .meta({ description: "A text that a warning of the kernel must contain; [] is no warning at all." }),
  "may warn": text.optional().meta({
    description: "A text of a warning that may come and need not, as one that comes once after each boot.",
  }),
};

const alternative: z.ZodType<WrittenAlternative> = z.strictObject({
  holder: text.meta({ description: "Who holds it: a proposal, a mail, a kernel." }),
  blocks: z.literal(false).optional()
    .meta({ description: "That a step which must block returns at once instead." }),
  ...expectation,
});

/** The shape of what stands beside the operation of a step. */
export const stepShape = {
  ...expectation,
  otherwise: z.array(alternative).min(1).optional()
    .meta({
      description: "What others hold where the clause is contested; a match makes the verdict contested.",
    }),
  note: text.optional().meta({ description: "A remark for readers." }),
};

/** Schema of {@link WrittenStep}. */
export const stepSchema: z.ZodType<WrittenStep> = z.strictObject(stepShape);

/** The shape of {@link CaseHead}. */
export const headShape = {
  title: text.meta({ description: "What the case shows, in one line." }),
  why: text.meta({ description: "Why it matters, in one or two sentences." }),
  clauses: z.array(clauseIdSchema).min(1).meta({ description: "The clauses that the case verifies." }),
  "no control": text.optional()
    .meta({ description: "Why nothing can be shown to work before the refusal that the case expects." }),
  "no mutant": text.optional()
    .meta({ description: "Why no wrong implementation can fail the case." }),
  dangerous: text.optional()
    .meta({ description: "Why the case must not run on a machine that matters." }),
};

/** Schema of {@link CaseHead}. */
export const headSchema: z.ZodType<CaseHead> = z.strictObject(headShape);

const row = z.record(z.string().regex(VARIABLE_NAME, "expected a name such as usage"), valueSchema);

/** Schema of the rows of a matrix, or of the values of each of its variables. */
export const matrixSchema: z.ZodType<MatrixAsWritten> = z.union([
  z.array(row).min(1),
  z.record(z.string().regex(VARIABLE_NAME, "expected a name such as usage"), z.array(valueSchema).min(1)),
]).meta({
  description: "The rows of the case, or the values of each variable, of which every combination is a row. " +
    "${name} stands for a value in every text of the case.",
});

/** A matrix as a case writes it. */
export type MatrixAsWritten =
  | readonly Readonly<Record<string, Value>>[]
  | Readonly<Record<string, readonly Value[]>>;

/** The key of the steps that run while a step blocks. */
export const UNTIL = "blocks until";

/** The keys of a step that are not its operation. */
export const EXPECTATION_KEYS: readonly string[] = [...Object.keys(stepShape), UNTIL];
