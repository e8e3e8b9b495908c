/**
 * Builds the native addon with the system's C compiler: `deno task build:native`.
 *
 * The helper program is built first, because the addon holds it: one file is all that another machine needs.
 *
 * @module
 */
import headers from "node-api-headers";
import { readdirSync } from "node:fs";
import { mkdir, rename } from "node:fs/promises";
import { dirname } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { builtAddon, type Flavour, FLAVOURS } from "./location.ts";

/** Sources that the addon and the helper program share. */
const SHARED = ["call", "channel", "files", "guard", "ioctl", "look", "memory", "thread"];
const HELPER = [...SHARED, "helper", "lane"];
const ADDON = [...SHARED, "napi", "napi_call", "napi_helper", "spawn"];
const EXECUTOR = [...SHARED, "executor", "spawn", "wire"];

const FLAGS = [
  "-std=gnu11",
  "-O2",
  "-g",
  "-Wall",
  "-Wextra",
  "-Wno-unused-parameter",
  "-Wstrict-prototypes",
  "-Wvla",
  "-pthread",
];

const SANITIZERS = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-fno-omit-frame-pointer"];

/** How each flavour is compiled; a sanitizer's own library cannot be linked into a static program. */
const FLAVOUR_FLAGS: Record<
  Flavour,
  { readonly helper: readonly string[]; readonly addon: readonly string[] }
> = {
  plain: { helper: ["-static", "-s"], addon: [] },
  debug: { helper: ["-O1"], addon: ["-O1"] },
  sanitized: { helper: SANITIZERS, addon: SANITIZERS },
};

/** The addon could not be built. */
export class BuildError extends Error {
  /** What to do about it. */
  readonly hint: string;

  /** Makes an error of what is wrong and what to do. */
  constructor(message: string, hint: string) {
    super(message);
    this.name = "BuildError";
    this.hint = hint;
  }
}

/** The files that a build gives. */
export interface Built {
  /** The addon. */
  readonly addon: string;
  /** The helper program, which the addon holds as well. */
  readonly helper: string;
}

/**
 * Builds the addon.
 *
 * @param flavour `plain`, or `sanitized` for the tests of the addon itself
 * @throws {BuildError} where there is no compiler, or it fails
 */
export async function buildAddon(flavour: Flavour): Promise<Built> {
  const addon = builtAddon(flavour);
  const helper = addon.replace(/\.node$/, ".helper");
  await mkdir(dirname(addon), { recursive: true });
  const flags = FLAVOUR_FLAGS[flavour];
  await compile(helper, [...FLAGS, ...flags.helper, ...HELPER.map(source)]);
  await compile(addon, [
    ...FLAGS,
    ...flags.addon,
    "-fPIC",
    "-fvisibility=hidden",
    "-shared",
    "-DNODE_GYP_MODULE_NAME=conform",
    `-DHELPER="${helper}"`,
    `-I${headers.include_dir}`,
    ...ADDON.map(source),
    asset("helper_image.S"),
  ]);
  return { addon, helper };
}

/**
 * Builds the executor for another machine: one file that needs nothing there.
 *
 * @param folder where to put it
 * @param flavour how it is compiled
 * @returns the file
 * @throws {BuildError} where there is no compiler, or it fails
 */
export async function buildExecutor(folder: string, flavour: Flavour = "plain"): Promise<string> {
  const [helper, executor] = [`${folder}/helper`, `${folder}/executor`];
  const flags = [...FLAGS, ...FLAVOUR_FLAGS[flavour].helper];
  await compile(helper, [...flags, ...HELPER.map(source)]);
  const image = [`-DHELPER="${helper}"`, asset("helper_image.S")];
  await compile(executor, [...flags, ...EXECUTOR.map(source), ...image]);
  return executor;
}

/** The files that an executor is made of, and how; two that are made of the same are the same. */
export function executorSources(): { readonly files: readonly string[]; readonly flags: readonly string[] } {
  const names = readdirSync(asset("")).filter((name) => /\.[chS]$/.test(name)).toSorted();
  return { files: names.map(asset), flags: [...FLAGS, ...FLAVOUR_FLAGS.plain.helper] };
}

function source(name: string): string {
  return asset(`${name}.c`);
}

function asset(name: string): string {
  return fileURLToPath(new URL(`addon/${name}`, import.meta.url));
}

/** Compiles into a file that appears when it is whole, so that nobody loads half of it. */
async function compile(output: string, args: readonly string[]): Promise<void> {
  const compiler = process.env["CC"] ?? "cc";
  const half = `${output}.${process.pid}`;
  const { code, stderr } = await run(compiler, [...args, "-o", half]);
  if (code === 0) return await rename(half, output);
  throw new BuildError(
    `The addon could not be compiled: ${compiler} ended with ${code}\n${stderr.trim()}`,
    "The C library's headers may be missing: on Debian, apt-get install gcc libc6-dev",
  );
}

async function run(command: string, args: readonly string[]) {
  try {
    const { code, stderr } = await new Deno.Command(command, { args: [...args] }).output();
    return { code, stderr: new TextDecoder().decode(stderr) };
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new BuildError(
      `There is no C compiler: "${command}" was not found`,
      "On Debian, apt-get install gcc libc6-dev; or name a compiler in CC",
    );
  }
}

async function main(args: readonly string[]): Promise<number> {
  const flavour = FLAVOURS.find((each) => each === (args[0] ?? "plain"));
  if (!flavour) {
    process.stderr.write(`There is no flavour "${args[0]}"\nTake one of ${FLAVOURS.join(", ")}\n`);
    return 2;
  }
  try {
    process.stdout.write(`${(await buildAddon(flavour)).addon}\n`);
    return 0;
  } catch (error) {
    if (!(error instanceof BuildError)) throw error;
    process.stderr.write(`${error.message}\n${error.hint}\n`);
    return 3;
  }
}

if (import.meta.main) Deno.exit(await main(Deno.args));
