/**
 * The files of a store: its records, which are the truth, and what is on its way in.
 *
 * Every file is named by the store itself, with hexadecimal digits; no text of a record or of a request is ever part
 * of a path.
 *
 * @module
 */
import { randomUUID } from "node:crypto";
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";

const RUN_NAME = /^[0-9a-f]{16}$/;
const RECORD_FILE = /^([0-9a-f]{16})\.jsonl$/;

/** The files of a store. */
export class StoreFiles {
  /** The index. */
  readonly index: string;
  readonly #records: string;
  readonly #incoming: string;
  readonly #quarantine: string;

  /** Uses a folder, and makes it if need be. */
  constructor(folder: string) {
    this.index = join(folder, "index.sqlite");
    this.#records = join(folder, "records");
    this.#incoming = join(folder, "incoming");
    this.#quarantine = join(folder, "quarantine");
    for (const each of [this.#records, this.#incoming, this.#quarantine]) {
      mkdirSync(each, { recursive: true });
    }
  }

  /** The records that are there, each with its size in bytes, in the order of their names. */
  list(): readonly { readonly run: string; readonly bytes: number }[] {
    return readdirSync(this.#records).sort().flatMap((file) => {
      const run = RECORD_FILE.exec(file)?.[1];
      return run === undefined ? [] : [{ run, bytes: statSync(join(this.#records, file)).size }];
    });
  }

  /** The file of a record; `undefined` if there is none of that name. */
  pathOf(run: string): string | undefined {
    if (!RUN_NAME.test(run)) return undefined;
    const path = this.#pathOf(run);
    return existsSync(path) ? path : undefined;
  }

  /** The size of a record in bytes; `undefined` if there is none of that name. */
  sizeOf(run: string): number | undefined {
    const path = this.pathOf(run);
    return path === undefined ? undefined : statSync(path, { throwIfNoEntry: false })?.size;
  }

  /** The bytes of a record; `undefined` if there is none of that name. */
  read(run: string): Buffer | undefined {
    const path = this.pathOf(run);
    return path === undefined ? undefined : readFileSync(path);
  }

  /** Writes a record down beside the others, so that it survives; gives its file, for {@link StoreFiles.place}. */
  stage(bytes: Uint8Array): string {
    const path = this.incoming();
    const fd = openSync(path, "wx");
    try {
      for (let rest = bytes; rest.length > 0;) rest = rest.subarray(writeSync(fd, rest));
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    return path;
  }

  /** Puts a record in its place, whole or not at all, also if this process is killed meanwhile. */
  place(staged: string, run: string): void {
    renameSync(staged, this.#pathOf(run));
  }

  /** Removes a record that was written down but has no place. */
  discard(staged: string): void {
    rmSync(staged, { force: true });
  }

  /** Makes the places last, also if the machine stops. */
  sync(): void {
    const fd = openSync(this.#records, "r");
    fsyncSync(fd);
    closeSync(fd);
  }

  /** Removes the index, which can be made anew. */
  removeIndex(): void {
    for (const suffix of ["", "-wal", "-shm"]) rmSync(this.index + suffix, { force: true });
  }

  /** A name for a file that is on its way in. */
  incoming(): string {
    return join(this.#incoming, `${randomUUID()}.jsonl`);
  }

  /** Puts a record aside that cannot be read any more. */
  quarantine(run: string): void {
    renameSync(this.#pathOf(run), join(this.#quarantine, `${run}-${randomUUID()}.jsonl`));
  }

  /** Removes what a killed process left on its way in. */
  sweep(olderThanMs: number): void {
    for (const file of readdirSync(this.#incoming)) {
      const path = join(this.#incoming, file);
      if (Date.now() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Infinity) > olderThanMs) {
        rmSync(path);
      }
    }
  }

  #pathOf(run: string): string {
    return join(this.#records, `${run}.jsonl`);
  }
}
