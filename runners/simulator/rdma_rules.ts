/**
 * What a dialect decides of RDMA devices, and of exporters that move their buffers.
 *
 * @module
 */
import type { ErrnoName } from "../../spec/errno.ts";
import type { Checks } from "./kernel/check.ts";
import type { Attachment, DmaBuf } from "./kernel/dma_buf.ts";
import type { RegionKind } from "./kernel/rdma_device.ts";
import type { MemoryRegion } from "./kernel/rdma_mr.ts";
import type { Sequence } from "./kernel/sequence.ts";
import type { TestBuffer } from "./kernel/test_exporter.ts";
import type { UmemCallback, UmemDmabuf, UmemRequest, UmemTarget } from "./kernel/umem_dmabuf.ts";
import type { MmapEntry, UverbsDmaBuf, UverbsExport } from "./kernel/uverbs_dmabuf.ts";

/** The rules of the RDMA core as an importer, and of the drivers that use it. */
export interface UmemRules {
  /** Which requests are refused before the descriptor is looked at. */
  readonly request: Checks<UmemRequest>;
  /** Which are refused once the buffer is known. */
  readonly target: Checks<UmemTarget>;
  /** What is undone when a region cannot be attached. */
  readonly undoGet: Sequence<DmaBuf>;
  /** Whether the importer says that its device can reach PCI memory. */
  readonly allowPeer2peer: boolean;
  /** The invalidate callback of regions that pin; the one of other regions is the driver's. */
  readonly callbacks: Readonly<Record<Exclude<RegionKind, "on-demand">, UmemCallback | undefined>>;
  /** What follows the attach of a region that pins, the reservation locked. */
  readonly pinAndMap: Sequence<UmemDmabuf>;
  /** What is undone when that fails, the reservation still locked. */
  readonly undoPinAndMap: Sequence<UmemDmabuf>;
  /** Which regions cannot be mapped, before the exporter is asked. */
  readonly map: Checks<UmemDmabuf>;
  /** How the pages are mapped. */
  readonly mapPages: Sequence<UmemDmabuf>;
  /** How they are unmapped; no step may wait. */
  readonly unmapPages: Sequence<UmemDmabuf>;
  /** Whether a region has been revoked, so that it is left alone. */
  readonly isRevoked: (umem: UmemDmabuf) => boolean;
  /** How a region is revoked; no step may wait. */
  readonly revoke: Sequence<UmemDmabuf>;
  /** How a region is given back. */
  readonly release: Sequence<UmemDmabuf>;
  /** What a driver does with a new region, the reservation locked if it is pinned. */
  readonly register: Readonly<Record<RegionKind, Sequence<MemoryRegion>>>;
  /** What a driver does when it is told of a revocation; no step may wait. */
  readonly stopHardware: Sequence<MemoryRegion>;
  /** What a driver with page faults does in the callback; no step may wait. */
  readonly invalidateOnDemand: Sequence<MemoryRegion>;
  /** How a driver serves a page fault of its hardware. */
  readonly fault: Sequence<MemoryRegion>;
  /** What a driver does when a region is deregistered. */
  readonly deregister: Sequence<MemoryRegion>;
}

/** The rules of RDMA devices as exporters. */
export interface UverbsRules {
  /** Which exports are refused before anything is made. */
  readonly lookup: Checks<UverbsExport>;
  /** How a new buffer becomes one of the page and of its user. */
  readonly publish: Sequence<UverbsDmaBuf>;
  /** Which pages take no new buffer, asked under the lock. */
  readonly listing: Checks<MmapEntry>;
  /** What is undone when a buffer cannot be listed. */
  readonly undoExport: Sequence<UverbsDmaBuf>;
  /** Which attachments are refused. */
  readonly attach: Checks<Attachment>;
  /** Which attachments cannot be pinned. */
  readonly pin: Checks<Attachment>;
  /** Which buffers cannot be mapped. */
  readonly map: Checks<UverbsDmaBuf>;
  /** Whether a map takes a kref, given the error it ends with. */
  readonly countsMap: (error: ErrnoName | undefined) => boolean;
  /** Whether a buffer has been revoked, so that it is left alone. */
  readonly isRevoked: (buffer: UverbsDmaBuf) => boolean;
  /** How a buffer is revoked. */
  readonly revoke: Sequence<UverbsDmaBuf>;
  /** What happens to a buffer when its user's object goes. */
  readonly destroy: Sequence<UverbsDmaBuf>;
  /** What happens when a page goes. */
  readonly removeEntry: Sequence<MmapEntry>;
}

/** The rules of an exporter that moves its buffers, as drivers of GPUs do. */
export interface MoveRules {
  /** Which buffers cannot be moved. */
  readonly refuses: Checks<TestBuffer>;
  /** How a buffer is moved, the reservation locked. */
  readonly steps: Sequence<TestBuffer>;
}
