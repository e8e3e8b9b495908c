/**
 * The kernels that are here: those that were fetched or built, each with a record of what it was made of.
 *
 * @module
 */
import { readFile, writeFile } from "node:fs/promises";
import { existsSync } from "node:fs";
import { z } from "zod";
import { cached } from "../cache.ts";
import { VmError } from "../failure.ts";
import { compareReleases, isAskedFor } from "./catalogue.ts";

/** A kernel that is here. */
export interface LocalKernel {
  /** What `uname -r` says. */
  readonly release: string;
  /** The version of Linux. */
  readonly version: string;
  /** Where it is from: Debian's archive, or built here. */
  readonly origin: "debian" | "built";
  /** The image to boot. */
  readonly image: string;
  /** The SHA-256 of the image. */
  readonly digest: string;
  /** Folders with modules; what is in an earlier one replaces what is in a later one. */
  readonly modules: readonly string[];
  /** The configuration, where it is known. */
  readonly config?: string | undefined;
  /** What it was made of, each with a digest. */
  readonly made: readonly { readonly name: string; readonly version: string; readonly sha256: string }[];
}

const schema: z.ZodType<LocalKernel> = z.strictObject({
  release: z.string(),
  version: z.string(),
  origin: z.enum(["debian", "built"]),
  image: z.string(),
  digest: z.string(),
  modules: z.array(z.string()),
  config: z.string().optional(),
  made: z.array(z.strictObject({ name: z.string(), version: z.string(), sha256: z.string() })),
});

const RECORD = "kernel.json";

/** Modules that Debian leaves out of its kernels and that are built here: iommufd with VFIO, and vkms. */
export type LeftOut = "iommufd" | "vkms";

/** The folder of a kernel, below the cache. */
export async function folderOf(release: string): Promise<string> {
  return `${await cached("kernels")}/${release}`;
}

/** The folder of modules that were built for a kernel which leaves them out; it may be missing. */
export async function rebuiltFolder(release: string, what: LeftOut): Promise<string> {
  return `${await cached(what)}/${release}`;
}

/** The folder of modules that were built for a kernel which leaves them out, where they were. */
export async function rebuiltHere(release: string, what: LeftOut): Promise<string | undefined> {
  const folder = await rebuiltFolder(release, what);
  return existsSync(folder) ? folder : undefined;
}

/** The folder of the suite's own module for a kernel, as it was built last; it may be missing. */
export async function ownModuleFolder(release: string): Promise<string> {
  return `${await cached(`modules/${release}`)}/newest`;
}

/** Writes the record of a kernel into its folder; paths in it are given below that folder. */
export async function writeRecord(folder: string, kernel: LocalKernel): Promise<void> {
  await writeFile(`${folder}/${RECORD}`, `${JSON.stringify(kernel, undefined, 2)}\n`);
}

/** The kernels that are here, the newest first; paths are whole. */
export async function localKernels(): Promise<LocalKernel[]> {
  const kernels: LocalKernel[] = [];
  for await (const { name, isDirectory } of Deno.readDir(await cached("kernels"))) {
    const kernel = isDirectory ? await localKernel(name) : undefined;
    if (kernel) kernels.push(kernel);
  }
  return kernels.toSorted((one, other) => compareReleases(other.release, one.release));
}

async function localKernel(release: string): Promise<LocalKernel | undefined> {
  const folder = await folderOf(release);
  if (!existsSync(`${folder}/${RECORD}`)) return undefined;
  const kernel = schema.safeParse(JSON.parse(await readFile(`${folder}/${RECORD}`, "utf8")));
  if (!kernel.success) return undefined;
  return {
    ...kernel.data,
    image: `${folder}/${kernel.data.image}`,
    modules: kernel.data.modules.map((each) => `${folder}/${each}`),
    config: kernel.data.config && `${folder}/${kernel.data.config}`,
  };
}

/** A kernel, and which modules that were made here go with it, in words. */
export interface KernelWithModules {
  /** The kernel, with the folders of those modules. */
  readonly kernel: LocalKernel;
  /** The modules, a few words for each folder. */
  readonly added: readonly string[];
}

/** Adds to a kernel the modules that were made for it: iommufd and VFIO, vkms, and the suite's own. */
export async function withModulesMadeHere(kernel: LocalKernel): Promise<KernelWithModules> {
  const { release, modules } = kernel;
  const made = [
    { folder: await rebuiltFolder(release, "iommufd"), what: "iommufd and VFIO rebuilt" },
    { folder: await rebuiltFolder(release, "vkms"), what: "vkms" },
    { folder: await ownModuleFolder(release), what: "the suite's own module" },
  ].filter(({ folder }) => existsSync(folder));
  return {
    kernel: { ...kernel, modules: [...made.map(({ folder }) => folder), ...modules] },
    added: made.map(({ what }) => what),
  };
}

/**
 * The newest kernel here that a user asks for.
 *
 * @throws {VmError} if there is none
 */
export async function kernelHere(wanted: string): Promise<LocalKernel> {
  const kernels = await localKernels();
  const found = kernels.find((kernel) => isAskedFor(wanted, kernel));
  if (found) return found;
  const here = kernels.length === 0 ? "none" : kernels.map(({ release }) => release).join(", ");
  throw new VmError(
    `There is no kernel ${wanted} here; there is ${here}`,
    `Get it with: conform kernels fetch ${wanted}`,
  );
}
