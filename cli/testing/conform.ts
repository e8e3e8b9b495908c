/**
 * The command line as a test uses it.
 *
 * @module
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { main } from "../main.ts";

/** What a command did. */
export interface Ran {
  /** The exit status. */
  readonly status: number;
  /** What it printed. */
  readonly out: string;
  /** What it printed for people who wait. */
  readonly err: string;
}

/** Carries out a command line in this process. */
export function conform(...args: string[]): Promise<Ran> {
  return conformUntil(new AbortController().signal, ...args);
}

/** Carries out a command line that a signal can end, as Ctrl-C does. */
export async function conformUntil(signal: AbortSignal, ...args: string[]): Promise<Ran> {
  let out = "";
  let err = "";
  const status = await main(args, {
    out: (text) => out += text,
    err: (text) => err += text,
    columns: undefined,
    colours: false,
    signal,
  });
  return { status, out, err };
}

/** Gives a test a folder of its own, and removes it. */
export async function inFolder(test: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "conform-"));
  try {
    await test(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
