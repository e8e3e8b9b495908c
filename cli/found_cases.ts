/**
 * Keeps the cases that `conform fuzz` and `conform tour` write of what they found.
 *
 * @module
 */
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Failure } from "./io.ts";
import { messageOf } from "../spec/message_of.ts";

/**
 * Writes a case into a folder, beside those that are there.
 *
 * @returns the file
 * @throws {Failure} if it cannot be written
 */
export function keepCase(
  folder: string,
  { name, text }: { readonly name: string; readonly text: string },
): string {
  const file = freePath(join(folder, name));
  try {
    mkdirSync(folder, { recursive: true });
    writeFileSync(file, text);
  } catch (error) {
    const why = messageOf(error);
    throw new Failure(2, `The case cannot be saved: ${why}`, "Give another folder with --out", error);
  }
  return file;
}

function freePath(stem: string): string {
  for (let count = 1;; count++) {
    const path = count === 1 ? `${stem}.yaml` : `${stem}-${count}.yaml`;
    if (!existsSync(path)) return path;
  }
}
