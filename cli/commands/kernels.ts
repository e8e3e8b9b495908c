/**
 * `conform kernels`: gets, builds and boots kernels for virtual machines.
 *
 * @module
 */
import { type Tell, VmError } from "../../runners/vm/failure.ts";
import {
  Archive,
  type ArchiveKernel,
  buildKernel,
  fetchKernel,
  kernelHere,
  kernelInArchive,
  LEFT_OUT,
  type LocalKernel,
  localKernels,
  rebuild,
  rebuiltHere,
  type Recipe,
  withModulesMadeHere,
} from "../../runners/vm/kernels/mod.ts";
import { stoppedBy } from "../../runners/vm/tools.ts";
import { bootShell } from "../../runners/vm/shell.ts";
import { ownKernel } from "../../runners/vm/own_kernel.ts";
import { Failure, type Io } from "../io.ts";

/** What `conform kernels list` is given. */
export interface ListArguments {
  readonly refresh: boolean;
  readonly format: "human" | "json";
}

/** Carries out `conform kernels list` and gives the exit status. */
export function list({ refresh, format }: ListArguments, io: Io): Promise<number> {
  return told(io, async () => {
    const here = await localKernels();
    const there = await kernelsThere(refresh, io);
    const rows = rowsOf(there, here);
    io.out(format === "json" ? `${JSON.stringify(rows, undefined, 2)}\n` : tableOf(rows));
    return 0;
  });
}

/** What `conform kernels fetch` is given. */
export interface FetchArguments {
  readonly versions: readonly string[];
}

/** Carries out `conform kernels fetch` and gives the exit status. */
export function fetch({ versions }: FetchArguments, io: Io): Promise<number> {
  return told(io, async () => {
    const tell = teller(io);
    const archive = await Archive.open("when stale", tell);
    const kernels = await archive.kernels();
    for (const wanted of versions.map((version) => kernelInArchive(version, kernels))) {
      const kernel = await fetchKernel(archive, wanted, tell);
      io.out(`${kernel.release}  ${kernel.image}\n`);
    }
    return 0;
  });
}

/** What `conform kernels iommufd` is given. */
export interface IommufdArguments {
  readonly versions: readonly string[];
}

/** Carries out `conform kernels iommufd` and gives the exit status. */
export function iommufd({ versions }: IommufdArguments, io: Io): Promise<number> {
  return told(io, async () => {
    for (const version of versions) {
      const { release } = await kernelHere(version);
      for (const recipe of LEFT_OUT) {
        const here = await rebuiltHere(release, recipe.what);
        const folder = here ?? await rebuilt(release, recipe, teller(io));
        if (folder !== undefined) io.out(`${release}  ${folder}\n`);
      }
    }
    return 0;
  });
}

async function rebuilt(release: string, recipe: Recipe, tell: Tell): Promise<string | undefined> {
  const archive = await Archive.open("when stale", tell);
  return await rebuild(archive, kernelInArchive(release, await archive.kernels()), recipe, tell);
}

/** What `conform kernels build` is given. */
export interface BuildArguments {
  readonly version: string;
  readonly debug: boolean;
  readonly patches: readonly string[];
}

/** Carries out `conform kernels build` and gives the exit status. */
export function build({ version, debug, patches }: BuildArguments, io: Io): Promise<number> {
  return told(io, async () => {
    const tell = teller(io);
    const archive = await Archive.open("when stale", tell);
    const wanted = kernelInArchive(version, await archive.kernels());
    const kernel = await buildKernel(archive, wanted, { variant: debug ? "debug" : "plain", patches }, tell);
    io.out(`${kernel.release}  ${kernel.image}\n`);
    return 0;
  });
}

/** What `conform kernels boot` is given. */
export interface BootArguments {
  /** The version of a kernel that is here. */
  readonly version?: string | undefined;
  /** An image in a file instead. */
  readonly kernel?: string | undefined;
  /** The folder with its modules. */
  readonly modules?: string | undefined;
  /** More words for the kernel's command line. */
  readonly append?: string | undefined;
}

/** Carries out `conform kernels boot` and gives the exit status. */
export function boot(args: BootArguments, io: Io): Promise<number> {
  return told(io, async () => {
    const kernel = await kernelToBoot(args);
    const { append } = args;
    return await bootShell(kernel, { append }, teller(io)) === 0 ? 0 : 3;
  });
}

async function kernelToBoot({ version, kernel: file, modules }: BootArguments): Promise<LocalKernel> {
  const hint = "Give a version, as in conform kernels boot 7.3, or --kernel FILE";
  if (file !== undefined) {
    if (version !== undefined) throw new Failure(2, `There are two kernels, ${version} and "${file}"`, hint);
    return await ownKernel(file, modules);
  }
  if (version === undefined) throw new Failure(2, "No kernel is named", hint);
  if (modules !== undefined) throw new Failure(2, "Modules belong to a kernel that is given as a file", hint);
  return (await withModulesMadeHere(await kernelHere(version))).kernel;
}

/** The kernels of the archive; none, with the reason told, where it cannot be read. */
async function kernelsThere(refresh: boolean, io: Io): Promise<readonly ArchiveKernel[]> {
  try {
    return await (await Archive.open(refresh ? "now" : "when stale", teller(io))).kernels();
  } catch (error) {
    if (!(error instanceof VmError)) throw error;
    io.err(`The archive cannot be read: ${error.message}\n${error.hint}\n`);
    return [];
  }
}

/** A kernel as it is listed. */
interface Row {
  readonly release: string;
  readonly version: string;
  readonly here: boolean;
  /** What there is of it, in words. */
  readonly parts: string;
}

function rowsOf(there: readonly ArchiveKernel[], here: readonly LocalKernel[]): Row[] {
  const local = new Set(here.map(({ release }) => release));
  const archived = new Set(there.map(({ release }) => release));
  return [
    ...here.filter(({ release }) => !archived.has(release)).map(({ release, version, origin }) => ({
      release,
      version,
      here: true,
      parts: origin,
    })),
    ...there.map((kernel) => ({
      release: kernel.release,
      version: kernel.version,
      here: local.has(kernel.release),
      parts: partsOf(kernel),
    })),
  ];
}

function partsOf({ extent, headers, source }: ArchiveKernel): string {
  return [
    extent === "whole" ? "image and modules" : extent,
    ...(headers ? ["headers"] : []),
    ...(source ? ["source"] : []),
  ].join(", ");
}

function tableOf(rows: readonly Row[]): string {
  const width = Math.max(...rows.map(({ release }) => release.length), 0);
  return rows.map(({ release, here, parts }) =>
    `${here ? "here" : "    "}  ${release.padEnd(width)}  ${parts}\n`
  ).join("");
}

/** Writes what is being done to standard error, a line each. */
export function teller(io: Io): (text: string) => void {
  return (text) => io.err(`${text}\n`);
}

/** Turns what keeps a kernel from being had into a failure of the command. */
async function told(io: Io, action: () => Promise<number>): Promise<number> {
  try {
    return await stoppedBy(io.signal, action);
  } catch (error) {
    if (error instanceof VmError) throw new Failure(3, error.message, error.hint, error);
    throw error;
  }
}
