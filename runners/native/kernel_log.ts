/**
 * The kernel log, from a moment on.
 *
 * @module
 */
import type { LogLine } from "../../spec/observation.ts";
import { type Addon, type Primitive, PRIMITIVES } from "./addon.ts";
import { text } from "./abi/layout.ts";

const LEVELS = ["emerg", "alert", "crit", "err", "warn", "notice", "info", "debug"] as const;

/** O_RDONLY | O_NONBLOCK | O_CLOEXEC on the architectures that use the generic numbers. */
const OPEN_FLAGS = 0o2004000;
const SEEK_END = 2;
const EPIPE = 32;
const RECORD_MAX = 8192;

/** The lines of one look at the most; the report of a detector has some hundred. */
const LINES_MAX = 1_000;

/**
 * Stands in a log where lines are missing, as a warning, since there may have been one among them. The kernel has
 * overwritten them, or logs faster than anybody can read.
 */
export const LINES_MISSING = "the kernel logs too much: lines are missing here";

/** What reading takes of the addon. */
type Caller = Pick<Addon, "call">;

/** Reads what the kernel logs. */
export class KernelLog {
  readonly #addon: Caller;
  readonly #fd: number;
  readonly #room = new Uint8Array(RECORD_MAX);
  #reports = new Reports();

  private constructor(addon: Caller, fd: number) {
    this.#addon = addon;
    this.#fd = fd;
  }

  /** Opens the log at its end; `undefined` where it may not be read. */
  static open(addon: Caller): KernelLog | undefined {
    const fd = call(addon, "open", text("/dev/kmsg"), OPEN_FLAGS, 0);
    if (fd < 0) return undefined;
    const log = new KernelLog(addon, fd);
    log.skip();
    return log;
  }

  /** Leaves out what was logged until now. */
  skip(): void {
    call(this.#addon, "seek", undefined, this.#fd, 0, SEEK_END);
    this.#reports = new Reports();
  }

  /**
   * Takes the lines that were logged since the last time. It comes to an end where the kernel does not: it leaves out
   * what is too much, and says so.
   */
  take(): LogLine[] {
    const lines: LogLine[] = [];
    while (lines.length < LINES_MAX) {
      const length = call(this.#addon, "read", this.#room, this.#fd);
      if (length === -EPIPE) lines.push({ level: "warn", text: LINES_MISSING });
      else if (length <= 0) return lines;
      else {
        const record = new TextDecoder().decode(this.#room.subarray(0, length));
        lines.push(this.#reports.take(parseRecord(record)));
      }
    }
    call(this.#addon, "seek", undefined, this.#fd, 0, SEEK_END);
    return [...lines, { level: "warn", text: LINES_MISSING }];
  }

  /** Lets go of the log. */
  close(): void {
    call(this.#addon, "close", undefined, this.#fd);
  }
}

/**
 * Follows the reports of the kernel, from the line that says where to cut to the end of the trace. The first line of
 * one is the warning, and so is the one that says where it came from; registers and traces below it are not warnings of their own.
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

function call(addon: Caller, name: Primitive, bytes: Uint8Array | undefined, ...args: number[]): number {
  return addon.call(PRIMITIVES.indexOf(name), bytes, ...args);
}
