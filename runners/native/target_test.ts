import { assert, assertEquals, assertGreater, assertRejects, assertStringIncludes } from "@std/assert";
import { type Program, type ProgramStep, RACE_ID } from "../../cases/program.ts";
import { caseIdSchema } from "../../spec/ids.ts";
import type { Event, Observation, Outcome } from "../../spec/observation.ts";
import { isOperationName, type OperationName, operationOf } from "../../spec/operations/mod.ts";
import { runCases } from "../engine.ts";
import { HANDLERS } from "./handlers/mod.ts";
import { makeMemfd } from "./handlers/process.ts";
import { type Executor, ExecutorGone } from "./executor/executor.ts";
import type { Files } from "./executor/files.ts";
import { Descriptor } from "./objects.ts";
import { runRace } from "./race.ts";
import { LIMITS, type NativeHandler, on, Session, type Setting } from "./session.ts";
import { Strand } from "./strand.ts";
import { nativeTarget } from "./target.ts";
import { bareSetting, builtExecutor, farForTests, testEachExecutor } from "./testing.ts";

/** A machine whose heap gives files in memory, which can be mapped, and whose fences are eventfds. */
async function setting(executor: Executor): Promise<Setting> {
  const pretended = [
    on(
      "heap.alloc",
      ({ session, strand }, { size }) => makeMemfd(strand, session.process, session.bytes(size)),
    ),
    on("fence.create", async ({ session: { process }, strand }) => {
      return new Descriptor(process, await strand.do(process, "eventfd", [0, 0]));
    }),
    on("fence.signal", async ({ strand }, { fence }) => {
      await strand.do(fence.process, "write", [fence.number], new Uint8Array(BigUint64Array.of(1n).buffer));
    }),
    on("buffer.import_sync_file", async ({ strand }, { fence }) => {
      await strand.do(fence.process, "read", [fence.number], new Uint8Array(8));
    }),
  ];
  return {
    ...await bareSetting(executor),
    handlers: new Map([...HANDLERS, ...pretended]),
    limits: { ...LIMITS, call: { known: 100, unknown: 200 }, start: { known: 20, unknown: 50 } },
  };
}

/** A step, its arguments as a case writes them. */
function call(operation: OperationName, args: Record<string, unknown> = {}, bind?: string) {
  const id = `${operation}.${bind ?? Object.values(args).join(".")}`;
  return { action: "call", id, operation, args: operationOf(operation).args.parse(args), bind } as const;
}

function start(step: ReturnType<typeof call>): ProgramStep {
  return { ...step, action: "start" };
}

function finish(step: ReturnType<typeof call>): ProgramStep {
  return { action: "finish", id: `${step.id}.finish`, of: step.id };
}

async function outcomesOf(steps: readonly ProgramStep[], setting: Setting) {
  const session = new Session(setting);
  const seen: Observation[] = [];
  for (const step of steps) seen.push(await session.perform(step));
  const { post, stuck } = await session.cleanUp();
  return { seen, outcomes: seen.map(({ outcome }) => outcome), post, stuck };
}

const NOTHING: Outcome = { kind: "returned", value: null };

await testEachExecutor(
  "Session maps, loads and stores, and sees the signal of an access beyond the end",
  async ({ executor }) => {
    const { outcomes, post } = await outcomesOf([
      call("heap.alloc", { size: "2 pages" }, "buf"),
      call("buffer.mmap", { buffer: "buf", length: "3 pages" }, "vma"),
      call("memory.store", { vma: "vma", page: 1, value: 0x42 }),
      call("memory.load", { vma: "vma", page: 1 }),
      call("memory.load", { vma: "vma", page: 2 }),
      call("memory.read_into", { vma: "vma", page: 0 }),
      call("memory.load", { vma: "vma", page: 0 }),
      call("memory.read_into", { vma: "vma", page: 2 }),
      call("memory.write_from", { vma: "vma", page: 2 }),
      call("memory.protect", { vma: "vma", access: ["read"] }),
      call("memory.store", { vma: "vma", page: 0, value: 1 }),
      call("memory.unmap", { vma: "vma", first: 1 }),
      call("memory.load", { vma: "vma", page: 1 }),
      call("memory.load", { vma: "vma", page: 0 }),
    ], await setting(executor));
    assertEquals(
      outcomes,
      [
        NOTHING,
        NOTHING,
        NOTHING,
        { kind: "returned", value: 0x42 },
        { kind: "faulted", signal: "SIGBUS" },
        NOTHING,
        { kind: "returned", value: 0x5a },
        { kind: "failed", errno: "EFAULT" },
        { kind: "failed", errno: "EFAULT" },
        NOTHING,
        { kind: "faulted", signal: "SIGSEGV" },
        NOTHING,
        { kind: "faulted", signal: "SIGSEGV" },
        { kind: "returned", value: 0x5a },
      ],
    );
    assertEquals(post, { leaks: [], blocked: [], log: [], tainted: false });
  },
);

await testEachExecutor(
  "Session gives nothing the number of a descriptor that was closed, in a copy of the process as well",
  async ({ executor }) => {
    const { outcomes, post } = await outcomesOf([
      call("heap.alloc", {}, "one"),
      call("heap.alloc", {}, "two"),
      call("fd.close", { fd: "one" }),
      call("heap.alloc", {}, "three"),
      call("fd.dup", { fd: "two" }, "four"),
      call("fd.close", { fd: "two" }),
      call("process.fork", {}, "copy"),
      call("fd.send", { fd: "four", to: "copy" }, "five"),
      call("fd.close", { fd: "five" }),
      ...["one", "two", "five"].map((fd) => call("fd.flags", { fd })),
      call("fd.close", { fd: "one" }),
      ...["three", "four"].map((fd) => call("buffer.seek", { buffer: fd })),
    ], await setting(executor));
    const closed: Outcome = { kind: "failed", errno: "EBADF" };
    assertEquals(outcomes.slice(0, 9), Array.from({ length: 9 }, () => NOTHING));
    assertEquals(outcomes.slice(9, 13), [closed, closed, closed, closed]);
    assertEquals(outcomes.slice(13).map(({ kind }) => kind), ["returned", "returned"]);
    assertEquals(post, { leaks: [], blocked: [], log: [], tainted: false });
  },
);

/** Stands for a strand: its close is done and then waits, as that of a device does which waits for fences. */
class SlowToClose extends Strand {
  readonly #stoodFor: Strand;
  readonly #through: Promise<void>;

  constructor(stoodFor: Strand, files: Files, through: Promise<void>) {
    super(stoodFor.thread, files);
    this.#stoodFor = stoodFor;
    this.#through = through;
  }

  override async attempt(...call: Parameters<Strand["attempt"]>) {
    const reply = await super.attempt(...call);
    /* from here on whoever looks sees a thread that sleeps */
    if (call[1] === "close") await this.#stoodFor.untilGone(call[0], this.#through);
    return reply;
  }
}

await testEachExecutor(
  "Session gives nothing the number of a descriptor whose close waits",
  async ({ executor }) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const common = await setting(executor);
    const close = HANDLERS.get("fd.close");
    const pretended: (readonly [OperationName, NativeHandler])[] = [
      ["fd.close", async (context, args) => {
        return await close?.(
          { ...context, strand: new SlowToClose(context.strand, common.files, promise) },
          args,
        );
      }],
      on("clock.advance", () => Promise.resolve(resolve())),
    ];
    const closing = call("fd.close", { fd: "one" });
    const { outcomes, post } = await outcomesOf([
      call("heap.alloc", {}, "one"),
      start(closing),
      call("heap.alloc", {}, "two"),
      call("fd.flags", { fd: "one" }),
      call("clock.advance", { ms: 1 }),
      finish(closing),
      call("fd.close", { fd: "two" }),
    ], { ...common, handlers: new Map([...common.handlers, ...pretended]) });
    const closed: Outcome = { kind: "failed", errno: "EBADF" };
    assertEquals(outcomes[1]?.kind, "blocked");
    assertEquals(outcomes.slice(2), [NOTHING, closed, NOTHING, NOTHING, NOTHING]);
    assertEquals(post, { leaks: [], blocked: [], log: [], tainted: false });
  },
);

await testEachExecutor(
  "Session asks a file that is no dma-buf what only a dma-buf answers",
  async ({ executor }, t) => {
    const table: readonly (readonly [ReturnType<typeof call>, Outcome])[] = [
      [call("buffer.sync", { buffer: "buf" }), { kind: "failed", errno: "ENOTTY" }],
      [call("buffer.export_sync_file", { buffer: "buf" }), { kind: "failed", errno: "ENOTTY" }],
      [call("buffer.set_name", { buffer: "buf", name: "x" }), { kind: "failed", errno: "ENOTTY" }],
      [call("buffer.ioctl", { buffer: "buf", number: 5 }), { kind: "failed", errno: "ENOTTY" }],
      [call("buffer.fdinfo", { buffer: "buf" }), { kind: "failed", errno: "ENOENT" }],
      [call("buffer.poll", { buffer: "buf" }), {
        kind: "returned",
        value: { readable: true, writable: true },
      }],
      [call("buffer.seek", { buffer: "buf" }), { kind: "returned", value: 8192 }],
      [call("fd.flags", { fd: "buf" }), {
        kind: "returned",
        value: { access: "rdwr", nonblock: false, append: false, cloexec: true },
      }],
    ];
    for (const [step, expected] of table) {
      await t.step(step.operation, async () => {
        const made = call("heap.alloc", { size: "2 pages" }, "buf");
        const { outcomes } = await outcomesOf([made, step], await setting(executor));
        assertEquals(outcomes[1], expected);
      });
    }
  },
);

await testEachExecutor(
  "Session does not send a request to revoke whose meaning it could not find out",
  async ({ executor }) => {
    const unknown = await setting(executor);
    const machine = { ...unknown.machine, revokeRequest: "not asked" as const };
    for (
      const step of [
        call("buffer.revoke", { buffer: "buf" }),
        call("buffer.ioctl", { buffer: "buf", number: 4 }),
      ]
    ) {
      const steps = [call("heap.alloc", {}, "buf"), step];
      const { outcomes: [, outcome] } = await outcomesOf(steps, { ...unknown, machine });
      assert(outcome?.kind === "unsupported", outcome?.kind);
      assertStringIncludes(outcome.reason, "load the module udmabuf");
    }
  },
);

await testEachExecutor(
  "Session passes descriptors between processes, closes, copies and kills",
  async ({ executor }) => {
    const { outcomes } = await outcomesOf([
      call("memfd.create", { length: "2 pages" }, "file"),
      call("process.spawn", {}, "child"),
      call("fd.send", { fd: "file", to: "child" }, "there"),
      call("fd.close", { fd: "file" }),
      call("fd.close", { fd: "file" }),
      call("fd.dup", { fd: "file" }, "copy"),
      call("fd.dup", { fd: "there" }, "copy"),
      call("fd.path", { fd: "there" }, "path"),
      call("fd.path", { fd: "file" }, "path"),
      call("fd.exhaust"),
      call("fd.open", { kind: "eventfd" }, "event"),
      call("fd.replenish"),
      call("fd.open", { kind: "eventfd" }, "event"),
      call("fd.dup_over", { fd: "event", over: "file" }),
      call("fd.close", { fd: "file" }),
      call("process.kill", { process: "child" }),
    ], await setting(executor));
    const kinds = outcomes.map((outcome) => outcome.kind === "failed" ? outcome.errno : outcome.kind);
    const ok = "returned";
    assertEquals(kinds, [
      ...[ok, ok, ok, ok, "EBADF", "EBADF", ok, ok, "EBADF"],
      ...[ok, "EMFILE", ok, ok, ok, ok, ok],
    ]);
  },
);

await testEachExecutor(
  "Session sees a step that blocks, and that it returns when it is released",
  async ({ executor }) => {
    const waits = call("buffer.import_sync_file", { buffer: "buf", fence: "fence" });
    const { seen, outcomes, post } = await outcomesOf([
      call("heap.alloc", {}, "buf"),
      call("fence.create", {}, "fence"),
      start(waits),
      call("buffer.seek", { buffer: "buf" }),
      call("fence.signal", { fence: "fence" }),
      finish(waits),
    ], await setting(executor));
    assertEquals(outcomes.map(({ kind }) => kind), [
      ...["returned", "returned", "blocked", "returned", "returned", "returned"],
    ]);
    assertEquals(seen.map(({ pending }) => pending.length), [0, 0, 1, 1, 0, 0]);
    assertEquals(post.blocked, []);
  },
);

await testEachExecutor(
  "Session counts to a step what a call does that it has let go, until that waits again",
  async ({ executor }) => {
    const waits = call("buffer.import_sync_file", { buffer: "buf", fence: "fence" });
    const told: Event = { event: "invalidate", attachment: "imp" };
    const waitsTwice = on("buffer.import_sync_file", async ({ session, strand }, { fence }) => {
      const happened: Event[] = [];
      session.watch(() => Promise.resolve(happened.splice(0)));
      await strand.do(fence.process, "read", [fence.number], new Uint8Array(8));
      await strand.do(fence.process, "sleep", [30]);
      happened.push(told);
      await strand.do(fence.process, "read", [fence.number], new Uint8Array(8));
    });
    const given = await setting(executor);
    const { seen, post } = await outcomesOf([
      call("heap.alloc", {}, "buf"),
      call("fence.create", {}, "fence"),
      start(waits),
      call("fence.signal", { fence: "fence" }),
      call("fence.signal", { fence: "fence" }),
      finish(waits),
    ], { ...given, handlers: new Map([...given.handlers, waitsTwice]) });
    assertEquals(seen.map(({ events }) => events), [[], [], [], [told], [], []]);
    assertEquals(seen.map(({ pending }) => pending.length), [0, 0, 1, 1, 0, 0]);
    assertEquals(post.blocked, []);
  },
);

await testEachExecutor("Session tells of a step that never returns, and ends it", async ({ executor }) => {
  const { outcomes, post, stuck } = await outcomesOf([
    call("heap.alloc", {}, "buf"),
    call("fence.create", {}, "fence"),
    call("buffer.import_sync_file", { buffer: "buf", fence: "fence" }),
    call("buffer.seek", { buffer: "buf" }),
  ], await setting(executor));
  assertEquals(outcomes.map(({ kind }) => kind), ["returned", "returned", "blocked", "returned"]);
  assertEquals([post.blocked.length, stuck], [1, undefined]);
});

await testEachExecutor(
  "runRace() runs threads at the same time and counts how they end",
  async ({ executor }) => {
    const close = call("fd.close", { fd: "file" });
    const copy = call("fd.dup", { fd: "file" }, "copy");
    const program: Program = {
      case: caseIdSchema.parse("vfio/race/close"),
      steps: [call("memfd.create", {}, "file")],
      race: { threads: [{ name: "one", steps: [close] }, { name: "two", steps: [copy] }], then: [] },
    };
    const seen: Observation[] = [];
    const end = await runRace(program, await setting(executor), 30, (each) => seen.push(each), undefined);
    assertEquals(end.end, "completed");
    assertEquals(seen.map(({ step }) => step), [program.steps[0]?.id, RACE_ID]);
    const outcome = seen[1]?.outcome;
    assert(outcome?.kind === "raced", outcome?.kind);
    assertEquals([outcome.runs, outcome.exhaustive, outcome.findings], [30, false, []]);
    assertEquals(outcome.ends.reduce((sum, { count }) => sum + count, 0), 30);
    for (const { results } of outcome.ends) {
      assertEquals(results[close.id]?.kind, "returned");
      assert(["returned", "failed"].includes(results[copy.id]?.kind ?? ""), results[copy.id]?.kind);
    }
  },
);

await testEachExecutor(
  "nativeTarget() describes the machine, and what it cannot do with the reason and the remedy",
  async ({ executor }) => {
    const target = nativeTarget({ executor });
    const { kernel, operations, pageSize } = await target.describe();
    assertEquals(kernel, (await Deno.readTextFile("/proc/sys/kernel/osrelease")).trim());
    assertGreater(pageSize, 0);
    assert(operations.every(isOperationName));
    assert(!operations.includes("importer.attach"));
    const seen: Observation[] = [];
    const end = await target.run(
      { case: caseIdSchema.parse("vfio/attach/x"), steps: [call("vfio.open", {}, "dev")] },
      (each) => seen.push(each),
    );
    assertEquals(seen[0]?.outcome, {
      kind: "unsupported",
      reason: "no VFIO device was given: name one, as in native:0000:01:00.0",
    });
    assertEquals(end.end, "completed");
    await target.close();
  },
);

await testEachExecutor("nativeTarget() stops a case when it is told to", async ({ executor }) => {
  const target = nativeTarget({ executor });
  const controller = new AbortController();
  const end = await target.run(
    {
      case: caseIdSchema.parse("base/slow"),
      steps: [call("clock.advance", { ms: 1 }), call("clock.advance", { ms: 60_000 })],
    },
    () => controller.abort("the time is up"),
    controller.signal,
  );
  assertEquals([end.end, end.reason], ["timeout", "the run was stopped: the time is up"]);
  await target.close();
});

Deno.test({
  name: "nativeTarget() says what to do where there is no addon, and the engine runs nothing",
  async fn() {
    const { stopped, notRun } = await runCases([], () => nativeTarget({ addon: "/nowhere" }), {}, {
      begin() {},
      step() {},
      end() {},
    });
    assertEquals([stopped, notRun], [undefined, []]);
    try {
      await nativeTarget({ addon: "/nowhere" }).describe();
      throw new Error("It described what is not there");
    } catch (error) {
      assertStringIncludes(String(error), "/nowhere cannot be loaded");
    }
  },
});

Deno.test({
  name: "nativeTarget() fails a case whose executor is lost, wherever that is, and can be closed",
  ignore: typeof await builtExecutor("plain") !== "string",
  async fn() {
    const descriptor = call("memfd.create", { length: "1 page" }, "file");
    const waits = [
      call("clock.advance", { ms: 60_000 }),
      call("process.spawn", {}, "child"),
      call("fd.flags", { fd: "file" }),
    ];
    for (const step of waits) {
      await using far = await farForTests();
      const target = nativeTarget({ executor: far.executor });
      await target.describe();
      const run = target.run(
        { case: caseIdSchema.parse("base/lost"), steps: [descriptor, step] },
        () => Deno.kill(far.pid, "SIGKILL"),
      );
      await assertRejects(async () => await run, ExecutorGone);
      await target.close();
    }
  },
});
