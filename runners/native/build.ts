/**
 * Builds the native addon with the system's C compiler: `deno task build:native`.
 *
 * The helper program is built first, because the addon holds it: one file is all that another machine needs.
 *
 * @module
 */
import headers from "node-api-headers";
import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import process from "node:process";
import { asset, BuildError, compile, FLAGS, FLAVOUR_FLAGS, HELPER, SHARED, source } from "./compile.ts";
import { builtAddon, type Flavour, FLAVOURS } from "./location.ts";

/** The addon's own sources. */
const ADDON = [...SHARED, "napi", "napi_call", "napi_helper", "spawn"];

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
