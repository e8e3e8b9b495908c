/**
 * What the kernel holds against itself: the flags of its taint.
 *
 * @module
 */
import type { Addon } from "./addon.ts";
import { text } from "./abi/layout.ts";
import { primitiveNumber } from "./calls.ts";
import { O_CLOEXEC, O_RDONLY } from "./constants.ts";

const PATH = "/proc/sys/kernel/tainted";

/** More than the digits of any number of 64 bits. */
const room = new Uint8Array(32);

/** The file is opened once; each read of it from its beginning tells anew. */
const opened = new WeakMap<Addon, number>();

/**
 * The flags as they are now. To read them takes no lock, so that nobody is held up.
 *
 * @throws {Error} where the kernel does not tell
 */
export function taintFlags(addon: Addon): number {
  const length = addon.call(primitiveNumber("read_at"), room, fileOf(addon), 0);
  if (length <= 0) throw new Error(`Cannot read ${PATH}: error ${-length}`);
  return Number(new TextDecoder().decode(room.subarray(0, length)));
}

function fileOf(addon: Addon): number {
  const known = opened.get(addon);
  if (known !== undefined) return known;
  const fd = addon.call(primitiveNumber("open"), text(PATH), O_RDONLY | O_CLOEXEC, 0);
  if (fd < 0) throw new Error(`Cannot open ${PATH}: error ${-fd}`);
  opened.set(addon, fd);
  return fd;
}
