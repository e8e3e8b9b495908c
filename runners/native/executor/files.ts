/**
 * Files of the machine that an executor is on: what /proc, /sys and /dev say there.
 *
 * @module
 */
import { text } from "../abi/layout.ts";
import { type Reply, resultOf, type SystemCall } from "../calls.ts";
import { O_CLOEXEC, O_PATH, O_RDONLY, O_WRONLY } from "../constants.ts";
import { failureOf } from "../failure.ts";
import type { Executor } from "./executor.ts";

/**
 * Room for a file as most are, for what may come behind it, for one that is short, and for a piece of one that is not,
 * in bytes. Room that goes through a helper process is copied there and back.
 */
const USUAL = 1_024;
const END = 64;
const SHORT = 4_096;
const PIECE = 16_384;

/** Room for some of the names in a folder, for the longest of them, and for the target of a link, in bytes. */
const NAMES = 32_768;
const NAME = 256;
const LINK = 4_096;

/** The longest path, with its zero. */
const PATH_MAX = 4_096;

/** Files of a machine. What is not there, or may not be read, is `undefined`. */
export class Files {
  readonly #executor: Pick<Executor, "do">;

  /** Files of the machine of whatever does calls there. */
  constructor(executor: Pick<Executor, "do">) {
    this.#executor = executor;
  }

  /** What is in a file. */
  async read(path: string): Promise<Uint8Array | undefined> {
    const [opened, first, second] = await this.#executor.do(shortRead(path, 0, [USUAL, END]));
    if (!opened || opened.result < 0) return undefined;
    if (!first || first.result < 0) return void await this.#close(opened);
    /* a file of the kernel's own may give less than there is room for, so that only nothing is its end */
    if (second?.result === 0) return taken(first);
    if (second && second.result < 0) return void await this.#close(opened);
    return await this.#readLong(path);
  }

  /** What is in a file, as text. */
  async text(path: string): Promise<string | undefined> {
    const bytes = await this.read(path);
    return bytes && new TextDecoder().decode(bytes);
  }

  /** What is in files that are short, as text, in one go; with the first that cannot be read there is an end. */
  async texts(paths: readonly string[]): Promise<readonly (string | undefined)[]> {
    const EACH = 3;
    const calls = paths.flatMap((path, index) => shortRead(path, index * EACH, [SHORT]));
    const replies = await this.#executor.do(calls);
    return await Promise.all(paths.map(async (_, index) => {
      const [opened, first] = replies.slice(index * EACH);
      if (!opened || opened.result < 0) return undefined;
      if (!first || first.result < 0) return void await this.#close(opened);
      return new TextDecoder().decode(taken(first));
    }));
  }

  /** The names in a folder, sorted. */
  async list(path: string): Promise<readonly string[] | undefined> {
    const names: string[] = [];
    for (;;) {
      const more = await this.#answer("list", path, NAMES, [names.length]);
      if (!more) return undefined;
      names.push(...new TextDecoder().decode(more).split("\0").slice(0, -1));
      if (NAMES - more.length >= NAME) return names.toSorted();
    }
  }

  /** Where a link leads. */
  async link(path: string): Promise<string | undefined> {
    const target = await this.#answer("link_target", path, LINK);
    return target && new TextDecoder().decode(target);
  }

  /** Whether there is something of that name, which is not opened. */
  async exists(path: string): Promise<boolean> {
    const [opened] = await this.#executor.do([
      { do: "open", args: [O_PATH | O_CLOEXEC, 0], bytes: text(path) },
      { do: "close", args: [resultOf(0)] },
    ]);
    return opened !== undefined && opened.result >= 0;
  }

  /**
   * Writes text into a file that there is.
   *
   * @throws {Failed} if it does not take it
   */
  async write(path: string, what: string): Promise<void> {
    const [opened, written] = await this.#executor.do([
      { do: "open", args: [O_WRONLY | O_CLOEXEC, 0], bytes: text(path) },
      { do: "write", args: [resultOf(0)], bytes: new TextEncoder().encode(what) },
      { do: "close", args: [resultOf(0)] },
    ]);
    if (!opened || opened.result < 0) throw failureOf(opened?.result ?? -1);
    if (written && written.result >= 0) return;
    await this.#close(opened);
    throw failureOf(written?.result ?? -1);
  }

  async #readLong(path: string): Promise<Uint8Array | undefined> {
    const [opened] = await this.#executor.do([
      { do: "open", args: [O_RDONLY | O_CLOEXEC, 0], bytes: text(path) },
    ]);
    if (!opened || opened.result < 0) return undefined;
    const pieces: Uint8Array[] = [];
    for (;;) {
      const [piece] = await this.#executor.do([
        { do: "read", args: [opened.result], bytes: new Uint8Array(PIECE) },
      ]);
      if (!piece || piece.result < 0) return void await this.#close(opened);
      if (piece.result === 0) break;
      pieces.push(taken(piece));
    }
    await this.#close(opened);
    return new Uint8Array(await new Blob(pieces.map((piece) => piece.slice())).arrayBuffer());
  }

  async #answer(
    name: "list" | "link_target",
    path: string,
    room: number,
    args: readonly number[] = [],
  ): Promise<Uint8Array | undefined> {
    const [bytes, asked] = [new Uint8Array(room), text(path)];
    /* no kernel knows such a path */
    if (asked.length > PATH_MAX) return undefined;
    bytes.set(asked);
    const [reply] = await this.#executor.do([{ do: name, args, bytes }]);
    return reply && reply.result >= 0 ? taken(reply) : undefined;
  }

  async #close({ result }: Reply): Promise<void> {
    await this.#executor.do([{ do: "close", args: [result] }]);
  }
}

/** Opens a file, reads of it as often as there are rooms, and closes it. */
function shortRead(path: string, index: number, rooms: readonly number[]): SystemCall[] {
  const fd = resultOf(index);
  return [
    { do: "open", args: [O_RDONLY | O_CLOEXEC, 0], bytes: text(path) },
    ...rooms.map((room) => ({ do: "read", args: [fd], bytes: new Uint8Array(room) } as const)),
    { do: "close", args: [fd] },
  ];
}

/** The bytes that a call gave. */
function taken({ result, bytes }: Reply): Uint8Array {
  return bytes.subarray(0, result);
}
