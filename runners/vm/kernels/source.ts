/**
 * The sources of Debian's kernels.
 *
 * @module
 */
import { existsSync } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import { cached, madeWhole } from "../cache.ts";
import { type Tell, VmError } from "../failure.ts";
import { runTool } from "../tools.ts";
import type { Archive } from "./archive.ts";
import { type ArchiveKernel, type ArchivePackage, seriesOf } from "./catalogue.ts";

/**
 * Unpacks the sources of a kernel, or parts of them.
 *
 * @param paths the files and folders to unpack; everything where it is empty
 * @param folder where to; it has the sources right in it
 * @throws {VmError} where the archive has no sources of its series
 */
export async function unpackSource(
  archive: Archive,
  kernel: ArchiveKernel,
  paths: readonly string[],
  folder: string,
  tell: Tell,
): Promise<ArchivePackage> {
  const { source, release, version } = kernel;
  if (!source) {
    throw new VmError(
      `The archive has no sources of ${release}`,
      "conform kernels list shows which kernels have them",
    );
  }
  const tarball = await tarballOf(archive, source, tell);
  tell(`Unpacking the sources of ${source.version}`);
  await mkdir(folder, { recursive: true });
  const inside = paths.map((path) => `linux-source-${seriesOf(version)}/${path}`);
  await runTool("tar", ["-xf", tarball, "-C", folder, "--strip-components=1", ...inside]);
  return source;
}

/** The archive of the sources as the package brings it; kept, since several builds may want it. */
async function tarballOf(archive: Archive, source: ArchivePackage, tell: Tell): Promise<string> {
  const folder = `${await cached("sources")}/${source.name}_${source.version}`;
  if (!existsSync(folder)) {
    const downloads = `${await cached("downloads")}/${source.name}`;
    const [file = ""] = await archive.download([source], downloads, tell);
    await madeWhole(folder, async (half) => void await runTool("dpkg-deb", ["-x", file, half]));
    await rm(downloads, { recursive: true, force: true });
  }
  return `${folder}/usr/src/${source.name}.tar.xz`;
}
