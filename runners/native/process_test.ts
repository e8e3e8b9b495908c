import {
  assert,
  assertEquals,
  assertGreater,
  assertMatch,
  assertNotEquals,
  assertRejects,
} from "@std/assert";
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { text } from "./abi/layout.ts";
import { loadAddon } from "./addon.ts";
import { CALL_SIZE, MESSAGE_MAX, MESSAGE_SIZE, resultOf } from "./calls.ts";
import {
  AF_UNIX,
  F_ADD_SEALS,
  F_SEAL_SHRINK,
  MADV_DONTNEED,
  MAP,
  MFD_FLAGS,
  O_RDONLY,
  POLL,
  PROT,
  SOCK_STREAM,
  WHENCE,
} from "./constants.ts";
import type { Executor } from "./executor/executor.ts";
import { Files } from "./executor/files.ts";
import { nearExecutor } from "./executor/near.ts";
import { HelperProcess, ProcessEnded } from "./process.ts";
import { Strand } from "./strand.ts";
import { Failed, Faulted } from "./failure.ts";
import type { Flavour } from "./location.ts";
import {
  addonForTests,
  built,
  builtExecutor,
  executorsForTests,
  farForTests,
  type FarOptions,
  type Lend,
  type Lent,
  type LentFar,
  testEachExecutor,
  until,
} from "./testing.ts";
import type { Patience } from "./thread_state.ts";

const PAGE = 4096;
const PATIENCE: Patience = { known: 20, unknown: 50 };
const EBADF = -9;
const EFAULT = -14;
const EINVAL = -22;
const ENOTTY = -25;
const EMFILE = -24;
const EINTR = -4;
const ECANCELED = -125;

const SUPPRESSIONS = fileURLToPath(new URL("addon/valgrind.supp", import.meta.url));

const VALGRIND = ["valgrind", "--quiet", "--error-exitcode=99", `--suppressions=${SUPPRESSIONS}`];

/** Something to run the tests with: an executor, and what it starts in place of its own helper program. */
interface Means {
  readonly name: string;
  readonly lend: Lend;
  readonly command?: readonly string[] | undefined;
}

/** The executors and the helper program as they are used, sanitized, and under valgrind. */
async function allMeans(): Promise<readonly Means[]> {
  const used = (await executorsForTests()).map(([name, lend]) => ({ name: `the ${name} executor`, lend }));
  const [near] = used;
  if (!near) return [];
  const helpers = await otherHelpers();
  return [
    ...used,
    ...helpers.map(([name, command]) => ({ name, lend: near.lend, command })),
    ...(await hasFar("sanitized")
      ? [{ name: "the sanitized far executor", lend: () => clean(farForTests({ flavour: "sanitized" })) }]
      : []),
    ...(await hasFar("debug") && await hasValgrind()
      ? [{ name: "the far executor under valgrind", lend: () => clean(farForTests(UNDER_VALGRIND)) }]
      : []),
  ];
}

const UNDER_VALGRIND: FarOptions = {
  flavour: "debug",
  under: [...VALGRIND, "--leak-check=full", "--track-fds=no"],
};

/** Lends an executor that must have found nothing wrong with itself when it has ended. */
async function clean(lent: Promise<LentFar>): Promise<Lent> {
  const { executor, pid, ended, [Symbol.asyncDispose]: end } = await lent;
  return {
    executor,
    pid,
    async [Symbol.asyncDispose]() {
      await end();
      const { code, errors } = await ended;
      assertEquals(code, 0, errors);
    },
  };
}

async function hasFar(flavour: Flavour): Promise<boolean> {
  return typeof await builtExecutor(flavour) === "string";
}

/** The helper program sanitized, and under valgrind. */
async function otherHelpers(): Promise<readonly (readonly [string, readonly string[]])[]> {
  const [sanitized, debug] = await Promise.all([built("sanitized"), built("debug")]);
  return [
    ...(typeof sanitized === "string" ? [] : [["the sanitized helper", [sanitized.helper]] as const]),
    ...(typeof debug === "string" || !(await hasValgrind())
      ? []
      : [["the helper under valgrind", [...VALGRIND, debug.helper]] as const]),
  ];
}

async function hasValgrind(): Promise<boolean> {
  try {
    return (await new Deno.Command("valgrind", { args: ["--version"], stdout: "null" }).output()).success;
  } catch {
    return false;
  }
}

/** Valgrind has a limit of open files of its own. */
const LIMITED = "a process whose numbers are used up gets no descriptor";

/** What a test works with. */
interface Stage {
  /** Starts another process. */
  readonly start: () => HelperProcess;
  /** Makes the strand of a thread. */
  readonly strandOf: (thread: number) => Strand;
}

type Test = (process: HelperProcess, strand: Strand, stage: Stage) => Promise<void>;

const TESTS: Readonly<Record<string, Test>> = {
  async "descriptors fail as the kernel says"(process, strand) {
    const fd = await strand.do(process, "eventfd", [0, 0]);
    const copy = await strand.do(process, "dup", [fd]);
    await strand.do(process, "close", [fd]);
    assertEquals((await strand.attempt(process, "close", [fd])).result, EBADF);
    assertEquals(await strand.do(process, "dup_over", [copy, fd]), fd);
    assertEquals((await strand.attempt(process, "ioctl_value", [copy, 0x6204, 0])).result, ENOTTY);
    assertEquals((await strand.attempt(process, "ioctl_value", [99, 0x6204, 0])).result, EBADF);
    assertEquals((await strand.attempt(process, "open", [O_RDONLY, 0], text("/nowhere"))).result, -2);
    assertEquals((await strand.attempt(process, "open", [O_RDONLY, 0])).result, EINVAL);
  },
  async "calls in one go take what earlier ones gave, and end with the first that fails"(process, strand) {
    const [fd = -1, , end] = await strand.doAll(process, [
      { do: "memfd", args: [0], bytes: text("test") },
      { do: "truncate", args: [resultOf(0), 3 * PAGE] },
      { do: "seek", args: [resultOf(0), 0, WHENCE.end] },
    ]);
    assertEquals(end, 3 * PAGE);
    const [inode, copy = -1, same] = await strand.doAll(process, [
      { do: "inode", args: [fd] },
      { do: "dup", args: [fd] },
      { do: "inode", args: [resultOf(1)] },
    ]);
    assertEquals(same, inode);
    const replies = await strand.attemptAll(process, [
      { do: "close", args: [copy] },
      { do: "inode", args: [copy] },
      { do: "close", args: [fd] },
    ]);
    assertEquals(replies.map(({ result }) => result), [0, EBADF, ECANCELED]);
    assertEquals(await strand.do(process, "close", [fd]), 0);
  },
  async "a sealed file cannot shrink"(process, strand) {
    const fd = await strand.do(process, "memfd", [MFD_FLAGS.allowSealing], text("test"));
    await strand.do(process, "truncate", [fd, 2 * PAGE]);
    await strand.do(process, "fcntl", [fd, F_ADD_SEALS, F_SEAL_SHRINK]);
    assertEquals((await strand.attempt(process, "truncate", [fd, PAGE])).result, -1);
    assertEquals(await strand.do(process, "seek", [fd, 0, WHENCE.end]), 2 * PAGE);
  },
  async "an access beyond the end of a file is SIGBUS, without a mapping SIGSEGV"(process, strand) {
    const fd = await strand.do(process, "memfd", [0], text("test"));
    await strand.do(process, "truncate", [fd, 2 * PAGE]);
    const args = [0, 2 * PAGE, PROT.read | PROT.write, MAP.shared, fd, 0];
    const address = await strand.do(process, "map", args);
    await strand.do(process, "store", [address + PAGE, 1, 0x77]);
    assertEquals(await strand.do(process, "load", [address + PAGE, 1]), 0x77);
    await strand.do(process, "truncate", [fd, PAGE]);
    for (const what of ["load", "store"] as const) {
      const reply = await strand.attempt(process, what, [address + PAGE + 8, 8, 1]);
      assertEquals([reply.signal, reply.address], ["SIGBUS", BigInt(address + PAGE + 8)]);
    }
    assertEquals(
      (await strand.attempt(process, "peek", [address + PAGE], new Uint8Array(4))).signal,
      "SIGBUS",
    );
    await strand.do(process, "unmap", [address, 2 * PAGE]);
    await assertRejects(() => strand.do(process, "load", [address, 4]), Faulted, "SIGSEGV");
  },
  async "a mapping that may not be written is SIGSEGV, and EFAULT for the kernel"(process, strand) {
    const args = [0, PAGE, PROT.read, MAP.private | MAP.anonymous, -1, 0];
    const address = await strand.do(process, "map", args);
    await assertRejects(() => strand.do(process, "store", [address, 1, 1]), Faulted, "SIGSEGV");
    const zero = await strand.do(process, "open", [O_RDONLY, 0], text("/dev/zero"));
    assertEquals((await strand.attempt(process, "read_into", [zero, address, 1])).result, EFAULT);
    await strand.do(process, "protect", [address, PAGE, PROT.read | PROT.write]);
    assertEquals(await strand.do(process, "read_into", [zero, address, 1]), 1);
  },
  async "a file is read and written at a place, from bytes of a request and from memory"(process, strand) {
    const fd = await strand.do(process, "memfd", [0], text("test"));
    await strand.do(process, "truncate", [fd, PAGE]);
    assertEquals(await strand.do(process, "write_at", [fd, 100], Uint8Array.of(1, 2, 3)), 3);
    const { result, bytes } = await strand.attempt(process, "read_at", [fd, 101], new Uint8Array(2));
    assertEquals([result, ...bytes], [2, 2, 3]);
    assertEquals(await strand.do(process, "seek", [fd, 0, WHENCE.cur]), 0);
    const anonymous = [0, PAGE, PROT.read | PROT.write, MAP.private | MAP.anonymous, -1, 0];
    const address = await strand.do(process, "map", anonymous);
    await strand.do(process, "poke", [address + 8], Uint8Array.of(7, 8, 9, 10));
    assertEquals(await strand.do(process, "write_from", [fd, address + 8, 4]), 4);
    assertEquals((await strand.attempt(process, "read_at", [fd, 0], new Uint8Array(4))).bytes[3], 10);
    await strand.do(process, "advise", [address, PAGE, MADV_DONTNEED]);
    assertEquals(await strand.do(process, "load", [address + 8, 4]), 0);
    await strand.do(process, "protect", [address, PAGE, PROT.none]);
    assertEquals((await strand.attempt(process, "write_from", [fd, address, 1])).result, EFAULT);
    const refused = await strand.attempt(process, "poke", [address], new Uint8Array(1));
    assertEquals([refused.signal, refused.address], ["SIGSEGV", BigInt(address)]);
    assertEquals((await strand.attempt(process, "advise", [address + 1, PAGE, 0])).result, EINVAL);
  },
  async "what is ready is told, and what one end of a pair gets comes out at the other"(process, strand) {
    const args = [AF_UNIX, SOCK_STREAM];
    const { bytes } = await strand.attempt(process, "socketpair", args, new Uint8Array(8));
    const [one = -1, other = -1] = new Int32Array(bytes.buffer);
    assertEquals(await strand.do(process, "poll", [other, POLL.in | POLL.out, 0]), POLL.out);
    assertEquals(await strand.do(process, "write", [one], Uint8Array.of(42)), 1);
    assertEquals(await strand.do(process, "poll", [other, POLL.in | POLL.out, -1]), POLL.in | POLL.out);
    const read = await strand.attempt(process, "read", [other], new Uint8Array(8));
    assertEquals([read.result, read.bytes[0]], [1, 42]);
    assertEquals(await strand.do(process, "poll", [other, POLL.in, 0]), 0);
    assertEquals((await strand.attempt(process, "socketpair", args, new Uint8Array(4))).result, EINVAL);
  },
  async "a thread that sleeps wakes by itself"(process, strand) {
    assertEquals(await strand.do(process, "sleep", [1]), 0);
  },
  async "what lies behind the bytes of a request cannot be read"(process, strand) {
    const { result, bytes } = await strand.attempt(process, "pipe", [0], new Uint8Array(8));
    assertEquals(result, 0);
    const [, end = -1] = new Int32Array(bytes.buffer);
    const FIONREAD = 0x541b;
    assertEquals((await strand.attempt(process, "ioctl", [end, FIONREAD], new Uint8Array(4))).result, 0);
    assertEquals((await strand.attempt(process, "ioctl", [end, FIONREAD], new Uint8Array(2))).result, EFAULT);
    assertEquals((await strand.attempt(process, "ioctl", [end, FIONREAD])).result, EFAULT);
  },
  async "threads fault and return side by side"(process, _, { strandOf }) {
    const strands = Array.from({ length: 4 }, (_, index) => strandOf(index + 1));
    const args = [0, PAGE, PROT.none, MAP.private | MAP.anonymous, -1, 0];
    const address = (await process.call(1, { do: "map", args })).result;
    const each = strands.map(async (strand) => {
      for (let index = 0; index < 100; index++) {
        const at = address + 8 * strand.thread;
        const reply = await strand.attempt(process, "load", [at, 8]);
        assertEquals([reply.signal, reply.address], ["SIGSEGV", BigInt(at)]);
        assertEquals(await strand.do(process, "no_op"), 0);
      }
    });
    await Promise.all(each);
  },
  async "a thread that blocks is seen, and can be interrupted"(process, strand) {
    const fd = await strand.do(process, "eventfd", [0, 0]);
    let reply = 0;
    const read = strand.attempt(process, "read", [fd], new Uint8Array(8)).then(({ result }) =>
      reply = result
    );
    const settled = await strand.settle(read, PATIENCE, Infinity);
    assert(settled.kind === "blocked", settled.kind);
    assertGreater(settled.on.length, 0);
    await strand.cancel();
    await read;
    assertEquals(reply, EINTR);
  },
  async "a thread that blocks goes on when it is released"(process, strand, { strandOf }) {
    const fd = await strand.do(process, "eventfd", [0, 0]);
    const read = strand.attempt(process, "read", [fd], new Uint8Array(8));
    assertEquals((await strand.settle(read, PATIENCE, Infinity)).kind, "blocked");
    const other = strandOf(2);
    await other.do(process, "write", [fd], new Uint8Array(BigUint64Array.of(5n).buffer));
    assertEquals((await strand.settle(read, PATIENCE, Infinity)).kind, "over");
    assertEquals((await read).bytes[0], 5);
  },
  async "a descriptor that is sent names the same file"(process, strand, { start }) {
    const other = start();
    const fd = await strand.do(process, "memfd", [0], text("test"));
    await strand.do(process, "truncate", [fd, 3 * PAGE]);
    const there = await process.give(fd, other);
    await strand.do(process, "close", [fd]);
    assertEquals(await strand.do(other, "seek", [there, 0, WHENCE.end]), 3 * PAGE);
    assertEquals(await process.give(fd, other), EBADF);
  },
  async [LIMITED](process, strand, { start }) {
    const other = start();
    await strand.do(other, "limit", [1]);
    assertEquals(await process.give(2, other), EMFILE);
    assertEquals((await strand.attempt(other, "dup", [2])).result, EMFILE);
    await strand.do(other, "limit", [-1]);
    assertGreater(await process.give(2, other), 2);
  },
  async "a process that is killed in a system call gives up what it held"(process, strand, stage) {
    const other = stage.start();
    const { bytes } = await strand.attempt(process, "pipe", [0], new Uint8Array(8));
    const [read = -1, write = -1] = new Int32Array(bytes.buffer);
    const there = await process.give(write, other);
    await strand.do(process, "close", [write]);
    const stuck = stage.strandOf(1);
    const ends = await stuck.attempt(other, "pipe", [0], new Uint8Array(8));
    const [empty = -1] = new Int32Array(ends.bytes.buffer);
    const inCall = assertRejects(
      () => stuck.attempt(other, "read", [empty], new Uint8Array(1)),
      ProcessEnded,
    );
    assertEquals(await other.kill(5_000), { kind: "killed", signal: 9 });
    await inCall;
    assertEquals(there > 0, true);
    assertEquals((await strand.attempt(process, "read", [read], new Uint8Array(1))).result, 0);
  },
  async "the copy of a process has its descriptors and its mappings, and a life of its own"(process, strand) {
    const fd = await strand.do(process, "memfd", [0], text("test"));
    await strand.do(process, "truncate", [fd, PAGE]);
    const args = [0, PAGE, PROT.read | PROT.write, MAP.shared, fd, 0];
    const address = await strand.do(process, "map", args);
    const copy = await process.fork((channel) => strand.do(process, "fork", [channel]));
    assert(typeof copy !== "number", String(copy));
    await strand.do(process, "store", [address, 1, 0x33]);
    await strand.do(process, "close", [fd]);
    assertEquals(await strand.do(copy, "load", [address, 1]), 0x33);
    assertEquals(await strand.do(copy, "seek", [fd, 0, WHENCE.end]), PAGE);
    await strand.do(copy, "unmap", [address, PAGE]);
    assertEquals(await strand.do(process, "load", [address, 1]), 0x33);
    assertEquals(await copy.kill(5_000), { kind: "killed", signal: 9 });
    assertEquals(await strand.do(process, "load", [address, 1]), 0x33);
  },
  async "a call that does not fit, and one that there is not, are refused"(process, strand) {
    assertEquals((await strand.attempt(process, "load", [1, 4])).result, EINVAL);
    assertEquals((await strand.attempt(process, "load", [0, 3])).result, EINVAL);
    assertEquals((await process.call(0, { do: "cancel", args: [30] })).result, -3);
    await assertRejects(() => strand.do(process, "gate", [64, 0]), Failed, "EINVAL");
  },
  async "threads behind a gate start when it opens"(process, _, { strandOf }) {
    const strands = [strandOf(1), strandOf(2)];
    for (const { thread } of strands) await process.threadId(thread);
    const gates = strands.map((strand) => strand.do(process, "gate", [3, 1000]));
    await process.call(0, { do: "open_gate", args: [3] });
    assertEquals(await Promise.all(gates), [0, 0]);
  },
  async "a process that does not end is blocked where its thread is"(process, strand) {
    await process.threadId(0);
    const gone = Promise.withResolvers<void>();
    const waits = strand.untilGone(process, gone.promise);
    const settled = await strand.settle(waits, PATIENCE, Infinity);
    assert(settled.kind === "blocked", settled.kind);
    assertMatch(settled.on, /\(state S\)$/);
    gone.resolve();
    await waits;
    assertEquals(await strand.look(), undefined);
  },
  async "all who wait for a process to end are told how it ended"(process) {
    await process.threadId(0);
    const endings = await Promise.all([process.kill(10_000), process.end(10_000), process.kill(10_000)]);
    assertEquals(
      endings.map((ending) => JSON.stringify(ending)),
      Array(3).fill('{"kind":"killed","signal":9}'),
    );
  },
};

async function tryOut(executor: Executor, command: readonly string[] | undefined, test: Test): Promise<void> {
  const all: HelperProcess[] = [];
  const files = new Files(executor);
  const strandOf = (thread: number) => new Strand(thread, files);
  const start = () => {
    const process = new HelperProcess(executor, command);
    all.push(process);
    return process;
  };
  try {
    await test(start(), strandOf(1), { start, strandOf });
  } finally {
    const endings = await Promise.all(all.map((process) => process.end(10_000)));
    const fine = endings.every((end) =>
      end.kind === "killed" ? end.signal === 9 : end.kind === "exited" && end.status === 0
    );
    assert(fine, `the helper processes ended with ${JSON.stringify(endings)}`);
  }
}

const means = await allMeans();
const addon = await addonForTests();
const asan = addon && await sanitizerLibrary();
const ignore = means.length === 0;

/** The library that must be in a process before a sanitized addon can be loaded. */
async function sanitizerLibrary(): Promise<string | undefined> {
  if (typeof await built("sanitized") === "string") return undefined;
  const { stdout } = await new Deno.Command("cc", { args: ["-print-file-name=libasan.so"] }).output();
  const path = new TextDecoder().decode(stdout).trim();
  return path.startsWith("/") ? path : undefined;
}

Deno.test({
  name: "helper processes do what they are asked",
  ignore,
  async fn(t) {
    for (const { name, lend, command } of means) {
      await t.step(name, async (t) => {
        await using lent = await lend();
        for (const [what, test] of Object.entries(TESTS)) {
          if (command?.[0] === "valgrind" && what === LIMITED) continue;
          await t.step(what, () => tryOut(lent.executor, command, test));
        }
      });
    }
  },
});

Deno.test({
  name: "the sanitized addon reports nothing while it does what it is asked",
  ignore: asan === undefined,
  async fn() {
    const files = await built("sanitized");
    assert(typeof files !== "string", String(files));
    const script = fileURLToPath(new URL("sanitized_script.ts", import.meta.url));
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--quiet", script],
      env: {
        CONFORM_NATIVE_ADDON: files.addon,
        LD_PRELOAD: asan ?? "",
        ASAN_OPTIONS: "detect_leaks=0:handle_segv=0:allow_user_segv_handler=1",
      },
    }).output();
    const decoder = new TextDecoder();
    assertEquals([code, decoder.decode(stdout)], [0, "done\n"], decoder.decode(stderr));
  },
});

await testEachExecutor(
  "a process that was prepared is the next one, and its first thread is there",
  async ({ executor }) => {
    for (let time = 0; time < 3; time++) {
      executor.prepare();
      executor.prepare();
      const process = await new HelperProcess(executor).runs();
      const known = process.knownThreadId(1);
      assertEquals(known, (await process.call(1, { do: "thread_id" })).result);
      assertEquals(known === process.pid, false);
      const other = await new HelperProcess(executor).runs();
      assertEquals(other.knownThreadId(1), undefined);
      assertEquals(await process.end(10_000), { kind: "exited", status: 0 });
      assertEquals(await other.end(10_000), { kind: "exited", status: 0 });
    }
  },
);

await testEachExecutor(
  "a process that was prepared and has ended is not given to anybody",
  async ({ executor, pid }) => {
    await (await new HelperProcess(executor).runs()).end(10_000);
    const before = helpersOf(pid);
    executor.prepare();
    const prepared = await until(() => helpersOf(pid).find((each) => !before.includes(each)));
    Deno.kill(prepared, "SIGKILL");
    await until(() => hasEnded(prepared) || undefined);
    const process = await new HelperProcess(executor).runs();
    assertNotEquals(process.pid, prepared);
    assertEquals(stateOf(prepared), undefined);
    assertEquals((await process.call(1, { do: "no_op" })).result, 0);
    assertEquals(await process.end(10_000), { kind: "exited", status: 0 });
  },
);

await testEachExecutor(
  "processes can be started, whatever has become of the one that they are copies of",
  async ({ executor, pid }) => {
    const first = await new HelperProcess(executor).runs();
    const others = helpersOf(pid).filter((each) => each !== first.pid);
    assertEquals(others.length, 1);
    for (const each of others) Deno.kill(each, "SIGKILL");
    for (let time = 0; time < 3; time++) {
      const process = new HelperProcess(executor);
      assertEquals((await process.call(1, { do: "no_op" })).result, 0);
      assertEquals(await process.end(10_000), { kind: "exited", status: 0 });
    }
    assertEquals((await first.call(1, { do: "no_op" })).result, 0);
    assertEquals(await first.kill(10_000), { kind: "killed", signal: 9 });
  },
);

/** The helper processes whose parent is a process. */
function helpersOf(parent: number): number[] {
  return readdirSync("/proc").map(Number).filter((pid) =>
    fileOf(`/proc/${pid}/cmdline`).startsWith("conform-helper") && statOf(pid)[1] === `${parent}`
  );
}

/** The letter of what a process does; `undefined` if there is none. */
function stateOf(pid: number): string | undefined {
  return statOf(pid)[0];
}

/** Whether a process waits for nothing but to be reaped: its first thread has ended, and no other is there. */
function hasEnded(pid: number): boolean {
  return stateOf(pid) === "Z" && readdirSync(`/proc/${pid}/task`).length === 1;
}

/** What the kernel tells of a process behind its name: its state, its parent and so on. */
function statOf(pid: number): readonly string[] {
  return fileOf(`/proc/${pid}/stat`).split(") ")[1]?.split(" ") ?? [];
}

/** A file of a process, which may be gone in any moment. */
function fileOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

await testEachExecutor("a process is asked to end before anybody waits for its end", async ({ executor }) => {
  const asked: string[] = [];
  const process = new HelperProcess(passingOn(executor, {
    hangUp(channel) {
      asked.push("hang up");
      return executor.hangUp(channel);
    },
    gone(pid, ms) {
      asked.push("wait");
      return executor.gone(pid, ms);
    },
  }));
  assertEquals((await process.call(1, { do: "no_op" })).result, 0);
  assertEquals(await process.end(10_000), { kind: "exited", status: 0 });
  assertEquals(asked, ["hang up", "wait"]);
});

await testEachExecutor("a process that cannot be started has nothing to end", async ({ executor }) => {
  const EAGAIN = 11;
  const process = new HelperProcess(passingOn(executor, { start: () => Promise.resolve(-EAGAIN) }));
  await assertRejects(
    () => process.call(1, { do: "no_op" }),
    Error,
    "Cannot start a helper process: error 11",
  );
  assertEquals(await process.end(10_000), { kind: "exited", status: 0 });
  assertEquals(await process.kill(10_000), { kind: "exited", status: 0 });
});

await testEachExecutor(
  "a descriptor reaches a process that was just asked to start, and so does the channel of its copy",
  async ({ executor }) => {
    const files = new Files(executor);
    const [one, strand] = [new HelperProcess(executor), new Strand(1, files)];
    const copied = one.fork((channel) => strand.do(one, "fork", [channel]));
    const fd = await strand.do(one, "memfd", [0], text("test"));
    const other = new HelperProcess(executor);
    const given = one.give(fd, other);
    const late = new HelperProcess(executor);
    const there = await one.give(fd, late);
    assertEquals(await strand.do(late, "seek", [there, 0, WHENCE.end]), 0);
    assertEquals(await strand.do(other, "seek", [await given, 0, WHENCE.end]), 0);
    const copy = await copied;
    assert(typeof copy !== "number", String(copy));
    assertEquals((await copy.call(1, { do: "no_op" })).result, 0);
    for (const process of [copy, late, other, one]) await process.end(10_000);
  },
);

await testEachExecutor("nothing is left open by processes that come and go", async ({ executor, pid }) => {
  const files = new Files(executor);
  const round = async () => {
    const [one, other] = [new HelperProcess(executor), new HelperProcess(executor)];
    const strand = new Strand(1, files);
    await one.give(2, other);
    const copy = await one.fork((channel) => strand.do(one, "fork", [channel]));
    assert(typeof copy !== "number", String(copy));
    await Promise.all([copy.kill(10_000), other.end(10_000)]);
    const late = one.give(2, other).catch((error) => error instanceof ProcessEnded);
    await one.kill(10_000);
    await late;
    await assertRejects(() => one.fork(() => Promise.resolve(0)), ProcessEnded);
  };
  await round();
  const before = readdirSync(`/proc/${pid}/fd`).length;
  for (let time = 0; time < 5; time++) await round();
  assertEquals(readdirSync(`/proc/${pid}/fd`).length, before);
});

await testEachExecutor(
  "what is too long for a process is refused, and costs it nothing",
  async ({ executor }) => {
    const process = new HelperProcess(executor);
    const bytes = new Uint8Array(MESSAGE_MAX - MESSAGE_SIZE - CALL_SIZE).fill(7);
    const read = { do: "read", args: [-1], bytes } as const;
    assertEquals((await process.call(1, read)).bytes, bytes);
    await assertRejects(
      () => process.call(1, { ...read, bytes: new Uint8Array(MESSAGE_MAX) }),
      RangeError,
      "too long",
    );
    assertEquals((await process.call(1, { do: "no_op" })).result, 0);
    assertEquals(await process.end(10_000), { kind: "exited", status: 0 });
  },
);

await testEachExecutor("a copy has ended, whether or not anybody reaps it", async ({ executor }) => {
  const nobodyReaps = passingOn(executor, {
    kill: async (pid, signal) => signal === 0 ? 0 : await executor.kill(pid, signal),
  });
  const [process, strand] = [new HelperProcess(nobodyReaps), new Strand(1, new Files(executor))];
  const copies: HelperProcess[] = [];
  for (let time = 0; time < 2; time++) {
    const copy = await process.fork((channel) => strand.do(process, "fork", [channel]));
    assert(typeof copy !== "number", String(copy));
    copies.push(copy);
  }
  assertEquals(await process.end(10_000), { kind: "exited", status: 0 });
  const [one, other] = copies;
  assertEquals(await one?.end(10_000), { kind: "exited", status: 0 });
  assertEquals(await other?.kill(10_000), { kind: "killed", signal: 9 });
});

await testEachExecutor(
  "who comes to wait in the moment a process is gone is told the same",
  async ({ executor }) => {
    const late: Promise<unknown>[] = [];
    const process: HelperProcess = new HelperProcess(passingOn(executor, {
      async gone(pid, ms) {
        const status = await executor.gone(pid, ms);
        if (status >= 0) late.push(waitInEachOf(10, () => process.kill(10_000)));
        return status;
      },
    }));
    const first = await process.kill(10_000);
    assertEquals(first, { kind: "killed", signal: 9 });
    assertEquals(await Promise.all(late), [Array(10).fill(first)]);
  },
);

/** An executor that does some things otherwise than another. */
function passingOn(executor: Executor, otherwise: Partial<Executor>): Executor {
  return {
    do: (calls) => executor.do(calls),
    start: (command) => executor.start(command),
    prepare: () => executor.prepare(),
    send: (channel, message) => executor.send(channel, message),
    receive: (channel) => executor.receive(channel),
    hangUp: (channel) => executor.hangUp(channel),
    watch: (fd) => executor.watch(fd),
    kill: (pid, signal) => executor.kill(pid, signal),
    gone: (pid, ms) => executor.gone(pid, ms),
    ...otherwise,
  };
}

/** Asks in each of the following turns of the queue of promises. */
async function waitInEachOf<T>(turns: number, ask: () => Promise<T>): Promise<readonly T[]> {
  const asked: Promise<T>[] = [];
  for (let turn = 0; turn < turns; turn++) {
    await Promise.resolve();
    asked.push(ask());
  }
  return await Promise.all(asked);
}

Deno.test({
  name: "who asks a process of a program that there is not is told that it cannot be started",
  ignore: addon === undefined,
  async fn() {
    const near = nearExecutor(addon ?? loadAddon());
    assertEquals(await near.start(["/nowhere"]), -2);
    const process = new HelperProcess(near, ["/nowhere"]);
    await assertRejects(
      () => process.call(1, { do: "no_op" }),
      Error,
      "Cannot start a helper process: error 2",
    );
  },
});

Deno.test({
  name: "an executor elsewhere starts no other program than its own",
  ignore,
  async fn() {
    await using far = await farForTests();
    await assertRejects(() => far.executor.start(["true"]), Error, "no other program");
  },
});
