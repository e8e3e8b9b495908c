/**
 * The addon for tests: built where it is missing or older than its sources.
 *
 * @module
 */
import { existsSync, readdirSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type Addon, loadAddon } from "./addon.ts";
import { buildAddon, BuildError, type Built } from "./build.ts";
import { builtAddon, type Flavour } from "./location.ts";

const SOURCES = fileURLToPath(new URL("addon/", import.meta.url));

/** Files of a flavour of the addon, or the reason why there are none. */
export async function built(flavour: Flavour): Promise<Built | string> {
  const addon = builtAddon(flavour);
  const helper = addon.replace(/\.node$/, ".helper");
  if (isFresh(addon) && existsSync(helper)) return { addon, helper };
  try {
    return await buildAddon(flavour);
  } catch (error) {
    if (error instanceof BuildError) return error.message;
    throw error;
  }
}

function isFresh(file: string): boolean {
  if (!existsSync(file)) return false;
  const sources = readdirSync(SOURCES).filter((name) => /\.[chS]$/.test(name));
  const newest = Math.max(...sources.map((name) => statSync(`${SOURCES}${name}`).mtimeMs));
  return statSync(file).mtimeMs > newest;
}

/** The addon, or `undefined` where it cannot be built. */
export async function addonForTests(): Promise<Addon | undefined> {
  const files = await built("plain");
  return typeof files === "string" ? undefined : loadAddon(files.addon);
}
