/**
 * The kernel's own look for memory that nothing points to any more (kmemleak), asked after a case.
 *
 * It takes two looks to report an object: one that notes what is in it, and one that finds that unchanged and the object
 * old enough. So it costs seconds, and is asked only where somebody wants it.
 *
 * @module
 */
import { ExecutorGone } from "./executor/executor.ts";
import type { Files } from "./executor/files.ts";

/** Where it is asked. */
const PATH = "/sys/kernel/debug/kmemleak";

/** How old an object must be to be reported, in milliseconds; it is the kernel's, and some more. */
const AGE_MS = 5_500;

/** Functions that stand in every trace. */
const ALLOCATES =
  /^(kmemleak_|__?kmalloc|kmalloc|__?kmem_cache_alloc|kmem_cache_alloc|kvmalloc|__?kvmalloc|__vmalloc|vmalloc|krealloc|slab_)/;

/** How many functions are told of the rest. */
const FRAMES = 6;

/** What a look gave: the objects, in words; or that the kernel looks no more, which it does when it has no memory to. */
export type Look =
  | { readonly kind: "looked"; readonly leaks: readonly string[] }
  | { readonly kind: "switched off" };

/** Whether this kernel can look. */
export function looksForLeaks(files: Files): Promise<boolean> {
  return files.exists(PATH);
}

/** Has the kernel forget what it has found, so that later looks show only what is new. */
export async function forgetLeaks(files: Files): Promise<void> {
  await tell(files, "clear");
}

/**
 * Looks for memory that was lost since {@link forgetLeaks}. What is found is looked at once more, since memory that is
 * just on its way from one owner to the other is not lost.
 */
export async function lookForLeaks(files: Files): Promise<Look> {
  const begin = performance.now();
  if (await tell(files, "scan") === "refused") return { kind: "switched off" };
  await pause(AGE_MS - (performance.now() - begin));
  for (let look = 1;; look++) {
    if (await tell(files, "scan") === "refused") return { kind: "switched off" };
    const leaks = parseLeaks(await files.text(PATH) ?? "");
    if (leaks.length === 0 || look === 2) return { kind: "looked", leaks };
  }
}

/** Gives it a command; one that has switched itself off takes nothing but to be cleared. */
async function tell(files: Files, command: "clear" | "scan"): Promise<"done" | "refused"> {
  try {
    await files.write(PATH, command);
    return "done";
  } catch (error) {
    if (error instanceof ExecutorGone) throw error;
    return "refused";
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.max(0, ms)));
}

/** Reads the kernel's list: how much memory, and who asked for it; those that are alike together. */
export function parseLeaks(text: string): string[] {
  const alike = Map.groupBy(leaksIn(text), (leak) => leak);
  return [...alike].map(([leak, { length }]) => length === 1 ? leak : `${length} times ${leak}`);
}

function leaksIn(text: string): string[] {
  return text.split(/^(?=unreferenced object )/m)
    .flatMap((object) => {
      const size = /^unreferenced object \S+ \(size (\d+)\)/.exec(object)?.[1];
      if (size === undefined) return [];
      const functions = [...object.matchAll(/^ {4}(?:\[<[0-9a-f]+>\] )?([\w.]+)\+0x/gm)].map((
        [, name = ""],
      ) => name);
      const askers = functions.filter((name) => !ALLOCATES.test(name)).slice(0, FRAMES);
      return [
        `${size} bytes that nothing points to (kmemleak), from ${askers.join(" < ") || "nobody known"}`,
      ];
    });
}
