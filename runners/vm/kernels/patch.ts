/**
 * A user's patches of a kernel's sources.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename } from "node:path";
import { VmError } from "../failure.ts";
import { outputOfTool, type ToolOptions } from "../tools.ts";

/** A patch as it was given. */
export interface Patch {
  /** The file it was in. */
  readonly path: string;
  readonly bytes: Uint8Array;
}

/** Where patches come from. */
const MADE_BY = "Name a file that git format-patch or diff -u has written";

/**
 * Reads a patch.
 *
 * @throws {VmError} where there is no such file, it is empty, or there is no patch in it
 */
export async function readPatch(path: string): Promise<Patch> {
  const bytes = await bytesOf(path);
  if (bytes.length === 0) throw new VmError(`The patch "${path}" is empty`, MADE_BY);
  /* where there are no sources none applies, but what is no patch at all is told apart */
  const said = await saidBy(["--dry-run", ...OPTIONS], { cwd: tmpdir(), input: bytes });
  if (said.text.includes(GARBAGE)) throw noPatch(path);
  return { path, bytes };
}

async function bytesOf(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (error) {
    throw new VmError(`The patch "${path}" cannot be read: ${whyNot(error)}`, MADE_BY, error);
  }
}

const OPTIONS = ["-p1", "--batch", "--forward", "--reject-file=-"];

/** What the program says of a file without a patch. */
const GARBAGE = "Only garbage";

function noPatch(path: string): VmError {
  return new VmError(`"${path}" is no patch`, MADE_BY);
}

/** What the program says, wherever it does. */
async function saidBy(args: readonly string[], options: ToolOptions) {
  const { code, stdout, stderr } = await outputOfTool("patch", args, options);
  return { code, text: [stdout, stderr].map((each) => new TextDecoder().decode(each)).join("") };
}

function whyNot(error: unknown): string {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code === "ENOENT") return "there is no such file";
  return code === "EISDIR" ? "it is a folder" : `${code ?? error}`;
}

/** What a record says of a patch: which file it was, and its digest. */
export function recordOf({ path, bytes }: Patch): { name: string; version: string; sha256: string } {
  return { name: basename(path), version: "patch", sha256: createHash("sha256").update(bytes).digest("hex") };
}

/**
 * Applies a patch.
 *
 * @param folder the top of the sources; where this fails, they are as far as it came
 * @param sources what they are, in words
 * @throws {VmError} where it does not apply, with the places; or is there already
 */
export async function applyPatch(folder: string, { path, bytes }: Patch, sources: string): Promise<void> {
  const { code, text } = await saidBy(OPTIONS, { cwd: folder, input: bytes });
  if (code !== 0) throw refusal(path, sources, text);
}

/** What the program says, in words for who gave the patch. */
function refusal(path: string, sources: string, said: string): VmError {
  if (said.includes(GARBAGE)) return noPatch(path);
  if (said.includes("previously applied")) {
    return new VmError(
      `The patch "${path}" was applied before: ${sources} has it, or it is given twice`,
      "Leave it out",
    );
  }
  const places = placesOf(said);
  return new VmError(
    `The patch "${path}" does not apply to ${sources}${places.length === 0 ? "" : `: ${places.join("; ")}`}`,
    "Make it against these sources, with paths as git writes them: one folder before the top of the tree",
  );
}

/** The files and places in them where it does not apply. */
function placesOf(said: string): string[] {
  const places: string[] = [];
  let file = "";
  for (const line of said.split("\n")) {
    file = /^patching file (.*)$/.exec(line)?.[1] ?? /^\|--- (\S+)/.exec(line)?.[1] ?? file;
    const at = /^Hunk #\d+ FAILED at (\d+)/.exec(line)?.[1];
    if (at !== undefined) places.push(`${file}, line ${at}`);
    else if (line.startsWith("No file to patch")) places.push(`there is no file ${file}`);
  }
  return places;
}
