/**
 * A shell in a machine, on this terminal.
 *
 * @module
 */
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { shellArguments } from "./arguments.ts";
import { cached, madeWhole } from "./cache.ts";
import type { Tell } from "./failure.ts";
import { initramfsFor } from "./guest/boot.ts";
import { Archive } from "./kernels/archive.ts";
import type { LocalKernel } from "./kernels/store.ts";
import { missingTool, runTool } from "./tools.ts";

/** How to boot. */
export interface ShellOptions {
  /** More words for the kernel's command line. */
  readonly append?: string | undefined;
}

/**
 * Boots a kernel and gives its console to this terminal, until the machine is turned off.
 *
 * @returns the exit status of QEMU
 * @throws {VmError} where a part is missing
 */
export async function bootShell(kernel: LocalKernel, { append }: ShellOptions, tell: Tell): Promise<number> {
  const initramfs = await initramfsFor(kernel, { shell: await busybox(tell) }, tell);
  const parts = { kernel: kernel.image, initramfs: initramfs.path, accelerator: "tcg", append } as const;
  tell(`Booting ${kernel.release}; poweroff -f ends it, and so do Ctrl-A X`);
  try {
    const child = new Deno.Command("qemu-system-x86_64", { args: shellArguments(parts) }).spawn();
    return (await child.status).code;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) throw missingTool("qemu-system-x86_64", error);
    throw error;
  }
}

/** A shell and its tools in one program, from Debian's package. */
async function busybox(tell: Tell): Promise<Uint8Array> {
  const path = `${await cached("guest")}/busybox`;
  if (!existsSync(path)) {
    const archive = await Archive.open("when stale", tell);
    const found = await archive.packages(["busybox-static"]);
    const [file = ""] = await archive.download(found, await cached("downloads"), tell);
    await madeWhole(`${path}.files`, async (half) => void await runTool("dpkg-deb", ["-x", file, half]));
    const places = ["usr/bin/busybox", "bin/busybox"].map((place) => `${path}.files/${place}`);
    await Deno.copyFile(places.find((place) => existsSync(place)) ?? "", path);
    await Deno.remove(`${path}.files`, { recursive: true });
  }
  return await readFile(path);
}
