/**
 * What follows from the configuration of a kernel, above all how long it may take to boot: one that watches itself is
 * several times slower than one that does not, the more so where its instructions are translated.
 *
 * @module
 */
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { type Fragment, parseFragment } from "./fragments.ts";
import type { LocalKernel } from "./store.ts";

/**
 * What a kernel without such options may take, in milliseconds. It takes 6 s where nothing else runs; the rest is for a
 * machine that does much else at the same time.
 */
const PLAIN_MS = 120_000;

/** How much slower each of these makes a kernel, about; those that are on are multiplied. */
const SLOWER: readonly (readonly [option: string, times: number])[] = [
  ["CONFIG_KASAN", 3],
  ["CONFIG_KMSAN", 6],
  ["CONFIG_KCSAN", 6],
  ["CONFIG_PROVE_LOCKING", 2],
  ["CONFIG_DEBUG_KMEMLEAK", 1.5],
  ["CONFIG_DEBUG_PAGEALLOC", 1.5],
];

/** How many times slower than a plain kernel one of this configuration may be. */
export function slownessOf(config: Fragment): number {
  return SLOWER.filter(([option]) => config.get(option) === "y").reduce((all, [, times]) => all * times, 1);
}

/**
 * How long a kernel may take from the start of its machine to the hello of the executor.
 *
 * @param kernel one whose configuration is not known is taken for a plain one
 * @returns milliseconds
 */
export async function bootLimitMs({ config }: Pick<LocalKernel, "config">): Promise<number> {
  if (config === undefined || !existsSync(config)) return PLAIN_MS;
  return PLAIN_MS * slownessOf(parseFragment(await readFile(config, "utf8")));
}

/** Whether a kernel is known not to have an option; nothing is known of one whose configuration is not. */
export async function lacks({ config }: Pick<LocalKernel, "config">, option: string): Promise<boolean> {
  if (config === undefined || !existsSync(config)) return false;
  return parseFragment(await readFile(config, "utf8")).get(option) !== "y";
}
