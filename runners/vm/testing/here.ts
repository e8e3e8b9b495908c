/**
 * Whether virtual machines can be booted here, for tests that do.
 *
 * @module
 */
import { lacks } from "../kernels/limits.ts";
import { type LocalKernel, localKernels, withModulesMadeHere } from "../kernels/mod.ts";

/** The environment variable that is there where tests are to boot machines. */
export const BOOT_VARIABLE = "CONFORM_BOOT";

/** The newest kernel of Debian's that is here, with the modules made for it; where none can be booted, that is told. */
export async function kernelToBoot(): Promise<LocalKernel | undefined> {
  const kernels = await localKernels();
  const newest = kernels.find(({ origin, modules }) => origin === "debian" && modules.length > 0);
  const why = await hasQemu() ? undefined : "there is no qemu-system-x86_64: apt-get install qemu-system-x86";
  const reason = why ?? (newest ? undefined : "there is no kernel here: conform kernels fetch 7.3");
  if (reason === undefined && newest) return (await withModulesMadeHere(newest)).kernel;
  tellOf(`virtual machines are not booted, since ${reason}`);
  return undefined;
}

function tellOf(what: string): void {
  Deno.stderr.writeSync(new TextEncoder().encode(`\n*** NOT TESTED: ${what} ***\n\n`));
}

/** The newest kernel built here that looks for memory that is lost; where there is none, that is told. */
export async function kernelThatLooksForLeaks(): Promise<LocalKernel | undefined> {
  for (const kernel of await localKernels()) {
    if (kernel.origin === "built" && !await lacks(kernel, "CONFIG_DEBUG_KMEMLEAK")) return kernel;
  }
  tellOf(
    "memory that is lost is not looked for, since there is no such kernel: conform kernels build --debug 7.3",
  );
  return undefined;
}

async function hasQemu(): Promise<boolean> {
  const found = new Deno.Command("sh", { args: ["-c", "command -v qemu-system-x86_64"], stdout: "null" });
  return (await found.output()).success;
}
