/**
 * Whether a kernel would take a module that it has no signature of, and if not, what can be done.
 *
 * @module
 */
import { readFile } from "node:fs/promises";

/** What a kernel says of the modules that it takes: the texts of two files, where they can be read. */
export interface Policy {
  /** `/sys/kernel/security/lockdown`, as in `none [integrity] confidentiality`. */
  readonly lockdown: string | undefined;
  /** `/sys/module/module/parameters/sig_enforce`, `Y` or `N`. */
  readonly enforcesSignatures: string | undefined;
}

const BUILD = "build it with conform module build, and load it with insmod";
const SIGN = "sign it with a key that this machine trusts, as runners/native/module/README.md shows";

/** What to do to have the module. */
export function remedyFor({ lockdown, enforcesSignatures }: Policy): string {
  const [, mode = "none"] = /\[(\w+)\]/.exec(lockdown ?? "") ?? [];
  if (mode !== "none") {
    return `this kernel is locked down (${mode}) and takes no module without a signature: ${SIGN}, or use a virtual machine`;
  }
  if (enforcesSignatures?.trim() === "Y") {
    return `this kernel takes no module without a signature: ${SIGN}, or use a virtual machine`;
  }
  return `load the module dmabuf_conform of the suite: ${BUILD}`;
}

/** What this machine's kernel says. */
export async function policyHere(): Promise<Policy> {
  return {
    lockdown: await textOf("/sys/kernel/security/lockdown"),
    enforcesSignatures: await textOf("/sys/module/module/parameters/sig_enforce"),
  };
}

async function textOf(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch {
    return undefined;
  }
}
