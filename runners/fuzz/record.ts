/**
 * The record of a fuzzing: a line for each program as soon as it was played, so that a fuzzing can go on where it
 * ended, and anybody can count how much of it was compared.
 *
 * @module
 */
import { z } from "zod";
import type { Fate } from "./fate.ts";

/** What a record says first: which fuzzing it is of. */
export interface RecordHead {
  readonly schema: typeof RECORD_SCHEMA;
  /** The target's name. */
  readonly target: string;
  /** The model's name. */
  readonly against: string;
  readonly seed: number;
  readonly maxSteps: number;
}

/** The version of the lines. */
export const RECORD_SCHEMA = "dmabuf-conform/fuzz-record/1";

/** A record that was begun. */
export interface FuzzRecord {
  readonly head: RecordHead;
  readonly fates: readonly Fate[];
}

const headSchema: z.ZodType<RecordHead> = z.object({
  schema: z.literal(RECORD_SCHEMA),
  target: z.string(),
  against: z.string(),
  seed: z.number(),
  maxSteps: z.number(),
});

const fateSchema: z.ZodType<Fate> = z.object({
  number: z.number(),
  seed: z.number(),
  path: z.string(),
  fate: z.enum(["same", "different", "nothing left", "failed"]),
  steps: z.number(),
  leftOut: z.array(z.object({ operation: z.string(), reason: z.string() })),
  differences: z.array(z.string()),
  reason: z.string().optional(),
});

/** A line of a record. */
export function lineOf(what: RecordHead | Fate): string {
  return JSON.stringify(what) + "\n";
}

/**
 * Reads a record. A last line that was cut off is left out: its program is played again.
 *
 * @returns the record, or what is wrong with it
 */
export function readRecord(text: string): FuzzRecord | string {
  const [first = "", ...rest] = text.split("\n").slice(0, -1);
  const head = headSchema.safeParse(parsed(first));
  if (!head.success) return "its first line is not the head of such a record";
  const fates: Fate[] = [];
  for (const [index, line] of rest.entries()) {
    const fate = fateSchema.safeParse(parsed(line));
    if (!fate.success) return `line ${index + 2} does not tell of a program`;
    fates.push(fate.data);
  }
  return { head: head.data, fates };
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
