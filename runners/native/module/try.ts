/**
 * Tries the kernel module in a virtual machine of its own, whose only program is one of those in `testing/`: `smoke`
 * tries everything once, `stress` hammers it from many threads and without memory.
 *
 * @module
 */
import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { shellArguments } from "../../vm/arguments.ts";
import { cached, digestOf, madeWhole } from "../../vm/cache.ts";
import { type Tell, VmError } from "../../vm/failure.ts";
import { packInitramfs } from "../../vm/guest/initramfs.ts";
import type { LocalKernel } from "../../vm/kernels/mod.ts";
import { missingTool, runTool } from "../../vm/tools.ts";

/** The programs. */
export const TRIALS = ["smoke", "stress"] as const;

/** One of the programs. */
export type Trial = typeof TRIALS[number];

/** How to try. */
export interface TryOptions {
  /** For how long `stress` lets its threads run, in seconds. */
  readonly seconds?: number | undefined;
  /** With which numbers `stress` begins; the same seed asks for the same things. */
  readonly seed?: number | undefined;
  /** Is told each line of the machine's console. */
  readonly line?: ((text: string) => void) | undefined;
  /** Ends the machine. */
  readonly signal?: AbortSignal | undefined;
}

/** What came of it. */
export type Tried =
  /** The program found nothing wrong. */
  | { readonly kind: "passed" }
  /** The program found so many things wrong; the console says which. */
  | { readonly kind: "failed"; readonly count: number }
  /** The machine ended without a word of the program. */
  | { readonly kind: "no result" };

/** Mebibytes: a kernel that watches every byte needs more than others. */
const MEMORY = 2048;

const FLAGS = ["-std=gnu11", "-O1", "-Wall", "-static", "-pthread"];

/**
 * Boots a kernel with the module and one of the programs, and waits until the machine turns itself off.
 *
 * @param kernel the kernel
 * @param module the file of the module
 * @param trial the program
 * @param options how
 * @param tell is told what is being done
 * @throws {VmError} where a part is missing
 */
export async function tryModule(
  kernel: LocalKernel,
  module: string,
  trial: Trial,
  { seconds = 60, seed = 1, line = () => {}, signal }: TryOptions,
  tell: Tell,
): Promise<Tried> {
  const initramfs = await initramfsOf(module, trial, tell);
  const args = shellArguments({
    kernel: kernel.image,
    initramfs,
    accelerator: "tcg",
    memory: MEMORY,
    /* an allocator that keeps free objects at hand hides from kmemleak what was lost last */
    append: `slab_debug=F stress_seconds=${seconds} stress_seed=${seed}`,
  });
  tell(`Booting ${kernel.release} with ${trial}`);
  let tried: Tried = { kind: "no result" };
  for await (const text of consoleOf(args, signal)) {
    line(text);
    const [, word, count] = /^(PASSED|FAILED): (\d+)$/.exec(text) ?? [];
    if (word === "PASSED") tried = { kind: "passed" };
    if (word === "FAILED") tried = { kind: "failed", count: Number(count) };
  }
  return tried;
}

/** The lines that the machine writes to its console, until it ends. */
async function* consoleOf(args: readonly string[], signal: AbortSignal | undefined): AsyncGenerator<string> {
  const child = spawned(args, signal);
  let rest = "";
  for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).replaceAll("\r", "").split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
  }
  if (rest !== "") yield rest;
  await child.status;
}

function spawned(args: readonly string[], signal: AbortSignal | undefined): Deno.ChildProcess {
  try {
    return new Deno.Command("qemu-system-x86_64", {
      args: [...args],
      stdin: "null",
      stdout: "piped",
      stderr: "inherit",
      ...(signal ? { signal } : {}),
    }).spawn();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) throw missingTool("qemu-system-x86_64", error);
    throw error;
  }
}

const TESTING = fileURLToPath(new URL("testing/", import.meta.url));
const UAPI = fileURLToPath(new URL("uapi/conform.h", import.meta.url));

/** Nothing of this machine's libraries is in the guest, so the program is linked into one piece. */
async function programOf(trial: Trial, tell: Tell): Promise<Uint8Array> {
  const sources = [`${TESTING}${trial}.c`, `${TESTING}check.c`];
  const parts = [...sources, `${TESTING}check.h`, UAPI].map((path) => readFile(path));
  const digest = digestOf([...FLAGS, ...await Promise.all(parts)]).slice(0, 16);
  const path = `${await cached("guest")}/${trial}-${digest}`;
  if (!existsSync(path)) {
    tell(`Compiling ${trial}`);
    await madeWhole(path, async (half) => void await runTool("cc", [...FLAGS, "-o", half, ...sources]));
  }
  return await readFile(path);
}

async function initramfsOf(module: string, trial: Trial, tell: Tell): Promise<string> {
  if (!existsSync(module)) {
    throw new VmError(`There is no module ${module}`, "Build it with conform module build --kernel VERSION");
  }
  const bytes = packInitramfs([
    { kind: "device", path: "dev/console", major: 5, minor: 1 },
    { kind: "file", path: "init", bytes: await programOf(trial, tell), mode: "0755" },
    { kind: "file", path: "dmabuf_conform.ko", bytes: await readFile(module), mode: "0644" },
  ]);
  const path = `${await cached("guest")}/${trial}-${digestOf([bytes]).slice(0, 16)}.cpio`;
  if (!existsSync(path)) await madeWhole(path, (half) => writeFile(half, bytes));
  return path;
}
