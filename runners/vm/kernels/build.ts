/**
 * Builds a small kernel from Debian's sources: from nothing, with the fragments of this folder, and with a user's
 * patches where there are some. A build that was interrupted goes on where it stopped.
 *
 * @module
 */
import { existsSync } from "node:fs";
import { copyFile, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { cached, digestOf, digestOfFile, madeWhole } from "../cache.ts";
import type { Tell } from "../failure.ts";
import { runTool } from "../tools.ts";
import type { Archive } from "./archive.ts";
import type { ArchiveKernel } from "./catalogue.ts";
import { type Fragment, mergeFragments, parseFragment, unmet, writeFragment } from "./fragments.ts";
import { applyPatch, type Patch, readPatch, recordOf } from "./patch.ts";
import { unpackSource } from "./source.ts";
import { folderOf, kernelHere, type LocalKernel, writeRecord } from "./store.ts";
import { type Toolchain, toolchain } from "./toolchain.ts";

/** What to build. */
export interface BuildOptions {
  /** Whether the kernel watches itself: KASAN, lockdep, leaks, DMA; and makes faults to order. */
  readonly variant: "plain" | "debug";
  /** Files with patches, in the order in which they are applied. */
  readonly patches: readonly string[];
}

/** The image, below the folder of a kernel's sources. */
const IMAGE = "arch/x86/boot/bzImage";

/**
 * Builds a kernel; it is then one of those that are here.
 *
 * @throws {VmError} where a patch does not apply, or the build fails
 */
export async function buildKernel(
  archive: Archive,
  kernel: ArchiveKernel,
  options: BuildOptions,
  tell: Tell,
): Promise<LocalKernel> {
  const patches = await Promise.all(options.patches.map(readPatch));
  const suffix = suffixOf(options, patches);
  const release = `${kernel.version}${suffix}`;
  const folder = await folderOf(release);
  const wanted = await configurationOf(options, suffix);
  if (existsSync(folder)) return await builtBefore(release, folder, wanted, tell);
  const tools = await toolchain(archive, "kernels", tell);
  const inside = `/build/${release}`;
  const work = `${tools.root}${inside}`;
  await prepare(work, archive, kernel, patches, tell);
  await configure(tools, inside, wanted, tell);
  tell(`Building ${release}; this takes many minutes`);
  const jobs = `-j${navigator.hardwareConcurrency}`;
  await make(tools, inside, [jobs, "bzImage", "modules"], counted(tell));
  await keepHeaders(tools, inside, release);
  await madeWhole(folder, (half) => collect({ work, kernel, release, patches }, half));
  await rm(work, { recursive: true, force: true });
  return await kernelHere(release);
}

/** After so many files it is told how many have been compiled. */
const TELL_EVERY = 250;

/** Counts what make says that it compiles. */
function counted(tell: Tell): (line: string) => void {
  let files = 0;
  return (line) => {
    if (/^\s+(CC|AS|LD|AR)\s/.test(line) && ++files % TELL_EVERY === 0) tell(`Compiled ${files} files`);
  };
}

const COMPILER = ["CC=gcc-14", "HOSTCC=gcc-14"];

/** Runs make in the sources; never beside another one, such as one that outlived the process that started it. */
async function make(
  tools: Toolchain,
  inside: string,
  args: readonly string[],
  line?: (text: string) => void,
): Promise<void> {
  const lock = `${tools.root}${inside}/conform.lock`;
  await tools.run(["make", "-C", inside, ...COMPILER, ...args], line, lock);
}

/** Tells the kernels of one version apart. */
function suffixOf({ variant }: BuildOptions, patches: readonly Patch[]): string {
  const patched = patches.length === 0 ? "" : `-${digestOf(patches.map(({ bytes }) => bytes)).slice(0, 8)}`;
  return `-conform${variant === "debug" ? "-debug" : ""}${patched}`;
}

/** Unpacks and patches the sources, all or nothing. */
async function prepare(
  work: string,
  archive: Archive,
  kernel: ArchiveKernel,
  patches: readonly Patch[],
  tell: Tell,
): Promise<void> {
  if (existsSync(work)) return tell("Going on with the build that was interrupted");
  await madeWhole(work, async (half) => {
    await unpackSource(archive, kernel, [], half, tell);
    for (const patch of patches) {
      tell(`Applying ${patch.path}`);
      await applyPatch(half, patch, `Linux ${kernel.version}`);
    }
  });
}

/** What a kernel is to be configured as. */
async function configurationOf({ variant }: BuildOptions, suffix: string): Promise<Fragment> {
  const names = variant === "debug" ? ["small", "debug"] : ["small"];
  const own = new Map([["CONFIG_LOCALVERSION", `"${suffix}"`]]);
  return mergeFragments([...await Promise.all(names.map(fragmentNamed)), own]);
}

/** A kernel that was built before; it is told where it is not what would be built now. */
async function builtBefore(
  release: string,
  folder: string,
  wanted: Fragment,
  tell: Tell,
): Promise<LocalKernel> {
  const kernel = await kernelHere(release);
  const config = kernel.config === undefined
    ? undefined
    : parseFragment(await readFile(kernel.config, "utf8"));
  const left = config ? unmet(wanted, config) : [];
  if (left.length > 0) {
    tell(
      `${release} was built before, and not so: ${left.join(", ")}. To build it anew, remove ${folder}`,
    );
  }
  return kernel;
}

async function configure(
  tools: Toolchain,
  inside: string,
  wanted: Fragment,
  tell: Tell,
): Promise<void> {
  const config = `${tools.root}${inside}/.config`;
  const seed = `${tools.root}${inside}/conform.config`;
  await writeFile(seed, writeFragment(wanted));
  await make(tools, inside, [`KCONFIG_ALLCONFIG=${inside}/conform.config`, "allnoconfig"]);
  const left = unmet(wanted, parseFragment(await readFile(config, "utf8")));
  if (left.length > 0) tell(`This kernel has not, or not so: ${left.join(", ")}`);
}

async function fragmentNamed(name: string): Promise<Map<string, string>> {
  return parseFragment(await readFile(new URL(`fragments/${name}.config`, import.meta.url), "utf8"));
}

/**
 * Keeps what modules are built against, laid out as the packages with headers lay it out. The script is the one with
 * which the kernel makes such packages itself; it came with Linux 6.3, and nothing is kept where it is missing.
 */
async function keepHeaders(tools: Toolchain, inside: string, release: string): Promise<void> {
  const script = "scripts/package/install-extmod-build";
  if (!existsSync(`${tools.root}${inside}/${script}`)) return;
  const kept = `${inside}/headers`;
  const command = `KBUILD_RUN_COMMAND=+$(srctree)/${script} ${kept}`;
  await make(tools, inside, ["run-command", command]);
  await copyFile(`${tools.root}${inside}/.config`, `${tools.root}${kept}/.config`);
  await madeWhole(`${await cached("headers")}/${release}`, async (half) => {
    await mkdir(`${half}/usr/src`, { recursive: true });
    await runTool("mv", [`${tools.root}${kept}`, `${half}/usr/src/linux-headers-${release}`]);
  });
}

/** What was built. */
interface Built {
  readonly work: string;
  readonly kernel: ArchiveKernel;
  readonly release: string;
  readonly patches: readonly Patch[];
}

async function collect({ work, kernel, release, patches }: Built, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  await copyFile(`${work}/${IMAGE}`, `${folder}/bzImage`);
  await copyFile(`${work}/.config`, `${folder}/config`);
  const { source } = kernel;
  await writeRecord(folder, {
    release,
    version: kernel.version,
    origin: "built",
    image: "bzImage",
    digest: await digestOfFile(`${folder}/bzImage`),
    modules: [],
    config: "config",
    made: [
      ...(source ? [{ name: source.name, version: source.version, sha256: source.sha256 }] : []),
      ...patches.map(recordOf),
    ],
  });
}
