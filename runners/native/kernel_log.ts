/**
 * The kernel log, from a moment on.
 *
 * @module
 */
import type { LogLine } from "../../spec/observation.ts";
import { text } from "./abi/layout.ts";
import type { Executor, Watched } from "./executor/executor.ts";

const LEVELS = ["emerg", "alert", "crit", "err", "warn", "notice", "info", "debug"] as const;

/** O_RDONLY | O_NONBLOCK | O_CLOEXEC on the architectures that use the generic numbers. */
const OPEN_FLAGS = 0o2004000;
const SEEK_END = 2;

/** No record is longer, and so much stands in front of each: its length; `addon/look.c`. */
const RECORD_MAX = 8_192;
const LENGTH_SIZE = 4;

/** Room for the longest record, and for some of the usual. */
const ROOM = 9_216;

/** The lines of one look at the most; the report of a detector has some hundred. */
const LINES_MAX = 1_000;

/**
 * Stands in a log where lines are missing, as a warning, since there may have been one among them. The kernel has
 * overwritten them, or logs faster than anybody can read.
 */
export const LINES_MISSING = "the kernel logs too much: lines are missing here";

/** What reading takes of an executor. */
type Doer = Pick<Executor, "do" | "watch">;

/** Reads what the kernel logs. */
export class KernelLog {
  readonly #executor: Doer;
  readonly #fd: number;
  readonly #watched: Watched;
  #reports = new Reports();

  private constructor(executor: Doer, fd: number) {
    this.#executor = executor;
    this.#fd = fd;
    this.#watched = executor.watch(fd);
  }

  /** Opens the log at its end; `undefined` where it may not be read. */
  static async open(executor: Doer): Promise<KernelLog | undefined> {
    const [opened] = await executor.do([{ do: "open", args: [OPEN_FLAGS, 0], bytes: text("/dev/kmsg") }]);
    if (!opened || opened.result < 0) return undefined;
    const log = new KernelLog(executor, opened.result);
    log.skip();
    return log;
  }

  /** Leaves out what was logged until now. Nobody has to wait: what is asked for later is done later. */
  skip(): void {
    this.#executor.do([{ do: "seek", args: [this.#fd, 0, SEEK_END] }]).catch(() => undefined);
    this.#reports = new Reports();
  }

  /**
   * Takes the lines that were logged since the last time. It comes to an end where the kernel does not: it leaves out
   * what is too much, and says so.
   */
  async take(): Promise<LogLine[]> {
    const lines: LogLine[] = [];
    if (!this.#watched.isReadable) return lines;
    while (lines.length < LINES_MAX) {
      const args = [this.#fd];
      const [reply] = await this.#executor.do([{ do: "records", args, bytes: new Uint8Array(ROOM) }]);
      if (!reply || reply.result <= 0) return lines;
      for (const record of recordsIn(reply.bytes.subarray(0, reply.result))) {
        if (lines.length === LINES_MAX) break;
        lines.push(record === "" ? MISSING : this.#reports.take(parseRecord(record)));
      }
      if (ROOM - reply.result >= LENGTH_SIZE + RECORD_MAX) return lines;
    }
    await this.#executor.do([{ do: "seek", args: [this.#fd, 0, SEEK_END] }]);
    return [...lines, MISSING];
  }

  /** Lets go of the log; an executor that is lost has done so. */
  async close(): Promise<void> {
    await this.#executor.do([{ do: "close", args: [this.#fd] }]).catch(() => undefined);
  }
}

const MISSING: LogLine = { level: "warn", text: LINES_MISSING };

/** The records that were read, each behind its length; an empty one stands where the kernel has overwritten some. */
function* recordsIn(bytes: Uint8Array): Generator<string> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at < bytes.length;) {
    const begin = at + LENGTH_SIZE;
    at = begin + view.getUint32(at, true);
    yield new TextDecoder().decode(bytes.subarray(begin, at));
  }
}

/**
 * Follows the reports of the kernel, from the line that says where to cut to the end of the trace. The first line of
 * one is the warning, and so is the one that says where it came from; registers and traces below it are not warnings of
 * their own.
 */
export class Reports {
  #within: "none" | "before its first line" | "behind its first line" = "none";

  /** Takes the next line, and gives it with the level that it has within a report. */
  take(line: LogLine): LogLine {
    if (line.text.includes("[ cut here ]")) this.#within = "before its first line";
    else if (line.text.includes("[ end trace")) this.#within = "none";
    else if (this.#within === "before its first line") {
      this.#within = "behind its first line";
      return line;
    } else if (this.#within === "none" || line.text.startsWith("WARNING: ")) return line;
    return { ...line, level: "notice" };
  }
}

/** Reads a record of /dev/kmsg: `priority,sequence,time,flags;text`, and lines of further facts. */
export function parseRecord(record: string): LogLine {
  const [, priority = "6", line = record] = /^(\d+),[^;]*;([^\n]*)/.exec(record) ?? [];
  if (ANNOUNCEMENTS.some((announcement) => announcement.test(line))) return { level: "notice", text: line };
  return { level: LEVELS[Number(priority) & 7] ?? "info", text: line };
}

/**
 * What the kernel says at the level of a warning of things that it was asked for and that went well; and how often it did
 * not say, at the level of information, that a slow machine was slow to read its clock.
 */
const ANNOUNCEMENTS = [
  /^vfio-pci [0-9a-f:.]+: (resetting|reset done)$/,
  /^pcieport [0-9a-f:.]+: unlocked secondary bus reset via: /,
  /^vfio-pci [0-9a-f:.]+: No device request channel registered, blocked until released by user$/,
  /^watchdog_print_freq_timeout: \d+ callbacks suppressed$/,
] as const;
