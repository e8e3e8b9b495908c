/**
 * The little that an agent has to know of the messages that it passes on; all else in them stays as it is.
 *
 * @module
 */
import { z } from "zod";

/** What an agent looks at. */
export interface Peeked {
  /** The type of the message. */
  readonly type: string;
  /** The run that it is about. */
  readonly run?: number | undefined;
  /** The place of an observation in its run. */
  readonly seq?: number | undefined;
  /** The reset that it is about. */
  readonly reset?: number | undefined;
  /** The last run whose end the runner has. */
  readonly ended?: number | undefined;
  /** How the run ended. */
  readonly end?: { readonly end: string; readonly reason?: string | undefined } | undefined;
  /** What is to be run. */
  readonly program?: { readonly case: string } | undefined;
}

const peekedSchema: z.ZodType<Peeked> = z.object({
  type: z.string(),
  run: z.int().optional(),
  seq: z.int().optional(),
  reset: z.int().optional(),
  ended: z.int().optional(),
  end: z.object({ end: z.string(), reason: z.string().optional() }).optional(),
  program: z.object({ case: z.string() }).optional(),
});

/** How an observation begins where the suite's own side has written it; the rest need not be read then. */
const OBSERVATION = /^\{"type":"observation","run":(\d{1,15}),"seq":(\d{1,15}),"observation":\{/;

/** What a message is about, or `undefined` where it is none. */
export function peek(text: string): Peeked | undefined {
  const [, run, seq] = OBSERVATION.exec(text) ?? [];
  if (run !== undefined) return { type: "observation", run: Number(run), seq: Number(seq) };
  try {
    const peeked = peekedSchema.safeParse(JSON.parse(text));
    return peeked.success ? peeked.data : undefined;
  } catch {
    return undefined;
  }
}
