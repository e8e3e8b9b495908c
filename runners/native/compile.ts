/**
 * Compiles what is in `addon/` with the system's C compiler.
 *
 * @module
 */
import { rename } from "node:fs/promises";
import process from "node:process";
import { fileURLToPath } from "node:url";
import type { Flavour } from "./location.ts";

/** Sources that all programs of the folder share. */
export const SHARED: readonly string[] = [
  "call",
  "channel",
  "files",
  "guard",
  "ioctl",
  "look",
  "memory",
  "thread",
];

/** Those of the helper program. */
export const HELPER: readonly string[] = [...SHARED, "helper", "lane"];

/** What everything is compiled with. */
export const FLAGS: readonly string[] = [
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
export const FLAVOUR_FLAGS: Record<
  Flavour,
  { readonly helper: readonly string[]; readonly addon: readonly string[] }
> = {
  plain: { helper: ["-static", "-s"], addon: [] },
  debug: { helper: ["-O1"], addon: ["-O1"] },
  sanitized: { helper: SANITIZERS, addon: SANITIZERS },
};

/** Something could not be compiled. */
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

/** The file of a source. */
export function source(name: string): string {
  return asset(`${name}.c`);
}

/** A file of the folder; the folder itself where the name is empty. */
export function asset(name: string): string {
  return fileURLToPath(new URL(`addon/${name}`, import.meta.url));
}

/**
 * Compiles into a file that appears when it is whole, so that nobody loads half of it.
 *
 * @throws {BuildError} where there is no compiler, or it fails
 */
export async function compile(output: string, args: readonly string[]): Promise<void> {
  const compiler = process.env["CC"] ?? "cc";
  const half = `${output}.${process.pid}`;
  const { code, stderr } = await run(compiler, [...args, "-o", half]);
  if (code === 0) return await rename(half, output);
  throw new BuildError(
    `What touches the kernel could not be compiled: ${compiler} ended with ${code}\n${stderr.trim()}`,
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
