/**
 * The mock exporter of iommufd's self-test, for kernels with CONFIG_IOMMUFD_TEST (drivers/iommu/iommufd/selftest.c).
 *
 * Its buffers are plain memory that only iommufd can map. It revokes and un-revokes at a request and waits for
 * nothing (IOFD-17).
 *
 * @module
 */
import type { ErrnoName } from "../../../spec/errno.ts";
import { isError, refusal } from "./check.ts";
import {
  type DmaBuf,
  dmaBufExport,
  dmaBufFd,
  dmaBufGet,
  dmaBufInvalidateMappings,
  type DmaBufOps,
  dmaBufPut,
} from "./dma_buf.ts";
import type { Fd, Process } from "./file.ts";
import { type Kernel, PAGE_SIZE } from "./kernel.ts";
import { Memory, type PageFrame } from "./mm.ts";
import { atomic, type Steps } from "./sched.ts";
import { perform, type SequenceStep } from "./sequence.ts";
import { shared, SharedObject } from "./shared.ts";

/** The mock exporter's private part of a buffer: struct iommufd_test_dma_buf. */
export class MockDmaBuf extends SharedObject {
  readonly frames: readonly PageFrame[];
  @shared
  accessor revoked = false;

  constructor(frames: readonly PageFrame[]) {
    super();
    this.frames = frames;
  }
}

/** iommufd_test_dmabuf_ops: every attach is fine, and no map ever. */
const mockOps: DmaBufOps = {
  name: "iommufd-test",
  map: () => "EOPNOTSUPP",
  unmap: () => {},
  release: () => atomic(() => {}),
};

/** A request for a buffer; IOMMU_TEST_OP_DMABUF_GET. */
export interface MockGetRequest {
  /** Bytes, as asked for. */
  readonly length: bigint;
}

/** Makes a buffer of the mock exporter and gives it a descriptor; iommufd_test_dmabuf_get(). */
export function mockGet(kernel: Kernel, process: Process, request: MockGetRequest): Fd | ErrnoName {
  const refused = refusal(kernel, kernel.rules.iommufd.mockGet, request);
  if (refused) return refused;
  const memory = new Memory();
  const pages = Math.ceil(Number(request.length) / PAGE_SIZE);
  const dmabuf = dmaBufExport(kernel, {
    ops: mockOps,
    priv: new MockDmaBuf(Array.from({ length: pages }, (_, page) => ({ memory, page }))),
    size: pages * PAGE_SIZE,
    flags: { access: "rdwr", nonblock: false },
    revokeSemantics: kernel.rules.iommufd.mockRevokeSemantics,
  });
  if (isError(dmabuf)) return dmabuf;
  const fd = dmaBufFd(process, dmabuf, true);
  if (isError(fd)) dmaBufPut(kernel, dmabuf);
  return fd;
}

/** A revoke or an un-revoke while it is under way. */
export interface MockRevoke {
  readonly dmabuf: DmaBuf;
  readonly mock: MockDmaBuf | undefined;
  readonly revoked: boolean;
}

/** Revokes or un-revokes a buffer; iommufd_test_dmabuf_revoke(). */
export function* mockRevoke(kernel: Kernel, fd: Fd, revoked: boolean): Steps<ErrnoName | undefined> {
  const rules = kernel.rules.iommufd;
  const unknown = refusal(kernel, rules.mockRequest, fd);
  if (unknown) return unknown;
  const dmabuf = dmaBufGet(kernel, fd);
  if (isError(dmabuf)) return rules.mockLookupError(dmabuf);
  const change = { dmabuf, mock: dmabuf.priv instanceof MockDmaBuf ? dmabuf.priv : undefined, revoked };
  const error = refusal(kernel, rules.mockForeign, change) ??
    (yield* perform(kernel, rules.mockRevoke, change));
  dmaBufPut(kernel, dmabuf);
  return error;
}

/** A step of the mock exporter's revoke. */
export type MockStep = SequenceStep<MockRevoke>;

/** Takes the reservation lock. */
export const lockMock: MockStep = {
  name: "lock the reservation",
  clause: "IOFD-17",
  *run(_kernel, { dmabuf }) {
    yield dmabuf.resv.mutex.lock;
  },
};

/** Sets the state before anybody is told. */
export const setMockState: MockStep = {
  name: "set the state",
  clause: "IOFD-17",
  run(_kernel, { mock, revoked }) {
    if (mock) mock.revoked = revoked;
  },
};

/** Tells the importers, whichever way it goes. */
export const tellImportersOfMock: MockStep = {
  name: "tell the importers",
  clause: "IOFD-17",
  run(kernel, { dmabuf }) {
    dmaBufInvalidateMappings(kernel, dmabuf);
  },
};

/** Tells the importers of a revoke, which also sets the state of the core; dma_buf_move_notify() of L1-4. */
export const tellImportersOfMockRevoke: MockStep = {
  name: "tell the importers of a revoke",
  clause: "LEON1-07",
  run(kernel, { dmabuf, revoked }) {
    if (revoked) dmaBufInvalidateMappings(kernel, dmabuf);
  },
};

/** Makes the buffer usable again, and tells nobody; dma_buf_mark_valid() of L1-4. */
export const markMockValid: MockStep = {
  name: "mark the buffer valid",
  clause: "LEON1-10",
  run(kernel, { dmabuf, revoked }) {
    if (!revoked) kernel.rules.core.markValid(dmabuf);
  },
};

/** Gives the reservation lock back. */
export const unlockMock: MockStep = {
  name: "unlock the reservation",
  clause: "IOFD-17",
  run(_kernel, { dmabuf }) {
    dmabuf.resv.mutex.unlock();
  },
};

/** The private map of the mock exporter, which is asked before VFIO; `undefined` for a buffer of another one. */
export function mockPrivateMap(
  kernel: Kernel,
  dmabuf: DmaBuf,
): readonly PageFrame[] | ErrnoName | undefined {
  const mock = dmabuf.priv;
  if (!(mock instanceof MockDmaBuf)) return undefined;
  return refusal(kernel, kernel.rules.iommufd.mockPrivateMap, mock) ?? mock.frames;
}
