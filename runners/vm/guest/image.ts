/**
 * The disk image of the guest: Deno, its libraries, the agent as one file, and the native addon. It is the same for
 * every kernel, made once and kept by the digest of what is in it.
 *
 * @module
 */
import { existsSync } from "node:fs";
import { chmod, copyFile, mkdir, readFile, truncate, utimes } from "node:fs/promises";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { AddonError, loadAddon } from "../../native/addon.ts";
import { ADDON_NAME, builtAddon, findAddon } from "../../native/location.ts";
import { cached, digestOf, digestOfFile, forgetOldest, madeWhole } from "../cache.ts";
import { type Tell, VmError } from "../failure.ts";
import { runForText, runTool } from "../tools.ts";

/** The environment variable that names the agent as one file, where there are no sources to make it of. */
const AGENT_VARIABLE = "CONFORM_AGENT_BUNDLE";

/** Changes whenever the way in which the image is made does. */
const LAYOUT = "1";

/** The folders whose sources may be part of the agent. */
const SOURCES = ["runners", "cases", "spec"];

/** A disk image. */
export interface GuestImage {
  /** The file. */
  readonly path: string;
  /** The SHA-256 of what is in it. */
  readonly digest: string;
}

/** Where things are in the guest, below the place at which the image is mounted. */
export const IN_IMAGE = { deno: "bin/deno", agent: "agent/agent.js" } as const;

/**
 * Makes the image, or finds the one that was made of the same parts.
 *
 * @throws {VmError} where it cannot be made
 */
export async function guestImage(tell: Tell): Promise<GuestImage> {
  const files = await partsOf(tell);
  const digests = await Promise.all(files.map(async ({ to, from }) => `${to} ${await digestOfFile(from)}`));
  const digest = digestOf([LAYOUT, ...digests.toSorted()]);
  const path = `${await cached("guest")}/${digest.slice(0, 16)}.ext4`;
  if (existsSync(path)) await utimes(path, new Date(), new Date());
  else {
    tell("Making the disk image of the guest");
    await madeWhole(path, (half) => make(half, files));
    await forgetOld(await cached("guest"));
  }
  return { path, digest };
}

/** How many images are kept. */
const KEPT = 3;

/** Removes images that have not been used lately; a machine that uses one keeps it until it ends. */
async function forgetOld(folder: string): Promise<void> {
  for (const suffix of [".ext4", ".js"]) {
    const files = (await Array.fromAsync(Deno.readDir(folder))).filter(({ name }) => name.endsWith(suffix));
    await forgetOldest(files.map(({ name }) => `${folder}/${name}`), KEPT);
  }
}

interface Part {
  readonly from: string;
  readonly to: string;
}

async function partsOf(tell: Tell): Promise<Part[]> {
  const deno = Deno.execPath();
  const addon = addonFile();
  const agent = await agentBundle(tell);
  const libraries = await librariesOf([deno, addon]);
  return [
    { from: deno, to: IN_IMAGE.deno },
    { from: agent, to: IN_IMAGE.agent },
    { from: addon, to: `agent/${ADDON_NAME}` },
    ...libraries.map((from) => ({ from, to: `lib/${from.split("/").at(-1)}` })),
  ];
}

/** The addon, which runs the cases in the guest. One of another version is refused here, before anything boots. */
function addonFile(): string {
  try {
    loadAddon();
  } catch (error) {
    if (error instanceof AddonError) throw new VmError(error.message, error.hint);
    throw error;
  }
  return findAddon() ?? builtAddon("plain");
}

/** The shared libraries of programs, and what loads them. */
async function librariesOf(programs: readonly string[]): Promise<string[]> {
  const text = await runForText("ldd", programs);
  const libraries = [...text.matchAll(/(?:=> |^\s+)(\/\S+) \(0x/gm)].flatMap(([, path]) => path ?? []);
  return [...new Set(libraries)].toSorted();
}

/** The agent as one file, made anew when the sources have changed. */
async function agentBundle(tell: Tell): Promise<string> {
  const named = process.env[AGENT_VARIABLE];
  if (named !== undefined && named !== "") return named;
  const root = fileURLToPath(new URL("../../../", import.meta.url));
  const entry = fileURLToPath(new URL("agent.ts", import.meta.url));
  if (!existsSync(entry)) {
    throw new VmError(
      "The agent for the guest cannot be made: the sources of the suite are not here",
      `Name it in ${AGENT_VARIABLE}; deno bundle makes it of runners/vm/guest/agent.ts in a checkout`,
    );
  }
  const digest = digestOf(await sourcesBelow(root));
  const path = `${await cached("guest")}/agent-${digest.slice(0, 16)}.js`;
  if (!existsSync(path)) {
    tell("Making the agent one file");
    await madeWhole(path, (half) => bundle(root, entry, half));
  }
  return path;
}

async function sourcesBelow(root: string): Promise<(string | Uint8Array)[]> {
  const parts: (string | Uint8Array)[] = [Deno.version.deno, await readFile(`${root}deno.lock`)];
  for (const folder of SOURCES) {
    for (const file of (await sourceFiles(`${root}${folder}`)).toSorted()) {
      parts.push(file.slice(root.length), await readFile(file));
    }
  }
  return parts;
}

async function sourceFiles(folder: string): Promise<string[]> {
  const files: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    if (isDirectory) files.push(...await sourceFiles(`${folder}/${name}`));
    else if (/\.(tsx?|json)$/.test(name) && !/_(test|bench)\.tsx?$/.test(name)) {
      files.push(`${folder}/${name}`);
    }
  }
  return files;
}

async function bundle(root: string, entry: string, output: string): Promise<void> {
  const { code, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["bundle", "--quiet", "--minify", "--platform", "deno", "--output", output, entry],
    cwd: root,
    stdin: "null",
  }).output();
  if (code === 0) return;
  throw new VmError(
    `The agent could not be made one file:\n${new TextDecoder().decode(stderr).trim()}`,
    "Try deno check runners/vm/guest/agent.ts",
  );
}

/** Free room in the image, in bytes, for the file system's own needs. */
const SPARE = 16 << 20;

async function make(path: string, parts: readonly Part[]): Promise<void> {
  await madeWhole(`${path}.files`, async (folder) => {
    let size = SPARE;
    for (const { from, to } of parts) {
      await mkdir(`${folder}/${to.slice(0, to.lastIndexOf("/"))}`, { recursive: true });
      await copyFile(from, `${folder}/${to}`);
      await chmod(`${folder}/${to}`, 0o755);
      size += (await Deno.stat(from)).size;
    }
    await Deno.writeFile(path, new Uint8Array());
    await truncate(path, Math.ceil(size / (1 << 20)) * (1 << 20));
    const features = "^has_journal,^metadata_csum,^resize_inode,^64bit";
    await runTool("mke2fs", ["-q", "-F", "-t", "ext4", "-m", "0", "-O", features, "-d", folder, path]);
  });
  await Deno.remove(`${path}.files`, { recursive: true });
}
