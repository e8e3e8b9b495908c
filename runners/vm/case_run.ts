/**
 * One case on a machine that is up. It ends within bounds, whatever becomes of the machine, and where it does not
 * complete its end says what became of that.
 *
 * @module
 */
import type { Program } from "../../cases/program.ts";
import type { CaseEnd, Observation } from "../../spec/observation.ts";
import { within } from "../deadline.ts";
import { ExecutorGone } from "../native/executor/executor.ts";
import type { Target } from "../target.ts";
import { floodOf } from "./console.ts";
import { endOfMachine } from "./ending.ts";
import { type Live, REASON_MS } from "./live.ts";
import { type Machine, type MachineEnd, withTail } from "./machine.ts";
import { onAbort } from "../on_abort.ts";
import { messageOf } from "../../spec/message_of.ts";

/**
 * How long a machine may take to answer an abort, in milliseconds. With the wait for a reason it is less than what an
 * engine grants, so that a machine that does not answer is told from one that is lost.
 */
const ANSWER_MS = 2_500;

/**
 * Runs a case on a machine, and tells what became of the machine if the case does not complete.
 *
 * @param live the machine
 * @param program the case
 * @param observe is told what is seen
 * @param signal has the case end early, within {@link ANSWER_MS}
 */
export async function ranOn(
  { machine, native }: Live,
  program: Program,
  observe: (observation: Observation) => void,
  signal: AbortSignal | undefined,
): Promise<CaseEnd> {
  const look = new Look(machine);
  using _watched = onAbort(signal, () => void look.taken());
  const ran = bounded(native, program, observe, signal);
  const first = await Promise.race([ran, machine.ended]);
  if ("kind" in first) return goneWith(machine, first);
  if (first.end === "completed") return first;
  const ended = first.end === "lost" ? await within(machine.ended, REASON_MS) : undefined;
  if (ended?.kind === "value") return goneWith(machine, ended.value);
  const { flooded, text } = await look.taken();
  const reason = ended ? `the machine runs, but does not answer: ${first.reason}` : first.reason ?? first.end;
  const end = signal?.aborted ? givenUp(first, flooded) : ended ? "hang" : first.end;
  return { ...first, end, reason: `${reason}${text}` };
}

/** Runs a case, which ends within bounds: also where the machine answers nothing any more. */
async function bounded(
  native: Target,
  program: Program,
  observe: (observation: Observation) => void,
  signal: AbortSignal | undefined,
): Promise<CaseEnd> {
  const silent = Promise.withResolvers<CaseEnd>();
  let state: "under way" | "over" = "under way";
  let patience: ReturnType<typeof setTimeout> | undefined;
  using _watched = onAbort(signal, () => patience = setTimeout(() => silent.resolve(NO_ANSWER), ANSWER_MS));
  const ran = Promise.resolve(native.run(program, (seen) => {
    if (state === "under way") observe(seen);
  }, signal)).catch(endOf);
  try {
    return await Promise.race([ran, silent.promise]);
  } finally {
    state = "over";
    clearTimeout(patience);
  }
}

const NO_ANSWER: CaseEnd = {
  end: "lost",
  reason: `it did not stop within ${ANSWER_MS} ms when it was told to`,
};

/** What it means for a case that its target threw. */
function endOf(error: unknown): CaseEnd {
  if (error instanceof ExecutorGone) return { end: "lost", reason: error.message };
  return { end: "infra-error", reason: `the target threw: ${messageOf(error)}` };
}

/**
 * The end of a case that was given up while its machine ran. It is for the machine to begin in time, and how far one
 * comes that does nothing but write to its console is chance.
 */
function givenUp({ end }: CaseEnd, flooded: boolean): CaseEnd["end"] {
  if (end === "lost" || flooded) return "hang";
  return end === "infra-error" ? "timeout" : end;
}

function goneWith(machine: Machine, how: MachineEnd): CaseEnd {
  const { end, reason } = endOfMachine(how);
  return { end, reason: `${reason}${withTail(machine.console())}` };
}

/** What was seen of a machine from outside. */
interface Sight {
  /** Whether its console is flooded. */
  readonly flooded: boolean;
  /** What the console has said, and the stacks of all that waits, as text to be put behind a reason. */
  readonly text: string;
}

/** The lines of stacks that are told at the most. */
const STACK_LINES = 200;

/** A look into a machine from outside, taken once: when a case is given up, or when it has not completed. */
class Look {
  readonly #machine: Machine;
  readonly #from: number;
  #taken: Promise<Sight> | undefined;

  /** Is made when the case begins. */
  constructor(machine: Machine) {
    this.#machine = machine;
    this.#from = machine.written;
  }

  /** What is seen. Nobody asks a machine for stacks that has no room on its console for them. */
  taken(): Promise<Sight> {
    this.#taken ??= this.#take();
    return this.#taken;
  }

  async #take(): Promise<Sight> {
    const flood = floodOf(this.#machine.console(this.#from));
    if (flood) return { flooded: true, text: `; ${flood.what}${withTail(flood.rest)}` };
    const tail = withTail(this.#machine.console());
    const stacks = await this.#machine.stacks();
    const late = floodOf(stacks);
    const lines = (late?.rest ?? stacks).slice(-STACK_LINES);
    const text = lines.length === 0 ? tail : `${tail}\nwhat waits and what runs:\n${lines.join("\n")}`;
    return { flooded: late !== undefined, text: `${late ? `; ${late.what}` : ""}${text}` };
  }
}
