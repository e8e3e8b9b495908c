/**
 * Whether a kernel would take a module that it has no signature of, and if not, what can be done.
 *
 * @module
 */
import type { Files } from "../executor/files.ts";

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

/** What the kernel of a machine says. */
export async function policyOf(files: Files): Promise<Policy> {
  return {
    lockdown: await files.text("/sys/kernel/security/lockdown"),
    enforcesSignatures: await files.text("/sys/module/module/parameters/sig_enforce"),
  };
}
