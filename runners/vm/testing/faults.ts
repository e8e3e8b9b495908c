/**
 * A kernel with faults to order: one that is here, with a module that makes them in place of the suite's own.
 *
 * @module
 */
import { existsSync } from "node:fs";
import { copyFile, cp, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { cached, digestOf, madeWhole } from "../cache.ts";
import type { Tell } from "../failure.ts";
import { MODULES } from "../guest/boot.ts";
import { loadOrder } from "../guest/modules.ts";
import { unpackHeaders } from "../kernels/rebuild.ts";
import { Archive, kernelInArchive, type LocalKernel } from "../kernels/mod.ts";
import { toolchain } from "../kernels/toolchain.ts";
import type { KernelChoice } from "../name.ts";

/** The keys of the kernel's own (sysrq) that make faults; those in capitals are the module's. */
export const FAULT_KEYS = {
  panic: "c",
  "every process killed": "i",
  "an oops": "O",
  "a warning": "W",
  "a task that waits for ever": "B",
  "a processor that spins": "L",
  "all processors spin": "A",
  "a flooded console": "F",
  "a flooded console and a task that waits for ever": "X",
  "all processors talk": "N",
  "a full disk": "T",
  "memory that is lost": "M",
} as const;

const SOURCE = fileURLToPath(new URL("faults.c", import.meta.url));

/** Gives a kernel the module: an image in a file, and a folder with the modules that a machine loads. */
export async function faultyKernel(kernel: LocalKernel, tell: Tell): Promise<KernelChoice> {
  const source = await readFile(SOURCE);
  const digest = digestOf([source, kernel.digest]).slice(0, 16);
  const folder = `${await cached("faults")}/${digest}`;
  if (!existsSync(folder)) await madeWhole(folder, (half) => fill(half, kernel, tell));
  return { kind: "file", image: kernel.image, modules: folder };
}

async function fill(folder: string, kernel: LocalKernel, tell: Tell): Promise<void> {
  await mkdir(folder, { recursive: true });
  const modules = await loadOrder(kernel.modules, MODULES);
  for (const { name, bytes } of modules) await writeFile(`${folder}/${name}.ko`, bytes);
  await build(kernel, `${folder}/dmabuf_conform.ko`, tell);
}

async function build({ release, origin }: LocalKernel, to: string, tell: Tell): Promise<void> {
  const archive = await Archive.open("when stale", tell);
  const tools = await toolchain(archive, "modules", tell);
  const inside = `/build/faults-${crypto.randomUUID()}`;
  const work = `${tools.root}${inside}`;
  try {
    await mkdir(work, { recursive: true });
    await copyFile(SOURCE, `${work}/dmabuf_conform.c`);
    await writeFile(`${work}/Kbuild`, "obj-m += dmabuf_conform.o\n");
    const headers = `/usr/src/linux-headers-${release}`;
    if (origin === "built") {
      await cp(`${await cached("headers")}/${release}${headers}`, `${work}/headers`, { recursive: true });
    } else await unpackHeaders(archive, kernelInArchive(release, await archive.kernels()), tools, tell);
    const compiler = ["CC=gcc-14", "LD=ld", "CONFIG_DEBUG_INFO_BTF_MODULES="];
    const from = origin === "built" ? `${inside}/headers` : headers;
    await tools.run(["make", "-C", from, `M=${inside}`, ...compiler, "modules"]);
    await copyFile(`${work}/dmabuf_conform.ko`, to);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}
