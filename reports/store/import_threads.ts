/**
 * Takes records into a store in threads of their own.
 *
 * @module
 */
import type { Imported } from "./store.ts";

/** What a thread is asked to do. */
export interface ImportWork {
  /** The folder of the store. */
  readonly folder: string;
  /** Names the suite that judges. */
  readonly judgedBy: string;
  /** The files. */
  readonly paths: readonly string[];
  /** What a refusal is told of, where that is not the path. */
  readonly name?: string | undefined;
}

/** What became of the files, in their order. */
export interface ImportReply {
  readonly imported: readonly Imported[];
}

/** Where the records go. */
export interface ImportThreadsOptions {
  /** The folder of the store. */
  readonly folder: string;
  /** Names the suite that judges: it must be the one that this program has with it. */
  readonly judgedBy: string;
  /** How many threads there are. */
  readonly threads: number;
  /** How long one record may take, in milliseconds. */
  readonly limitMs?: number | undefined;
}

const THREAD = new URL("./import_thread.ts", import.meta.url);

/** Longer than the largest record takes on a slow machine. */
const LIMIT_MS = 120_000;

/** Threads that take records in. They start with their first work; close them when there is no more. */
export class ImportThreads implements Disposable {
  readonly #options: ImportThreadsOptions;
  readonly #idle: (Thread | undefined)[];
  readonly #waiting: ((thread: Thread | undefined) => void)[] = [];
  readonly #started = new Set<Thread>();

  /** Makes threads for a store; the store must be there. */
  constructor(options: ImportThreadsOptions) {
    this.#options = options;
    this.#idle = Array.from({ length: options.threads }, () => undefined);
  }

  /** Takes a record from a file. `name` is what a refusal is told of. */
  async importFile(path: string, name: string = path): Promise<Imported> {
    const [imported] = await this.#give([path], name);
    return imported ?? { kind: "refused", reason: "Nothing became of it" };
  }

  /**
   * Takes records from files, in one piece of the index. One at which a thread ends is refused; the others are taken.
   */
  async importFiles(paths: readonly string[]): Promise<readonly Imported[]> {
    try {
      return await this.#give(paths);
    } catch (error) {
      if (!(error instanceof ThreadError)) throw error;
      const each: Imported[] = [];
      for (const path of paths) each.push(await this.#alone(path));
      return each;
    }
  }

  /** Ends the threads, whatever they do: what they were at is in the store whole or not at all. */
  close(): void {
    for (const thread of this.#started) thread.end();
    this.#started.clear();
  }

  /** Ends the threads. */
  [Symbol.dispose](): void {
    this.close();
  }

  async #alone(path: string): Promise<Imported> {
    try {
      return await this.importFile(path);
    } catch (error) {
      if (!(error instanceof ThreadError)) throw error;
      return { kind: "refused", reason: error.message };
    }
  }

  async #give(paths: readonly string[], name?: string): Promise<readonly Imported[]> {
    const { folder, judgedBy, limitMs = LIMIT_MS } = this.#options;
    const thread = await this.#free() ?? this.#start();
    try {
      const imported = await thread.do({ folder, judgedBy, paths, name }, limitMs * paths.length);
      this.#release(thread);
      return imported;
    } catch (error) {
      thread.end();
      this.#started.delete(thread);
      this.#release(undefined);
      throw error;
    }
  }

  #free(): Promise<Thread | undefined> | Thread | undefined {
    if (this.#idle.length > 0) return this.#idle.pop();
    const { promise, resolve } = Promise.withResolvers<Thread | undefined>();
    this.#waiting.push(resolve);
    return promise;
  }

  #release(thread: Thread | undefined): void {
    const next = this.#waiting.shift();
    if (next) next(thread);
    else this.#idle.push(thread);
  }

  #start(): Thread {
    const thread = new Thread();
    this.#started.add(thread);
    return thread;
  }
}

/** A thread that came to an end before its work did. */
export class ThreadError extends Error {
  /** The name of the class. */
  override readonly name = "ThreadError";
}

class Thread {
  readonly #worker = new Worker(THREAD, { type: "module" });
  #fail: (error: Error) => void = () => undefined;

  async do(work: ImportWork, limitMs: number): Promise<readonly Imported[]> {
    const { promise, resolve, reject } = Promise.withResolvers<readonly Imported[]>();
    this.#fail = reject;
    this.#worker.onmessage = ({ data }: MessageEvent<ImportReply>) => resolve(data.imported);
    this.#worker.onerror = (event) => {
      event.preventDefault();
      reject(new ThreadError(`It stopped the import: ${event.message}`));
    };
    const limit = setTimeout(
      () => reject(new ThreadError(`It was not judged within ${limitMs / 1000} s`)),
      limitMs,
    );
    this.#worker.postMessage(work);
    try {
      return await promise;
    } finally {
      clearTimeout(limit);
    }
  }

  end(): void {
    this.#worker.terminate();
    this.#fail(new ThreadError("The import was ended"));
  }
}
