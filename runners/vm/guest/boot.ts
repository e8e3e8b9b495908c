/**
 * What a machine boots: an initramfs for a kernel, with its modules and what its first process is to do.
 *
 * @module
 */
import { existsSync } from "node:fs";
import { readFile, utimes, writeFile } from "node:fs/promises";
import { cached, digestOf, forgetOldest, madeWhole } from "../cache.ts";
import { type Tell, VmError } from "../failure.ts";
import type { LocalKernel } from "../kernels/store.ts";
import { guestExecutor } from "./executor.ts";
import { guestInit } from "./init.ts";
import { type Entry, packInitramfs } from "./initramfs.ts";
import { loadOrder, type Module, parametersOf, withoutVainSignatures } from "./modules.ts";

/** The name of the virtio-serial port on which the executor listens. */
export const EXECUTOR_PORT = "conform.executor";

/** The devices that the guest gives to vfio-pci: QEMU's shared memory and its edu device. */
const VFIO_DEVICES = ["1af4:1110", "1234:11e8"];

/** The suite's own module, and the device that imports for it: QEMU's test device, of which it needs the address only. */
const IMPORTER = { module: "dmabuf_conform", device: "1b36:0005", driver: "dmabuf-conform" } as const;

/** What the port of the executor takes. */
const FOR_PORT = ["virtio_pci", "virtio_console"];

/** Modules that are loaded where the kernel has them as modules; others stand in for some of the same name. */
export const MODULES: readonly string[] = [
  ...FOR_PORT,
  "pvpanic_mmio",
  "udmabuf",
  "vgem",
  "vkms",
  "virtio_gpu",
  "vivid",
  "iommufd",
  "vfio_iommu_type1",
  "vfio_pci",
  IMPORTER.module,
];

/** How often a program is run to be timed. */
const TIMES = 20;

/** What the first process does when everything is there. */
export type Purpose =
  /** Serves the executor at the virtio-serial port, and names the native target, with more words where there are some. */
  | "cases"
  | { readonly words: readonly string[] }
  /** Serves as soon as there is the port, and prepares nothing. */
  | "nothing"
  /** Times a program before it serves. */
  | { readonly timed: Uint8Array }
  /** Gives a shell on the console. */
  | { readonly shell: Uint8Array };

/** An initramfs that was made. */
export interface Initramfs {
  /** The file. */
  readonly path: string;
  /** The SHA-256 of it. */
  readonly digest: string;
  /** The modules in it, in the order in which they are loaded. */
  readonly modules: readonly string[];
}

/**
 * Makes the initramfs of a kernel, or finds the one that was made of the same parts.
 *
 * @throws {VmError} where a part is missing
 */
export async function initramfsFor(kernel: LocalKernel, purpose: Purpose, tell: Tell): Promise<Initramfs> {
  const [init, executor, found] = await Promise.all([
    guestInit(tell),
    guestExecutor(tell),
    loadOrder(kernel.modules, MODULES),
  ]);
  const modules = withoutVainSignatures(found);
  const steps = stepsOf(modules, purpose);
  const config = await configOf(kernel);
  const entries = entriesOf({ kernel, init, executor, modules, steps, config, purpose });
  const bytes = packInitramfs(entries);
  const digest = digestOf([bytes]);
  const path = `${await cached("guest")}/initramfs-${digest.slice(0, 16)}.cpio`;
  if (existsSync(path)) await utimes(path, new Date(), new Date());
  else {
    await madeWhole(path, (half) => writeFile(half, bytes));
    await forgetOld(await cached("guest"));
  }
  return { path, digest, modules: modules.map(({ name }) => name) };
}

/** How many are kept; each is some ten megabytes, and made in a second. */
const KEPT = 24;

async function forgetOld(folder: string): Promise<void> {
  const names = (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name);
  const whole = names.filter((name) => /^initramfs-\w+\.cpio$/.test(name));
  await forgetOldest(whole.map((name) => `${folder}/${name}`), KEPT);
}

async function configOf({ config, release }: LocalKernel): Promise<Uint8Array | undefined> {
  if (config === undefined) return undefined;
  if (existsSync(config)) return await readFile(config);
  throw new VmError(
    `The configuration of ${release} has gone from the cache`,
    `Remove its folder and fetch it again`,
  );
}

/** What the first process does, a step on each line. */
export function stepsOf(modules: readonly Pick<Module, "name">[], purpose: Purpose): string {
  return orderOf(modules, purpose).map((step) => `${step}\n`).join("");
}

function orderOf(modules: readonly Pick<Module, "name">[], purpose: Purpose): string[] {
  if (purpose === "cases") return served(modules, []);
  if (purpose === "nothing") return [...modules.slice(0, countForPort(modules)).map(load), SERVE, told([])];
  if ("words" in purpose) return served(modules, purpose.words);
  if ("shell" in purpose) return [...prepared(modules), "shell /bin/busybox sh"];
  return [...prepared(modules), `time ${TIMES} /timed`, SERVE, told([])];
}

/** How many modules there are until there is the port. */
function countForPort(modules: readonly Pick<Module, "name">[]): number {
  return modules.findLastIndex(({ name }) => FOR_PORT.includes(name)) + 1;
}

/** The executor starts when everything is there, and hears of the devices. */
function served(modules: readonly Pick<Module, "name">[], words: readonly string[]): string[] {
  return [...prepared(modules), SERVE, told(words)];
}

/** Loads modules and gives devices to their drivers. */
function prepared(modules: readonly Pick<Module, "name">[]): string[] {
  const imports = modules.some(({ name }) => name === IMPORTER.module);
  return [
    ...modules.map(load),
    ...VFIO_DEVICES.map((id) => `bind ${id}`),
    ...(imports ? [`bind ${IMPORTER.device} ${IMPORTER.driver}`] : []),
  ];
}

function load(module: Pick<Module, "name">): string {
  const parameters = parametersOf(module);
  return `load /modules/${module.name}.ko${parameters === undefined ? "" : ` ${parameters}`}`;
}

const SERVE = `serve ${EXECUTOR_PORT} /executor`;

/** Tells the executor what the native target is called: the devices, and before them what else it is to do. */
function told(words: readonly string[]): string {
  return `tell native:${[...words, "@DEVICES@"].join(",")}`;
}

interface Parts {
  readonly kernel: LocalKernel;
  readonly init: Uint8Array;
  readonly executor: Uint8Array;
  readonly modules: readonly Module[];
  readonly steps: string;
  readonly config: Uint8Array | undefined;
  readonly purpose: Purpose;
}

function entriesOf({ kernel, init, executor, modules, steps, config, purpose }: Parts): Entry[] {
  return [
    { kind: "device", path: "dev/console", major: 5, minor: 1 },
    { kind: "file", path: "init", bytes: init, mode: "0755" },
    { kind: "file", path: "executor", bytes: executor, mode: "0755" },
    { kind: "file", path: "etc/steps", bytes: new TextEncoder().encode(steps), mode: "0644" },
    ...(config === undefined ? [] : [file(`boot/config-${kernel.release}`, config)]),
    ...modules.map(({ name, bytes }) => file(`modules/${name}.ko`, bytes)),
    ...(typeof purpose === "object" ? programsOf(purpose) : []),
  ];
}

function file(path: string, bytes: Uint8Array): Entry {
  return { kind: "file", path, bytes, mode: "0644" };
}

/** What a purpose runs beside the executor. */
function programsOf(purpose: Exclude<Purpose, string>): Entry[] {
  if ("shell" in purpose) return shellEntries(purpose.shell);
  return "timed" in purpose ? [{ kind: "file", path: "timed", bytes: purpose.timed, mode: "0755" }] : [];
}

/** The programs that somebody who looks around in a machine uses most. */
const APPLETS = ["sh", "cat", "dmesg", "insmod", "ls", "lsmod", "lspci", "mount", "poweroff", "ps", "sleep"];

function shellEntries(busybox: Uint8Array): Entry[] {
  return [
    { kind: "file", path: "bin/busybox", bytes: busybox, mode: "0755" },
    ...APPLETS.map((name): Entry => ({ kind: "link", path: `bin/${name}`, to: "busybox" })),
  ];
}
