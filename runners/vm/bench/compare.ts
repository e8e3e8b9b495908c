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
import { farExecutor } from "../../native/executor/far.ts";
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

/** What one boot with marks gave, in milliseconds. */
interface Marked {
  readonly begins: number;
  readonly executor: number;
  readonly program: number;
  readonly roundTrip: number;
}

/** What one machine with cases gave, in milliseconds. */
interface Ran {
  readonly first: number;
  readonly further: number;
}

const kernel = await kernelToBoot();
if (!kernel) Deno.exit(3);
const timed = await compiled();
const marked: Marked[] = [];
const booted: Ran[] = [];
const kept: Ran[] = [];
await using target = disposable(openVm(nameOf(kernel))());
await ranOn(target);
for (let round = 0; round < ROUNDS; round++) {
  marked.push(await markedBoot(await partsFor(kernel, { timed })));
  booted.push(await bootedRun(await partsFor(kernel, "cases")));
  await target.close();
  kept.push(await ranOn(target));
}
tell();

function tell(): void {
  const [begins, executor, program, roundTrip] = (["begins", "executor", "program", "roundTrip"] as const)
    .map((key) => median(marked.map((each) => each[key])));
  const [first, further] = (["first", "further"] as const).map((key) =>
    median(booted.map((each) => each[key]))
  );
  const fromKept = median(kept.map((each) => each.first));
  const rows: [string, number][] = [
    ["bare boot to the first process, ms", begins ?? NaN],
    ["start of the executor, ms", executor ?? NaN],
    ["first verdict, ms", first ?? NaN],
    [
      "first verdict / (bare boot + start of the executor)",
      (first ?? NaN) / ((begins ?? NaN) + (executor ?? NaN)),
    ],
    ["first verdict of a machine that was kept, ms", fromKept],
    ["the same / first verdict of one that is booted", fromKept / (first ?? NaN)],
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

async function markedBoot(parts: MachineParts): Promise<Marked> {
  const start = performance.now();
  const machine = await Machine.start(parts);
  try {
    await machine.said("conform: begins");
    const begins = performance.now() - start;
    await machine.said("conform: ready");
    const ready = performance.now() - start;
    const far = farExecutor(machine.wire);
    await far.hello();
    const executor = performance.now() - start - ready;
    const trips: number[] = [];
    for (let ping = 0; ping < PINGS; ping++) {
      const sent = performance.now();
      await far.do([{ do: "no_op" }]);
      trips.push(performance.now() - sent);
    }
    far.close();
    const line = machine.console().find((each) => each.includes("each run took")) ?? "";
    const program = Number(/took (\d+) us/.exec(line)?.[1]) / 1000;
    return { begins, executor, program, roundTrip: median(trips) };
  } finally {
    await machine.close();
  }
}

async function bootedRun(parts: MachineParts): Promise<Ran> {
  const start = performance.now();
  const live = await boot(parts, 120_000);
  try {
    return await ranOn(live.native, start);
  } finally {
    await letGo(live);
  }
}

async function ranOn(on: Target, start: number = performance.now()): Promise<Ran> {
  await completed(on);
  const first = performance.now() - start;
  const times: number[] = [];
  for (let run = 0; run < FURTHER; run++) {
    const begin = performance.now();
    await completed(on);
    times.push(performance.now() - begin);
  }
  return { first, further: median(times) };
}

async function completed(on: Target): Promise<void> {
  const outcomes: string[] = [];
  const { end, reason } = await on.run(PROGRAM, ({ outcome }) => void outcomes.push(outcome.kind === "error" ? outcome.message : outcome.kind));
  if (end === "completed" && outcomes.every((kind) => kind === "returned")) return;
  throw new Error(`The case did not go as it should: ${outcomes.join(", ")}; ${reason ?? end}`);
}

function disposable(on: Target): Target & AsyncDisposable {
  return {
    describe: () => on.describe(),
    run: (...args) => on.run(...args),
    reset: () => on.reset(),
    close: () => on.close(),
    [Symbol.asyncDispose]: async () => await on.close(),
  };
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.floor(sorted.length / 2)] ?? NaN;
}
