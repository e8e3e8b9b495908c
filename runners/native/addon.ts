/**
 * The native addon as TypeScript sees it: primitives, and nothing that a case means.
 *
 * @module
 */
import { createRequire } from "node:module";
import { addonPlaces, findAddon } from "./location.ts";

/** What a thread can be asked to do, in the order of the addon's own table. */
export const PRIMITIVES = [
  "open",
  "close",
  "dup",
  "dup_over",
  "fcntl",
  "seek",
  "inode",
  "read",
  "write",
  "read_at",
  "write_at",
  "read_into",
  "write_from",
  "eventfd",
  "pipe",
  "socketpair",
  "memfd",
  "truncate",
  "poll",
  "limit",
  "ioctl",
  "ioctl_value",
  "map",
  "unmap",
  "protect",
  "advise",
  "load",
  "store",
  "peek",
  "poke",
  "thread_id",
  "sleep",
  "gate",
  "open_gate",
  "fork",
  "no_op",
  "list",
  "link_target",
  "records",
] as const;

/** What only the reading thread of a helper process can be asked to do; numbered after the primitives. */
export const CONTROLS = ["cancel", "give", "take", "bud"] as const;

/** The name of a primitive. */
export type Primitive = typeof PRIMITIVES[number];

/** The name of a control. */
export type Control = typeof CONTROLS[number];

/** The functions of the addon. Results below zero are negative error numbers. */
export interface Addon {
  /** Does a call in this process; it must not block. */
  call(primitive: number, bytes: Uint8Array | undefined, ...args: readonly number[]): number;
  /** Does packed calls in this process, in order; 0 unless they are malformed. */
  run(calls: Uint8Array, bytes: Uint8Array): number;
  /**
   * Starts a helper process, of a program with arguments or of the one within the addon: `[pid, channel, thread]`. The
   * last is the id of its first thread, or 0 where nobody has asked for that yet.
   */
  spawn(command?: readonly string[]): readonly [number, number, number] | number;
  /** Has the next helper process of the program within the addon started, without a wait for it. */
  prepare(): void;
  /** Sends a message, and a descriptor unless it is -1. */
  send(channel: number, message: Uint8Array, fd: number): number;
  /** Waits for a message for at most some nanoseconds, and takes it: its length, 0 at the end. */
  receive(channel: number, room: Uint8Array, ns: number): number;
  /** Waits for a message without holding up this thread: whether there is one. */
  readable(channel: number, ms: number): Promise<boolean>;
  /** Ends the channel to a helper process, which ends then. */
  hangUp(channel: number): number;
  /** Sends a signal to one process. */
  kill(pid: number, signal: number): number;
  /** Waits for the end of a process for at most some nanoseconds: its exit status, 256 and the signal where one ended it. */
  reap(pid: number, ns: number): number;
}

/** The addon cannot be used. */
export class AddonError extends Error {
  /** What to do about it. */
  readonly hint: string;

  /** Makes an error of what is wrong and what to do. */
  constructor(message: string, hint: string) {
    super(message);
    this.name = "AddonError";
    this.hint = hint;
  }
}

const FUNCTIONS = [
  "call",
  "run",
  "spawn",
  "prepare",
  "send",
  "receive",
  "readable",
  "hangUp",
  "kill",
  "reap",
] as const;

/**
 * Loads the addon.
 *
 * @param path the file; found by itself where left out
 * @throws {AddonError} if there is none, or it is not the one that belongs to this version
 */
export function loadAddon(path: string | undefined = findAddon()): Addon {
  if (path === undefined) {
    throw new AddonError(
      `There is no native addon at ${addonPlaces().join(" or ")}`,
      "Build it with: deno task build:native",
    );
  }
  const loaded = load(path);
  if (isAddon(loaded)) return loaded;
  throw new AddonError(
    `The native addon at ${path} is not of this version of the suite`,
    "Build it again with: deno task build:native",
  );
}

function load(path: string): unknown {
  try {
    return createRequire(import.meta.url)(path);
  } catch (error) {
    throw new AddonError(
      `The native addon at ${path} cannot be loaded: ${error instanceof Error ? error.message : error}`,
      "Build it for this machine with: deno task build:native",
    );
  }
}

function isAddon(loaded: unknown): loaded is Addon {
  if (typeof loaded !== "object" || loaded === null) return false;
  const parts = new Map<string, unknown>(Object.entries(loaded));
  return FUNCTIONS.every((name) => typeof parts.get(name) === "function") &&
    JSON.stringify(parts.get("primitives")) === JSON.stringify(PRIMITIVES) &&
    JSON.stringify(parts.get("controls")) === JSON.stringify(CONTROLS);
}
