/**
 * Cases and their programs, for tests.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import type { Case } from "../../cases/case.ts";
import { loadCases } from "../../cases/load.ts";
import { parseNative } from "../../runners/native/name.ts";
import { referenceFeature, REFERENCES } from "../../runners/native/reference.ts";
import { loadLedger } from "../../spec/ledger.ts";
import type { Setting } from "./emit.ts";
import { type Repro, reproducerOf, type ReproLanguage } from "./program.ts";

let known: readonly Case[] | undefined;

/** Every case of the suite. */
export function allCases(): readonly Case[] {
  known ??= loadCases(loadLedger()).cases;
  return known;
}

/** A case by its id. */
export function caseOf(id: string): Case {
  const found = allCases().find((each) => each.id === id);
  if (!found) throw new Error(`There is no case ${id}`);
  return found;
}

/** What a program is made for, by the name of a native target. */
export function settingFor(target: string): Setting {
  const parsed = parseNative(target);
  if (typeof parsed === "string") throw new Error(parsed);
  const reference = REFERENCES.get(parsed.reference ?? "");
  return {
    reference,
    revokeFeature: parsed.revokeFeature ?? referenceFeature(reference),
    devices: parsed.devices,
  };
}

/** The program of a case for a native target. */
export function programFor(case_: Case, target: string, language: ReproLanguage = "c"): Repro {
  return reproducerOf(case_, { language, target, setting: settingFor(target), clauses: [] });
}

/** The text of the program of a case. */
export function textFor(case_: Case, target: string, language: ReproLanguage = "c"): string {
  const made = programFor(case_, target, language);
  if (made.kind === "refused") throw new Error(made.reason);
  return made.text;
}

/** Whether there is a C compiler. */
export function hasCompiler(): boolean {
  try {
    return new Deno.Command("cc", { args: ["--version"], stdout: "null" }).outputSync().success;
  } catch {
    return false;
  }
}

const UAPI = fileURLToPath(new URL("../../runners/native/module/uapi", import.meta.url));

/** What the programs must compile with. */
export const STRICT: readonly string[] = ["-Wall", "-Wextra", "-Werror", "-std=gnu11", `-I${UAPI}`];

/**
 * Compiles a program into a folder that goes with this process.
 *
 * @returns the file
 * @throws {Error} with what the compiler says
 */
export async function compiled(source: string, flags: readonly string[] = []): Promise<string> {
  const folder = await Deno.makeTempDir();
  globalThis.addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));
  await Deno.writeTextFile(`${folder}/a.c`, source);
  const args = [...STRICT, "-pthread", ...flags, "-o", `${folder}/a`, `${folder}/a.c`];
  const { success, stderr } = await new Deno.Command("cc", { args }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  return `${folder}/a`;
}
