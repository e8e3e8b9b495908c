/**
 * Gets kernels out of Debian's archive into the cache folder.
 *
 * @module
 */
import { existsSync } from "node:fs";
import { rm, symlink } from "node:fs/promises";
import { cached, digestOfFile, madeWhole } from "../cache.ts";
import { type Tell, VmError } from "../failure.ts";
import { runTool } from "../tools.ts";
import type { Archive } from "./archive.ts";
import { type ArchiveKernel, isAskedFor } from "./catalogue.ts";
import { folderOf, type LocalKernel, localKernels, writeRecord } from "./store.ts";

/**
 * The newest kernel of the archive that a user asks for.
 *
 * @throws {VmError} if there is none
 */
export function kernelInArchive(wanted: string, kernels: readonly ArchiveKernel[]): ArchiveKernel {
  const found = kernels.find((kernel) => isAskedFor(wanted, kernel));
  if (found) return found;
  const newest = [...new Set(kernels.map(({ version }) => version.split(".").slice(0, 2).join(".")))];
  throw new VmError(
    `The archive has no kernel ${wanted}`,
    `It has kernels of ${newest.join(", ")}; conform kernels list shows them`,
  );
}

/**
 * Gets a kernel; one that is here is left. A download that was interrupted goes on where it stopped.
 *
 * @throws {VmError} if it cannot be had
 */
export async function fetchKernel(archive: Archive, kernel: ArchiveKernel, tell: Tell): Promise<LocalKernel> {
  const here = (await localKernels()).find(({ release }) => release === kernel.release);
  if (here) return here;
  const downloads = `${await cached("downloads")}/${kernel.release}`;
  const files = await archive.download(kernel.packages, downloads, tell);
  const folder = await folderOf(kernel.release);
  await madeWhole(folder, async (half) => {
    for (const file of files) {
      tell(`Unpacking ${file.split("/").at(-1)}`);
      await runTool("dpkg-deb", ["-x", file, half]);
    }
    await prune(half);
    await writeRecord(half, await recordOf(half, kernel));
  });
  await rm(downloads, { recursive: true, force: true });
  const fetched = (await localKernels()).find(({ release }) => release === kernel.release);
  if (fetched) return fetched;
  throw new VmError(
    `${kernel.release} was unpacked, but cannot be read`,
    "Empty the cache folder and try again",
  );
}

/** Drops what no machine needs. */
async function prune(root: string): Promise<void> {
  await rm(`${root}/usr/share`, { recursive: true, force: true });
  const usr = `${root}/usr/lib/modules`;
  if (existsSync(usr) && !existsSync(`${root}/lib`)) await symlink("usr/lib", `${root}/lib`);
}

async function recordOf(root: string, kernel: ArchiveKernel): Promise<LocalKernel> {
  const { release, version } = kernel;
  const image = first(root, [
    `boot/vmlinuz-${release}`,
    `usr/lib/modules/${release}/vmlinuz`,
    `usr/lib/modules/${release}/vmlinuz.unsigned`,
  ]);
  if (image === undefined) {
    throw new VmError(
      `The packages of ${release} have no image where it should be`,
      "Please report this with the names of its packages",
    );
  }
  return {
    release,
    version,
    origin: "debian",
    image,
    digest: await digestOfFile(`${root}/${image}`),
    modules: kernel.extent === "whole" ? [`lib/modules/${release}`] : [],
    config: first(root, [`boot/config-${release}`, `usr/lib/modules/${release}/config`]),
    made: kernel.packages.map(({ name, version, sha256 }) => ({ name, version, sha256 })),
  };
}

function first(root: string, paths: readonly string[]): string | undefined {
  return paths.find((path) => existsSync(`${root}/${path}`));
}
