/**
 * Builds the kernel module: against the headers of a kernel of Debian's archive, with a compiler of Debian, both
 * unpacked below the cache folder; or against headers that are here, with the compiler of this machine.
 *
 * Nothing is installed. What was built once from the same sources for the same headers is not built again.
 *
 * @module
 */
import { existsSync } from "node:fs";
import { chmod, copyFile, mkdir, readdir, readFile, rm, symlink } from "node:fs/promises";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { cached, digestOf, madeWhole } from "../../vm/cache.ts";
import { type Tell, VmError } from "../../vm/failure.ts";
import { Archive, type ArchiveKernel, kernelInArchive } from "../../vm/kernels/mod.ts";
import { type LocalKernel, localKernels, ownModuleFolder } from "../../vm/kernels/store.ts";
import { toolchain } from "../../vm/kernels/toolchain.ts";
import { runForText, runTool } from "../../vm/tools.ts";

/** The name of the module's file. */
export const MODULE_FILE = "dmabuf_conform.ko";

const COMPILER = "gcc-14";

/** A module that was built. */
export interface BuiltModule {
  /** The file. */
  readonly path: string;
  /** The kernel that it can be loaded into, as `uname -r` says. */
  readonly release: string;
  /** Whether it was there already. */
  readonly isCached: boolean;
}

/** What a module is built for. */
export type BuildFor =
  /** A kernel of Debian's archive, as in `7.3`, or one that was built here, by its whole release. */
  | { readonly kind: "archive"; readonly version: string }
  /** A folder with the headers of a kernel, as `/lib/modules/…/build` is one. */
  | { readonly kind: "headers"; readonly folder: string };

/**
 * Builds the module.
 *
 * @param what for which kernel
 * @param tell is told what is being done
 * @throws {VmError} where something is missing, or the compiler refuses
 */
export async function buildModule(what: BuildFor, tell: Tell): Promise<BuiltModule> {
  const built = what.kind === "archive"
    ? await buildForKernel(what.version, tell)
    : await buildHere(what.folder, tell);
  /* a virtual machine of that kernel loads it */
  const newest = await ownModuleFolder(built.release);
  await rm(newest, { force: true });
  await symlink(dirname(built.path), newest);
  return built;
}

async function buildForKernel(version: string, tell: Tell): Promise<BuiltModule> {
  const archive = await Archive.open("when stale", tell);
  const own = (await localKernels()).find(({ release, origin }) => release === version && origin === "built");
  return own ? await buildForOwn(own, archive, tell) : await buildForArchive(version, archive, tell);
}

/** For a kernel that was built here, whose headers were kept. */
async function buildForOwn(
  { release, digest }: LocalKernel,
  archive: Archive,
  tell: Tell,
): Promise<BuiltModule> {
  const headers = `${await cached("headers")}/${release}`;
  if (!existsSync(`${headers}/usr/src/linux-headers-${release}`)) {
    throw new VmError(
      `There are no headers of ${release} here, so that no module can be built for it`,
      "Build it again with conform kernels build, which keeps them",
    );
  }
  const path = await placeOf(release, [digest, COMPILER]);
  if (existsSync(path)) return { path, release, isCached: true };
  return await buildInRoot({ path, release, headers }, archive, tell);
}

async function buildForArchive(version: string, archive: Archive, tell: Tell): Promise<BuiltModule> {
  const kernel = kernelInArchive(version, await archive.kernels());
  const { release } = kernel;
  if (!kernel.headers) {
    throw new VmError(
      `The archive has no headers of ${release}, so that no module can be built for it`,
      "Take a kernel for which conform kernels list says headers, or give a folder with --headers",
    );
  }
  const path = await placeOf(release, [kernel.headers.sha256, COMPILER]);
  if (existsSync(path)) return { path, release, isCached: true };
  const headers = await headersOf(archive, kernel, tell);
  return await buildInRoot({ path, release, headers }, archive, tell);
}

/** What is built in the compiler's root: for which headers, and where it goes. */
interface InRoot {
  readonly path: string;
  readonly release: string;
  readonly headers: string;
}

async function buildInRoot(
  { path, release, headers }: InRoot,
  archive: Archive,
  tell: Tell,
): Promise<BuiltModule> {
  if (Deno.uid() !== 0) {
    throw new VmError(
      "The compiler runs in a root of its own, which only root can enter",
      "Run as root, or build for headers that are here with --headers",
    );
  }
  const { root } = await toolchain(archive, "modules", tell);
  await mkdir(`${root}/usr/src`, { recursive: true });
  return await inBuildFolder(path, release, async (folder) => {
    tell(`Compiling for ${release}`);
    await runTool("unshare", ["-m", "bash", "-ec", scriptOf(root, headers, folder, release)]);
  });
}

async function buildHere(headers: string, tell: Tell): Promise<BuiltModule> {
  if (!existsSync(`${headers}/Makefile`)) {
    throw new VmError(
      `There are no kernel headers in ${headers}: it has no Makefile`,
      "On Debian: apt-get install linux-headers-$(uname -r), and give /lib/modules/$(uname -r)/build",
    );
  }
  const release = (await runForText("make", ["-s", "-C", headers, "kernelrelease"])).trim();
  const path = await placeOf(release, [headers]);
  if (existsSync(path)) return { path, release, isCached: true };
  return await inBuildFolder(path, release, async (folder) => {
    tell(`Compiling for ${release}`);
    await runTool("make", ["-C", headers, `M=${folder}`, "CONFIG_DEBUG_INFO_BTF_MODULES=", "modules"]);
  });
}

const SOURCE = fileURLToPath(new URL(".", import.meta.url));

/** The files that the module is made of. */
async function sources(): Promise<string[]> {
  const names = await readdir(SOURCE);
  return [...names.filter((name) => /\.[ch]$/.test(name) || name === "Kbuild"), "uapi/conform.h"].toSorted();
}

/** Where the module for a kernel is kept; it depends on everything that it is made of. */
async function placeOf(release: string, parts: readonly string[]): Promise<string> {
  const contents = await Promise.all((await sources()).map((name) => readFile(`${SOURCE}/${name}`)));
  const digest = digestOf([...parts, ...contents]).slice(0, 16);
  return `${await cached(`modules/${release}`)}/${digest}/${MODULE_FILE}`;
}

async function inBuildFolder(
  path: string,
  release: string,
  build: (folder: string) => Promise<void>,
): Promise<BuiltModule> {
  const folder = await Deno.makeTempDir({ dir: await cached("build"), prefix: "module-" });
  try {
    await mkdir(`${folder}/uapi`);
    for (const name of await sources()) await copyFile(`${SOURCE}/${name}`, `${folder}/${name}`);
    await build(folder);
    await runTool("strip", ["-g", `${folder}/${MODULE_FILE}`]);
    await madeWhole(dirname(path), async (half) => {
      await mkdir(half, { recursive: true });
      await copyFile(`${folder}/${MODULE_FILE}`, `${half}/${MODULE_FILE}`);
      await chmod(`${half}/${MODULE_FILE}`, 0o644);
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  return { path, release, isCached: false };
}

/** Headers of a kernel, unpacked: three packages of the same version. */
async function headersOf(archive: Archive, kernel: ArchiveKernel, tell: Tell): Promise<string> {
  const folder = `${await cached("headers")}/${kernel.release}`;
  if (existsSync(folder) || !kernel.headers) return folder;
  const { name, version, depends } = kernel.headers;
  const names = [name, ...depends.filter((each) => /^linux-(headers|kbuild)-/.test(each))];
  await unpack(archive, names.map((each) => `${each}=${version}`), folder, tell);
  return folder;
}

async function unpack(
  archive: Archive,
  packages: readonly string[],
  folder: string,
  tell: Tell,
): Promise<void> {
  const downloads = await Deno.makeTempDir({ dir: await cached("downloads") });
  try {
    await madeWhole(folder, async (half) => {
      await mkdir(half, { recursive: true });
      for (const [index, each] of packages.entries()) {
        tell(`Unpacking ${index + 1}/${packages.length}: ${each}`);
        await runTool("dpkg-deb", ["-x", await archive.downloadOne(each, downloads), half]);
      }
    });
  } finally {
    await rm(downloads, { recursive: true, force: true });
  }
}

/** What runs in a mount namespace of its own: the headers and the sources are shown within the compiler's root. */
function scriptOf(root: string, headers: string, work: string, release: string): string {
  const quoted = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;
  const make = `make -C /usr/src/linux-headers-${release} M=/work CC=${COMPILER} LD=ld ` +
    "CONFIG_DEBUG_INFO_BTF_MODULES= modules";
  return [
    `root=${quoted(root)} headers=${quoted(headers)} work=${quoted(work)}`,
    'mount --bind "$headers/usr/src" "$root/usr/src"',
    'for each in "$headers"/usr/lib/linux-kbuild-*; do',
    '  [ -d "$each" ] || continue',
    '  mkdir -p "$root/usr/lib/${each##*/}"',
    '  mount --bind "$each" "$root/usr/lib/${each##*/}"',
    "done",
    'mount --bind "$work" "$root/work"',
    'mount -t proc proc "$root/proc"',
    'mount --bind /dev "$root/dev"',
    `exec chroot "$root" /usr/bin/bash -c ${quoted(`export PATH=/usr/bin LC_ALL=C; ${make}`)}`,
  ].join("\n");
}
