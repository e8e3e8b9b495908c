/**
 * Files that a command line names: what cannot be read or written is a mistake in it, and told as one.
 *
 * @module
 */
import { lstatSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { messageOf } from "../spec/message_of.ts";
import { Failure } from "./io.ts";

/**
 * The bytes of a file.
 *
 * @param hint what to do where it cannot be read
 * @throws {Failure} with status 2 if it cannot be read
 */
export function bytesAt(path: string, hint = "Name a file that is there"): Uint8Array {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new Failure(2, `Cannot read "${path}": ${messageOf(error)}`, hint, error);
  }
}

/**
 * The text of a file.
 *
 * @param hint what to do where it cannot be read
 * @throws {Failure} with status 2 if it cannot be read
 */
export function textAt(path: string, hint?: string): string {
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytesAt(path, hint));
}

/** How a file is written. */
export interface Writing {
  /** What to do where it cannot be. */
  readonly hint?: string | undefined;
  /** Who may use a file that is new, as `chmod` takes it. */
  readonly mode?: number | undefined;
}

/**
 * Writes a file whole: where that fails, as on a full disk, what was there before is still there.
 *
 * @throws {Failure} with status 2 if it cannot be written
 */
export function writeWhole(path: string, text: string, { hint, mode = 0o644 }: Writing = {}): void {
  try {
    if (isPlain(path)) replace(path, text, mode);
    else writeFileSync(path, text);
  } catch (error) {
    throw new Failure(2, `Cannot write "${path}": ${messageOf(error)}`, hint ?? "Name another place", error);
  }
}

/**
 * Refuses a place where no file can be written, before anything is done for it.
 *
 * @throws {Failure} with status 2 if it is a folder, or in none
 */
export function demandPlace(path: string): void {
  const isFolder = (each: string) => statSync(each, { throwIfNoEntry: false })?.isDirectory() ?? false;
  const why = isFolder(path)
    ? "it is a folder"
    : isFolder(dirname(path))
    ? undefined
    : `there is no folder "${dirname(path)}"`;
  if (why !== undefined) throw new Failure(2, `Cannot write "${path}": ${why}`, "Name another place");
}

/** Whether nothing is lost when another file takes the place of this one: a link or a device is written through. */
function isPlain(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isFile() ?? true;
}

function replace(path: string, text: string, mode: number): void {
  const half = `${path}.new`;
  try {
    writeFileSync(half, text, { mode });
    renameSync(half, path);
  } catch (error) {
    rmSync(half, { force: true });
    throw error;
  }
}
