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

/** How the messages that come most often begin where the suite's own sides have written them; the rest need not be read. */
const END = /^\{"type":"end","run":(\d{1,15}),"observations":\d{1,15},"end":\{"end":"completed","post":/;
const OBSERVATION = /^\{"type":"observation","run":(\d{1,15}),"seq":(\d{1,15}),"observation":\{/;
const RUN = /^\{"type":"run","run":(\d{1,15}),"ended":(\d{1,15}),"program":\{"case":"([^"\\]+)",/;

/** What a message is about, or `undefined` where it is none. */
export function peek(text: string): Peeked | undefined {
  return ofEnd(text) ?? ofRun(text) ?? ofObservation(text) ?? ofAny(text);
}

/** Most runs complete; of another end the reason is of interest. */
function ofEnd(text: string): Peeked | undefined {
  const [, run] = END.exec(text) ?? [];
  return run === undefined ? undefined : { type: "end", run: Number(run), end: { end: "completed" } };
}

/** The number of a run in the form in which the suite writes one; `undefined` for everything else. */
export function runIn(text: string): number | undefined {
  return ofRun(text)?.run;
}

function ofObservation(text: string): Peeked | undefined {
  const [, run, seq] = OBSERVATION.exec(text) ?? [];
  return run === undefined ? undefined : { type: "observation", run: Number(run), seq: Number(seq) };
}

function ofRun(text: string): Peeked | undefined {
  const [, run, ended, name] = RUN.exec(text) ?? [];
  if (name === undefined) return undefined;
  return { type: "run", run: Number(run), ended: Number(ended), program: { case: name } };
}

function ofAny(text: string): Peeked | undefined {
  try {
    const peeked = peekedSchema.safeParse(JSON.parse(text));
    return peeked.success ? peeked.data : undefined;
  } catch {
    return undefined;
  }
}
