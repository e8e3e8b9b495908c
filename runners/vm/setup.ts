/**
 * What is ready before the first boot of machines of a name: the kernel with its modules, what it boots, whether it runs
 * under KVM, and the machine as it is when it has booted.
 *
 * @module
 */
import { existsSync } from "node:fs";
import type { TargetDescription } from "../target.ts";
import { acceleratorFor, qemuVersion, threadsFor } from "./accelerator.ts";
import { appended, commandLine, machineArguments, type MachineParts } from "./arguments.ts";
import { digestOf } from "./cache.ts";
import { type Tell, VmError } from "./failure.ts";
import { initramfsFor } from "./guest/boot.ts";
import { lacks } from "./kernels/limits.ts";
import {
  bootLimitMs,
  kernelHere,
  type KernelWithModules,
  type LocalKernel,
  withModulesMadeHere,
} from "./kernels/mod.ts";
import { boot, letGo } from "./live.ts";
import type { Machine } from "./machine.ts";
import type { KernelChoice, VmName } from "./name.ts";
import { probe } from "./probe.ts";
import { ownKernel } from "./own_kernel.ts";
import { forgetSnapshot, type Snapshot, snapshotOf } from "./snapshot.ts";

/** What puts pieces of a guest's memory together for QEMU. */
const UDMABUF = "/dev/udmabuf";

/** Everything that is ready before the first boot. */
export interface Setup {
  readonly kernel: LocalKernel;
  /** The modules that are not the kernel's own, in words. */
  readonly added: readonly string[];
  readonly parts: MachineParts;
  /** How long it may take from the start of a machine to the hello of its executor, in milliseconds. */
  readonly bootMs: number;
  /** What its machines say of themselves; asked once, of the first that somebody asks. */
  readonly description: (ask: () => Promise<TargetDescription>) => Promise<TargetDescription>;
  /** The machine as it is when it has booted; none where that cannot be kept, so that each is booted. */
  readonly kept: () => Promise<Snapshot | undefined>;
  /** No machine came up from it. */
  readonly forget: () => Promise<void>;
}

/**
 * Makes everything that machines of a name need.
 *
 * @param signal ends the machines that are booted for it, and those for the snapshot
 * @throws {VmError} where a part is missing; the reason of the signal where that is aborted
 */
export async function prepare(name: VmName, tell: Tell, signal: AbortSignal): Promise<Setup> {
  const { kernel: choice } = name;
  const append = appended(name);
  if (name.gpu) demandUdmabuf();
  const { kernel, added } = await chosen(choice);
  const purpose = { words: await wordsOf(name, kernel) };
  const initramfs = await initramfsFor(kernel, purpose, tell);
  const parts = { kernel: kernel.image, initramfs: initramfs.path, append, gpu: name.gpu };
  signal.throwIfAborted();
  const accelerator = await acceleratorFor(parts, kernel.digest, (each) => probe(each, signal), tell);
  const facts = [
    kernel.digest,
    initramfs.digest,
    commandLine(append),
    await qemuVersion(),
    accelerator,
    ...(name.gpu ? [name.gpu] : []),
  ];
  const whole = { ...parts, accelerator, threads: threadsFor(await qemuVersion()) };
  const bootMs = name.bootMs ?? await bootLimitMs(kernel);
  return {
    kernel,
    added,
    parts: whole,
    bootMs,
    description: once(),
    ...keeper({ parts: whole, bootMs, digest: digestOf(facts) }, tell, signal),
  };
}

/** Asks once, and again where there was no answer. */
function once(): Setup["description"] {
  let known: Promise<TargetDescription> | undefined;
  return (ask) => {
    known ??= ask().catch((error: unknown) => {
      known = undefined;
      throw error;
    });
    return known;
  };
}

/** The memory of a guest is scattered over that of QEMU; udmabuf puts what a blob is made of together. */
function demandUdmabuf(): void {
  if (existsSync(UDMABUF)) return;
  throw new VmError(
    `QEMU has no GPU with blobs where there is no ${UDMABUF}`,
    "modprobe udmabuf, or build the host's kernel with CONFIG_UDMABUF; runners/vm/README.md has a way without",
  );
}

/** What the native target is to do beside what every one does. */
async function wordsOf({ reference, kmemleak }: VmName, kernel: LocalKernel): Promise<string[]> {
  if (kmemleak && await lacks(kernel, "CONFIG_DEBUG_KMEMLEAK")) {
    throw new VmError(
      `${kernel.release} cannot be asked for memory that is lost: it has no CONFIG_DEBUG_KMEMLEAK`,
      `conform kernels build --debug makes one that can`,
    );
  }
  return [...(reference === undefined ? [] : [`reference=${reference}`]), ...(kmemleak ? ["kmemleak"] : [])];
}

/** Makes the snapshot with the first need, once. */
function keeper(
  { parts, bootMs, digest }: Pick<Setup, "parts" | "bootMs"> & { readonly digest: string },
  tell: Tell,
  signal: AbortSignal,
): Pick<Setup, "kept" | "forget"> {
  const nowhere = { executor: "", monitor: "", console: "" };
  const all = digestOf([digest, ...machineArguments(parts, nowhere)]);
  let kept: Promise<Snapshot | undefined> | undefined;
  if (parts.gpu) return { kept: () => Promise.resolve(undefined), forget: () => Promise.resolve() };
  const make = async (own: MachineParts, action: (machine: Machine) => Promise<void>) => {
    const live = await boot(own, bootMs, { signal });
    try {
      await live.executor.quiet();
      await action(live.machine);
    } finally {
      await letGo(live);
    }
  };
  const made = () =>
    snapshotOf(all, parts, make, tell).catch((error: unknown) => {
      if (!(error instanceof VmError) || signal.aborted) throw error;
      return void tell(`Every machine is booted, since none can be kept: ${error.message}`);
    });
  return {
    kept: () => kept ??= made(),
    forget: async () => {
      const snapshot = await kept;
      kept = Promise.resolve(undefined);
      if (snapshot) await forgetSnapshot(snapshot);
    },
  };
}

async function chosen(choice: KernelChoice): Promise<KernelWithModules> {
  if (choice.kind === "file") return { kernel: await ownKernel(choice.image, choice.modules), added: [] };
  const kernel = await kernelHere(choice.version);
  return choice.with === "modules made here" ? await withModulesMadeHere(kernel) : { kernel, added: [] };
}
