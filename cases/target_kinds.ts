/**
 * On which kinds of targets a case can be shown, which follows from its operations.
 *
 * @module
 */
import type { OperationName } from "../spec/operations/mod.ts";
import { type Case, SECTIONS, type Step } from "./case.ts";

/**
 * A kind of target:
 *
 * - `sim`: the model
 * - `native`: a kernel, by its system calls
 * - `module`: the same, with the suite's own module inside of the kernel
 */
export type TargetKind = "sim" | "native" | "module";

/** Every kind of target, in the order in which they are told. */
export const TARGET_KINDS: readonly TargetKind[] = ["sim", "native", "module"];

/** The operations that no system call reaches and the suite's module does, by how their names begin. */
const INSIDE = ["importer.", "exporter.", "fence.add", "buffer.attached", "vfio.fail_next"];

/** The operations that only a model has: nobody but a driver calls the RDMA core. */
const MODEL_ONLY = ["umem."];

/** The kinds of targets that a case can be shown on. What system calls show needs no module, but can have one. */
export function targetKindsOf({ sections }: Pick<Case, "sections">): readonly TargetKind[] {
  const operations = SECTIONS.flatMap((section) => sections[section].flatMap(operationsOf));
  const uses = (beginnings: readonly string[]) =>
    operations.some((name) => beginnings.some((begin) => name.startsWith(begin)));
  if (uses(MODEL_ONLY)) return ["sim"];
  return ["sim", uses(INSIDE) ? "module" : "native"];
}

function operationsOf(step: Step): readonly OperationName[] {
  return [step.operation, ...step.until.flatMap(operationsOf)];
}
