/**
 * What the kernel tells of a thread: whether it runs, and what it waits for.
 *
 * @module
 */
import type { Files } from "./executor/files.ts";

/** A look at a thread. */
export interface ThreadState {
  /** The letter of `/proc/PID/stat`: R, S, D and so on. */
  readonly state: string;
  /** The kernel function in which it waits, where that can be read. */
  readonly channel: string | undefined;
  /** How often it has gone to sleep; as long as this does not change it has not woken. */
  readonly switches: string | undefined;
}

/** Looks at a thread; `undefined` if it is gone. */
export async function threadState(
  files: Files,
  pid: number,
  thread: number,
): Promise<ThreadState | undefined> {
  const folder = `/proc/${pid}/task/${thread}`;
  const [status, channel] = await files.texts([`${folder}/status`, `${folder}/wchan`]);
  const state = /^State:\s+(\S)/m.exec(status ?? "")?.[1];
  if (status === undefined || state === undefined) return undefined;
  return {
    state,
    channel: channel === "0" || channel === "" ? undefined : channel,
    switches: /^voluntary_ctxt_switches:\s+(\d+)/m.exec(status)?.[1],
  };
}

/** Looks at a thread of a process that has not ended; `undefined` if there is none. */
export async function livingThread(files: Files, pid: number): Promise<ThreadState | undefined> {
  for (const thread of await files.list(`/proc/${pid}/task`) ?? []) {
    const state = await threadState(files, pid, Number(thread));
    if (state && !["Z", "X"].includes(state.state)) return state;
  }
  return undefined;
}

/** Whether a thread has slept without waking between two looks at it. */
export function sleptThrough(before: ThreadState, after: ThreadState): boolean {
  return after.state !== "R" && before.state === after.state && before.channel === after.channel &&
    before.switches === after.switches;
}

/** What a thread waits for, in words. */
export function describeWait({ state, channel }: ThreadState): string {
  return `${channel ?? "an unnamed place in the kernel"} (state ${state})`;
}

/** How long a thread must sleep without waking before it counts as blocked, in milliseconds. */
export interface Patience {
  /** In a wait for a fence, a mapping or a completion, which ends only by what others do. */
  readonly known: number;
  /** Anywhere else. */
  readonly unknown: number;
}

/** Waits that end only by what others do. */
const WAITS = /fence|resv|wait_for_completion|wait_for_common|anon_pipe|pipe_read|eventfd|revoke/;

/** Waits that end by themselves. */
const SLEEPS = /sleep|hrtimer|schedule_timeout(_|$)|pci_dev_wait|pcie_flr|_reset|synchronize_|rcu/;

/** How long to wait in the place where a thread sleeps; never over where it sleeps for a set time. */
export function patienceFor({ channel }: ThreadState, { known, unknown }: Patience): number {
  if (channel === undefined) return unknown;
  if (SLEEPS.test(channel)) return Infinity;
  return WAITS.test(channel) ? known : unknown;
}
