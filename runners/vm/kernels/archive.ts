/**
 * Debian's archive, read with apt and a configuration of our own: lists, state and downloads are in the cache folder,
 * and nothing is installed into the system.
 *
 * @module
 */
import { existsSync, statSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import process from "node:process";
import { cached } from "../cache.ts";
import type { Tell } from "../failure.ts";
import { VmError } from "../failure.ts";
import { runForText, runTool } from "../tools.ts";
import {
  type ArchiveKernel,
  type ArchivePackage,
  isKernelPackage,
  kernelsOf,
  packageOf,
} from "./catalogue.ts";
import { parseStanzas } from "./stanzas.ts";

/** The environment variable that names another mirror. */
const MIRROR_VARIABLE = "CONFORM_DEBIAN_MIRROR";

const KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg";

/** The parts of the archive that have kernels. */
const SUITES = [
  ["debian", "bookworm"],
  ["debian-security", "bookworm-security"],
  ["debian", "trixie"],
  ["debian-security", "trixie-security"],
  ["debian", "trixie-backports"],
] as const;

/** After so many milliseconds the lists are asked for again. */
const STALE_MS = 24 * 3600 * 1000;

/** How many small packages are asked for at a time. */
const AT_A_TIME = 20;

/** Whether the lists are asked for again. */
export type Freshness = "when stale" | "now" | "never";

/** An archive whose lists are here. */
export class Archive {
  readonly #config: string;
  readonly #folder: string;

  private constructor(config: string, folder: string) {
    this.#config = config;
    this.#folder = folder;
  }

  /**
   * Opens the archive.
   *
   * @param freshness whether to ask for its lists again
   * @throws {VmError} where apt is missing, or the archive cannot be reached
   */
  static async open(freshness: Freshness, tell: Tell): Promise<Archive> {
    const folder = await cached("apt");
    await mkdir(`${folder}/lists/partial`, { recursive: true });
    await mkdir(`${folder}/archives/partial`, { recursive: true });
    const config = `${folder}/apt.conf`;
    await writeFile(`${folder}/sources.list`, await sources());
    await writeFile(`${folder}/status`, "");
    await writeFile(config, configuration(folder));
    const archive = new Archive(config, folder);
    if (freshness !== "never") await archive.#update(freshness, tell);
    return archive;
  }

  async #update(freshness: Freshness, tell: Tell): Promise<void> {
    const stamp = `${this.#folder}/updated`;
    const age = existsSync(stamp) ? Date.now() - statSync(stamp).mtimeMs : Infinity;
    if (freshness === "when stale" && age < STALE_MS) return;
    tell("Asking the archive for its lists");
    try {
      await runTool("apt-get", ["-c", this.#config, "-qq", "-o", "APT::Update::Error-Mode=any", "update"]);
    } catch (error) {
      if (!(error instanceof VmError) || age === Infinity) throw error;
      tell("The archive does not answer; its old lists are used");
      return;
    }
    await writeFile(stamp, "");
  }

  /** The kernels that the archive has, the newest first. */
  async kernels(): Promise<ArchiveKernel[]> {
    const names = await runForText("apt-cache", ["-c", this.#config, "pkgnames", "linux-"]);
    return kernelsOf(await this.#stanzas(names.split("\n").filter(isKernelPackage)));
  }

  /** Packages by their names, in the same order; those that there are not are left out. */
  async packages(names: readonly string[]): Promise<ArchivePackage[]> {
    const found = (await this.#stanzas(names)).map(packageOf);
    return names.flatMap((name) => found.find((each) => each.name === name) ?? []);
  }

  async #stanzas(names: readonly string[]) {
    if (names.length === 0) return [];
    const text = await runForText("apt-cache", ["-c", this.#config, "show", "--no-all-versions", ...names]);
    return parseStanzas(text);
  }

  /** The names and versions of packages and of everything that they need, from one release of Debian. */
  async withDependencies(names: readonly string[], release: string): Promise<string[]> {
    const text = await runForText("apt-get", [
      "-c",
      this.#config,
      "-o",
      `APT::Default-Release=${release}`,
      "--no-install-recommends",
      "--simulate",
      "install",
      ...names,
    ]);
    return [...text.matchAll(/^Inst (\S+) \((\S+)/gm)].map(([, name, version]) => `${name}=${version}`);
  }

  /**
   * Downloads packages into a folder; those that are there already are left, and what is half there is gone on with.
   *
   * @returns the files, in the same order
   */
  async download(packages: readonly ArchivePackage[], folder: string, tell: Tell): Promise<string[]> {
    const files: string[] = [];
    for (const [index, each] of packages.entries()) {
      const megabytes = (each.size / 1e6).toFixed(1);
      tell(`Downloading ${index + 1}/${packages.length}: ${each.name} (${megabytes} MB)`);
      files.push(await this.downloadOne(`${each.name}=${each.version}`, folder));
    }
    return files;
  }

  /** Downloads a package, given as `name=version`; apt checks its digest. */
  async downloadOne(wanted: string, folder: string): Promise<string> {
    const [file = ""] = await this.#downloaded([wanted], folder);
    return file;
  }

  /** Downloads many packages, given as `name=version`; some at a time, since apt takes long to start. */
  async downloadMany(wanted: readonly string[], folder: string, tell: Tell): Promise<string[]> {
    const files: string[] = [];
    for (let at = 0; at < wanted.length; at += AT_A_TIME) {
      const some = wanted.slice(at, at + AT_A_TIME);
      tell(`Downloading packages ${at + 1} to ${at + some.length} of ${wanted.length}`);
      files.push(...await this.#downloaded(some, folder));
    }
    return files;
  }

  async #downloaded(wanted: readonly string[], folder: string): Promise<string[]> {
    await mkdir(folder, { recursive: true });
    await runTool("apt-get", ["-c", this.#config, "-qq", "download", ...wanted], { cwd: folder });
    const there = (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name);
    return wanted.map((each) => {
      const [name = "", version = ""] = each.split("=");
      const beginning = `${name}_${version.replaceAll(":", "%3a")}_`;
      const file = there.find((entry) => entry.startsWith(beginning) && entry.endsWith(".deb"));
      if (file !== undefined) return `${folder}/${file}`;
      throw new VmError(`apt downloaded ${each}, but there is no file of it`, "Empty the cache folder");
    });
  }
}

/** The server from which this machine's own apt takes its packages. */
async function mirrorOfApt(): Promise<string> {
  const asked = ["indextargets", "--format", "$(REPO_URI)", "Identifier: Packages"];
  const uris = (await runForText("apt-get", asked)).split("\n");
  const debian = uris.find((uri) => uri.includes("/debian"));
  if (debian !== undefined) return debian.slice(0, debian.indexOf("/debian"));
  throw new VmError("apt knows no mirror of Debian", `Name one in the variable ${MIRROR_VARIABLE}`);
}

async function sources(): Promise<string> {
  const mirror = process.env[MIRROR_VARIABLE] ?? await mirrorOfApt();
  const signed = existsSync(KEYRING) ? ` [signed-by=${KEYRING}]` : "";
  return SUITES.map(([part, suite]) => `deb${signed} ${mirror}/${part} ${suite} main\n`).join("");
}

function configuration(folder: string): string {
  return [
    `Dir::Etc::SourceList "${folder}/sources.list";`,
    `Dir::Etc::SourceParts "-";`,
    `Dir::State "${folder}";`,
    `Dir::State::Lists "${folder}/lists";`,
    `Dir::State::Status "${folder}/status";`,
    `Dir::Cache "${folder}";`,
    `APT::Architecture "amd64";`,
    `APT::Architectures { "amd64"; };`,
    `APT::Sandbox::User "root";`,
    `Acquire::Languages "none";`,
    `Acquire::Retries "3";`,
    `Acquire::IndexTargets::deb::DEP-11::DefaultEnabled "false";`,
    "",
  ].join("\n");
}
