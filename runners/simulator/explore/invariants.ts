/**
 * What must hold between any two steps, whatever the case says: the invariants of a VFIO buffer.
 *
 * Lock order (I8) is watched by the exploration itself, and balanced references (I6) by the look after each schedule.
 *
 * @module
 */
import { vfioBufferOf, type VfioPciDmaBuf } from "../kernel/vfio_pci_dmabuf.ts";
import { waitForUnmaps, zapMappings } from "../kernel/vfio_pci_revoke.ts";
import type { VfioRules } from "../rules.ts";
import type { Session } from "../session.ts";

/** A buffer as it was before a step. */
interface Before {
  readonly status: VfioPciDmaBuf["status"];
  readonly revoked: boolean;
  /** How many mappings of it there were. */
  readonly mappings: number;
  /** How many events there had been. */
  readonly events: number;
}

/** A buffer after a step, as the invariants see it. */
interface Look {
  readonly buffer: VfioPciDmaBuf;
  readonly before: Before;
  /** Whether it is revoked, whoever keeps that state. */
  readonly revoked: boolean;
  /** How many mappings of it there are. */
  readonly mappings: number;
  readonly session: Session;
  /** Whether nobody holds the locks under which it changes. */
  readonly settled: boolean;
  /** The steps by which the dialect revokes. */
  readonly revoke: ReadonlySet<unknown>;
}

/** What is asked of a buffer after each step. */
interface Invariant {
  /** The number that the table of invariants gives it. */
  readonly id: string;
  /** What is wrong where it does not hold, in words. */
  readonly broken: string;
  /** Whether it is about single steps; then it cannot be asked of whole operations. */
  readonly ofSteps?: true;
  /** Whether it holds. */
  readonly holds: (look: Look) => boolean;
}

const INVARIANTS: readonly Invariant[] = [
  {
    id: "I1",
    broken: "a revoked buffer was mapped",
    holds: ({ revoked, mappings, before }) => !revoked || !before.revoked || mappings <= before.mappings,
  },
  {
    id: "I2",
    broken: "a mapping is left after the revoke has returned",
    holds: ({ mappings, revoked, settled, revoke }) =>
      !settled || !revoked || !revoke.has(waitForUnmaps) || mappings === 0,
  },
  {
    id: "I2",
    broken: "a page table entry is left after the revoke has returned",
    holds: ({ buffer, settled, revoke }) =>
      !settled || buffer.status === "OK" || !revoke.has(zapMappings) ||
      buffer.dmabuf.vmas.every(({ ptes }) => ptes.size === 0),
  },
  {
    id: "I3",
    broken: "a buffer that was revoked for good is so no more",
    holds: ({ buffer: { status }, before }) => before.status !== "PERM" || status === "PERM",
  },
  {
    id: "I4",
    broken: "the kref of a usable buffer is not one and its mappings",
    holds: ({ buffer, mappings, revoked, settled, revoke }) =>
      !settled || revoked || !revoke.has(waitForUnmaps) || buffer.kref === 1 + mappings,
  },
  {
    id: "I5",
    broken: "a revoke did not call each importer once",
    ofSteps: true,
    holds: ({ buffer, before, session }) =>
      before.status !== "OK" || buffer.status === "OK" || eachWasCalledOnce(buffer, before, session),
  },
  {
    id: "I7",
    broken: "a buffer is usable while the memory of its device is disabled",
    holds: ({ buffer, settled, session: { kernel: { rules: { vfio } } } }) =>
      !settled || buffer.status !== "OK" || vfio.revokeSemantics ||
      !buffer.vdev?.dmabufs.includes(buffer) || vfio.memoryEnabled(buffer.vdev),
  },
  {
    id: "I7",
    broken: "a buffer is still revoked though the last event made those of its device usable",
    holds: ({ buffer: { status, vdev, dmabuf }, settled, session: { kernel: { rules: { vfio } } } }) =>
      !settled || status !== "TEMP" || !vdev || dmabuf.file.refs === 0 ||
      vdev.dmabufsRevoked || !vfio.memoryEnabled(vdev),
  },
];

function eachWasCalledOnce(
  { dmabuf }: VfioPciDmaBuf,
  before: Before,
  { kernel, importers }: Session,
): boolean {
  const events = kernel.events.slice(before.events);
  return [...importers].every((importer) => {
    if (!importer.isAttached) return true;
    const { attachment } = importer;
    const isTold = attachment.ops?.invalidate && dmabuf.attachments.includes(attachment);
    const calls = events.filter((event) =>
      event.event === "invalidate" && event.attachment === attachment.name
    );
    return !isTold || calls.length === 1;
  });
}

/**
 * Watches a step of a session.
 *
 * @param session the case in its kernel, before the step
 * @returns tells after the step what is broken
 */
export function watchInvariants(session: Session): () => readonly string[] {
  const before = statesOf(session);
  return () => brokenSince(before, session, INVARIANTS);
}

/**
 * Watches a session over whole operations, whose events have been taken when they are over.
 *
 * @param session the case in its kernel
 * @returns tells what is broken now; to be called after every operation
 */
export function brokenInvariants(session: Session): () => readonly string[] {
  const invariants = INVARIANTS.filter(({ ofSteps }) => !ofSteps);
  let before = statesOf(session);
  return () => {
    const broken = brokenSince(before, session, invariants);
    before = statesOf(session);
    return broken;
  };
}

function brokenSince(
  before: ReadonlyMap<VfioPciDmaBuf, Before>,
  session: Session,
  invariants: readonly Invariant[],
): readonly string[] {
  return buffersOf(session).flatMap((buffer) => {
    const now = stateOf(buffer, session);
    const look = {
      buffer,
      before: before.get(buffer) ?? now,
      revoked: now.revoked,
      mappings: now.mappings,
      session,
      settled: isSettled(buffer, session),
      revoke: revokeStepsOf(session.kernel.rules.vfio),
    };
    return invariants
      .filter(({ holds }) => !holds(look))
      .map(({ id, broken }) => `${id}: ${broken}`);
  });
}

function statesOf(session: Session): ReadonlyMap<VfioPciDmaBuf, Before> {
  return new Map(buffersOf(session).map((buffer) => [buffer, stateOf(buffer, session)]));
}

function buffersOf({ kernel }: Session): readonly VfioPciDmaBuf[] {
  return [...kernel.dmaBufs].flatMap((dmabuf) => vfioBufferOf(dmabuf) ?? []);
}

function stateOf({ status, dmabuf }: VfioPciDmaBuf, { kernel }: Session): Before {
  const revoked = kernel.rules.vfio.revokeSemantics ? dmabuf.invalidated : status !== "OK";
  let mappings = 0;
  for (const { attachment } of kernel.mappings) if (attachment.dmabuf === dmabuf) mappings++;
  return { status, revoked, mappings, events: kernel.events.length };
}

/** Whether nobody holds the locks under which a buffer changes. One that is being closed has no device any more. */
function isSettled({ dmabuf }: VfioPciDmaBuf, { kernel: { devices } }: Session): boolean {
  for (const { memoryLock, dmabufLock } of devices) {
    if (!memoryLock.isFree() || !dmabufLock.isFree()) return false;
  }
  return dmabuf.resv.mutex.owner === undefined;
}

const REVOKE_STEPS = new WeakMap<VfioRules, ReadonlySet<unknown>>();

function revokeStepsOf(vfio: VfioRules): ReadonlySet<unknown> {
  const { TEMP, PERM } = vfio.transitions.OK;
  const steps = REVOKE_STEPS.get(vfio) ?? new Set([...(TEMP ?? []), ...(PERM ?? [])]);
  REVOKE_STEPS.set(vfio, steps);
  return steps;
}
