/**
 * A machine that is up: the executor in its guest has said hello, and the native target runs on that from here.
 *
 * @module
 */
import { type Waited, within } from "../deadline.ts";
import { ExecutorGone } from "../native/executor/executor.ts";
import { type FarExecutor, farExecutor } from "../native/executor/far.ts";
import { nativeTarget, parseNative } from "../native/mod.ts";
import type { Target, TargetDescription } from "../target.ts";
import type { MachineParts } from "./arguments.ts";
import { VmError } from "./failure.ts";
import { Machine, type MachineEnd, withTail } from "./machine.ts";
import { endOfMachine } from "./ending.ts";
import { starvedMs } from "./starved.ts";
import { resume, type Snapshot } from "./snapshot.ts";
import { messageOf } from "../../spec/message_of.ts";

/** How long to wait for the reason when the connection to a machine is lost, in milliseconds. */
export const REASON_MS = 1_000;

/** A machine that is up. */
export interface Live {
  readonly machine: Machine;
  /** What does calls in it. */
  readonly executor: FarExecutor;
  /** What runs cases in it. */
  readonly native: Target;
  readonly description: TargetDescription;
}

/** A machine has started, and there was no hello. */
export class NoHello extends VmError {
  /** Whether it was still there at the end, and the processors of this machine were its own for most of the time. */
  readonly chance: "had the time" | "may not have had the time";

  /** Makes an error of what the machine had, what is wrong, and what to do. */
  constructor(chance: NoHello["chance"], message: string, hint: string) {
    super(message, hint);
    this.chance = chance;
  }
}

/** How to boot. */
export interface BootOptions {
  /** The machine that was kept. */
  readonly kept?: Snapshot | undefined;
  /** Ends the machine, for as long as it runs. */
  readonly signal?: AbortSignal | undefined;
}

/** That nobody wants the machine any more. */
export function givenUp(): VmError {
  return new VmError("The machine was given up while it booted", "Run it again");
}

/**
 * Boots a machine, or brings up one that was kept, and waits for its executor.
 *
 * @param parts what the machine is made of
 * @param ms how long it may take, in milliseconds
 * @param options what to bring it up from, and who may end it
 * @throws {VmError} with the end of the console, if there is no hello in time
 */
export async function boot(
  parts: MachineParts,
  ms: number,
  { kept, signal }: BootOptions = {},
): Promise<Live> {
  if (signal?.aborted) throw givenUp();
  const machine = kept ? await resumed(parts, kept, signal) : await Machine.start(parts, signal);
  const executor = farExecutor(machine.wire);
  /* a machine that has panicked keeps the way to its executor open */
  void machine.ended.then(() => executor.close());
  const greeted = greet(executor);
  const first = await within(greeted, ms);
  if (first.kind === "value" && !signal?.aborted) return { machine, executor, ...first.value };
  const isGone = first.kind === "rejected" && first.error instanceof ExecutorGone;
  const ended = await within(machine.ended, isGone ? REASON_MS : 0);
  const tail = withTail(machine.console());
  const starved = await starvedMs(machine.pid);
  await letGo({ machine, executor });
  if (signal?.aborted) throw givenUp();
  const isSilent = first.kind === "silent" && ended.kind !== "value";
  throw new NoHello(
    isSilent && starved !== undefined && starved < ms / 2 ? "had the time" : "may not have had the time",
    `The machine did not come up: ${whyNot(first, ended, ms)}${tail}`,
    "conform kernels boot gives a shell in it",
  );
}

/** Lets go of a machine, whatever it does. */
export async function letGo({ machine, executor }: Pick<Live, "machine" | "executor">): Promise<void> {
  executor.close();
  await machine.close();
}

/** The executor says what the native target of its machine is called. */
async function greet(executor: FarExecutor): Promise<Pick<Live, "native" | "description">> {
  const options = parseNative(await executor.hello());
  if (typeof options === "string") throw new Error(options);
  const native = nativeTarget({ ...options, executor });
  return { native, description: await native.describe() };
}

async function resumed(
  parts: MachineParts,
  kept: Snapshot,
  signal: AbortSignal | undefined,
): Promise<Machine> {
  const memoryFile = { path: kept.memory, as: "a copy" } as const;
  const machine = await Machine.start({ ...parts, memoryFile }, signal);
  try {
    await resume(machine, kept);
    return machine;
  } catch (error) {
    const ended = await within(machine.ended, REASON_MS);
    await machine.close();
    if (ended.kind !== "value") throw error;
    throw new VmError(ended.value.why, "Each machine is booted instead", error);
  }
}

function whyNot(greeted: Waited<unknown>, ended: Waited<MachineEnd>, ms: number): string {
  if (ended.kind === "value") return endOfMachine(ended.value).reason ?? "it ended";
  if (greeted.kind === "rejected") return messageOf(greeted.error);
  return `the executor did not say hello within ${
    ms / 1000
  } s; boot=SECONDS in the name of the target allows for more`;
}
