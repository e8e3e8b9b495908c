/**
 * Runs programs in a virtual machine: they are the only thing that its first process does.
 *
 * @module
 */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { Buffer } from "node:buffer";
import { tmpdir } from "node:os";
import { fileURLToPath } from "node:url";
import { within } from "../../runners/deadline.ts";
import { VmError } from "../../runners/vm/failure.ts";
import { initramfsFor, stepsOf } from "../../runners/vm/guest/boot.ts";
import { type Entry, packInitramfs } from "../../runners/vm/guest/initramfs.ts";
import { kernelHere, withModulesMadeHere } from "../../runners/vm/kernels/mod.ts";
import { Machine, withTail } from "../../runners/vm/machine.ts";
import { runTool } from "../../runners/vm/tools.ts";

/** A program in C. */
export interface ProgramText {
  /** Its name, without a folder and without an extension. */
  readonly name: string;
  /** Its text. */
  readonly text: string;
}

/** How a machine is made. */
export interface ProgramMachine {
  /** The version of a kernel that is here, as in `7.3`. */
  readonly kernel: string;
  /** Further folders with headers. */
  readonly include?: readonly string[] | undefined;
  /** How long all of it may take, in milliseconds. */
  readonly limitMs: number;
  /** Is told of everything that takes long. */
  readonly tell: (text: string) => void;
}

const UAPI = fileURLToPath(new URL("../../runners/native/module/uapi", import.meta.url));

/** As in the comment at the top of a program, and in one piece: the machine has no libraries. */
const FLAGS = ["-std=gnu11", "-O2", "-Wall", "-Wextra", "-Werror", "-pthread", "-static"];

/**
 * Compiles a program.
 *
 * @param program the program
 * @param file where it goes
 * @param include further folders with headers
 * @throws {VmError} with what the compiler says
 */
export async function compileProgram(
  { text }: ProgramText,
  file: string,
  include: readonly string[] = [],
): Promise<void> {
  await writeFile(`${file}.c`, text);
  await runTool("cc", [...FLAGS, ...[UAPI, ...include].map((each) => `-I${each}`), "-o", file, `${file}.c`]);
}

/** The kernel log would stand amid the lines of a program; the end of a kernel is told all the same. */
const QUIET = "loglevel=1";

/** What stands on the console before what a program writes. */
const MARK = /^conform: runs \/repro\/(\w+)$/;

/**
 * Boots a kernel and runs programs in it, one after the other.
 *
 * @returns what each has printed, by its name
 * @throws {VmError} where the machine does not get to its end in time
 */
export async function runInMachine(
  programs: readonly ProgramText[],
  { kernel: version, include, limitMs, tell }: ProgramMachine,
): Promise<ReadonlyMap<string, string>> {
  const folder = await mkdtemp(`${tmpdir()}/conform-repro-`);
  try {
    const { kernel } = await withModulesMadeHere(await kernelHere(version));
    const { path, modules } = await initramfsFor(kernel, { shell: new Uint8Array() }, tell);
    const files = await Promise.all(programs.map(async (program): Promise<Entry> => {
      const file = `${folder}/${program.name}`;
      await compileProgram(program, file, include);
      return { kind: "file", path: `repro/${program.name}`, bytes: await readFile(file), mode: "0755" };
    }));
    const steps = stepsFor(modules, programs);
    const etc = {
      kind: "file",
      path: "etc/steps",
      bytes: new TextEncoder().encode(steps),
      mode: "0644",
    } as const;
    const initramfs = `${folder}/initramfs`;
    /* the kernel unpacks one archive behind the other, and what comes later wins */
    await writeFile(initramfs, Buffer.concat([await readFile(path), packInitramfs([etc, ...files])]));
    return outputsOf(await consoleOf({ kernel: kernel.image, initramfs }, limitMs));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The steps of the first process: those of a shell, with the programs in its place. */
function stepsFor(modules: readonly string[], programs: readonly ProgramText[]): string {
  const before = stepsOf(modules.map((name) => ({ name })), { shell: new Uint8Array() })
    .split("\n").filter((line) => line !== "" && !line.startsWith("shell "));
  const runs = programs.map(({ name }) => `exec /repro/${name}`);
  return [...before, ...runs].map((line) => `${line}\n`).join("");
}

/** What the machine has written to its console by its end. */
async function consoleOf(
  parts: { readonly kernel: string; readonly initramfs: string },
  limitMs: number,
): Promise<readonly string[]> {
  const machine = await Machine.start({ ...parts, accelerator: "tcg", append: QUIET });
  try {
    const end = await within(machine.ended, limitMs);
    const lines = machine.console();
    if (end.kind === "value" && end.value.kind === "turned off") return lines;
    const how = end.kind === "value" ? end.value.why : "it did not end in time";
    throw new VmError(
      `The programs were not all run: ${how}${withTail(lines)}`,
      "Look at what the last one does",
    );
  } finally {
    await machine.close();
  }
}

function outputsOf(lines: readonly string[]): ReadonlyMap<string, string> {
  const outputs = new Map<string, string>();
  let name: string | undefined;
  for (const line of lines) {
    const [, begun] = MARK.exec(line) ?? [];
    if (begun !== undefined) {
      name = begun;
      outputs.set(name, "");
    } else if (name !== undefined) outputs.set(name, `${outputs.get(name) ?? ""}${line}\n`);
  }
  return outputs;
}
