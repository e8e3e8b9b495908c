/**
 * The folder in which kernels, what guests boot and what is known of this machine are kept. All of it can be made again.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { createReadStream, existsSync, statSync } from "node:fs";
import { mkdir, readdir, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import process from "node:process";
import { VmError } from "./failure.ts";
import { messageOf } from "../../spec/message_of.ts";

/** The environment variable that names the folder. */
export const CACHE_VARIABLE = "CONFORM_CACHE";

/** The folder: the one that is named, or one below the user's cache folder. */
export function cacheFolder(): string {
  const named = process.env[CACHE_VARIABLE];
  if (named !== undefined && named !== "") return named;
  const users = process.env["XDG_CACHE_HOME"];
  const base = users !== undefined && users !== "" ? users : `${process.env["HOME"] ?? "/tmp"}/.cache`;
  return `${base}/dmabuf-conform`;
}

/**
 * A folder below it, made where it is missing.
 *
 * @throws {VmError} where it cannot be made
 */
export async function cached(name: string): Promise<string> {
  const folder = `${cacheFolder()}/${name}`;
  try {
    await mkdir(folder, { recursive: true });
  } catch (error) {
    throw new VmError(
      `Nothing can be kept in "${folder}": ${messageOf(error)}`,
      `Name another folder with ${CACHE_VARIABLE}`,
      error,
    );
  }
  return folder;
}

/** The SHA-256 of a file, in hexadecimal digits. */
export async function digestOfFile(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const bytes of createReadStream(path)) hash.update(bytes);
  return hash.digest("hex");
}

/** The SHA-256 of texts and bytes, one after the other; where one ends counts. */
export function digestOf(parts: readonly (string | Uint8Array)[]): string {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(`${part.length}:`).update(part);
  return hash.digest("hex");
}

/**
 * Removes what has not been used for longest, but for so many. Others may do the same meanwhile, so that what is gone
 * already is no error.
 */
export async function forgetOldest(paths: readonly string[], kept: number): Promise<void> {
  const used = paths.map((path) => ({ path, at: statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0 }));
  const newestFirst = used.toSorted((one, other) => other.at - one.at);
  for (const { path } of newestFirst.slice(kept)) await rm(path, { recursive: true, force: true });
}

/** What this process makes. Other processes have halves of their own. */
const underWay = new Map<string, Promise<void>>();

/**
 * Makes a file or a folder under another name first, so that nobody ever finds half of it. Whoever asks for the same
 * meanwhile gets what is made already.
 */
export function madeWhole(path: string, make: (half: string) => Promise<void>): Promise<void> {
  const known = underWay.get(path);
  if (known) return known;
  const making = makeWhole(path, make).finally(() => underWay.delete(path));
  underWay.set(path, making);
  return making;
}

async function makeWhole(path: string, make: (half: string) => Promise<void>): Promise<void> {
  const half = `${path}.${process.pid}.half`;
  await rm(half, { recursive: true, force: true });
  await forgetHalves(dirname(path));
  try {
    await make(half);
    if (existsSync(path) && statSync(path).isDirectory()) await rm(path, { recursive: true });
    await rename(half, path);
  } finally {
    await rm(half, { recursive: true, force: true });
  }
}

/** After so many milliseconds nobody goes on with a half whose process has ended. */
const FORGOTTEN_MS = 3600 * 1000;

/** Removes what was left by processes that were killed; one that cannot be seen from here may still be at work. */
async function forgetHalves(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const pid = /\.(\d+)\.half$/.exec(name)?.[1];
    if (pid === undefined || existsSync(`/proc/${pid}`)) continue;
    const age = Date.now() -
      (statSync(`${folder}/${name}`, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
    if (age > FORGOTTEN_MS) await rm(`${folder}/${name}`, { recursive: true, force: true });
  }
}
