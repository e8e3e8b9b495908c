/**
 * `conform module`: builds the kernel module of the suite.
 *
 * @module
 */
import { copyFile } from "node:fs/promises";
import { type BuildFor, buildModule } from "../../runners/native/module/build.ts";
import { VmError } from "../../runners/vm/failure.ts";
import { Failure, type Io } from "../io.ts";

/** What `conform module build` is given. */
export interface BuildArguments {
  readonly kernel?: string | undefined;
  readonly headers?: string | undefined;
  readonly out?: string | undefined;
}

/** Carries out `conform module build` and gives the exit status. */
export async function build({ kernel, headers, out }: BuildArguments, io: Io): Promise<number> {
  try {
    const built = await buildModule(whatFor(kernel, headers), (text) => io.err(`${text}\n`));
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
