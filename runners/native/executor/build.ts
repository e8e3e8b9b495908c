/**
 * Builds the executor for another machine: one file that needs nothing there.
 *
 * @module
 */
import { existsSync, readdirSync } from "node:fs";
import { asset, BuildError, compile, FLAGS, FLAVOUR_FLAGS, HELPER, SHARED, source } from "../compile.ts";
import type { Flavour } from "../location.ts";

/** Its sources. */
const EXECUTOR = [...SHARED, "executor", "spawn", "wire"];

/**
 * Builds the executor.
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

/**
 * The files that an executor is made of, and how; two that are made of the same are the same.
 *
 * @throws {BuildError} where the sources are not here
 */
export function executorSources(): { readonly files: readonly string[]; readonly flags: readonly string[] } {
  if (!existsSync(asset(""))) {
    throw new BuildError(
      "The executor cannot be compiled: the sources of the suite are not here",
      "Run it from a checkout of the suite",
    );
  }
  const names = readdirSync(asset("")).filter((name) => /\.[chS]$/.test(name)).toSorted();
  return { files: names.map(asset), flags: [...FLAGS, ...FLAVOUR_FLAGS.plain.helper] };
}
