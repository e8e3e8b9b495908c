/**
 * The compiler that Debian builds its kernels with, in a folder of its own: packages that are unpacked, not installed,
 * and entered with chroot. What builds kernels is linked to a newer C library than this machine may have.
 *
 * @module
 */
import { existsSync } from "node:fs";
import { mkdir, rm, symlink } from "node:fs/promises";
import { cached, digestOf, madeWhole } from "../cache.ts";
import { type Tell, VmError } from "../failure.ts";
import { runTool } from "../tools.ts";
import type { Archive } from "./archive.ts";

/** The release of Debian that the packages are taken from. */
const RELEASE = "trixie";

/** What modules are built with. */
const PACKAGES = [
  "bash",
  "binutils",
  "coreutils",
  "findutils",
  "gcc-14",
  "grep",
  "libelf1t64",
  "make",
  "mawk",
  "perl-base",
  "sed",
  "xz-utils",
];

/** What whole kernels are built with, beside that. */
const MORE_PACKAGES = [
  "bc",
  "bison",
  "diffutils",
  "flex",
  "gzip",
  "libc6-dev",
  "libelf-dev",
  "libssl-dev",
  "m4",
  "tar",
];

/** What a toolchain is for. */
export type ToolchainFor = "modules" | "kernels";

/** A folder to build in. */
export interface Toolchain {
  /** The folder that becomes the root. */
  readonly root: string;
  /**
   * Runs a program in it.
   *
   * @param command the program and its arguments, with paths as they are inside
   * @param line is told each line that it writes
   * @param alone a file that stands for what it works on; it is locked while this or anything that it started runs, also
   *   where this process has ended
   * @throws {VmError} with the last that it wrote, if it fails; or where another one works on the same
   */
  run(command: readonly string[], line?: (text: string) => void, alone?: string): Promise<void>;
}

/** Links that a whole system has and no package brings. */
const LINKS = [
  ["bin", "usr/bin"],
  ["sbin", "usr/sbin"],
  ["lib", "usr/lib"],
  ["lib64", "usr/lib64"],
  ["usr/bin/sh", "bash"],
  ["usr/bin/awk", "mawk"],
  ["usr/bin/gcc", "gcc-14"],
  ["usr/bin/cc", "gcc-14"],
] as const;

/**
 * Gets the toolchain, or finds it.
 *
 * @throws {VmError} where a package cannot be had
 */
export async function toolchain(archive: Archive, purpose: ToolchainFor, tell: Tell): Promise<Toolchain> {
  const names = purpose === "modules" ? PACKAGES : [...PACKAGES, ...MORE_PACKAGES];
  const root = `${await cached("toolchains")}/${purpose}-${digestOf([RELEASE, ...names]).slice(0, 12)}`;
  if (!existsSync(root)) await madeWhole(root, (half) => fill(half, archive, names, tell));
  return { root, run: (command, line, alone) => runInside(root, command, line, alone) };
}

async function fill(root: string, archive: Archive, names: readonly string[], tell: Tell): Promise<void> {
  for (const folder of ["usr/bin", "usr/sbin", "usr/lib", "usr/lib64", "dev", "proc", "tmp", "work"]) {
    await mkdir(`${root}/${folder}`, { recursive: true });
  }
  for (const [link, to] of LINKS) if (!link.startsWith("usr/")) await symlink(to, `${root}/${link}`);
  const packages = await archive.withDependencies(names, RELEASE);
  const downloads = `${await cached("downloads")}/toolchain`;
  const files = await archive.downloadMany(packages, downloads, tell);
  tell("Unpacking the toolchain");
  for (const file of files) await runTool("dpkg-deb", ["-x", file, root]);
  for (const [link, to] of LINKS) {
    if (link.startsWith("usr/") && !existsSync(`${root}/${link}`)) await symlink(to, `${root}/${link}`);
  }
  await rm(downloads, { recursive: true, force: true });
}

/** The status with which a locked file is told from a program that fails. */
const LOCKED = "75";

/** Mounts are seen by the program alone; a user who is not root is one inside. */
async function runInside(
  root: string,
  command: readonly string[],
  line: ((text: string) => void) | undefined,
  alone: string | undefined,
): Promise<void> {
  const script = [
    `mount --rbind /dev "$0/dev"`,
    `mount --rbind /proc "$0/proc"`,
    `exec chroot "$0" /usr/bin/env -i PATH=/usr/bin:/usr/sbin HOME=/tmp LC_ALL=C "$@" 2>&1`,
  ].join(" && ");
  const asRoot = Deno.uid() === 0 ? [] : ["--map-root-user"];
  const args = [...asRoot, "--mount", "sh", "-c", `{ ${script}; } 1>&2`, root, ...command];
  try {
    if (alone === undefined) await runTool("unshare", args, { line });
    else {
      const lock = ["--nonblock", "--conflict-exit-code", LOCKED, alone];
      await runTool("flock", [...lock, "unshare", ...args], { line });
    }
  } catch (error) {
    if (!(error instanceof VmError)) throw error;
    if (alone !== undefined && error.message.endsWith(` ended with ${LOCKED}`)) {
      throw new VmError(
        "Another process is building the same",
        "Wait until it has ended, and give the command again",
      );
    }
    const isRefused = /^(mount|unshare):/m.test(error.message);
    throw new VmError(
      `${command[0] === "make" ? "The build" : command[0]} failed: ${error.message}`,
      isRefused
        ? "Run as root, or allow user namespaces"
        : "Given again, the command goes on where it stopped",
      error,
    );
  }
}
