/**
 * The file in which `conform fuzz` and `conform tour` keep what was seen of each program.
 *
 * @module
 */
import { appendFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { readPlays, remembering } from "../runners/fuzz/plays.ts";
import type { Target } from "../runners/target.ts";
import { Failure } from "./io.ts";
import { messageOf } from "../spec/message_of.ts";

/**
 * Has a target play only what the file does not tell of.
 *
 * @param open opens the target
 * @param target its name
 * @param path the file; the target itself where it is left out
 * @throws {Failure} if the file is something else, or cannot be written
 */
export function keepPlays(
  open: () => Target,
  target: string,
  path: string | undefined,
): () => Target | Promise<Target> {
  if (path === undefined) return open;
  try {
    const text = existsSync(path) ? readFileSync(path, "utf8") : "";
    const whole = text.slice(0, text.lastIndexOf("\n") + 1);
    // A line that was cut off would spoil the next one.
    if (whole.length < text.length) writeFileSync(path, whole);
    const plays = readPlays(whole, target, (line) => appendFileSync(path, line));
    if (typeof plays !== "string") return remembering(open, plays);
    throw new Failure(2, `${path} cannot be used: ${plays}`, "Give another file with --plays");
  } catch (error) {
    if (error instanceof Failure) throw error;
    const why = messageOf(error);
    throw new Failure(2, `What was seen cannot be kept: ${why}`, "Give another file with --plays", error);
  }
}
