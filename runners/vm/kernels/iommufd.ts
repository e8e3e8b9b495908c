/**
 * Rebuilds iommufd and the VFIO modules of a stock kernel.
 *
 * Debian builds its kernels without iommufd and without the device files of VFIO. Both are modules, so they are built
 * from Debian's own sources against its own headers, with those options on, and take the place of the stock ones.
 *
 * @module
 */
import { existsSync } from "node:fs";
import { copyFile, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { cached, madeWhole } from "../cache.ts";
import { type Tell, VmError } from "../failure.ts";
import { runTool } from "../tools.ts";
import type { Archive } from "./archive.ts";
import type { ArchiveKernel } from "./catalogue.ts";
import { unpackSource } from "./source.ts";
import { rebuiltFolder } from "./store.ts";
import { type Toolchain, toolchain } from "./toolchain.ts";

/** The parts of the sources that are needed. */
const SOURCES = ["drivers/iommu", "drivers/vfio", "lib/interval_tree.c"];

const IOMMUFD = "drivers/iommu/iommufd";

/** The folders with a Makefile that is used. */
const MAKEFILES = [IOMMUFD, "drivers/vfio", "drivers/vfio/pci"];

/** The options that are on; all others that choose a module are off. */
const ON: Readonly<Record<string, "y" | "m">> = {
  CONFIG_IOMMUFD: "m",
  CONFIG_IOMMUFD_DRIVER_CORE: "m",
  CONFIG_VFIO: "m",
  CONFIG_VFIO_IOMMU_TYPE1: "m",
  CONFIG_VFIO_PCI_CORE: "m",
  CONFIG_VFIO_PCI: "m",
  CONFIG_VFIO_DEVICE_CDEV: "y",
};

/** What the headers do not say, since the kernel was built without. */
const DEFINES = [
  "CONFIG_INTERVAL_TREE_SPAN_ITER",
  "CONFIG_IOMMUFD_MODULE",
  "CONFIG_IOMMUFD_DRIVER_CORE_MODULE",
  "CONFIG_VFIO_DEVICE_CDEV",
];

/** The modules that come of it. */
const BUILT = ["iommufd", "iommufd_driver", "vfio", "vfio_iommu_type1", "vfio-pci-core", "vfio-pci"];

/**
 * Rebuilds the modules; once they are there, every machine with this kernel loads them.
 *
 * @returns the folder with the modules
 * @throws {VmError} if the archive lacks a part, or the build fails
 */
export async function rebuildIommufd(archive: Archive, kernel: ArchiveKernel, tell: Tell): Promise<string> {
  const folder = await rebuiltFolder(kernel.release);
  if (existsSync(folder)) return folder;
  const tools = await toolchain(archive, "modules", tell);
  await unpackHeaders(archive, kernel, tools, tell);
  const work = `${tools.root}/build/${kernel.release}`;
  await rm(work, { recursive: true, force: true });
  await unpackSource(archive, kernel, SOURCES, work, tell);
  await arrange(work, kernel);
  tell(`Building the modules for ${kernel.release}`);
  await tools.run([
    "make",
    "-j2",
    "-C",
    `/usr/src/linux-headers-${kernel.release}`,
    `M=/build/${kernel.release}`,
    "CC=gcc-14",
    "LD=ld",
    "CONFIG_DEBUG_INFO_BTF_MODULES=",
    ...await optionsOf(work),
    `KCFLAGS=${DEFINES.map((name) => `-D${name}=1`).join(" ")}`,
    "modules",
  ]);
  await mkdir(folder.slice(0, folder.lastIndexOf("/")), { recursive: true });
  await madeWhole(folder, (half) => collect(work, half));
  await rm(work, { recursive: true, force: true });
  return folder;
}

/** Puts the headers where they find each other: right into the toolchain. */
export async function unpackHeaders(
  archive: Archive,
  { headers, release }: ArchiveKernel,
  { root }: Toolchain,
  tell: Tell,
): Promise<void> {
  if (existsSync(`${root}/usr/src/linux-headers-${release}/.config`)) return;
  if (!headers) {
    throw new VmError(
      `The archive has no headers of ${release}`,
      "conform kernels list shows which kernels have them",
    );
  }
  const needed = [
    headers,
    ...await archive.packages(headers.depends.filter((name) => /^linux-(headers|kbuild)-/.test(name))),
  ];
  const downloads = `${await cached("downloads")}/headers-${release}`;
  const files = await archive.download(needed, downloads, tell);
  for (const file of files.toReversed()) await runTool("dpkg-deb", ["-x", file, root]);
  await rm(downloads, { recursive: true, force: true });
}

/** Makes a tree of modules that can be built outside of the kernel's own. */
async function arrange(work: string, { release }: ArchiveKernel): Promise<void> {
  if (!existsSync(`${work}/${IOMMUFD}`)) {
    throw new VmError(`The sources of ${release} have no iommufd`, "It came with Linux 6.2");
  }
  await writeFile(`${work}/Kbuild`, `obj-m += ${IOMMUFD}/ drivers/vfio/\n`);
  await writeFile(
    `${work}/${IOMMUFD}/span_iter.c`,
    spanIterator(await readFile(`${work}/lib/interval_tree.c`, "utf8")),
  );
  await append(`${work}/${IOMMUFD}/Makefile`, "iommufd-y += span_iter.o\n");
}

/** The part of the interval tree that a kernel without iommufd leaves out. */
export function spanIterator(source: string): string {
  const [, body = ""] = /#ifdef CONFIG_INTERVAL_TREE_SPAN_ITER\n([^]*?)\n#endif/.exec(source) ?? [];
  const headers = ["interval_tree.h", "interval_tree_generic.h", "compiler.h", "export.h"];
  return [
    ...headers.map((name) => `#include <linux/${name}>`),
    ...body.split("\n").filter((line) => !line.startsWith("EXPORT_SYMBOL")),
    "",
  ].join("\n");
}

async function append(path: string, text: string): Promise<void> {
  await writeFile(path, `${await readFile(path, "utf8")}\n${text}`);
}

/** Every option that chooses a module, on or off. */
async function optionsOf(work: string): Promise<string[]> {
  const makefiles = await Promise.all(
    MAKEFILES.map((folder) => readFile(`${work}/${folder}/Makefile`, "utf8")),
  );
  const off = new Set(makefiles.flatMap(choosersOf).filter((name) => !Object.hasOwn(ON, name)));
  return [
    ...Object.entries(ON).map(([name, value]) => `${name}=${value}`),
    ...[...off].map((name) => `${name}=`),
  ];
}

/** The options that a Makefile chooses modules and folders by. */
export function choosersOf(makefile: string): string[] {
  return [...makefile.matchAll(/^obj-\$\((CONFIG_\w+)\)/gm)].flatMap(([, name]) => name ?? []);
}

async function collect(work: string, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const name of BUILT) {
    for (const place of MAKEFILES) {
      const file = `${work}/${place}/${name}.ko`;
      if (!existsSync(file)) continue;
      await copyFile(file, `${folder}/${name}.ko`);
      await runTool("strip", ["-g", `${folder}/${name}.ko`]);
    }
  }
}
