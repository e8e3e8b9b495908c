import { assert, assertEquals, assertObjectMatch } from "@std/assert";
import { caseIdSchema } from "../../spec/ids.ts";
import type { CaseEnd, Observation } from "../../spec/observation.ts";
import { type OperationName, operationOf } from "../../spec/operations/mod.ts";
import type { Program, ProgramStep } from "../../cases/program.ts";
import { DIALECTS } from "./dialects/mod.ts";
import { DmaBuf, type DmaBufOps, dmaBufVmap } from "./kernel/dma_buf.ts";
import { openFlagsOf } from "./kernel/file.ts";
import { Kernel } from "./kernel/kernel.ts";
import { allocateFromHeap } from "./kernel/test_exporter.ts";
import { MUTANTS } from "./mutants/mod.ts";
import type { Dialect } from "./rules.ts";
import { simulator } from "./simulator.ts";

type Line = readonly [OperationName, Record<string, unknown>, string?];

function dialect(id: string): Dialect {
  const found = DIALECTS.get(id);
  assert(found, id);
  return found;
}

function step([operation, args, bind]: Line, action: "call" | "start", id: string): ProgramStep {
  return { action, id, operation, args: operationOf(operation).args.parse(args), bind };
}

function program(...lines: readonly Line[]): Program {
  return {
    case: caseIdSchema.parse("test"),
    steps: lines.map((line, index) => step(line, "call", `s${index}`)),
  };
}

function run(on: Dialect, steps: Program): { seen: Observation[]; end: CaseEnd } {
  const seen: Observation[] = [];
  const end = simulator(on).run(steps, (observation) => seen.push(observation));
  return { seen, end };
}

const SHARED: readonly Line[] = [
  ["vfio.open", {}, "dev"],
  ["vfio.export", { device: "dev" }, "buf"],
];
const HOLDING: readonly Line[] = [
  ...SHARED,
  ["importer.attach", { buffer: "buf", on_invalidate: "keep" }, "imp"],
  ["importer.map", { attachment: "imp" }, "map"],
];

Deno.test("simulator() gives back everything after a case that gives back nothing", () => {
  for (const each of DIALECTS.values()) {
    const { end } = run(each, program(...HOLDING, ["importer.vmap", { attachment: "imp" }]));
    assertEquals(end, { end: "completed", post: { leaks: [], blocked: [], log: [], tainted: false } });
  }
});

Deno.test("simulator() tells what a call waits for that nothing can release", () => {
  const { seen, end } = run(
    dialect("matt-v1-vfio"),
    program(...HOLDING, ["vfio.revoke", { device: "dev", buffer: "buf" }]),
  );
  assertEquals(seen.at(-1)?.outcome, { kind: "blocked", on: "unmap:1 mappings" });
  assertEquals(seen.at(-1)?.pending, ["s4"]);
  assertEquals(end.post?.blocked, []);
});

Deno.test("simulator() lets virtual time pass while a call waits for it", () => {
  const { seen } = run(
    dialect("matt-v1-vfio"),
    program(
      ...SHARED,
      ["importer.attach", { buffer: "buf", on_invalidate: { unmap_after_ms: 300 } }, "imp"],
      ["importer.map", { attachment: "imp" }, "map"],
      ["vfio.revoke", { device: "dev", buffer: "buf" }],
    ),
  );
  const last = seen.at(-1);
  assertEquals([last?.outcome, last?.durationMs], [{ kind: "returned", value: 0 }, 300]);
  assertEquals(last?.events.map(({ event }) => event), ["invalidate", "unmap"]);
});

Deno.test("simulator() does not let time pass for a step that is only started", () => {
  const steps = program(
    ...SHARED,
    ["importer.attach", { buffer: "buf", on_invalidate: { unmap_after_ms: 300 } }, "imp"],
    ["importer.map", { attachment: "imp" }, "map"],
  ).steps;
  const { seen } = run(dialect("matt-v1-vfio"), {
    case: caseIdSchema.parse("test"),
    steps: [
      ...steps,
      step(["vfio.revoke", { device: "dev", buffer: "buf" }], "start", "revoke"),
      step(["clock.advance", { ms: 299 }], "call", "before"),
      step(["clock.advance", { ms: 1 }], "call", "after"),
      { action: "finish", id: "end", of: "revoke" },
    ],
  });
  assertEquals(seen.slice(-4).map(({ pending }) => pending), [["revoke"], ["revoke"], [], []]);
});

Deno.test("simulator() skips a step whose object an earlier step did not give", () => {
  const { seen } = run(
    dialect("mainline-7.3"),
    program(...SHARED, ["buffer.mmap", { buffer: "buf" }, "vma"], [
      "memory.load",
      { vma: "vma" },
    ]),
  );
  assertEquals(seen.map(({ outcome }) => outcome.kind), ["returned", "returned", "failed", "skipped"]);
});

Deno.test("simulator() says the same of the same program every time", () => {
  const steps = program(...HOLDING, ["vfio.command", { device: "dev", memory: "off" }], ["fd.close", {
    fd: "dev",
  }]);
  assertEquals(run(dialect("matt-v1-vfio"), steps), run(dialect("matt-v1-vfio"), steps));
});

Deno.test("simulator() finds a leaked reference and an underflow", () => {
  const revoke: Line = ["vfio.revoke", { device: "dev", buffer: "buf" }];
  const broken = (id: string) => {
    const mutant = MUTANTS.find((each) => each.id === id);
    assert(mutant, id);
    return run(mutant.apply(dialect(mutant.dialect)), program(...SHARED, revoke)).end.post;
  };
  assertEquals(broken("reference-leaked-on-success")?.leaks.length, 1);
  assertEquals(broken("reference-put-twice")?.tainted, true);
});

Deno.test("MUTANTS have unique names, known dialects and a clause each", () => {
  assertEquals(new Set(MUTANTS.map(({ id }) => id)).size, MUTANTS.length);
  for (const { id, dialect: of, breaks } of MUTANTS) {
    assert(DIALECTS.has(of), id);
    assert(breaks.length > 0, id);
  }
});

Deno.test("a mutant changes the rules of its dialect and leaves the dialect alone", () => {
  for (const mutant of MUTANTS) {
    const original = dialect(mutant.dialect);
    const sections = Object.values<object>({ ...original.rules });
    const before = sections.map((section) => ({ ...section }));
    const changed = Object.values<object>({ ...mutant.apply(original).rules });
    assert(changed.some((section) => !sections.includes(section)), mutant.id);
    assertEquals(sections.map((section) => ({ ...section })), before);
  }
});

Deno.test("simulator() drops pages that are counted from a mapping, but not those of a device", () => {
  const map: Line = ["buffer.mmap", { buffer: "buf" }, "vma"];
  const discard: Line = ["memory.discard", { vma: "vma" }];
  const ofDevice = run(dialect("matt-v1-vfio"), program(...SHARED, map, discard)).seen.at(-1)?.outcome;
  assertEquals(ofDevice, { kind: "failed", errno: "EINVAL" });
  assertEquals(endsOf("mainline-7.3", ["heap.alloc", {}, "buf"], map, discard).at(-1), "EINVAL");
  const counted = run(
    dialect("matt-v1-vfio"),
    program(["exporter.create", { mmap: true }, "buf"], map, discard),
  ).seen.at(
    -1,
  );
  assertEquals(counted?.outcome?.kind, "returned");
});

/** How each step ended. */
function endsOf(on: string, ...lines: readonly Line[]): readonly unknown[] {
  return run(dialect(on), program(...lines)).seen.map(({ outcome }) =>
    outcome.kind === "failed" ? outcome.errno : outcome.kind
  );
}

Deno.test("simulator() gives a descriptor that is sent to a copy of a process a number of its own", () => {
  const { end } = run(
    dialect("mainline-7.3"),
    program(["vfio.open", {}, "dev"], ["process.fork", {}, "copy"], ["fd.send", { fd: "dev", to: "copy" }]),
  );
  assertEquals(end.post?.leaks, []);
});

Deno.test("simulator() does what VFIO type1 asks in the address space that was told to it, whatever the step names", () => {
  const [open, one, type1]: readonly Line[] = [
    ["iommufd.open", {}, "iommu"],
    ["iommufd.ioas", { iommufd: "iommu" }, "one"],
    ["iommufd.ioas", { iommufd: "iommu", type1: true }, "two"],
  ];
  assert(open && one && type1);
  const unmap: Line = ["iommufd.vfio_unmap", { ioas: "one" }];
  assertEquals(endsOf("mainline-7.3", open, one, unmap), ["returned", "returned", "ENODEV"]);
  assertEquals(endsOf("mainline-7.3", open, one, type1, unmap).at(-1), "returned");
  const gone: Line = ["iommufd.destroy", { object: "two" }];
  assertEquals(endsOf("mainline-7.3", open, one, type1, gone, unmap).at(-1), "ENODEV");
});

Deno.test("simulator() adds no fence through a closed descriptor, and signals one whose descriptor is closed", () => {
  const fence: Line = ["fence.create", {}, "fence"];
  const add: Line = ["fence.add", { buffer: "buf", fence: "fence", usage: "READ" }];
  const [buffer, ended]: readonly Line[] = [["fd.close", { fd: "buf" }], ["fd.close", { fd: "fence" }]];
  assert(buffer && ended);
  assertEquals(endsOf("mainline-7.3", ...SHARED, fence, buffer, add).at(-1), "EBADF");
  assertEquals(endsOf("mainline-7.3", ...SHARED, fence, ended, add).at(-1), "EINVAL");
  const signal: Line = ["fence.signal", { fence: "fence" }];
  const sync: Line = ["buffer.poll", { buffer: "buf" }];
  const { seen } = run(dialect("mainline-7.3"), program(...SHARED, fence, add, ended, sync, signal, sync));
  assertEquals(seen.slice(-3).map(({ outcome }) => outcome).filter((_, index) => index !== 1), [
    { kind: "returned", value: { readable: true, writable: false } },
    { kind: "returned", value: { readable: true, writable: true } },
  ]);
});

Deno.test("simulator() asks nothing of the test exporter about the buffer of another one", () => {
  for (const operation of ["exporter.invalidate", "exporter.counts", "exporter.move"] as const) {
    const ask: Line = [operation, { buffer: "buf" }];
    assertEquals(endsOf("mainline-7.3", ...SHARED, ask).at(-1), "EINVAL", operation);
    assertEquals(endsOf("mainline-7.3", ["heap.alloc", {}, "buf"], ask).at(-1), "EINVAL", operation);
    assertEquals(endsOf("mainline-7.3", ["exporter.create", {}, "buf"], ask).at(-1), "returned", operation);
  }
});

Deno.test("simulator() shares the memory of no buffer but one of the test exporter", () => {
  const over: Line = ["exporter.create", { over: "buf" }];
  assertEquals(endsOf("mainline-7.3", ...SHARED, over).at(-1), "EINVAL");
  assertEquals(endsOf("mainline-7.3", ["exporter.create", {}, "buf"], over).at(-1), "returned");
  assertEquals(endsOf("mainline-7.3", ...SHARED, ["fd.close", { fd: "buf" }], over).at(-1), "EBADF");
});

/** What each step gave. */
function valuesOf(on: string, ...lines: readonly Line[]): readonly unknown[] {
  return run(dialect(on), program(...lines)).seen.map(({ outcome }) =>
    outcome.kind === "returned" ? outcome.value : outcome.kind
  );
}

Deno.test("simulator() has a poll hold the buffer in each direction until a fence signals that it waits for", () => {
  const counts: Line = ["exporter.counts", { buffer: "buf" }];
  const poll: Line = ["buffer.poll", { buffer: "buf" }];
  for (const [usage, held] of [["KERNEL", 2], ["WRITE", 2], ["READ", 1], ["BOOKKEEP", 0]] as const) {
    const seen = valuesOf(
      "mainline-7.3",
      ["exporter.create", {}, "buf"],
      ["fence.create", {}, "fence"],
      ["fence.add", { buffer: "buf", fence: "fence", usage }],
      poll,
      poll,
      counts,
      ["fence.signal", { fence: "fence" }],
      counts,
    );
    const references = seen.flatMap((value) =>
      typeof value === "object" && value !== null && "references" in value ? [value.references] : []
    );
    assertEquals(references, [1 + held, 1], usage);
  }
});

Deno.test("simulator() keeps a closed buffer that is polled until the fence signals", () => {
  const { seen } = run(
    dialect("mainline-7.3"),
    program(
      ["vfio.open", {}, "dev"],
      ["vfio.export", { device: "dev" }, "buf"],
      ["fence.create", {}, "fence"],
      ["fence.add", { buffer: "buf", fence: "fence", usage: "READ" }],
      ["buffer.poll", { buffer: "buf" }],
      ["fd.close", { fd: "buf" }],
      ["fence.signal", { fence: "fence" }],
    ),
  );
  assertEquals(seen.map(({ outcome }) => outcome.kind), Array.from({ length: 7 }, () => "returned"));
});

Deno.test("simulator() has a poll and the list of buffers wait for the reservation lock", () => {
  const lines = program(
    ...SHARED,
    ["importer.attach", { buffer: "buf", on_invalidate: "keep" }, "imp"],
    ["fence.create", {}, "fence"],
    ["fence.add", { buffer: "buf", fence: "fence", usage: "READ" }],
  );
  const revoke = step(["vfio.command", { device: "dev", memory: "off" }], "start", "revoke");
  for (const operation of ["buffer.poll", "buffer.attached"] as const) {
    const ask = step([operation, { buffer: "buf" }], "start", "ask");
    const { seen } = run(dialect("mainline-7.3"), { ...lines, steps: [...lines.steps, revoke, ask] });
    assertEquals(seen.at(-1)?.outcome.kind, "blocked");
    assertEquals(seen.at(-1)?.pending, ["revoke", "ask"]);
  }
});

Deno.test("simulator() maps and exports nothing of no length", () => {
  const map = (args: Record<string, unknown>): Line => ["buffer.mmap", { buffer: "buf", ...args }, "vma"];
  for (const args of [{ length: 0 }, { offset: "4 pages" }, { offset: "8 pages" }]) {
    assertEquals(
      endsOf("mainline-7.3", ["exporter.create", { mmap: true }, "buf"], map(args)).at(-1),
      "EINVAL",
    );
  }
  assertEquals(endsOf("mainline-7.3", ["exporter.create", { size: 0 }]), ["EINVAL"]);
});

Deno.test("simulator() looks for room in an address space before it looks at what may be written", () => {
  const copy = (iova: string): Line => ["iommufd.copy", { ioas: "ioas", from: "ioas", iova }];
  const lines: readonly Line[] = [
    ...SHARED,
    ["iommufd.open", {}, "iommu"],
    ["iommufd.ioas", { iommufd: "iommu" }, "ioas"],
    ["iommufd.map_file", { ioas: "ioas", file: "buf", access: ["read"] }],
  ];
  assertEquals(endsOf("mainline-7.3", ...lines, copy("16MiB")).at(-1), "EEXIST");
  assertEquals(endsOf("mainline-7.3", ...lines, copy("32MiB")).at(-1), "EPERM");
});

Deno.test("simulator() ends no wait of a video queue by closing a file that the wait holds", () => {
  const lines = program(["video.open", {}, "video"], ["video.start", { video: "video" }]);
  const take = step(["video.take", { video: "video" }], "start", "take");
  const { end } = run(dialect("mainline-7.3"), { ...lines, steps: [...lines.steps, take] });
  assertEquals(end.post?.blocked.length, 1);
});

Deno.test("simulator() does nothing with a device that it has not been given access to", () => {
  const device = "dev";
  const asked: readonly Line[] = [
    ...["vfio.reset", "vfio.hot_reset", "vfio.flr", "vfio.read_command", "vfio.low_power_entry"] as const,
    ...["vfio.low_power_exit", "vfio.read_bar", "vfio.mmap", "vfio.export"] as const,
  ].map((operation) => [operation, { device }]);
  const powered: Line = ["vfio.power", { device, state: "D3hot" }];
  const switched: Line = ["vfio.command", { device, memory: "off" }];
  const lines = [...asked, powered, switched];
  const open: Line = ["vfio.open", { access: "none", low_power: true, reset: "flr" }, device];
  assertEquals(endsOf("matt-v1-vfio", open, ...lines), ["returned", ...lines.map(() => "EINVAL")]);
});

Deno.test("simulator() says of no number of a descriptor that it is the answer to a request", () => {
  const { seen } = run(
    dialect("mainline-7.3"),
    program(["vfio.open", {}, "dev"], ["vfio.feature", { device: "dev", request: ["get"] }]),
  );
  assertEquals(seen.at(-1)?.outcome, { kind: "returned", value: 0 });
});

Deno.test("simulator() asks less of a buffer for output than of one for capture", () => {
  const queue = (direction: string): readonly Line[] => [
    ...SHARED,
    ["video.open", { direction }, "video"],
    ["video.queue", { video: "video", buffer: "buf" }],
  ];
  assertEquals(endsOf("mainline-7.3", ...queue("capture")).at(-1), "EINVAL");
  assertEquals(endsOf("mainline-7.3", ...queue("output")).at(-1), "EFAULT");
});

Deno.test("simulator() shows no frame in a place that has lost its buffer, whatever is queued next", () => {
  const after = (direction: string, bad: Record<string, unknown>): readonly Line[] => [
    ["exporter.create", { size: "64KiB", vmap: true }, "good"],
    ["exporter.create", { size: "64KiB", vmap: false }, "bad"],
    ["video.open", { direction }, "video"],
    ["video.queue", { video: "video", ...bad }],
    ["video.queue", { video: "video", buffer: "good" }],
  ];
  const ends = (direction: string, bad: Record<string, unknown>) =>
    endsOf("mainline-7.3", ...after(direction, bad)).slice(-2);
  assertEquals(ends("capture", { buffer: "bad" }), ["EFAULT", "returned"]);
  assertEquals(ends("output", { buffer: "bad" }), ["EFAULT", "EINVAL"]);
  assertEquals(ends("output", { buffer: "good", length: "68KiB" }), ["EFAULT", "returned"]);
});

Deno.test("simulator() has a place of a video queue let go of its buffer when it is offered one that it cannot take", () => {
  const lines: readonly Line[] = [
    ["exporter.create", { size: "64KiB", vmap: true }, "buf"],
    ["exporter.create", { size: "4KiB", vmap: true }, "small"],
    ["video.open", {}, "video"],
    ["video.queue", { video: "video", buffer: "buf" }],
    ["video.stop", { video: "video" }],
    ["video.queue", { video: "video", buffer: "small" }],
    ["exporter.counts", { buffer: "buf" }],
  ];
  const { seen } = run(dialect("mainline-7.3"), program(...lines));
  const last = seen.at(-1)?.outcome;
  assert(last?.kind === "returned");
  assertObjectMatch(last, { value: { references: 1 } });
});

Deno.test("simulator() gives frames back in the order in which they were queued, of two places at least", () => {
  const lines: readonly Line[] = [
    ["exporter.create", { size: "64KiB", vmap: true }, "buf"],
    ["video.open", { count: 1 }, "video"],
    ["video.queue", { video: "video", buffer: "buf", index: 1 }],
    ["video.queue", { video: "video", buffer: "buf", index: 0 }],
    ["video.start", { video: "video" }],
    ["video.take", { video: "video" }],
    ["video.take", { video: "video" }],
  ];
  const { seen } = run(dialect("mainline-7.3"), program(...lines));
  assertEquals(
    seen.slice(-2).map(({ outcome }) => outcome),
    [1, 0].map((index) => ({ kind: "returned" as const, value: { index, failed: false } })),
  );
});

Deno.test("simulator() has a queue for output keep a frame until there is another", () => {
  const lines: readonly Line[] = [
    ["exporter.create", { size: "64KiB", vmap: true }, "buf"],
    ["video.open", { direction: "output" }, "video"],
    ["video.queue", { video: "video", buffer: "buf" }],
    ["video.start", { video: "video" }],
  ];
  const { steps, ...rest } = program(...lines);
  const take = step(["video.take", { video: "video" }], "start", "take");
  const next = step(["video.queue", { video: "video", buffer: "buf", index: 1 }], "call", "next");
  const taken: ProgramStep = { id: "taken", action: "finish", of: "take" };
  const { seen } = run(dialect("mainline-7.3"), { ...rest, steps: [...steps, take, next, taken] });
  assertEquals(seen.slice(-3).map(({ outcome }) => outcome), [
    { kind: "blocked", on: "frame" },
    { kind: "returned", value: null },
    { kind: "returned", value: { index: 0, failed: false } },
  ]);
});

Deno.test("simulator() lets one wait for a frame of a video queue, and one open file have its places", () => {
  const open: Line = ["video.open", {}, "video"];
  const start: Line = ["video.start", { video: "video" }];
  const take = (id: string) => step(["video.take", { video: "video" }], "start", id);
  const { steps, ...rest } = program(open, start);
  const { seen } = run(dialect("mainline-7.3"), { ...rest, steps: [...steps, take("one"), take("two")] });
  assertEquals(seen.at(-1)?.outcome, { kind: "failed", errno: "EBUSY" });

  const asked = (["start", "take", "stop", "release"] as const)
    .map((what): Line => [`video.${what}`, { video: "video" }]);
  const other: Line = ["video.open", {}, "other"];
  const released: Line = ["video.release", { video: "video" }];
  const ends = endsOf("mainline-7.3", open, released, other, ...asked);
  assertEquals(ends.slice(-4), ["EBUSY", "EBUSY", "EBUSY", "EBUSY"]);
});

Deno.test("simulator() has every use of an attachment wait for the reservation lock", () => {
  const lines: readonly Line[] = [
    ...SHARED,
    ["importer.attach", { buffer: "buf" }, "imp"],
    ["fence.create", {}, "fence"],
    ["fence.add", { buffer: "buf", fence: "fence", usage: "BOOKKEEP" }],
  ];
  const reset = step(["vfio.reset", { device: "dev" }], "start", "reset");
  for (const operation of ["importer.vmap", "importer.unpin", "importer.pin", "importer.map"] as const) {
    const { steps, ...rest } = program(...lines);
    const use = step([operation, { attachment: "imp" }], "start", "use");
    const { seen } = run(dialect("mainline-7.3"), { ...rest, steps: [...steps, reset, use] });
    assertEquals(seen.at(-1)?.outcome.kind, "blocked", operation);
  }
});

Deno.test("simulator() has the kernel's own access to a buffer wait for fences", () => {
  const { steps, ...rest } = program(
    ["exporter.create", { vmap: true }, "buf"],
    ["importer.attach", { buffer: "buf" }, "imp"],
    ["fence.create", {}, "fence"],
    ["fence.add", { buffer: "buf", fence: "fence", usage: "READ" }],
  );
  const begin = step(["importer.begin_cpu_access", { attachment: "imp" }], "start", "begin");
  const { seen } = run(dialect("mainline-7.3"), { ...rest, steps: [...steps, begin] });
  assertEquals(seen.at(-1)?.outcome.kind, "blocked");
});

Deno.test("simulator() gives the error of an exporter that refuses a kernel mapping, and warns of it once", () => {
  const kernel = new Kernel(dialect("mainline-7.3").rules);
  const buffer = allocateFromHeap(kernel, 4096, openFlagsOf([]));
  assert(typeof buffer !== "string");
  const ops: DmaBufOps = { ...buffer.ops, vmap: () => "ENOMEM" };
  const refusing = new DmaBuf(1, { ops, priv: undefined, size: 4096, flags: buffer.file.flags });
  assertEquals([dmaBufVmap(kernel, refusing), kernel.log.map(({ text }) => text), kernel.tainted], [
    "ENOMEM",
    ["WARNING: dma_buf_vmap() of a buffer whose exporter refuses"],
    true,
  ]);
  assertEquals([dmaBufVmap(kernel, refusing), kernel.log.length], ["ENOMEM", 1]);
});

Deno.test("simulator() names and copies what only names a file", () => {
  const lines: readonly Line[] = [
    ["heap.alloc", {}, "buf"],
    ["fd.path", { fd: "buf" }, "path"],
    ["fd.path", { fd: "path" }, "again"],
    ["fd.dup", { fd: "path" }, "copy"],
    ["buffer.sync", { buffer: "copy", phase: "start", access: ["read"] }],
  ];
  assertEquals(endsOf("mainline-7.3", ...lines), [
    ...["returned", "returned", "returned", "returned"],
    "EBADF",
  ]);
});

Deno.test("simulator() wakes a device in low power by whatever is asked of it, once", () => {
  const uses = [
    "vfio.revoke",
    "vfio.export",
    "vfio.read_command",
    "vfio.hot_reset",
    "vfio.low_power_exit",
  ] as const;
  for (const use of uses) {
    const { seen } = run(
      dialect("mainline-7.3"),
      program(
        ["vfio.open", { low_power: true }, "dev"],
        ["vfio.export", { device: "dev" }, "buf"],
        ["vfio.low_power_entry", { device: "dev", wakeup: true }],
        [use, use === "vfio.revoke" ? { device: "dev", buffer: "buf" } : { device: "dev" }],
        ["vfio.read_command", { device: "dev" }],
      ),
    );
    const wakeUps = seen.map(({ events }) => events.filter(({ event }) => event === "wakeup").length);
    assertEquals(wakeUps, [0, 0, 0, 1, 0], use);
  }
});

Deno.test("simulator() enters low power again after a request that has woken the device, but not where nothing tells", () => {
  const entry = (wakeup: boolean): Line => ["vfio.low_power_entry", { device: "dev", wakeup }];
  const ends = (wakeup: boolean) =>
    endsOf("mainline-7.3", ["vfio.open", { low_power: true }, "dev"], entry(wakeup), entry(wakeup)).at(-1);
  assertEquals([ends(true), ends(false)], ["returned", "EINVAL"]);
});

Deno.test("simulator() maps from page boundaries, and nothing of no length, of a device as of a buffer", () => {
  const open: Line = ["vfio.open", {}, "dev"];
  const map: Line = ["vfio.mmap", { device: "dev", length: "0" }];
  assertEquals(endsOf("mainline-7.3", open, map).at(-1), "EINVAL");
  const mapped: Line = ["buffer.mmap", { buffer: "buf", offset: "1" }];
  assertEquals(endsOf("mainline-7.3", ["heap.alloc", {}, "buf"], mapped).at(-1), "EINVAL");
});

Deno.test("simulator() has no request of a device for the file that has taken its number", () => {
  const ends = (other: Line) =>
    endsOf(
      "mainline-7.3",
      other,
      ["vfio.open", {}, "dev"],
      ["fd.dup_over", { fd: "other", over: "dev" }],
      ["vfio.export", { device: "dev" }],
      ["vfio.read_command", { device: "dev" }],
    ).slice(-2);
  assertEquals(ends(["video.open", {}, "other"]), ["ENOTTY", "ENOTTY"]);
  assertEquals(ends(["drm.open", {}, "other"]), ["EINVAL", "EINVAL"]);
});

Deno.test("simulator() resets a device to D0, in whatever way", () => {
  const resets: Line[] = [["vfio.reset", { device: "dev" }], ["vfio.flr", { device: "dev" }], [
    "vfio.hot_reset",
    {
      device: "dev",
    },
  ]];
  for (const reset of resets) {
    const ends = endsOf(
      "mainline-7.3",
      ["vfio.open", { reset: "flr" }, "dev"],
      ["vfio.export", { device: "dev" }, "buf"],
      ["vfio.power", { device: "dev", state: "D3hot" }],
      ["importer.attach", { buffer: "buf" }],
      reset,
      ["importer.attach", { buffer: "buf" }],
    );
    assertEquals(ends.slice(-3), ["ENODEV", "returned", "returned"], reset[0]);
  }
});

Deno.test("simulator() has no request of a buffer for the file that has taken its number", () => {
  const buffer: Line = ["heap.alloc", {}, "buf"];
  const requests: Line[] = [
    ["buffer.sync", { buffer: "buf", phase: "start", access: ["read"] }],
    ["buffer.set_name", { buffer: "buf", name: "other" }],
    ["buffer.revoke", { buffer: "buf" }],
    ["buffer.export_sync_file", { buffer: "buf", access: ["read"] }],
  ];
  const over: Line = ["fd.dup_over", { fd: "other", over: "buf" }];
  const ends = endsOf("mainline-7.3", ["vfio.open", {}, "other"], buffer, over, ...requests);
  assertEquals(ends.slice(-4), ["ENOTTY", "ENOTTY", "ENOTTY", "ENOTTY"]);
});

Deno.test("simulator() maps nothing behind the end of a BAR, and shows none of it in low power", () => {
  const open: Line = ["vfio.open", { bars: ["2 pages"], low_power: true }, "dev"];
  const map = (length: string): Line => ["vfio.mmap", { device: "dev", length }, "vma"];
  assertEquals(endsOf("mainline-7.3", open, map("3 pages")).at(-1), "EINVAL");
  const entry: Line = ["vfio.low_power_entry", { device: "dev" }];
  const load: Line = ["memory.load", { vma: "vma" }];
  assertEquals(endsOf("mainline-7.3", open, map("2 pages"), load, entry, load).slice(-3), [
    ...["returned", "returned", "faulted"],
  ]);
});

Deno.test("simulator() has no fdinfo of a closed descriptor", () => {
  const info: Line = ["buffer.fdinfo", { buffer: "buf" }];
  assertEquals(
    endsOf("mainline-7.3", ["heap.alloc", {}, "buf"], ["fd.close", { fd: "buf" }], info).at(-1),
    "ENOENT",
  );
});

Deno.test("simulator() knows the device of a copy of its descriptor", () => {
  const reopen = (device: string): Line => ["vfio.reopen", { device }];
  const lines: readonly Line[] = [
    ["vfio.open", {}, "dev"],
    ["fd.path", { fd: "dev" }, "path"],
    ["fd.dup", { fd: "dev" }, "copy"],
  ];
  const ends = endsOf("mainline-7.3", ...lines, reopen("path"), reopen("copy"));
  assertEquals(ends.slice(-2), ["returned", "returned"]);
});

Deno.test("simulator() refuses what lies behind the end of a BAR", () => {
  const at = (page: number): Line => ["vfio.read_bar", { device: "dev", page }];
  assertEquals(endsOf("mainline-7.3", ["vfio.open", { bars: ["2 pages"] }, "dev"], at(1), at(2)), [
    ...["returned", "returned", "EINVAL"],
  ]);
});

Deno.test("simulator() changes no pages that are not mapped any more", () => {
  const ends = (unmapped: Record<string, number>, operation: "memory.discard" | "memory.protect") =>
    endsOf(
      "mainline-7.3",
      ["exporter.create", { mmap: true }, "buf"],
      ["buffer.mmap", { buffer: "buf" }, "vma"],
      ["memory.unmap", { vma: "vma", ...unmapped }],
      [operation, operation === "memory.protect" ? { vma: "vma", access: ["read"] } : { vma: "vma" }],
    ).at(-1);
  assertEquals(ends({}, "memory.discard"), "ENOMEM");
  assertEquals(ends({ first: 1, pages: 1 }, "memory.discard"), "ENOMEM");
  assertEquals(ends({ first: 1, pages: 1 }, "memory.protect"), "ENOMEM");
});

Deno.test("simulator() finds no descriptor of a process in one that is no copy of it", () => {
  const lines: readonly Line[] = [
    ["fd.open", { kind: "eventfd" }, "file"],
    ["process.spawn", {}, "other"],
    ["fd.send", { fd: "file", to: "other" }, "sent"],
    ["fd.inherited", { fd: "file", process: "other" }, "found"],
    ["process.fork", {}, "copy"],
    ["fd.inherited", { fd: "file", process: "copy" }, "inherited"],
    ["fd.inherited", { fd: "sent", process: "other" }, "itself"],
  ];
  assertEquals(endsOf("mainline-7.3", ...lines).slice(-4), ["EBADF", "returned", "returned", "returned"]);
});

Deno.test("simulator() takes any address until a domain asks for pages", () => {
  const lines: readonly Line[] = [
    ["vfio.open", {}, "dev"],
    ["vfio.export", { device: "dev" }, "buf"],
    ["iommufd.open", {}, "iommu"],
    ["iommufd.ioas", { iommufd: "iommu" }, "ioas"],
  ];
  const map: Line = ["iommufd.map_file", { ioas: "ioas", file: "buf", iova: "16MiB + 1" }];
  const domain: Line = ["iommufd.hwpt", { ioas: "ioas" }, "dom"];
  assertEquals(endsOf("mainline-7.3", ...lines, map, domain).slice(-2), ["returned", "EADDRINUSE"]);
  assertEquals(endsOf("mainline-7.3", ...lines, domain, map).slice(-2), ["returned", "EINVAL"]);
});

Deno.test("simulator() opens files close-on-exec, and copies none so", () => {
  const flags = (fd: string): Line => ["fd.flags", { fd }];
  const seen = valuesOf(
    "mainline-7.3",
    ["iommufd.open", {}, "file"],
    ["fd.dup", { fd: "file" }, "copy"],
    ["process.spawn", {}, "other"],
    ["fd.send", { fd: "file", to: "other" }, "sent"],
    ...["file", "copy", "sent"].map(flags),
  ).slice(-3);
  const cloexec = seen.map((value) =>
    typeof value === "object" && value !== null && "cloexec" in value && value.cloexec
  );
  assertEquals(cloexec, [true, false, false]);
});

Deno.test("simulator() opens for reading what nobody can write to", () => {
  const seen = valuesOf(
    "mainline-7.3",
    ["fd.open", { kind: "pipe" }, "pipe"],
    ["fd.open", { kind: "eventfd" }, "eventfd"],
    ["fence.create", {}, "fence"],
    ["heap.alloc", {}, "buf"],
    ["buffer.export_sync_file", { buffer: "buf" }, "synced"],
    ["fd.path", { fd: "buf" }, "path"],
    ...["pipe", "eventfd", "fence", "synced", "path", "buf"].map((fd): Line => ["fd.flags", { fd }]),
  ).slice(-6);
  const access = seen.map((value) =>
    typeof value === "object" && value !== null && "access" in value && value.access
  );
  assertEquals(access, ["rdonly", "rdwr", "rdonly", "rdonly", "rdonly", "rdwr"]);
});

Deno.test("simulator() holds no buffer by a look at the list of all of them", () => {
  const { steps, ...rest } = program(
    ["exporter.create", {}, "buf"],
    ["importer.attach", { buffer: "buf" }, "imp"],
    ["fence.create", {}, "fence"],
    ["fence.add", { buffer: "buf", fence: "fence", usage: "READ" }],
  );
  const move = step(["exporter.move", { buffer: "buf" }], "start", "move");
  const list = step(["buffer.attached", { buffer: "buf" }], "start", "list");
  const look = step(["exporter.counts", { buffer: "buf" }], "call", "look");
  const count = (...more: readonly ProgramStep[]) => {
    const { seen } = run(dialect("mainline-7.3"), { ...rest, steps: [...steps, ...more] });
    const outcome = seen.at(-1)?.outcome;
    return outcome?.kind === "returned" ? outcome.value : undefined;
  };
  assertEquals(count(move, list, look), count(move, look));
});
