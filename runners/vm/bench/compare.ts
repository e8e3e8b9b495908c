/**
 * Measures virtual machines: the first verdict against a bare boot and the executor's start, a further case against the
 * same steps as a C program in the same guest, and a machine that was kept against one that is booted. Everything is
 * measured in one run and told as ratios, since a machine that is busy is slow at all of it.
 *
 * @module
 */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { fileURLToPath } from "node:url";
import type { Program } from "../../../cases/program.ts";
import { caseIdSchema } from "../../../spec/ids.ts";
import { text } from "../../native/abi/layout.ts";
import { O_CLOEXEC, O_NONBLOCK } from "../../native/constants.ts";
import { type FarExecutor, farExecutor } from "../../native/executor/far.ts";
import type { Target } from "../../target.ts";
import { callOf } from "../../testing/steps.ts";
import type { MachineParts } from "../arguments.ts";
import { initramfsFor, type Purpose } from "../guest/boot.ts";
import type { LocalKernel } from "../kernels/mod.ts";
import { boot, letGo } from "../live.ts";
import { Machine } from "../machine.ts";
import { openVm } from "../target.ts";
import { kernelToBoot } from "../testing/here.ts";
import { runTool } from "../tools.ts";

/** How often everything is measured. */
const ROUNDS = Number(Deno.args[0] ?? 3);
const FURTHER = 20;
const PINGS = 100;

/** How long a boot may take, in milliseconds. */
const BOOT_MS = 120_000;

/** Room for what is read of the kernel log at once, in bytes. */
const LOG_ROOM = 65_536;

/** The steps of steps.c. */
const PROGRAM: Program = {
  case: caseIdSchema.parse("vm/speed"),
  steps: [
    callOf("given.0", "memfd.create", {}, "mem"),
    callOf("given.1", "udmabuf.create", { memfd: "mem" }, "buf"),
    callOf("when.0", "buffer.mmap", { buffer: "buf" }, "map"),
    callOf("then.0", "memory.store", { vma: "map", value: 1 }),
  ],
};

/** What one boot with a program that is timed gave, in milliseconds; all in one machine, of which none is like another. */
interface Timed {
  readonly program: number;
  readonly roundTrip: number;
  readonly further: number;
}

const kernel = await kernelToBoot();
if (!kernel) Deno.exit(3);
const timed = await compiled();
const bare: number[] = [];
const marked: Timed[] = [];
const booted: number[] = [];
const kept: number[] = [];
const open = openVm(nameOf(kernel));
await measured(open());
for (let round = 0; round < ROUNDS; round++) {
  bare.push(await bareBoot(await partsFor(kernel, "nothing")));
  marked.push(await timedBoot(await partsFor(kernel, { timed })));
  booted.push(await bootedRun(await partsFor(kernel, "cases")));
  kept.push(await measured(open()));
}
tell();

function tell(): void {
  const [program, roundTrip, further] = (["program", "roundTrip", "further"] as const).map((key) =>
    median(marked.map((each) => each[key]))
  );
  const begins = median(bare);
  const [first, fromKept] = [median(booted), median(kept)];
  const rows: [string, number][] = [
    ["bare boot and start of the executor, ms", begins],
    ["first verdict, ms", first],
    ["first verdict / (bare boot + start of the executor)", first / begins],
    ["first verdict of a machine that was kept, ms", fromKept],
    ["the same / first verdict of one that is booted", fromKept / first],
    ["C program with the steps of a case, ms", program ?? NaN],
    ["one round trip, ms", roundTrip ?? NaN],
    ["each further case, ms", further ?? NaN],
    [
      "each further case / (C program + round trip)",
      (further ?? NaN) / ((program ?? NaN) + (roundTrip ?? NaN)),
    ],
  ];
  const text = rows.map(([what, value]) => `${value.toFixed(2).padStart(10)}  ${what}\n`).join("");
  Deno.stdout.writeSync(new TextEncoder().encode(text));
}

async function compiled(): Promise<Uint8Array> {
  const folder = await mkdtemp(`${tmpdir()}/conform-speed-`);
  try {
    const source = fileURLToPath(new URL("steps.c", import.meta.url));
    await runTool("cc", ["-O2", "-static", "-s", "-o", `${folder}/steps`, source]);
    return await readFile(`${folder}/steps`);
  } finally {
    await rm(folder, { recursive: true });
  }
}

function nameOf({ release }: LocalKernel) {
  const choice = { kind: "version", version: release, with: "modules made here" } as const;
  return {
    id: `vm:${release}`,
    kernel: choice,
    append: undefined,
    reference: undefined,
    reuse: "until dirty",
  } as const;
}

async function partsFor(of: LocalKernel, purpose: Purpose): Promise<MachineParts> {
  const silent = () => {};
  const initramfs = await initramfsFor(of, purpose, silent);
  return { kernel: of.image, initramfs: initramfs.path, accelerator: "tcg" };
}

/** From the start of a machine that loads nothing to the first word of its executor. */
async function bareBoot(parts: MachineParts): Promise<number> {
  const start = performance.now();
  const machine = await Machine.start(parts);
  const executor = farExecutor(machine.wire);
  try {
    await executor.hello();
    return performance.now() - start;
  } finally {
    await letGo({ machine, executor });
  }
}

/** What the first process has timed, and how long an executor that does nothing takes to answer. */
async function timedBoot(parts: MachineParts): Promise<Timed> {
  const live = await boot(parts, BOOT_MS);
  try {
    const trips: number[] = [];
    for (let ping = 0; ping < PINGS; ping++) {
      const sent = performance.now();
      await live.executor.do([{ do: "no_op" }]);
      trips.push(performance.now() - sent);
    }
    const [, us] = /each run took (\d+) us/.exec(await saidBefore(live.executor)) ?? [];
    return { program: Number(us) / 1000, roundTrip: median(trips), further: await furtherOf(live.native) };
  } finally {
    await letGo(live);
  }
}

/** The last of what the kernel and the first process have said. */
async function saidBefore(executor: FarExecutor): Promise<string> {
  const [opened] = await executor.do([
    { do: "open", args: [O_NONBLOCK | O_CLOEXEC, 0], bytes: text("/dev/kmsg") },
  ]);
  let all = "";
  for (;;) {
    const [read] = await executor.do([
      { do: "records", args: [opened?.result ?? -1], bytes: new Uint8Array(LOG_ROOM) },
    ]);
    if (!read || read.result <= 0) return all;
    all += new TextDecoder().decode(read.bytes.subarray(0, read.result));
  }
}

async function bootedRun(parts: MachineParts): Promise<number> {
  const start = performance.now();
  const live = await boot(parts, BOOT_MS);
  try {
    return await firstOf(live.native, start);
  } finally {
    await letGo(live);
  }
}

async function firstOf(on: Target, start: number = performance.now()): Promise<number> {
  await completed(on);
  return performance.now() - start;
}

/** What each case takes after the first. */
async function furtherOf(on: Target): Promise<number> {
  await completed(on);
  const times: number[] = [];
  for (let run = 0; run < FURTHER; run++) {
    const begin = performance.now();
    await completed(on);
    times.push(performance.now() - begin);
  }
  return median(times);
}

async function completed(on: Target): Promise<void> {
  const outcomes: string[] = [];
  const { end, reason } = await on.run(
    PROGRAM,
    ({ outcome }) => void outcomes.push(outcome.kind === "error" ? outcome.message : outcome.kind),
  );
  if (end === "completed" && outcomes.every((kind) => kind === "returned")) return;
  throw new Error(`The case did not go as it should: ${outcomes.join(", ")}; ${reason ?? end}`);
}

/** How long the first case takes on a target, which is closed then. */
async function measured(target: Target): Promise<number> {
  try {
    return await firstOf(target);
  } finally {
    await target.close();
  }
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.floor(sorted.length / 2)] ?? NaN;
}
