/**
 * Where the native addon is.
 *
 * @module
 */
import { existsSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";

/** How the addon can be built. */
export const FLAVOURS = ["plain", "sanitized", "debug"] as const;

/** One way to build the addon: to be used, with the compiler's sanitizers, or for a debugger and valgrind. */
export type Flavour = typeof FLAVOURS[number];

/** The environment variable that names an addon file. */
export const ADDON_VARIABLE = "CONFORM_NATIVE_ADDON";

/** The name of the addon file beside a bundle of the suite. */
export const ADDON_NAME = "conform.node";

/** Where a build from this checkout puts the addon. */
export function builtAddon(flavour: Flavour): string {
  const name = `addon/build/${Deno.build.arch}-${flavour}/${ADDON_NAME}`;
  return fileURLToPath(new URL(name, import.meta.url));
}

/** The places where the addon is looked for, first come first served. */
export function addonPlaces(): readonly string[] {
  const named = process.env[ADDON_VARIABLE];
  if (named !== undefined && named !== "") return [named];
  return [fileURLToPath(new URL(ADDON_NAME, import.meta.url)), builtAddon("plain")];
}

/** The addon file, or `undefined` where there is none. */
export function findAddon(): string | undefined {
  return addonPlaces().find((path) => existsSync(path));
}
