/**
 * Which operations a machine can do, and why not the others. A reason says what is missing and what to do about it.
 *
 * @module
 */
import { OPERATION_NAMES, type OperationName } from "../../spec/operations/mod.ts";
import { HANDLERS } from "./handlers/mod.ts";
import type { Facility, Machine } from "./machine.ts";

/** Why a machine cannot do an operation; `undefined` if it can. */
type Requirement = (machine: Machine) => string | undefined;

function needs(which: (machine: Machine) => Facility): Requirement {
  return (machine) => {
    const facility = which(machine);
    return facility.kind === "missing" ? facility.reason : undefined;
  };
}

function never(reason: string): Requirement {
  return () => reason;
}

/** Something that gives buffers. */
function needsExporter(
  { udmabuf, heap, selftest, module, devices, noDevice, vgem }: Machine,
): string | undefined {
  const has = [udmabuf, heap, selftest, module, vgem].some(({ kind }) => kind === "there") ||
    devices.length > 0;
  if (has) return undefined;
  const reasons = [udmabuf, heap].flatMap((each) => each.kind === "missing" ? [each.reason] : []);
  return `nothing exports buffers: ${[...reasons, noDevice].join("; ")}`;
}

function needsFences({ swSync, vgem, module }: Machine): string | undefined {
  const sources = [swSync, vgem, module];
  if (sources.some(({ kind }) => kind === "there")) return undefined;
  return sources.flatMap((each) => each.kind === "missing" ? [each.reason] : []).join("; ");
}

function needsDevice({ devices, noDevice, reference, module }: Machine): string | undefined {
  if (reference) return module.kind === "missing" ? module.reason : undefined;
  return devices.length > 0 ? undefined : noDevice;
}

/** Something that only the module's reference exporter does. */
function needsReference(reason: string): Requirement {
  return ({ reference, module }) => reference && module.kind === "there" ? undefined : reason;
}

function needsGpu({ foreign: { gpus } }: Machine): string | undefined {
  const all = Object.values(gpus);
  if (all.some(({ kind }) => kind === "there")) return undefined;
  return all.flatMap((each) => each.kind === "missing" ? [each.reason] : []).join("; ");
}

/** What an operation needs, by the longest beginning of its name. */
const REQUIREMENTS: Readonly<Record<string, Requirement>> = {
  "buffer.": needsExporter,
  "buffer.attached": needs(({ bufinfo }) => bufinfo),
  "memory.": needsExporter,
  "heap.": needs(({ heap }) => heap),
  "udmabuf.": needs(({ udmabuf }) => udmabuf),
  "fence.": needsFences,
  "vfio.": needsDevice,
  "vfio.wake": needsReference("nothing in user space wakes a device from outside"),
  "vfio.fail_next": needsReference("nothing in user space makes hardware fail"),
  "iommufd.": needs(({ iommufd }) => iommufd),
  "iommufd.mock_": needs(({ selftest }) => selftest),
  "iommufd.access_": needs(({ selftest }) => selftest),
  "drm.": needsGpu,
  "video.": needs(({ foreign }) => foreign.video.capture),
  "importer.": needs(({ module }) => module),
  "importer.private_map": needsReference("VFIO lets nobody but iommufd ask for the range of a buffer"),
  "exporter.": needs(({ module }) => module),
  "rdma.": never("the native target does not drive RDMA devices"),
  "umem.": never("only a driver can call the RDMA core"),
};

/** What each operation needs; who asks for one asks again and again. */
const known: ReadonlyMap<OperationName, Requirement | undefined> = new Map(
  OPERATION_NAMES.map((operation) => [operation, requirementOf(operation)]),
);

function requirementOf(operation: OperationName): Requirement | undefined {
  const [longest] = Object.keys(REQUIREMENTS)
    .filter((beginning) => operation.startsWith(beginning))
    .toSorted((one, other) => other.length - one.length);
  return longest === undefined ? undefined : REQUIREMENTS[longest];
}

/** Why a machine cannot do an operation; `undefined` if it can. */
export function whyUnsupported(operation: OperationName, machine: Machine): string | undefined {
  const reason = known.get(operation)?.(machine);
  if (reason !== undefined) return reason;
  return HANDLERS.has(operation) ? undefined : `the native target has no ${operation}`;
}

/** The operations that a machine can do. */
export function operationsOf(machine: Machine): readonly OperationName[] {
  return OPERATION_NAMES.filter((operation) => whyUnsupported(operation, machine) === undefined);
}
