/**
 * What was seen of programs, kept in lines, so that a program which was played once on a kernel need not be played
 * again: a tour or a fuzzing that was stopped goes on where it ended, and what was seen can be held against a newer
 * model.
 *
 * @module
 */
import { z } from "zod";
import type { Program } from "../../cases/program.ts";
import { type CaseEnd, caseEndSchema, type Observation, observationSchema } from "../../spec/observation.ts";
import type { Target } from "../target.ts";
import { INTERRUPTED, type Played } from "./play.ts";

/** The version of the lines. */
export const PLAYS_SCHEMA = "dmabuf-conform/plays/1";

/** What was seen of some programs on one target. */
export interface Plays {
  /** What was seen of a program, if it was played. */
  readonly find: (program: Program) => Played | undefined;
  /** Keeps what was seen of a program. */
  readonly add: (program: Program, played: Played) => void;
}

interface Line {
  readonly steps: readonly unknown[];
  readonly observations: readonly Observation[];
  readonly end: CaseEnd;
}

const headSchema = z.object({ schema: z.literal(PLAYS_SCHEMA), target: z.string() });

const lineSchema: z.ZodType<Line> = z.object({
  steps: z.array(z.unknown()),
  observations: z.array(observationSchema),
  end: caseEndSchema,
});

/** Ends after which a kernel would do the same again; what went wrong otherwise is tried anew. */
const LASTING: ReadonlySet<CaseEnd["end"]> = new Set(["completed", "crash", "hang"]);

/**
 * Reads what was kept. A last line that was cut off is left out.
 *
 * @param text what was kept; empty at the beginning
 * @param target the target's name
 * @param write is given each line that is to be kept, the first one at once where nothing was kept
 * @returns what was seen, or what is wrong with the text
 */
export function readPlays(text: string, target: string, write: (line: string) => void): Plays | string {
  const [first, ...rest] = text.split("\n").slice(0, -1);
  if (first === undefined) write(JSON.stringify({ schema: PLAYS_SCHEMA, target }) + "\n");
  const head = first === undefined ? undefined : headSchema.safeParse(parsed(first));
  if (head?.success === false) return "its first line is not the head of such a file";
  if (head && head.data.target !== target) return `it is of the target ${head.data.target}`;
  const known = new Map<string, Played>();
  for (const [index, line] of rest.entries()) {
    const read = lineSchema.safeParse(parsed(line));
    if (!read.success) return `line ${index + 2} does not tell of a program`;
    known.set(JSON.stringify(read.data.steps), { observations: read.data.observations, end: read.data.end });
  }
  return {
    find: (program) => known.get(keyOf(program)),
    add(program, played) {
      const key = keyOf(program);
      known.set(key, played);
      write(
        `{"steps":${key},"observations":${JSON.stringify(played.observations)},"end":${
          JSON.stringify(played.end)
        }}\n`,
      );
    },
  };
}

/** A target that plays only what was not played before. */
export function remembering(open: () => Target | Promise<Target>, plays: Plays): () => Promise<Target> {
  return async () => {
    const target = await open();
    return {
      describe: () => target.describe(),
      reset: () => target.reset(),
      close: () => target.close(),
      run(program, observe, signal, log) {
        const known = plays.find(program);
        if (!known) return played(target, program, plays, { observe, signal, log });
        for (const observation of known.observations) observe(observation);
        return known.end;
      },
    };
  };
}

async function played(
  target: Target,
  program: Program,
  plays: Plays,
  { observe, signal, log }: {
    readonly observe: Parameters<Target["run"]>[1];
    readonly signal: Parameters<Target["run"]>[2];
    readonly log: Parameters<Target["run"]>[3];
  },
): Promise<CaseEnd> {
  const observations: Observation[] = [];
  const see = (observation: Observation) => {
    observations.push(observation);
    observe(observation);
  };
  const end = await target.run(program, see, signal, log);
  if (LASTING.has(end.end) && signal?.reason !== INTERRUPTED) plays.add(program, { observations, end });
  return end;
}

/** What a target is told of a program, but for its name. */
function keyOf({ steps }: Program): string {
  return JSON.stringify(steps.map((step) => {
    if (step.action === "finish") return { action: step.action, id: step.id, of: step.of };
    const { action, id, operation, args, bind } = step;
    return { action, id, operation, args, bind };
  }));
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
