import { assertEquals } from "@std/assert";
import { text } from "./abi/layout.ts";
import type { Reply, SystemCall } from "./calls.ts";
import type { Executor, Watched } from "./executor/executor.ts";
import { KernelLog, LINES_MISSING } from "./kernel_log.ts";
import { testEachExecutor } from "./testing.ts";

const EAGAIN = 11;
const EPIPE = 32;

/** What stands in front of each record, and how long one is at the most; `addon/look.c`. */
const LENGTH_SIZE = 4;
const RECORD_MAX = 8_192;

/** A record, or an error number in its place. */
type Read = string | number;

/** A kernel log from what each read of it gives. */
async function logOf(next: () => Read, watched: Watched = { isReadable: true }): Promise<KernelLog> {
  const log = await KernelLog.open({
    do: (calls) => Promise.resolve(calls.map((call) => replyTo(call, next))),
    watch: () => watched,
  });
  if (!log) throw new Error("The log was not opened");
  return log;
}

function replyTo({ do: name, bytes = new Uint8Array(0) }: SystemCall, next: () => Read): Reply {
  const result = name === "records" ? records(bytes, next) : 3;
  return { result, address: 0n, bytes };
}

/** Puts records into some room, as long as there is room for another. */
function records(room: Uint8Array, next: () => Read): number {
  const view = new DataView(room.buffer, room.byteOffset, room.byteLength);
  let at = 0;
  while (room.length - at >= LENGTH_SIZE + RECORD_MAX) {
    const given = next();
    if (given === EAGAIN) break;
    if (typeof given === "number" && given !== EPIPE) return -given;
    const record = new TextEncoder().encode(typeof given === "string" ? given : "");
    view.setUint32(at, record.length, true);
    room.set(record, at + LENGTH_SIZE);
    at += LENGTH_SIZE + record.length;
  }
  return at;
}

Deno.test("a log gives the lines since the last look", async () => {
  const reads = ["4,1,1,-;one\n", "6,2,1,-;two\n", EAGAIN, "6,3,1,-;three\n", EAGAIN];
  const log = await logOf(() => reads.shift() ?? EAGAIN);
  assertEquals(await log.take(), [{ level: "warn", text: "one" }, { level: "info", text: "two" }]);
  assertEquals(await log.take(), [{ level: "info", text: "three" }]);
  assertEquals(await log.take(), []);
});

Deno.test("a log that is skipped begins anew, whatever report was under way", async () => {
  const reads = ["4,1,1,-;---[ cut here ]---\n", "4,2,1,-;WARNING: first\n", "4,3,1,-;below it\n", EAGAIN];
  const log = await logOf(() => reads.shift() ?? EAGAIN);
  assertEquals((await log.take()).map(({ level }) => level), ["notice", "warn", "notice"]);
  log.skip();
  reads.push("4,9,1,-;another\n");
  assertEquals(await log.take(), [{ level: "warn", text: "another" }]);
});

Deno.test("lines that the kernel has overwritten are told as a warning", async () => {
  const reads = [EPIPE, "6,9,1,-;nine\n"];
  const log = await logOf(() => reads.shift() ?? EAGAIN);
  assertEquals(await log.take(), [{ level: "warn", text: LINES_MISSING }, { level: "info", text: "nine" }]);
});

Deno.test("a look at a log that never ends comes to an end, and says so", async () => {
  let count = 0;
  const log = await logOf(() => `6,${++count},1,-;line ${count}\n`);
  const lines = await log.take();
  assertEquals(lines.length, 1_001);
  assertEquals(lines.at(-2), { level: "info", text: "line 1000" });
  assertEquals(lines.at(-1), { level: "warn", text: LINES_MISSING });
});

Deno.test("a log that cannot be read any more gives no lines, and no end without one", async () => {
  const EIO = 5;
  const log = await logOf(() => EIO);
  assertEquals(await log.take(), []);
});

Deno.test("a log that has nothing to read is not read", async () => {
  const watched = { isReadable: false };
  const reads = ["6,1,1,-;one\n", EAGAIN];
  const log = await logOf(() => reads.shift() ?? EAGAIN, watched);
  assertEquals(await log.take(), []);
  assertEquals(reads.length, 2);
  watched.isReadable = true;
  assertEquals(await log.take(), [{ level: "info", text: "one" }]);
});

Deno.test("a log that may not be opened is none", async () => {
  const EACCES = 13;
  const refusal = { result: -EACCES, address: 0n, bytes: new Uint8Array(0) };
  const log = await KernelLog.open({
    do: () => Promise.resolve([refusal]),
    watch: () => ({ isReadable: true }),
  });
  assertEquals(log, undefined);
});

await testEachExecutor(
  "the log of this machine has what was written into it meanwhile",
  async ({ executor }) => {
    await using log = await logHere(executor);
    if (!log.canWrite) return;
    const mine = `conform test ${crypto.randomUUID()}`;
    const takeMine = async () => (await log.it.take()).filter(({ text }) => text.startsWith(mine));
    const lines = Array.from({ length: 40 }, (_, index) => `${mine} ${index}`);
    await write(executor, `${mine} before the first look`);
    log.it.skip();
    for (const line of lines) await write(executor, line);
    assertEquals(await takeMine(), lines.map(asLine));
    await write(executor, `${mine} last`);
    assertEquals(await takeMine(), [asLine(`${mine} last`)]);
  },
);

function asLine(text: string) {
  return { level: "info", text } as const;
}

/** The log of this machine, where it can be read and written. */
async function logHere(executor: Executor) {
  const it = await KernelLog.open(executor);
  const canWrite = it !== undefined && await write(executor, "conform test begins") > 0;
  return {
    canWrite,
    it: it ?? await logOf(() => EAGAIN),
    [Symbol.asyncDispose]: async () => await it?.close(),
  };
}

/** Writes a line as a daemon does, at the level of information. Without its end the kernel would wait for more of it. */
async function write(executor: Executor, line: string): Promise<number> {
  const O_WRONLY = 1;
  const [opened] = await executor.do([{ do: "open", args: [O_WRONLY, 0], bytes: text("/dev/kmsg") }]);
  if (!opened || opened.result < 0) return -1;
  const bytes = new TextEncoder().encode(`<30>${line}\n`);
  const [written] = await executor.do([
    { do: "write", args: [opened.result], bytes },
    { do: "close", args: [opened.result] },
  ]);
  return written?.result ?? -1;
}
