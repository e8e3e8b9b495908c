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
 * - `kunit`: a kernel, by a test that runs inside of it
 */
export type TargetKind = "sim" | "native" | "kunit";

/** Every kind of target, in the order in which they are told. */
export const TARGET_KINDS: readonly TargetKind[] = ["sim", "native", "kunit"];

/** The operations that call functions of the kernel which no system call reaches, by how their names begin. */
const INSIDE = ["importer.", "exporter.", "umem.", "fence.add", "buffer.attached"];

/** The operations that only a model has, since nobody can make hardware or the kernel do so when it is asked. */
const MODEL_ONLY: readonly OperationName[] = ["vfio.fail_next"];

/** The kinds of targets that a case can be shown on. */
export function targetKindsOf({ sections }: Pick<Case, "sections">): readonly TargetKind[] {
  const operations = SECTIONS.flatMap((section) => sections[section].flatMap(operationsOf));
  if (operations.some((name) => MODEL_ONLY.includes(name))) return ["sim"];
  const inside = operations.some((name) => INSIDE.some((begin) => name.startsWith(begin)));
  return ["sim", inside ? "kunit" : "native"];
}

function operationsOf(step: Step): readonly OperationName[] {
  return [step.operation, ...step.until.flatMap(operationsOf)];
}
