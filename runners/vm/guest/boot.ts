/**
 * What a machine boots: an initramfs for a kernel, with its modules and what its first process is to do.
 *
 * @module
 */
import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { cached, digestOf, madeWhole } from "../cache.ts";
import { type Tell, VmError } from "../failure.ts";
import type { LocalKernel } from "../kernels/store.ts";
import { IN_IMAGE } from "./image.ts";
import { guestInit } from "./init.ts";
import { type Entry, packInitramfs } from "./initramfs.ts";
import { loadOrder, type Module, parametersOf } from "./modules.ts";

/** The name of the virtio-serial port on which the agent speaks. */
export const AGENT_PORT = "conform.agent";

/** The devices that the guest gives to vfio-pci: QEMU's shared memory and its edu device. */
const VFIO_DEVICES = ["1af4:1110", "1234:11e8"];

/** The suite's own module, and the device that imports for it: QEMU's test device, of which it needs the address only. */
const IMPORTER = { module: "dmabuf_conform", device: "1b36:0005", driver: "dmabuf-conform" } as const;

/** What the agent takes to start: its image and its port. */
const FOR_AGENT = ["virtio_pci", "virtio_console", "virtio_blk", "crc32c_generic", "ext4"];

/** Modules that are loaded where the kernel has them as modules; others stand in for some of the same name. */
export const MODULES: readonly string[] = [
  ...FOR_AGENT,
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
  /** Serves this machine's native target over the virtio-serial port, with more words in its name where there are some. */
  | "agent"
  | { readonly words: readonly string[] }
  /** Says when it begins and when the machine is ready, times a program in between, and serves. */
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
  const [init, { modules }] = await Promise.all([guestInit(tell), loadOrder(kernel.modules, MODULES)]);
  const steps = stepsOf(modules, purpose);
  const config = await configOf(kernel);
  const entries = entriesOf({ kernel, init, modules, steps, config, purpose });
  const bytes = packInitramfs(entries);
  const digest = digestOf([bytes]);
  const path = `${await cached("guest")}/initramfs-${digest.slice(0, 16)}.cpio`;
  if (!existsSync(path)) await madeWhole(path, (half) => writeFile(half, bytes));
  return { path, digest, modules: modules.map(({ name }) => name) };
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
  if (purpose === "agent") return served(modules, []);
  if ("words" in purpose) return served(modules, purpose.words);
  if ("shell" in purpose) return [...prepared(modules), "shell /bin/busybox sh"];
  return ["say begins", ...prepared(modules), `time ${TIMES} /timed`, "say ready", ...SERVE, told([])];
}

/** The agent starts as soon as there is what it takes, and hears of the devices when everything is there. */
function served(modules: readonly Pick<Module, "name">[], words: readonly string[]): string[] {
  const count = modules.findLastIndex(({ name }) => FOR_AGENT.includes(name)) + 1;
  const [first, rest] = [modules.slice(0, count), modules.slice(count)];
  return [...first.map(load), ...SERVE, ...prepared(rest), told(words)];
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

/**
 * JavaScript is interpreted: an agent does some hundred short cases, and code that is compiled for them costs more than
 * it gains, most of all where each instruction of it has to be translated as well. Its memory is tidied without other
 * threads, which would have to be woken for little.
 */
const DENO = [
  `/image/${IN_IMAGE.deno} run --quiet --v8-flags=--jitless,--single-threaded-gc`,
  "--allow-all --no-config --no-remote --cached-only",
].join(" ");

const SERVE = ["mount /dev/vda /image ext4", `serve ${AGENT_PORT} ${DENO} /image/${IN_IMAGE.agent}`];

/** Tells the agent what its target is called: the devices, and before them what else it is to do. */
function told(words: readonly string[]): string {
  return `tell native:${[...words, "@DEVICES@"].join(",")}`;
}

interface Parts {
  readonly kernel: LocalKernel;
  readonly init: Uint8Array;
  readonly modules: readonly Module[];
  readonly steps: string;
  readonly config: Uint8Array | undefined;
  readonly purpose: Purpose;
}

function entriesOf({ kernel, init, modules, steps, config, purpose }: Parts): Entry[] {
  return [
    { kind: "device", path: "dev/console", major: 5, minor: 1 },
    { kind: "folder", path: "image" },
    { kind: "link", path: "lib64", to: "image/lib" },
    { kind: "file", path: "init", bytes: init, mode: "0755" },
    { kind: "file", path: "etc/steps", bytes: new TextEncoder().encode(steps), mode: "0644" },
    ...(config === undefined ? [] : [file(`boot/config-${kernel.release}`, config)]),
    ...modules.map(({ name, bytes }) => file(`modules/${name}.ko`, bytes)),
    ...(purpose !== "agent" && "shell" in purpose ? shellEntries(purpose.shell) : []),
    ...(purpose !== "agent" && "timed" in purpose
      ? [{ kind: "file", path: "timed", bytes: purpose.timed, mode: "0755" } as const]
      : []),
  ];
}

function file(path: string, bytes: Uint8Array): Entry {
  return { kind: "file", path, bytes, mode: "0644" };
}

/** The programs that somebody who looks around in a machine uses most. */
const APPLETS = ["sh", "cat", "dmesg", "insmod", "ls", "lsmod", "lspci", "mount", "poweroff", "ps", "sleep"];

function shellEntries(busybox: Uint8Array): Entry[] {
  return [
    { kind: "file", path: "bin/busybox", bytes: busybox, mode: "0755" },
    ...APPLETS.map((name): Entry => ({ kind: "link", path: `bin/${name}`, to: "busybox" })),
  ];
}
