/**
 * A user's patches of a kernel's sources.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { VmError } from "../failure.ts";
import { outputOfTool } from "../tools.ts";

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
 * @throws {VmError} where there is no such file, or it is empty
 */
export async function readPatch(path: string): Promise<Patch> {
  try {
    const bytes = await readFile(path);
    if (bytes.length > 0) return { path, bytes };
  } catch (error) {
    throw new VmError(`The patch "${path}" cannot be read: ${whyNot(error)}`, MADE_BY, error);
  }
  throw new VmError(`The patch "${path}" is empty`, MADE_BY);
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
  const args = ["-p1", "--batch", "--forward", "--reject-file=-"];
  const { code, stdout, stderr } = await outputOfTool("patch", args, { cwd: folder, input: bytes });
  if (code !== 0) {
    throw refusal(
      path,
      sources,
      [stdout, stderr].map((each) => new TextDecoder().decode(each)).join(""),
    );
  }
}

/** What the program says, in words for who gave the patch. */
function refusal(path: string, sources: string, said: string): VmError {
  if (said.includes("Only garbage")) return new VmError(`"${path}" is no patch`, MADE_BY);
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
