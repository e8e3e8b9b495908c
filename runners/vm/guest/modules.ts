/**
 * Modules of a kernel: which are there, what each needs, and in which order to load them.
 *
 * What a module needs is read out of itself, so that no index has to be made first and a single module that was built
 * just now can stand in for the one of the same name.
 *
 * @module
 */
import { readFile } from "node:fs/promises";
import { existsSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { runTool } from "../tools.ts";

/** A module, ready to be loaded. */
export interface Module {
  /** Its name, with underscores. */
  readonly name: string;
  /** The file as the kernel takes it. */
  readonly bytes: Uint8Array;
}

/** The name of a module, from its file or as somebody writes it: `vfio-pci.ko.xz` is `vfio_pci`. */
export function moduleName(file: string): string {
  return (file.split("/").at(-1) ?? file).replace(/\.ko(\.(xz|zst|gz))?$/, "").replaceAll("-", "_");
}

/**
 * Reads modules and what they need. A name of which there is no module is passed over: what it names is built into the
 * kernel, or no part of it.
 *
 * @param folders folders with modules; what is in an earlier one replaces what is in a later one
 * @param wanted the names of the modules
 * @returns the modules in an order in which they can be loaded
 */
export async function loadOrder(
  folders: readonly string[],
  wanted: readonly string[],
): Promise<readonly Module[]> {
  const files = await filesIn(folders);
  const modules = new Map<string, Module>();
  const add = async (name: string): Promise<void> => {
    if (modules.has(name)) return;
    const file = files.get(name);
    if (file === undefined) return;
    const bytes = await unpacked(file);
    for (const needed of dependsOf(bytes)) await add(needed);
    modules.set(name, { name, bytes });
  };
  for (const name of wanted) await add(moduleName(name));
  return [...modules.values()];
}

/**
 * What modules are told. No GPU gets a console: nobody looks at it, each last close of the GPU would show it anew, and
 * up to 6.12 vkms warns where a machine is too slow for its frames.
 */
const PARAMETERS: Readonly<Record<string, string>> = { drm_kms_helper: "fbdev_emulation=0" };

/** What a module is told when it is loaded; `undefined` for most. */
export function parametersOf({ name }: Pick<Module, "name">): string | undefined {
  return PARAMETERS[name];
}

/** What stands behind a signed module: its signature, facts of that, of which the last is its length, and this text. */
const SIGNED = new TextEncoder().encode("~Module signature appended~\n");
const SIGNATURE_FACTS = 12;

/**
 * Modules without their signatures, where one of them has none. The kernel has to take that one as it is, and is tainted
 * by it; to check the others would cost more than to load them, where each instruction is translated.
 */
export function withoutVainSignatures(modules: readonly Module[]): readonly Module[] {
  if (modules.every(({ bytes }) => isSigned(bytes))) return modules;
  return modules.map(({ name, bytes }) => ({ name, bytes: isSigned(bytes) ? unsigned(bytes) : bytes }));
}

function isSigned(bytes: Uint8Array): boolean {
  const end = bytes.subarray(-SIGNED.length);
  return bytes.length > SIGNED.length + SIGNATURE_FACTS && end.every((byte, index) => byte === SIGNED[index]);
}

function unsigned(bytes: Uint8Array): Uint8Array {
  const end = bytes.length - SIGNED.length;
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(end - 4);
  return bytes.subarray(0, end - SIGNATURE_FACTS - length);
}

async function filesIn(folders: readonly string[]): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  for (const folder of folders.toReversed()) {
    if (!existsSync(folder)) continue;
    for (const file of await walk(folder)) files.set(moduleName(file), file);
  }
  return files;
}

async function walk(folder: string): Promise<string[]> {
  const files: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    if (isDirectory) files.push(...await walk(`${folder}/${name}`));
    else if (/\.ko(\.(xz|zst|gz))?$/.test(name)) files.push(`${folder}/${name}`);
  }
  return files;
}

async function unpacked(file: string): Promise<Uint8Array> {
  if (file.endsWith(".xz")) return await runTool("xz", ["-dc", file]);
  if (file.endsWith(".zst")) return await runTool("zstd", ["-dcq", file]);
  const bytes = await readFile(file);
  return file.endsWith(".gz") ? gunzipSync(bytes) : bytes;
}

/** What a module says that it needs: `depends=` among the facts that the kernel's build writes into each. */
export function dependsOf(bytes: Uint8Array): string[] {
  const fact = factOf(bytes, "depends");
  return fact === undefined || fact === "" ? [] : fact.split(",").map(moduleName);
}

/** A fact of a module, as `modinfo` shows it; `undefined` where it says nothing of it. */
export function factOf(bytes: Uint8Array, name: string): string | undefined {
  const text = new TextDecoder("latin1").decode(bytes);
  const at = text.indexOf(`\0${name}=`);
  if (at < 0) return undefined;
  const begin = at + name.length + 2;
  return text.slice(begin, text.indexOf("\0", begin));
}
