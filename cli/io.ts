/**
 * What a command may touch of the outside: the two output streams, the terminal, and the wish to stop.
 *
 * @module
 */

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

/** The streams and the terminal of this process. */
export function ownIo(signal: AbortSignal): Io {
  return {
    out: (text) => writeAll(Deno.stdout, text),
    err: (text) => writeAll(Deno.stderr, text),
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
    if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
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
