/**
 * Builds modules that a stock kernel leaves out, from Debian's own sources against its own headers.
 *
 * @module
 */
import { existsSync } from "node:fs";
import { copyFile, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { cached, madeWhole } from "../cache.ts";
import { type Tell, VmError } from "../failure.ts";
import { runTool } from "../tools.ts";
import type { Archive } from "./archive.ts";
import type { ArchiveKernel } from "./catalogue.ts";
import { unpackSource } from "./source.ts";
import { type LeftOut, rebuiltFolder } from "./store.ts";
import { type Toolchain, toolchain } from "./toolchain.ts";

/** How modules that are left out are built. */
export interface Recipe {
  /** What they are together. */
  readonly what: LeftOut;
  /** The parts of the sources that are needed. */
  readonly sources: readonly string[];
  /** The part that the sources of a kernel may lack, since when there is it. */
  readonly subject: { readonly folder: string; readonly since: string };
  /** The folders with a Makefile that is used. */
  readonly makefiles: readonly string[];
  /** The folders that the build is begun in. */
  readonly entries: readonly string[];
  /** The options that are on; all others that choose a module are off. */
  readonly on: Readonly<Record<string, "y" | "m">>;
  /** What the headers do not say, since the kernel was built without. */
  readonly defines: readonly string[];
  /** The modules that come of it, as far as the sources of a kernel have them. */
  readonly built: readonly string[];
  /** Makes of the sources what can be built outside of the kernel's own tree. */
  readonly arrange?: ((work: string) => Promise<void>) | undefined;
}

/**
 * Builds the modules of a recipe, or finds them; once they are there, every machine with this kernel loads them.
 *
 * @returns the folder with the modules; `undefined` where the sources of the kernel do not have them, which is told
 * @throws {VmError} if the archive lacks a part, or the build fails
 */
export async function rebuild(
  archive: Archive,
  kernel: ArchiveKernel,
  recipe: Recipe,
  tell: Tell,
): Promise<string | undefined> {
  const folder = await rebuiltFolder(kernel.release, recipe.what);
  if (existsSync(folder)) return folder;
  const tools = await toolchain(archive, "modules", tell);
  await unpackHeaders(archive, kernel, tools, tell);
  const inside = `/build/${kernel.release}-${recipe.what}`;
  const work = `${tools.root}${inside}`;
  await rm(work, { recursive: true, force: true });
  try {
    await unpackSource(archive, kernel, recipe.sources, work, tell);
    const { folder: subject, since } = recipe.subject;
    if (!existsSync(`${work}/${subject}`)) {
      tell(`The sources of ${kernel.release} have no ${recipe.what}; it came with Linux ${since}`);
      return undefined;
    }
    await writeFile(`${work}/Kbuild`, `obj-m += ${recipe.entries.map((entry) => `${entry}/`).join(" ")}\n`);
    await recipe.arrange?.(work);
    tell(`Building ${recipe.what} for ${kernel.release}`);
    await tools.run([
      "make",
      "-j2",
      "-C",
      `/usr/src/linux-headers-${kernel.release}`,
      `M=${inside}`,
      "CC=gcc-14",
      "LD=ld",
      "CONFIG_DEBUG_INFO_BTF_MODULES=",
      ...await optionsOf(work, recipe),
      `KCFLAGS=${recipe.defines.map((name) => `-D${name}=1`).join(" ")}`,
      "modules",
    ]);
    await mkdir(folder.slice(0, folder.lastIndexOf("/")), { recursive: true });
    await madeWhole(folder, (half) => collect(work, recipe, half));
    return folder;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** Puts the headers where they find each other: right into the toolchain. */
export async function unpackHeaders(
  archive: Archive,
  { headers, release }: ArchiveKernel,
  { root }: Toolchain,
  tell: Tell,
): Promise<void> {
  const headersOf = `${root}/usr/src/linux-headers-${release}`;
  /* is there for as long as they are not whole, also where this process is killed */
  const half = `${headersOf}.half`;
  if (existsSync(`${headersOf}/.config`) && !existsSync(half)) return;
  if (!headers) {
    throw new VmError(
      `The archive has no headers of ${release}`,
      "conform kernels list shows which kernels have them",
    );
  }
  const needed = [
    headers,
    ...await archive.packages(headers.depends.filter((name) => /^linux-(headers|kbuild)-/.test(name))),
  ];
  const downloads = `${await cached("downloads")}/headers-${release}`;
  const files = await archive.download(needed, downloads, tell);
  await mkdir(`${root}/usr/src`, { recursive: true });
  await writeFile(half, "");
  for (const file of files.toReversed()) await runTool("dpkg-deb", ["-x", file, root]);
  await rm(half);
  await rm(downloads, { recursive: true, force: true });
}

/** Every option that chooses a module, on or off. */
async function optionsOf(work: string, { makefiles, on }: Recipe): Promise<string[]> {
  const texts = await Promise.all(makefiles.map((folder) => readFile(`${work}/${folder}/Makefile`, "utf8")));
  const off = new Set(texts.flatMap(choosersOf).filter((name) => !Object.hasOwn(on, name)));
  return [
    ...Object.entries(on).map(([name, value]) => `${name}=${value}`),
    ...[...off].map((name) => `${name}=`),
  ];
}

/** The options that a Makefile chooses modules and folders by. */
export function choosersOf(makefile: string): string[] {
  return [...makefile.matchAll(/^obj-\$\((CONFIG_\w+)\)/gm)].flatMap(([, name]) => name ?? []);
}

async function collect(work: string, { built, makefiles }: Recipe, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const name of built) {
    for (const place of makefiles) {
      const file = `${work}/${place}/${name}.ko`;
      if (!existsSync(file)) continue;
      await copyFile(file, `${folder}/${name}.ko`);
      await runTool("strip", ["-g", `${folder}/${name}.ko`]);
    }
  }
}
