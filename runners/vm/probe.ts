/**
 * Whether a kernel boots on the processor of this machine, and how certain that is: a moment in which nothing boots,
 * since there is no memory or others need the processor, says nothing of the machine.
 *
 * @module
 */
import type { MachineParts } from "./arguments.ts";
import { VmError } from "./failure.ts";
import { boot, letGo, NoHello } from "./live.ts";

/** What was found out. */
export type Probed =
  | { readonly kind: "boots" }
  /** It will not boot the next time either. */
  | { readonly kind: "does not boot" }
  /** It did not boot now, and may the next time. */
  | { readonly kind: "not known"; readonly why: string };

/** How long a machine may take to boot where a processor of its own is tried, in milliseconds. */
const PROBE_MS = 30_000;

/** Boots a machine to see. */
export async function probe(parts: MachineParts, signal?: AbortSignal): Promise<Probed> {
  try {
    await letGo(await boot(parts, PROBE_MS, { signal }));
    return { kind: "boots" };
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof VmError) return probedBy(error);
    throw error;
  }
}

/** QEMU has tried to use KVM and may not, or KVM does not do what it needs. */
const NO_KVM = /failed to initialize kvm|could not access kvm|invalid accelerator kvm|kvm.* not supported/i;

/** Why that may be otherwise in the next moment: another hypervisor has the processor, or there is no memory. */
const IN_THIS_MOMENT = /busy|cannot allocate|temporarily|too many|interrupted/i;

/** What follows from a machine that did not come up. */
export function probedBy(error: VmError): Probed {
  const says = error.message;
  if (error instanceof NoHello && error.chance === "had the time") return { kind: "does not boot" };
  if (NO_KVM.test(says) && !IN_THIS_MOMENT.test(says)) return { kind: "does not boot" };
  return { kind: "not known", why: says };
}
