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
import { Typing } from "./typing.ts";

const QEMU = "qemu-system-x86_64";

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
  return await talkedTo(shellArguments(parts));
}

/** Runs QEMU between this terminal and the guest: what is typed waits for the guest's prompt. */
async function talkedTo(args: string[]): Promise<number> {
  const child = spawn(args);
  const stdin = child.stdin.getWriter();
  const typing = new Typing((bytes) => stdin.write(bytes));
  const isTerminal = Deno.stdin.isTerminal();
  if (isTerminal) Deno.stdin.setRaw(true);
  void typeAll(typing);
  try {
    const decoder = new TextDecoder();
    for await (const bytes of child.stdout) {
      await writeAll(bytes);
      await typing.said(decoder.decode(bytes, { stream: true }));
    }
    return (await child.status).code;
  } finally {
    if (isTerminal) Deno.stdin.setRaw(false);
  }
}

function spawn(args: string[]) {
  try {
    return new Deno.Command(QEMU, { args, stdin: "piped", stdout: "piped" }).spawn();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) throw missingTool(QEMU, error);
    throw error;
  }
}

/** What ends a shell that reads (Ctrl-D), on a line of its own. */
const END = new TextEncoder().encode("\n\x04");

/** Takes what is typed. Behind the end of a file there is nothing more to do for the shell, and so for the machine. */
async function typeAll(typing: Typing): Promise<void> {
  try {
    for await (const bytes of Deno.stdin.readable) await typing.typed(bytes);
    await typing.typed(END);
  } catch {
    // The machine has ended, which its end tells.
  }
}

async function writeAll(bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.length;) done += await Deno.stdout.write(bytes.subarray(done));
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
