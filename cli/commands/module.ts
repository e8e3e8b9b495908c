/**
 * `conform module`: builds the kernel module of the suite, and tries it.
 *
 * @module
 */
import { appendFileSync } from "node:fs";
import { copyFile } from "node:fs/promises";
import { type BuildFor, buildModule } from "../../runners/native/module/build.ts";
import { type Trial, tryModule } from "../../runners/native/module/try.ts";
import { VmError } from "../../runners/vm/failure.ts";
import { stoppedBy } from "../../runners/vm/tools.ts";
import { kernelHere } from "../../runners/vm/kernels/mod.ts";
import { exportersAndImporters, pairingsOf } from "../../reports/exporters_importers.ts";
import { resultOf } from "../../reports/result.ts";
import { writeWhole } from "../files.ts";
import { Failure, type Io } from "../io.ts";
import { recordAt } from "../record_at.ts";
import { loadSuite } from "../suite.ts";

/** What `conform module build` is given. */
export interface BuildArguments {
  readonly kernel?: string | undefined;
  readonly headers?: string | undefined;
  readonly out?: string | undefined;
}

/** What `conform module table` is given. */
export interface TableArguments {
  readonly records: readonly string[];
  readonly out?: string | undefined;
}

/** Carries out `conform module table` and gives the exit status. */
export function table({ records, out }: TableArguments, io: Io): number {
  const { byId } = loadSuite();
  const runs = records.map((path) => resultOf(recordAt(path), byId));
  const text = exportersAndImporters(pairingsOf(runs, byId));
  if (out === undefined) io.out(text);
  else writeWhole(out, text);
  return 0;
}

/** What `conform module try` is given. */
export interface TryArguments {
  readonly kernel: string;
  readonly trial: Trial;
  readonly seconds: number;
  readonly seed: number;
  readonly out?: string | undefined;
}

/** Carries out `conform module try` and gives the exit status: 1 if something was found, 3 if the machine came to no end. */
export async function tryOut({ kernel, trial, seconds, seed, out }: TryArguments, io: Io): Promise<number> {
  const tell = (text: string) => io.err(`${text}\n`);
  /* as it comes, so that it outlives a machine that never ends */
  if (out !== undefined) writeWhole(out, "");
  const line = (text: string) => {
    if (out === undefined) io.out(`${text}\n`);
    else appendFileSync(out, `${text}\n`);
  };
  try {
    const here = await kernelHere(kernel);
    const { path } = await stoppedBy(
      io.signal,
      () => buildModule({ kind: "archive", version: here.release }, tell),
    );
    const tried = await tryModule(here, path, trial, { seconds, seed, line, signal: io.signal }, tell);
    if (tried.kind === "no result") {
      throw new Failure(3, "The machine ended without a result", "Look at its console");
    }
    tell(
      tried.kind === "passed"
        ? "Nothing was found"
        : `${tried.count} things were found; the console says which`,
    );
    return tried.kind === "passed" ? 0 : 1;
  } catch (error) {
    if (error instanceof VmError) throw new Failure(3, error.message, error.hint, error);
    throw error;
  }
}

/** Carries out `conform module build` and gives the exit status. */
export async function build({ kernel, headers, out }: BuildArguments, io: Io): Promise<number> {
  try {
    const wanted = whatFor(kernel, headers);
    const built = await stoppedBy(io.signal, () => buildModule(wanted, (text) => io.err(`${text}\n`)));
    if (out !== undefined) await copyFile(built.path, out);
    io.err(
      `It is for ${built.release} and not signed: a kernel that enforces signatures refuses it, any other is ` +
        "tainted by it\n",
    );
    io.out(`${out ?? built.path}\n`);
    return 0;
  } catch (error) {
    if (error instanceof VmError) throw new Failure(3, error.message, error.hint, error);
    throw error;
  }
}

function whatFor(kernel: string | undefined, headers: string | undefined): BuildFor {
  if (headers !== undefined && kernel === undefined) return { kind: "headers", folder: headers };
  if (kernel !== undefined && headers === undefined) return { kind: "archive", version: kernel };
  throw new Failure(
    2,
    "Cannot tell for which kernel the module is to be built",
    "Give either --kernel VERSION, as in --kernel 7.3, or --headers DIR, as in --headers /lib/modules/$(uname -r)/build",
  );
}
