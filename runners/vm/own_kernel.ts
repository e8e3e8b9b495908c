/**
 * A kernel that the user has built: an image in a file, perhaps with a folder of modules.
 *
 * @module
 */
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { digestOf } from "./cache.ts";
import { VmError } from "./failure.ts";
import type { LocalKernel } from "./kernels/store.ts";

/** Where a bzImage says what it is, and where it keeps its version; Documentation/arch/x86/boot.rst. */
const HEADER = { magic: 0x202, version: 0x20e, base: 0x200 } as const;

/**
 * Reads the kernel in a file.
 *
 * @param modules a folder with its modules, such as one that `make modules_install` has filled
 * @throws {VmError} if it is no kernel that can be booted
 */
export async function ownKernel(image: string, modules: string | undefined): Promise<LocalKernel> {
  if (!existsSync(image)) {
    throw new VmError(`There is no kernel "${image}"`, "Name the file, as in arch/x86/boot/bzImage");
  }
  if (modules !== undefined && !existsSync(modules)) {
    throw new VmError(
      `There is no folder "${modules}"`,
      "Fill one with: make modules_install INSTALL_MOD_PATH=...",
    );
  }
  const bytes = await readFile(image);
  const release = releaseOf(bytes);
  if (release === undefined) {
    throw new VmError(`"${image}" is no bzImage of x86`, "make bzImage builds one in arch/x86/boot/bzImage");
  }
  return {
    release,
    version: /^\d+(\.\d+)*/.exec(release)?.[0] ?? release,
    origin: "built",
    image,
    digest: digestOf([bytes]),
    modules: modules === undefined ? [] : [modules],
    made: [],
  };
}

/** What `uname -r` will say of a bzImage; `undefined` where it is none. */
export function releaseOf(image: Uint8Array): string | undefined {
  const view = new DataView(image.buffer, image.byteOffset, image.byteLength);
  if (view.byteLength < HEADER.version + 2) return undefined;
  if (new TextDecoder().decode(image.subarray(HEADER.magic, HEADER.magic + 4)) !== "HdrS") return undefined;
  const at = view.getUint16(HEADER.version, true) + HEADER.base;
  const end = image.indexOf(0, at);
  return new TextDecoder().decode(image.subarray(at, end)).split(" ")[0];
}
