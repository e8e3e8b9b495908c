/**
 * The first process of the guest, compiled once and kept by the digest of its source.
 *
 * @module
 */
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { cached, digestOf, madeWhole } from "../cache.ts";
import type { Tell } from "../failure.ts";
import { runTool } from "../tools.ts";

/** Nothing of this machine's libraries is in the guest's first memory, so it is linked into one piece. */
const FLAGS = ["-std=gnu11", "-Os", "-Wall", "-Wextra", "-static", "-s"];

/** The program, as bytes. */
export async function guestInit(tell: Tell): Promise<Uint8Array> {
  const source = fileURLToPath(new URL("init.c", import.meta.url));
  const digest = digestOf([...FLAGS, await readFile(source)]);
  const path = `${await cached("guest")}/init-${digest.slice(0, 16)}`;
  if (!existsSync(path)) {
    tell("Compiling the first process of the guest");
    await madeWhole(path, async (half) => void await runTool("cc", [...FLAGS, "-o", half, source]));
  }
  return await readFile(path);
}
