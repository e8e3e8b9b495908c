/**
 * What the kernel holds against itself: the flags of its taint.
 *
 * @module
 */
import { text } from "./abi/layout.ts";
import { O_CLOEXEC, O_RDONLY } from "./constants.ts";
import type { Executor } from "./executor/executor.ts";

const PATH = "/proc/sys/kernel/tainted";

/** More than the digits of any number of 64 bits. */
const ROOM = 32;

/** The taint of a machine. Its file is opened once; each read of it from its beginning tells anew. */
export class Taint {
  readonly #executor: Pick<Executor, "do">;
  #opened: Promise<number> | undefined;

  /** That of the machine of an executor. */
  constructor(executor: Pick<Executor, "do">) {
    this.#executor = executor;
  }

  /**
   * The flags as they are now. To read them takes no lock, so that nobody is held up.
   *
   * @throws {Error} where the kernel does not tell
   */
  async flags(): Promise<number> {
    const fd = await (this.#opened ??= this.#open());
    const [read] = await this.#executor.do([{ do: "read_at", args: [fd, 0], bytes: new Uint8Array(ROOM) }]);
    if (!read || read.result <= 0) throw new Error(`Cannot read ${PATH}: error ${-(read?.result ?? 0)}`);
    return Number(new TextDecoder().decode(read.bytes.subarray(0, read.result)));
  }

  /** Lets go of the file. */
  async close(): Promise<void> {
    const fd = await this.#opened?.catch(() => undefined);
    this.#opened = undefined;
    if (fd !== undefined) await this.#executor.do([{ do: "close", args: [fd] }]);
  }

  async #open(): Promise<number> {
    const [opened] = await this.#executor.do([
      { do: "open", args: [O_RDONLY | O_CLOEXEC, 0], bytes: text(PATH) },
    ]);
    if (opened && opened.result >= 0) return opened.result;
    throw new Error(`Cannot open ${PATH}: error ${-(opened?.result ?? 0)}`);
  }
}
