/**
 * The executor of the guest, compiled once and kept by the digest of its sources. It is one file that needs nothing of
 * the guest, neither a library nor a file system: it is there as soon as the kernel is.
 *
 * @module
 */
import { existsSync } from "node:fs";
import { copyFile, mkdir, readFile, rm } from "node:fs/promises";
import { BuildError } from "../../native/compile.ts";
import { buildExecutor, executorSources } from "../../native/executor/build.ts";
import { cached, digestOf, madeWhole } from "../cache.ts";
import { type Tell, VmError } from "../failure.ts";

/**
 * The program, as bytes.
 *
 * @throws {VmError} where it cannot be compiled
 */
export async function guestExecutor(tell: Tell): Promise<Uint8Array> {
  const { files, flags } = await asVmError(() => Promise.resolve().then(executorSources));
  const digest = digestOf([...flags, ...await Promise.all(files.map((file) => readFile(file)))]);
  const path = `${await cached("guest")}/executor-${digest.slice(0, 16)}`;
  if (!existsSync(path)) {
    tell("Compiling the executor of the guest");
    await madeWhole(path, compile);
  }
  return await readFile(path);
}

async function compile(path: string): Promise<void> {
  const folder = `${path}.parts`;
  try {
    await mkdir(folder, { recursive: true });
    await copyFile(await asVmError(() => buildExecutor(folder)), path);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function asVmError<T>(action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    if (error instanceof BuildError) throw new VmError(error.message, error.hint, error);
    throw error;
  }
}
