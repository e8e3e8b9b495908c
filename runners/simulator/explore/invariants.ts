/**
 * What must hold between any two steps, whatever the case says: the invariants of a VFIO buffer.
 *
 * Lock order (I8) is watched by the exploration itself, and balanced references (I6) by the look after each schedule.
 *
 * @module
 */
import { vfioBufferOf, type VfioPciDmaBuf } from "../kernel/vfio_pci_dmabuf.ts";
import { waitForUnmaps, zapMappings } from "../kernel/vfio_pci_revoke.ts";
import type { Session } from "../session.ts";

/** A buffer as it was before a step. */
interface Before {
  readonly status: VfioPciDmaBuf["status"];
  readonly kref: number;
  /** How many events there had been. */
  readonly events: number;
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
  readonly holds: (buffer: VfioPciDmaBuf, before: Before, session: Session) => boolean;
}

const INVARIANTS: readonly Invariant[] = [
  {
    id: "I1",
    broken: "a revoked buffer was mapped",
    holds: ({ status, kref }, before) =>
      status === "OK" || before.status !== status || kref <= Math.max(before.kref, 1),
  },
  {
    id: "I2",
    broken: "a mapping is left after the revoke has returned",
    holds: (buffer, _before, session) =>
      !revokes(session).has(waitForUnmaps) || !isSettled(buffer) || buffer.status === "OK" ||
      buffer.kref <= 1,
  },
  {
    id: "I2",
    broken: "a page table entry is left after the revoke has returned",
    holds: (buffer, _before, session) =>
      !revokes(session).has(zapMappings) || !isSettled(buffer) || buffer.status === "OK" ||
      buffer.dmabuf.vmas.every(({ ptes }) => ptes.size === 0),
  },
  {
    id: "I3",
    broken: "a buffer that was revoked for good is so no more",
    holds: ({ status }, before) => before.status !== "PERM" || status === "PERM",
  },
  {
    id: "I4",
    broken: "a usable buffer has no kref of its own",
    holds: (buffer, _before, session) =>
      !revokes(session).has(waitForUnmaps) || !isSettled(buffer) || buffer.status !== "OK" ||
      buffer.kref >= 1,
  },
  {
    id: "I5",
    broken: "a revoke did not call each importer once",
    ofSteps: true,
    holds: ({ status, dmabuf }, before, session) => {
      if (before.status !== "OK" || status === "OK") return true;
      const events = session.kernel.events.slice(before.events);
      const own = [...session.importers].filter(({ isAttached }) => isAttached).map(({ attachment }) =>
        attachment
      );
      return own.filter((each) => each.ops?.invalidate && dmabuf.attachments.includes(each)).every((
        { name },
      ) => events.filter((event) => event.event === "invalidate" && event.attachment === name).length === 1);
    },
  },
  {
    id: "I7",
    broken: "a buffer is usable while the memory of its device is disabled",
    holds: (buffer, _before, { kernel: { rules } }) =>
      rules.vfio.revokeSemantics || !buffer.vdev?.dmabufs.includes(buffer) || !isSettled(buffer) ||
      buffer.status !== "OK" ||
      rules.vfio.memoryEnabled(buffer.vdev),
  },
];

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
    const earlier = before.get(buffer) ?? stateOf(buffer, session);
    return invariants
      .filter(({ holds }) => !holds(buffer, earlier, session))
      .map(({ id, broken }) => `${id}: ${broken}`);
  });
}

function statesOf(session: Session): ReadonlyMap<VfioPciDmaBuf, Before> {
  return new Map(buffersOf(session).map((buffer) => [buffer, stateOf(buffer, session)]));
}

function buffersOf({ kernel }: Session): readonly VfioPciDmaBuf[] {
  return [...kernel.dmaBufs].flatMap((dmabuf) => vfioBufferOf(dmabuf) ?? []);
}

function stateOf({ status, kref }: VfioPciDmaBuf, { kernel: { events } }: Session): Before {
  return { status, kref, events: events.length };
}

/** Whether nobody holds the locks under which a buffer changes. */
function isSettled({ vdev, dmabuf }: VfioPciDmaBuf): boolean {
  const free = vdev === undefined || (vdev.memoryLock.isFree() && vdev.dmabufLock.isFree());
  return free && dmabuf.resv.mutex.owner === undefined;
}

/** The steps by which the dialect revokes. */
function revokes({ kernel: { rules: { vfio } } }: Session): ReadonlySet<unknown> {
  const { TEMP, PERM } = vfio.transitions.OK;
  return new Set([...(TEMP ?? []), ...(PERM ?? [])]);
}
