/**
 * What a command may touch of the outside: the two output streams, the terminal, and the wish to stop.
 *
 * @module
 */
import { messageOf } from "../spec/message_of.ts";

/** The outside, as a command sees it. */
export interface Io {
  /** Writes to standard output: what the command was asked for. */
  readonly out: (text: string) => void;
  /** Writes to standard error: progress, remarks, errors. */
  readonly err: (text: string) => void;
  /** Columns of the terminal behind standard error; `undefined` where there is none. */
  readonly columns: number | undefined;
  /** Whether standard output takes colours. */
  readonly colours: boolean;
  /** Aborted when the user wants to stop. */
  readonly signal: AbortSignal;
}

/** A command that cannot be carried out: what happened and why, what to do next, and the exit status. */
export class Failure extends Error {
  override readonly name = "Failure";
  /** 1: a verdict is unexpected, 2: usage, 3: the target failed, 4: the suite is at fault. */
  readonly status: 1 | 2 | 3 | 4;
  /** What to do next. */
  readonly hint: string | undefined;

  constructor(status: 1 | 2 | 3 | 4, message: string, hint?: string, cause?: unknown) {
    super(message, { cause });
    this.status = status;
    this.hint = hint;
  }
}

/** The user has stopped a command that has nothing to show yet. */
export class Interrupted extends Error {
  override readonly name = "Interrupted";
  /** The exit status: 128 and the number of the signal, as shells have it. */
  readonly status: 130 | 143;

  constructor(status: 130 | 143) {
    super("Interrupted");
    this.status = status;
  }
}

/** The streams and the terminal of this process. */
export function ownIo(signal: AbortSignal): Io {
  return {
    out: (text) => writeAll(Deno.stdout, text),
    err: tellAll,
    columns: columnsOf(Deno.stderr),
    colours: Deno.stdout.isTerminal() && !Deno.noColor,
    signal,
  };
}

/** Writes everything; a reader that has gone away, as `head` does, ends the command quietly. */
function writeAll(stream: typeof Deno.stdout | typeof Deno.stderr, text: string): void {
  const bytes = new TextEncoder().encode(text);
  try {
    for (let done = 0; done < bytes.length;) done += stream.writeSync(bytes.subarray(done));
  } catch (error) {
    if (error instanceof Deno.errors.BrokenPipe) return;
    const reason = messageOf(error);
    throw new Failure(2, `Cannot write the output: ${reason}`, "Send it somewhere else", error);
  }
}

/** Writes remarks; where nobody can take them the command goes on, and its exit status says how it went. */
function tellAll(text: string): void {
  try {
    writeAll(Deno.stderr, text);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
  }
}

function columnsOf(stream: typeof Deno.stderr): number | undefined {
  if (!stream.isTerminal()) return undefined;
  try {
    return Deno.consoleSize().columns;
  } catch {
    return undefined;
  }
}

/** Shells and runners of scripts pass a signal on that has reached the program already; in milliseconds. */
const SAME_WISH_MS = 1_000;

/**
 * Aborted when the user wants to stop, by Ctrl-C or by a signal, with {@link Interrupted} as the reason. A user who
 * wants to stop again does not wait: the process ends at once, whatever it does.
 */
export function wishToStop(): AbortSignal {
  const controller = new AbortController();
  let since = 0;
  for (const [signal, status] of [["SIGINT", 130], ["SIGTERM", 143]] as const) {
    Deno.addSignalListener(signal, () => {
      if (controller.signal.aborted && performance.now() - since > SAME_WISH_MS) Deno.exit(status);
      if (!controller.signal.aborted) since = performance.now();
      controller.abort(new Interrupted(status));
    });
  }
  return controller.signal;
}
