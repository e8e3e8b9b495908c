import { assertEquals } from "@std/assert";
import { PRIMITIVES } from "./addon.ts";
import { KernelLog, LINES_MISSING } from "./kernel_log.ts";

const EAGAIN = 11;
const EPIPE = 32;

/** A kernel log from what each read of it gives: a record, or an error number. */
function logOf(next: () => string | number): KernelLog | undefined {
  const call = (primitive: number, room: Uint8Array | undefined) => {
    if (PRIMITIVES[primitive] !== "read" || !room) return 3;
    const given = next();
    return typeof given === "string" ? new TextEncoder().encodeInto(given, room).written : -given;
  };
  return KernelLog.open({ call });
}

Deno.test("a log gives the lines since the last look", () => {
  const reads = ["4,1,1,-;one\n", "6,2,1,-;two\n", EAGAIN, "6,3,1,-;three\n", EAGAIN];
  const log = logOf(() => reads.shift() ?? EAGAIN);
  assertEquals(log?.take(), [{ level: "warn", text: "one" }, { level: "info", text: "two" }]);
  assertEquals(log?.take(), [{ level: "info", text: "three" }]);
  assertEquals(log?.take(), []);
});

Deno.test("a log that is skipped begins anew, whatever report was under way", () => {
  const reads = ["4,1,1,-;---[ cut here ]---\n", "4,2,1,-;WARNING: first\n", "4,3,1,-;below it\n", EAGAIN];
  const log = logOf(() => reads.shift() ?? EAGAIN);
  assertEquals(log?.take().map(({ level }) => level), ["notice", "warn", "notice"]);
  log?.skip();
  reads.push("4,9,1,-;another\n");
  assertEquals(log?.take(), [{ level: "warn", text: "another" }]);
});

Deno.test("lines that the kernel has overwritten are told as a warning", () => {
  const reads = [EPIPE, "6,9,1,-;nine\n"];
  const log = logOf(() => reads.shift() ?? EAGAIN);
  assertEquals(log?.take(), [{ level: "warn", text: LINES_MISSING }, { level: "info", text: "nine" }]);
});

Deno.test("a look at a log that never ends comes to an end, and says so", () => {
  let count = 0;
  const log = logOf(() => `6,${++count},1,-;line ${count}\n`);
  const lines = log?.take() ?? [];
  assertEquals(lines.length, 1_001);
  assertEquals(lines.at(-2), { level: "info", text: "line 1000" });
  assertEquals(lines.at(-1), { level: "warn", text: LINES_MISSING });
});
