/**
 * Where an entry of a baseline applies: on which kernels, targets and devices.
 *
 * @module
 */
import { z } from "zod";
import type { RecordedTarget } from "../record.ts";

/** Where an entry applies; everything that is named must hold. */
export interface Condition {
  /** Kernel versions, as in `>=7.0 <7.2` or `7.1`, which is every 7.1. */
  readonly kernel?: string | undefined;
  /** The target as it is named, with `*` for any text. */
  readonly target?: string | undefined;
  /** One of the target's devices, with `*` for any text. */
  readonly device?: string | undefined;
}

/** What a condition looks at of a target. */
export type ConditionedTarget = Pick<RecordedTarget, "id" | "kernel" | "devices">;

const BOUND = /^(>=|<=|>|<|=|)(\d+(?:\.\d+){0,2})$/;

const kernelRange = z.string().trim().refine(
  (text) => text !== "" && boundsOf(text).every((bound) => BOUND.test(bound)),
  "expected kernel versions such as >=7.0 <7.2, or 7.1",
);

const pattern = z.string().trim().min(1);

/** Schema of {@link Condition}. */
export const conditionSchema: z.ZodType<Condition> = z.strictObject({
  kernel: kernelRange.optional().meta({ description: "Kernel versions, as in >=7.0 <7.2, or 7.1." }),
  target: pattern.optional().meta({ description: "The target, with * for any text, as in sim:mainline-*." }),
  device: pattern.optional().meta({ description: "One of the target's devices, with * for any text." }),
});

/** Whether a condition holds of a target; without a condition it always does. */
export function applies(condition: Condition | undefined, target: ConditionedTarget): boolean {
  const { kernel, target: name, device } = condition ?? {};
  return (kernel === undefined || isWithin(target.kernel, kernel)) &&
    (name === undefined || fits(target.id, name)) &&
    (device === undefined || (target.devices ?? []).some((each) => fits(each, device)));
}

/** Whether a kernel release is in a range. A release candidate counts as the version that it is a candidate of. */
function isWithin(release: string, range: string): boolean {
  const [number] = /^\d+(\.\d+){1,2}/.exec(release) ?? [];
  if (number === undefined) return false;
  return boundsOf(range).every((bound) => {
    const [, sign = "", version = ""] = BOUND.exec(bound) ?? [];
    return holds(sign, compare(partsOf(number), partsOf(version)));
  });
}

function boundsOf(range: string): string[] {
  return range.trim().replaceAll(/([<>=])\s+/g, "$1").split(/[\s,]+/);
}

function partsOf(version: string): number[] {
  return version.split(".").map(Number);
}

/** Compares as far as the bound goes, so that 7.1 stands for every 7.1. */
function compare(release: readonly number[], bound: readonly number[]): number {
  const at = bound.findIndex((part, index) => (release[index] ?? 0) !== part);
  return at < 0 ? 0 : (release[at] ?? 0) - (bound[at] ?? 0);
}

function holds(sign: string, difference: number): boolean {
  switch (sign) {
    case ">=":
      return difference >= 0;
    case "<=":
      return difference <= 0;
    case ">":
      return difference > 0;
    case "<":
      return difference < 0;
    default:
      return difference === 0;
  }
}

function fits(text: string, wanted: string): boolean {
  const parts = wanted.split("*").map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${parts.join(".*")}$`, "s").test(text);
}
