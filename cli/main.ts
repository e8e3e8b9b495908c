/**
 * The command `conform`.
 *
 * @module
 */
import { RecordWriteError } from "../reports/record_writer.ts";
import { isProtocolFault } from "../runners/protocol/errors.ts";
import { Failure, Interrupted, type Io, ownIo, wishToStop } from "./io.ts";
import { Answered, parseCommandLine } from "./parser.ts";

/**
 * Carries out a command line.
 *
 * @param args the arguments, without the program
 * @param io the outside
 * @returns the exit status: 0 all as expected, 1 some verdict unexpected, 2 usage, 3 the target failed, 4 the suite
 *   itself is at fault, 130 or 143 the user has stopped it before there was anything to show
 */
export async function main(args: readonly string[], io: Io): Promise<number> {
  try {
    return await parseCommandLine(args, io)(io);
  } catch (error) {
    if (error instanceof Answered) return error.status;
    if (error instanceof Failure) {
      io.err(`${error.message}\n${error.hint === undefined ? "" : `${error.hint}\n`}`);
      return error.status;
    }
    if (error instanceof Interrupted) {
      io.err(`${error.message}\n`);
      return error.status;
    }
    if (error instanceof RecordWriteError) {
      io.err(`${error.message}\n`);
      return 2;
    }
    if (isProtocolFault(error)) {
      io.err(`${error.message}\n${error.hint}\n`);
      return 3;
    }
    const details = error instanceof Error ? error.stack ?? error.message : String(error);
    io.err(`This is a mistake in the suite itself: ${details}\nPlease report it with the command line\n`);
    return 4;
  }
}

if (import.meta.main) {
  Deno.exit(await main(Deno.args, ownIo(wishToStop())));
}
