import { assert, assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import fc from "fast-check";
import { readdirSync, readFileSync } from "node:fs";
import { text } from "../abi/layout.ts";
import { CONTROLS, PRIMITIVES } from "../addon.ts";
import {
  CALL_SIZE,
  DUTIES,
  headerOf,
  MESSAGE_MAX,
  MESSAGE_SIZE,
  packMessage,
  type Reply,
  resultOf,
  type SystemCall,
} from "../calls.ts";
import { WHENCE } from "../constants.ts";
import { HelperProcess, ProcessEnded } from "../process.ts";
import { Strand } from "../strand.ts";
import type { Flavour } from "../location.ts";
import {
  builtExecutor,
  farForTests,
  type FarOptions,
  type LentFar,
  testEachExecutor,
  until,
} from "../testing.ts";
import { ExecutorGone } from "./executor.ts";
import { type FarExecutor, farExecutor } from "./far.ts";
import type { Wire } from "./wire.ts";
import { Files } from "./files.ts";

const EAGAIN = -11;
const ECHILD = -10;
const ESRCH = -3;
const SIGKILL = 9;
const SIGCONT = 18;
const SIGSTOP = 19;
const KILLED = 256 + SIGKILL;

/** Processes that an executor has at the most; MANY in addon/executor.c. */
const MANY = 128;

/** The largest bytes of one call. */
const BYTES_MAX = MESSAGE_MAX - MESSAGE_SIZE - CALL_SIZE;

/** A wire whose other end is the test. */
class FakeWire implements Wire {
  /** What was written, in one piece. */
  written = new Uint8Array(0);
  isClosed = false;
  readonly #writeAtOnce: number;
  #pieces: (Uint8Array | null)[] = [];
  #wake: (() => void) | undefined;

  /** Takes so many bytes of each write. */
  constructor(writeAtOnce: number = Infinity) {
    this.#writeAtOnce = writeAtOnce;
  }

  /** Has the executor see what came, or the end. */
  give(bytes: Uint8Array | null): void {
    this.#pieces.push(bytes);
    this.#wake?.();
  }

  async read(room: Uint8Array): Promise<number | null> {
    while (this.#pieces.length === 0) await new Promise<void>((resolve) => this.#wake = resolve);
    const piece = this.#pieces.shift() ?? null;
    if (piece === null) return null;
    const count = Math.min(piece.length, room.length);
    room.set(piece.subarray(0, count));
    if (count < piece.length) this.#pieces.unshift(piece.subarray(count));
    return count;
  }

  write(bytes: Uint8Array): Promise<number> {
    const count = Math.min(bytes.length, this.#writeAtOnce);
    this.written = Uint8Array.of(...this.written, ...bytes.subarray(0, count));
    return Promise.resolve(count);
  }

  close(): void {
    this.isClosed = true;
    this.give(null);
  }
}

const OWN = 0;
const FRAME_SIZE = 16;

/** A frame as an executor writes it, with all of its zeros or without some. */
function frame(channel: number, message: Uint8Array, sent: number = message.length): Uint8Array {
  const bytes = new Uint8Array(FRAME_SIZE + sent);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, channel, true);
  view.setUint32(4, message.length, true);
  view.setUint32(8, sent, true);
  bytes.set(message.subarray(0, sent), FRAME_SIZE);
  return bytes;
}

/** An answer to a request: what became of each call. */
function answer(id: number, ...replies: readonly Pick<Reply, "result" | "bytes">[]): Uint8Array {
  const calls = replies.map(({ bytes }): SystemCall => ({ do: "no_op", bytes }));
  const message = packMessage({ id, thread: 0, fd: -1 }, calls);
  const view = new DataView(message.buffer);
  for (const [index, { result }] of replies.entries()) {
    view.setBigInt64(MESSAGE_SIZE + CALL_SIZE * index + 8, BigInt(result), true);
  }
  return frame(OWN, message);
}

const NOTHING = new Uint8Array(0);

/** What an executor says of a process that it has started. */
function started(id: number, pid: number, channel: number): Uint8Array {
  return answer(id, { result: 0, bytes: new Uint8Array(Int32Array.of(pid, channel, 0).buffer) });
}

function concat(...parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

/** A message of a helper process that answers nothing. */
function ofHelper(id: number, fd: number = -1): Uint8Array {
  return packMessage({ id, thread: 0, fd }, []);
}

interface Asked {
  readonly id: number;
  readonly primitive: number;
  readonly arg: bigint;
}

/** The requests of one call to the executor itself that were written whole. */
function asked({ written }: FakeWire): readonly Asked[] {
  const seen: Asked[] = [];
  const view = new DataView(written.buffer);
  for (let at = 0; at + FRAME_SIZE <= written.length;) {
    const [channel, length, sent] = [0, 4, 8].map((part) => view.getUint32(at + part, true));
    const message = new Uint8Array(length ?? 0);
    const end = at + FRAME_SIZE + (sent ?? 0);
    if (end > written.length) break;
    message.set(written.subarray(at + FRAME_SIZE, end));
    if (channel === OWN) seen.push(requestIn(message));
    at = end;
  }
  return seen;
}

function requestIn(message: Uint8Array): Asked {
  const call = new DataView(message.buffer, MESSAGE_SIZE);
  return { id: headerOf(message).id, primitive: call.getUint32(0, true), arg: call.getBigUint64(24, true) };
}

function numberOf(name: SystemCall["do"]): number {
  return [...PRIMITIVES, ...CONTROLS, ...DUTIES].findIndex((each) => each === name);
}

Deno.test("an executor of another version is refused, and nothing can be asked of it any more", async () => {
  const wire = new FakeWire();
  const executor = farExecutor(wire);
  const hello = executor.hello();
  const bytes = new TextEncoder().encode("open close jump\ntold\n");
  wire.give(answer(1, { result: bytes.length, bytes }));
  await assertRejects(() => hello, ExecutorGone, "not of this version");
  await assertRejects(() => executor.do([{ do: "no_op" }]), ExecutorGone, "not of this version");
  assertEquals(wire.isClosed, true);
});

Deno.test("what is no message of an executor ends the connection with an error that says so", async () => {
  const header = (length: number, sent: number) => new Uint8Array(Uint32Array.of(0, length, sent, 0).buffer);
  const count = new Uint8Array(MESSAGE_SIZE);
  new DataView(count.buffer).setUint32(8, 1_000_000, true);
  const table = {
    "a message that is too long": header(MESSAGE_MAX + 1, 0),
    "more than the message": header(16, 17),
    "no header": header(4, 0),
    "the end of the executor's own channel": header(0, 0),
    "more calls than there are": frame(OWN, count),
    "a process that says nothing": frame(9, Uint8Array.of(1, 2, 3)),
    "text": new TextEncoder().encode("Kernel panic - not syncing: Attempted to kill init!"),
  };
  for (const [what, bytes] of Object.entries(table)) {
    const wire = new FakeWire();
    const executor = farExecutor(wire);
    const waits = executor.do([{ do: "no_op" }]);
    const comes = executor.receive(9);
    comes.catch(() => undefined);
    wire.give(bytes);
    await assertRejects(() => waits, ExecutorGone, "what came is no message of an executor", what);
    await assertRejects(() => comes, ExecutorGone, "no message", what);
    assertEquals(wire.isClosed, true);
  }
});

Deno.test("all who wait are told when the other side hangs up, and when this one does", async () => {
  for (const hangUp of ["other", "this"] as const) {
    const wire = new FakeWire();
    const executor = farExecutor(wire);
    const waits = [
      executor.hello(),
      executor.do([{ do: "no_op" }]),
      executor.gone(7, 1_000),
      executor.receive(5),
    ];
    if (hangUp === "this") executor.close();
    else wire.give(null);
    for (const each of await Promise.allSettled(waits)) {
      assert(each.status === "rejected" && each.reason instanceof ExecutorGone, each.status);
    }
    await executor.hangUp(5);
    await assertRejects(() => executor.start(), ExecutorGone);
    await assertRejects(async () => await executor.send(5, ofHelper(1)), ExecutorGone);
  }
});

Deno.test("a wire that fails is an executor that is gone, with the reason", async () => {
  const failing: Wire = {
    read: () => new Promise(() => {}),
    write: () => Promise.reject(new Error("Broken pipe")),
    close() {
      throw new Error("It is closed already");
    },
  };
  const executor = farExecutor(failing);
  await assertRejects(() => executor.do([{ do: "no_op" }]), ExecutorGone, "is lost: Broken pipe");
});

Deno.test("what comes in any pieces arrives whole and in order, without or with its zeros", async () => {
  const message = fc.tuple(fc.uint8Array({ maxLength: 40 }), fc.nat(30)).map(([bytes, zeros]) =>
    concat(ofHelper(1), bytes, new Uint8Array(zeros))
  );
  const messages = fc.array(fc.tuple(fc.constantFrom(4, 5), message, fc.boolean()), {
    minLength: 1,
    maxLength: 8,
  });
  await fc.assert(
    fc.asyncProperty(messages, fc.infiniteStream(fc.integer({ min: 1, max: 50 })), async (sent, cuts) => {
      const wire = new FakeWire();
      const executor = farExecutor(wire);
      await sendAll(executor, [4, 5]);
      let rest = concat(
        ...sent.map(([channel, bytes, all]) => frame(channel, bytes, all ? bytes.length : trimmed(bytes))),
      );
      while (rest.length > 0) {
        const cut = cuts.next().value ?? 1;
        wire.give(rest.slice(0, cut));
        rest = rest.slice(cut);
      }
      for (const channel of [4, 5]) {
        for (const [, bytes] of sent.filter(([to]) => to === channel)) {
          assertEquals(await executor.receive(channel), bytes);
        }
      }
      executor.close();
    }),
    { numRuns: 200 },
  );
});

/** Has the executor know of channels. */
async function sendAll(executor: FarExecutor, channels: readonly number[]): Promise<void> {
  for (const channel of channels) assertEquals(executor.send(channel, ofHelper(1)), 0);
  await Promise.resolve();
}

function trimmed(bytes: Uint8Array): number {
  return bytes.findLastIndex((each) => each !== 0) + 1;
}

Deno.test("what is written leaves whole and in order, however little the wire takes at once", async () => {
  for (const atOnce of [1, 3, 16, 1_000]) {
    const wire = new FakeWire(atOnce);
    const executor = farExecutor(wire);
    const pids = [1_000, 2_000, 3_000];
    const waits = pids.map((pid) => executor.kill(pid, 0));
    await until(() => asked(wire).length === pids.length);
    for (const id of [1, 2, 3]) wire.give(answer(id, { result: id, bytes: NOTHING }));
    assertEquals(await Promise.all(waits), [1, 2, 3]);
    assertEquals(
      asked(wire),
      pids.map((pid, index) => ({ id: index + 1, primitive: numberOf("kill"), arg: BigInt(pid) })),
    );
    executor.close();
  }
});

Deno.test("the number of a channel that was closed is that of the next process, whatever comes at once", async () => {
  const wire = new FakeWire();
  const executor = farExecutor(wire);
  const first = executor.start();
  wire.give(started(1, 100, 7));
  assertEquals(await first, { pid: 100, channel: 7, thread: 0 });
  const waits = executor.receive(7);
  const hungUp = executor.hangUp(7);
  const second = executor.start();
  /* the end of the first, that its number is free, the second, and what that says: all in one piece */
  wire.give(concat(
    frame(7, ofHelper(1)),
    frame(7, NOTHING),
    answer(2, { result: 0, bytes: NOTHING }),
    started(3, 101, 7),
    frame(7, ofHelper(42)),
  ));
  assertEquals(await waits, undefined);
  assertEquals(await second, { pid: 101, channel: 7, thread: 0 });
  await hungUp;
  assertEquals(await executor.receive(7), ofHelper(42));
  assertEquals(executor.send(7, ofHelper(43)), 0);
  const ends = executor.receive(7);
  wire.give(frame(7, NOTHING));
  assertEquals(await ends, undefined);
  executor.close();
});

Deno.test("the descriptor of a message that nobody waits for is closed", async () => {
  const wire = new FakeWire();
  const executor = farExecutor(wire);
  await sendAll(executor, [7]);
  wire.give(frame(7, ofHelper(1, 30)));
  const known = executor.kill(5, 0);
  wire.give(answer(1, { result: 0, bytes: NOTHING }));
  await known;
  const hungUp = executor.hangUp(7);
  wire.give(frame(7, ofHelper(2, 31)));
  await until(() => asked(wire).length === 4);
  for (const { id } of asked(wire)) wire.give(answer(id, { result: 0, bytes: NOTHING }));
  await hungUp;
  const closed = asked(wire).filter(({ primitive }) => primitive === numberOf("close")).map(({ arg }) => arg);
  assertEquals(closed, [30n, 31n]);
  executor.close();
});

/** Starts an executor for a test. */
type LendFar = (options?: FarOptions) => Promise<LentFar>;

/** How the executor can be compiled here: as it is used, and with the compiler's sanitizers. */
const flavours: Flavour[] = [];
for (const flavour of ["plain", "sanitized"] as const) {
  if (typeof await builtExecutor(flavour) === "string") flavours.push(flavour);
}

/** What a shell says of a program that was killed. */
const ENDED_BY_KILL = 128 + SIGKILL;

/** Tests something with the executor as a program, which must end well unless the test kills it. */
function testFar(name: string, test: (lend: LendFar) => Promise<void>): void {
  Deno.test({
    name,
    ignore: flavours.length === 0,
    async fn(t) {
      for (const flavour of flavours) await t.step(flavour, () => testFlavour(flavour, test));
    },
  });
}

async function testFlavour(flavour: Flavour, test: (lend: LendFar) => Promise<void>): Promise<void> {
  const lent: LentFar[] = [];
  await test(async (options) => {
    const far = await farForTests({ ...options, flavour });
    lent.push(far);
    return far;
  });
  for (const { ended } of lent) {
    const { code, errors } = await ended;
    assert(code === 0 || code === ENDED_BY_KILL, errors);
  }
}

testFar("an executor passes on what it was told of its machine, each time", async (lend) => {
  const file = await Deno.makeTempFile();
  const facts = "module loaded\nnet: none";
  await Deno.writeTextFile(file, `${facts}\n`);
  await using far = await lend({ telling: file });
  assertEquals(far.told, facts);
  assertEquals(await far.executor.hello(), facts);
  await Deno.remove(file);
});

testFar("an executor that is killed leaves nobody waiting, and no process", async (lend) => {
  await using far = await lend();
  const { executor } = far;
  const process = await new HelperProcess(executor).runs();
  const { bytes } = await process.call(1, { do: "pipe", args: [0], bytes: new Uint8Array(8) });
  const [end = -1] = new Int32Array(bytes.buffer);
  const waits: Promise<unknown>[] = [
    process.call(1, { do: "read", args: [end], bytes: new Uint8Array(1) }),
    executor.gone(process.pid, 60_000),
    executor.receive(99),
  ];
  await executor.quiet();
  Deno.kill(far.pid, "SIGKILL");
  for (const each of await Promise.allSettled(waits)) {
    assert(each.status === "rejected" && each.reason instanceof ExecutorGone, JSON.stringify(each));
  }
  await assertRejects(() => process.call(1, { do: "no_op" }), ExecutorGone);
  await assertRejects(() => process.end(1_000), ExecutorGone);
  await assertRejects(() => executor.hello(), ExecutorGone, "has ended");
  await until(() => !lives(process.pid));
});

testFar(
  "an executor ends when its caller hangs up or talks nonsense, and its processes with it",
  async (lend) => {
    for (const how of ["hangs up", "talks nonsense"] as const) {
      let wire: Wire | undefined;
      await using far = await lend({ through: (real) => wire = real });
      const process = await new HelperProcess(far.executor).runs();
      if (how === "hangs up") far.executor.close();
      else await wire?.write(new Uint8Array(FRAME_SIZE).fill(0xff));
      assertEquals(await far.ended, { code: 0, errors: "" });
      await until(() => !lives(process.pid));
    }
  },
);

testFar("an executor hears and is heard byte by byte", async (lend) => {
  const slowly = ({ read, write, close }: Wire): Wire => ({
    read: (room) => read(room.subarray(0, 1)),
    write: (bytes) => write(bytes.subarray(0, 1)),
    close,
  });
  await using far = await lend({ through: slowly });
  const process = new HelperProcess(far.executor);
  const bytes = Uint8Array.from({ length: 300 }, (_, index) => index);
  assertEquals((await process.call(1, { do: "read", args: [-1], bytes })).bytes, bytes);
  assertEquals(await process.end(10_000), { kind: "exited", status: 0 });
});

await testEachExecutor(
  "any bytes go there and come back, up to the longest message",
  async ({ executor }) => {
    const [made] = await executor.do([{ do: "memfd", args: [0], bytes: text("test") }]);
    const fd = made?.result ?? -1;
    const there = async (bytes: Uint8Array) => {
      const written = await executor.do([{ do: "write_at", args: [fd, 0], bytes }]);
      assertEquals(written[0]?.result, bytes.length);
      const [read] = await executor.do([{
        do: "read_at",
        args: [fd, 0],
        bytes: new Uint8Array(bytes.length),
      }]);
      assertEquals(read?.bytes, bytes);
    };
    await fc.assert(fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 600 }), there), {
      numRuns: 100,
    });
    for (const length of [BYTES_MAX - 7, BYTES_MAX]) {
      await there(
        new Uint8Array(length).map((_, index) => index),
      );
    }
    await there(new Uint8Array(BYTES_MAX));
    await executor.do([{ do: "close", args: [fd] }]);
  },
);

testFar("every answer says whether there is something to read where it watches", async (lend) => {
  await using far = await lend();
  const { executor } = far;
  const one = new Uint8Array(BigUint64Array.of(1n).buffer);
  const [made] = await executor.do([{ do: "eventfd", args: [0, 0] }]);
  const fd = made?.result ?? -1;
  const watched = executor.watch(fd);
  await executor.quiet();
  assertEquals(watched.isReadable, false);
  await executor.do([{ do: "write", args: [fd], bytes: one }]);
  assertEquals(watched.isReadable, true);
  const process = new HelperProcess(executor);
  await executor.do([{ do: "read", args: [fd], bytes: new Uint8Array(8) }]);
  assertEquals(watched.isReadable, false);
  assertEquals(await process.give(2, process) > 2, true);
  assertEquals(watched.isReadable, false);
  await process.end(10_000);
  await executor.do([{ do: "close", args: [fd] }]);
  assertEquals(watched.isReadable, true, "what cannot be told");
  await executor.hello();
  assertEquals(watched.isReadable, true, "what nobody watches");
});

testFar("what is too long for an executor is refused, and costs it nothing", async (lend) => {
  await using far = await lend();
  const bytes = new Uint8Array(BYTES_MAX + 1);
  await assertRejects(() => far.executor.do([{ do: "no_op", bytes }]), RangeError, "too long");
  assertEquals((await far.executor.do([{ do: "no_op" }]))[0]?.result, 0);
});

testFar("an executor that is greeted again has given up all of before", async (lend) => {
  await using far = await lend();
  const { executor, pid } = far;
  await (await new HelperProcess(executor).runs()).end(10_000);
  await executor.hello();
  const before = descriptorsOf(pid);
  for (let time = 0; time < 3; time++) {
    const process = new HelperProcess(executor);
    const strand = new Strand(1, new Files(executor));
    const copy = await process.fork((channel) => strand.do(process, "fork", [channel]));
    assert(typeof copy !== "number", String(copy));
    await executor.do([{ do: "memfd", args: [0], bytes: text("test") }]);
    const waits = [
      strand.do(process, "sleep", [60_000]),
      executor.gone(process.pid, 60_000),
      executor.receive(9_999),
    ];
    executor.prepare();
    const told = executor.hello();
    const [slept, gone, came] = await Promise.allSettled(waits);
    assert(slept?.status === "rejected" && slept.reason instanceof ProcessEnded);
    assert(gone?.status === "rejected" && gone.reason instanceof ExecutorGone);
    assertEquals(came, { status: "fulfilled", value: undefined });
    assertEquals(await told, "");
    await until(() => !lives(copy.pid));
    await until(async () => !isThere(process.pid) || void await executor.quiet());
    const next = new HelperProcess(executor);
    assertEquals((await next.call(1, { do: "no_op" })).result, 0);
    assertEquals(await next.end(10_000), { kind: "exited", status: 0 });
  }
  assertEquals(descriptorsOf(pid), before);
});

testFar("an executor has many processes, and says so where they are too many", async (lend) => {
  await using far = await lend();
  const { executor, pid } = far;
  const all = Array.from({ length: MANY }, () => new HelperProcess(executor));
  const replies = await Promise.all(all.map((process) => process.call(1, { do: "thread_id" })));
  assertEquals(new Set(replies.map(({ result }) => result)).size, MANY);
  assertEquals(await executor.start(), EAGAIN);
  const waits = all.map(({ pid }) => executor.gone(pid, 60_000));
  for (const { pid } of all) await executor.kill(pid, SIGKILL);
  assertEquals(new Set(await Promise.all(waits)), new Set([KILLED]));
  await Promise.all(all.map((process) => process.end(10_000)));
  const again = new HelperProcess(executor);
  assertEquals((await again.call(1, { do: "no_op" })).result, 0);
  await again.end(10_000);
  assert(descriptorsOf(pid).length < 20);
});

await testEachExecutor(
  "the end of a process is waited for as long as asked, and told once",
  async ({ executor }) => {
    const start = async () => {
      const started = await executor.start();
      assert(typeof started !== "number", String(started));
      return started;
    };
    const one = await start();
    assertEquals(await executor.gone(one.pid, 0), EAGAIN);
    assertEquals(await executor.gone(one.pid, 3), EAGAIN);
    const later = executor.gone(one.pid, Infinity);
    await executor.do([{ do: "no_op" }]);
    await executor.hangUp(one.channel);
    assertEquals(await later, 0);
    assertEquals(await executor.gone(one.pid, 1_000), ECHILD);
    assertEquals(await executor.kill(one.pid, 0), ESRCH);
    const two = await start();
    assertEquals(await executor.kill(two.pid, SIGKILL), 0);
    assertEquals(await executor.gone(two.pid, 10_000), KILLED);
    await executor.hangUp(two.channel);
    for (const pid of [-1, 0, 1]) assertEquals(await executor.kill(pid, 0), -22);
  },
);

await testEachExecutor(
  "who waits for a message is told when the channel is hung up",
  async ({ executor }) => {
    const started = await executor.start();
    assert(typeof started !== "number", String(started));
    const waits = executor.receive(started.channel);
    await executor.hangUp(started.channel);
    assertEquals(await waits, undefined);
    assertEquals(await executor.gone(started.pid, 10_000), 0);
  },
);

await testEachExecutor(
  "processes come and go at once, and none hears what another was asked",
  async ({ executor }) => {
    const one = async (which: number) => {
      for (let time = 0; time < 20; time++) {
        const process = new HelperProcess(executor);
        const bytes = Uint8Array.of(which, time, 1);
        assertEquals((await process.call(1, { do: "read", args: [-1], bytes })).bytes, bytes);
        if (time % 2 === 0) void process.end(10_000);
        else await process.kill(10_000);
      }
    };
    await Promise.all(Array.from({ length: 8 }, (_, which) => one(which)));
  },
);

testFar(
  "a process that takes nothing holds up no other, and gets all that was sent when it goes on",
  async (lend) => {
    await using far = await lend();
    const { executor } = far;
    const [stopped, other] = [new HelperProcess(executor), new HelperProcess(executor)];
    const strand = new Strand(1, new Files(executor));
    assertEquals((await stopped.call(1, { do: "no_op" })).result, 0);
    await executor.kill(stopped.pid, SIGSTOP);
    const bytes = (index: number) => new Uint8Array(BYTES_MAX).fill(index + 1);
    const replies = Array.from(
      { length: 12 },
      (_, index) => stopped.call(1, { do: "read", args: [-1], bytes: bytes(index) }),
    );
    const fd = await strand.do(other, "memfd", [0], text("test"));
    await strand.do(other, "truncate", [fd, 12_345]);
    const given = other.give(fd, stopped);
    assertEquals((await other.call(1, { do: "no_op" })).result, 0);
    await executor.kill(stopped.pid, SIGCONT);
    for (const [index, reply] of replies.entries()) assertEquals((await reply).bytes, bytes(index));
    assertEquals(await strand.do(stopped, "seek", [await given, 0, WHENCE.end]), 12_345);
    await executor.kill(stopped.pid, SIGSTOP);
    const never = Array.from({ length: 5 }, () => stopped.call(1, { do: "no_op", bytes: bytes(0) }));
    const ends = Promise.allSettled(never);
    assertEquals(await stopped.kill(10_000), { kind: "killed", signal: SIGKILL });
    assertEquals(new Set((await ends).map(({ status }) => status)), new Set(["rejected"]));
    assertEquals(await other.end(10_000), { kind: "exited", status: 0 });
  },
);

await testEachExecutor(
  "calls in one go take what earlier ones gave, and end with the first that fails",
  async ({ executor }) => {
    const [ECANCELED, EBADF] = [-125, -9];
    const replies = await executor.do([
      { do: "memfd", args: [0], bytes: text("test") },
      { do: "truncate", args: [resultOf(0), 77] },
      { do: "seek", args: [resultOf(0), 0, WHENCE.end] },
      { do: "close", args: [resultOf(0)] },
      { do: "inode", args: [resultOf(0)] },
      { do: "no_op" },
    ]);
    assertNotEquals(replies[0]?.result, -1);
    assertEquals(replies.slice(1).map(({ result }) => result), [0, 77, 0, EBADF, ECANCELED]);
  },
);

/** The numbers of the descriptors of a process. */
function descriptorsOf(pid: number): readonly string[] {
  return readdirSync(`/proc/${pid}/fd`).toSorted();
}

/** Whether there is a process that has not ended. */
function lives(pid: number): boolean {
  return /^[^ZX]/.test(stateOf(pid) ?? "Z");
}

/** Whether there is a process, or what is left of one that nobody has reaped. */
function isThere(pid: number): boolean {
  return stateOf(pid) !== undefined;
}

/** The letter of what a process does; `undefined` if there is none. */
function stateOf(pid: number): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.[0];
  } catch {
    return undefined;
  }
}
