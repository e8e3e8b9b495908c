/**
 * A kernel that the user has built: an image in a file, perhaps with a folder of modules.
 *
 * @module
 */
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { digestOf } from "./cache.ts";
import { VmError } from "./failure.ts";
import { MODULES } from "./guest/boot.ts";
import { factOf, loadOrder } from "./guest/modules.ts";
import type { LocalKernel } from "./kernels/store.ts";

/** Where a bzImage says what it is, and where it keeps its version; Documentation/arch/x86/boot.rst. */
const HEADER = { magic: 0x202, version: 0x20e, base: 0x200 } as const;

/** What to do where modules are missing. */
const FILL_ONE = "Fill a folder with: make modules_install INSTALL_MOD_PATH=...";

/**
 * Reads the kernel in a file.
 *
 * @param modules a folder with its modules, such as one that `make modules_install` has filled
 * @throws {VmError} if it is no kernel that can be booted
 */
export async function ownKernel(image: string, modules: string | undefined): Promise<LocalKernel> {
  if (!isFile(image)) {
    throw new VmError(`There is no kernel "${image}"`, "Name the file, as in arch/x86/boot/bzImage");
  }
  if (modules !== undefined && !existsSync(modules)) {
    throw new VmError(`There is no folder "${modules}"`, FILL_ONE);
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
    modules: modules === undefined ? [] : [await modulesOf(release, modules)],
    config: configOf(release, image, modules),
    made: [],
  };
}

/**
 * The folder in which the modules of a release are: a part of the one that is given, or that one.
 *
 * @throws {VmError} where there are none, or those of another kernel, which this one would not load
 */
async function modulesOf(release: string, folder: string): Promise<string> {
  const installed = `${folder}/lib/modules`;
  if (existsSync(`${installed}/${release}`)) return `${installed}/${release}`;
  if (existsSync(installed)) {
    const others = readdirSync(installed).toSorted();
    throw new VmError(
      `"${folder}" has modules of ${others.join(", ") || "no kernel"}, and the kernel is ${release}`,
      FILL_ONE,
    );
  }
  const modules = await loadOrder([folder], MODULES);
  if (modules.length === 0) {
    throw new VmError(
      `"${folder}" has none of the modules that cases use`,
      `${FILL_ONE}; or leave --modules out where all is built in`,
    );
  }
  for (const { name, bytes } of modules) {
    const built = factOf(bytes, "vermagic")?.split(" ")[0];
    if (built === release) continue;
    throw new VmError(
      `The module ${name} in "${folder}" is of ${built ?? "no kernel"}, and the kernel is ${release}`,
      FILL_ONE,
    );
  }
  return folder;
}

/** The configuration of a kernel, where its build or its packages have left it: it says what watches while cases run. */
function configOf(release: string, image: string, modules: string | undefined): string | undefined {
  const beside = dirname(resolve(image));
  const places = [
    `${beside}/../../../.config`,
    `${beside}/config-${release}`,
    `${beside}/config`,
    ...(modules === undefined ? [] : [
      `${modules}/lib/modules/${release}/config`,
      `${modules}/lib/modules/${release}/build/.config`,
    ]),
  ];
  return places.find((path) => existsSync(path) && isOf(release, readFileSync(path, "utf8")));
}

/** Whether a configuration is of the version that a release begins with; its first lines name it. */
function isOf(release: string, config: string): boolean {
  const [, version] = /^# Linux\/\S+ (\S+) Kernel Configuration$/m.exec(config) ?? [];
  return version !== undefined && release.startsWith(version) && !/^\d/.test(release.slice(version.length));
}

/** What `uname -r` will say of the kernel in a file; `undefined` where there is none. */
export async function releaseIn(path: string): Promise<string | undefined> {
  return isFile(path) ? releaseOf(await readFile(path)) : undefined;
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
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
