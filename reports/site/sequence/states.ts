/**
 * The state of a buffer as far as one can tell from the steps that succeeded.
 *
 * @module
 */
import type { StepResult } from "../../result.ts";

/** The state of a buffer: usable, revoked for a time, revoked for good, or left without its exporter. */
export type BufferState = "live" | "temporary" | "permanent" | "closed";

/** What is known of a buffer. */
export interface KnownBuffer {
  /** Its name. */
  readonly buffer: string;
  /** The device that exports it, where it is known. */
  readonly exporter?: string | undefined;
  /** The mapping entry of an RDMA device that it is of, where it is of one. */
  readonly entry?: string | undefined;
  /** Its state before the step; missing where it is not known. */
  readonly state?: BufferState | undefined;
}

/** The state of a buffer after a step; `undefined` where it is not known. */
export function stateAfter(
  step: StepResult,
  { buffer, exporter, entry, state }: KnownBuffer,
): BufferState | undefined {
  if (step.section === "race") return isAbout(step, [buffer, exporter, entry]) ? undefined : state;
  if (step.outcome?.kind !== "returned") return state;
  if (step.bind === buffer) return "live";
  if (state === undefined || state === "closed") return state;
  if (step.args["buffer"] === buffer) return afterBufferStep(step, state);
  if (exporter !== undefined && step.args["device"] === exporter) return afterDeviceStep(step, state);
  if (step.operation === "rdma.free" && entry !== undefined && step.args["entry"] === entry) {
    return "permanent";
  }
  if (step.operation === "rdma.unbind" && step.args["nic"] === exporter) return "permanent";
  return exporter !== undefined && closes(step, exporter) ? "closed" : state;
}

/** Whether a step names a buffer or what it is exported from. */
function isAbout({ args }: StepResult, names: readonly (string | undefined)[]): boolean {
  return Object.values(args).some((value) => typeof value === "string" && names.includes(value));
}

function afterBufferStep({ operation, args }: StepResult, state: BufferState): BufferState {
  switch (operation) {
    case "vfio.revoke":
    case "buffer.revoke":
      return "permanent";
    case "vfio.revoke_feature":
      return JSON.stringify(args["request"]) === '["set"]' ? "permanent" : state;
    case "iommufd.mock_revoke":
      return args["revoked"] === false ? "live" : "temporary";
    case "exporter.mark_valid":
      return "live";
    default:
      return state;
  }
}

function afterDeviceStep({ operation, args }: StepResult, state: BufferState): BufferState {
  if (operation === "vfio.unbind") return "closed";
  if (state === "permanent") return state;
  if (operation === "vfio.command" && args["memory"] === "off") return "temporary";
  if (operation === "vfio.command" && args["memory"] === "on") return "live";
  if (operation === "vfio.power") return args["state"] === "D3hot" ? "temporary" : "live";
  return state;
}

function closes({ operation, args }: StepResult, exporter: string): boolean {
  return operation === "fd.close" && Object.values(args).includes(exporter);
}
