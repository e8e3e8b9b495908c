/**
 * What a proposal decides: a dialect of the simulator is a record of these rules.
 *
 * The kernel files ask a rule wherever proposals or kernel versions differ, and wherever a realistic mistake could
 * be made; a mutant is a dialect with one rule replaced by a wrong one. Nothing in the kernel files knows of
 * mutants.
 *
 * @module
 */
import type { ErrnoName } from "../../spec/errno.ts";
import type { DrmRules, VideoRules } from "./foreign_rules.ts";
import type { IommufdRules } from "./iommufd_rules.ts";
import type { Checks } from "./kernel/check.ts";
import type {
  Attachment,
  AttachRequest,
  DmaBuf,
  DmaBufMmap,
  ExportInfo,
  Lookup,
  NotificationStep,
  RevokeOnBuffer,
  Seek,
  SgTable,
  SyncRequest,
} from "./kernel/dma_buf.ts";
import type { Usage } from "./kernel/dma_resv.ts";
import type { Fd, File, OpenFlags, Process } from "./kernel/file.ts";
import type { Kernel } from "./kernel/kernel.ts";
import type { FaultHandler, MmapRequest, PageFrame, Vma } from "./kernel/mm.ts";
import type { Steps } from "./kernel/sched.ts";
import type { Sequence } from "./kernel/sequence.ts";
import type { DeviceEvent, VfioPciDevice } from "./kernel/vfio_pci_core.ts";
import type {
  Change,
  ExportInProgress,
  ExportRequest,
  FeatureRequest,
  RequestedRange,
  RevokeRequest,
  RevokeTarget,
  Status,
  VfioAttach,
  VfioMmap,
  VfioPciDmaBuf,
} from "./kernel/vfio_pci_dmabuf.ts";
import type { MoveRules, UmemRules, UverbsRules } from "./rdma_rules.ts";

/** The rules of the dma-buf core. */
export interface CoreRules {
  /** Which descriptors dma_buf_get() refuses. */
  readonly lookup: Checks<Lookup>;
  /** Which exporters dma_buf_export() refuses. */
  readonly exportInfo: Checks<ExportInfo>;
  /** Which importers dma_buf_dynamic_attach() refuses. */
  readonly attach: Checks<AttachRequest>;
  /** Which maps the core refuses before it asks the exporter. */
  readonly map: Checks<Attachment>;
  /** What an error of the exporter becomes on its way to the importer. */
  readonly exporterError: (error: ErrnoName) => ErrnoName;
  /** Up to which usage a map by a static importer waits for fences. */
  readonly staticMapWaitsFor: Usage | "nothing";
  /** What dma_buf_pin() gives, given what the exporter's operation gives, where it has one. */
  readonly pin: (attachment: Attachment, given: ErrnoName | "absent" | undefined) => ErrnoName | undefined;
  /** What a map operation that gives neither a table nor an error becomes. */
  readonly mapGaveNothing: ErrnoName;
  /** The table that a map gives, for the frames that the exporter names. */
  readonly tableOf: (attachment: Attachment, frames: readonly PageFrame[]) => SgTable;
  /** Whether an unmap reaches the exporter. */
  readonly unmapReachesExporter: (mapping: SgTable) => boolean;
  /** Whether an attachment can be revoked: dma_buf_attach_revocable(). */
  readonly revocable: (attachment: Attachment) => boolean;
  /** Which buffers cannot be mapped into the kernel. */
  readonly vmap: Checks<DmaBuf>;
  /** What an invalidation does, in order. */
  readonly notification: readonly NotificationStep[];
  /** Which attachments an invalidation calls, in order. */
  readonly toldOfInvalidation: (dmabuf: DmaBuf) => readonly Attachment[];
  /** The callback by which an importer that pins learns of a revocation. */
  readonly revocableCallback: "invalidate" | "revokeNotify";
  /** What making a revoked buffer usable again does or answers; EOPNOTSUPP where the core has no such function. */
  readonly markValid: (dmabuf: DmaBuf) => ErrnoName | undefined;
  /** Which mmap(2) requests the VFS and the core refuse. */
  readonly mmap: Checks<DmaBufMmap>;
  /** How a fork copies a mapping of a buffer. */
  readonly copyMapping: (vma: Vma, child: Process) => Steps<Vma>;
  /** Which faults the core refuses before it asks the exporter. */
  readonly fault: Checks<DmaBuf>;
  /** What closing a descriptor does at once, besides giving its reference back: the flush operation of its file. */
  readonly flush: (kernel: Kernel, file: File) => void;
  /** Which buffers refuse poll, fdinfo, names and sync files. */
  readonly fileOperations: Checks<DmaBuf>;
  /** Which positions dma_buf_llseek() refuses. */
  readonly seek: Checks<Seek>;
  /** Which arguments DMA_BUF_IOCTL_SYNC refuses. */
  readonly sync: Checks<SyncRequest>;
  /** Which fence an importer puts into a buffer for a job that its callback cannot stop. */
  readonly jobFence: Usage | "none";
  /** What an unknown request number on a dma-buf answers. */
  readonly unknownIoctl: ErrnoName;
  /** Whether a buffer has the requests that import and export fences as files: CONFIG_SYNC_FILE. */
  readonly syncFile: "present" | "absent";
  /** Which requests on the buffer itself to revoke it are refused, in a core that has that request (S3:35-39). */
  readonly revokeIoctl: Checks<RevokeOnBuffer> | "absent";
  /** What that request answers, given what the exporter answers. */
  readonly revokeAnswer: (given: 0 | ErrnoName) => 0 | ErrnoName;
}

/** What happens at each event on a device, in order. */
export interface EventRules {
  readonly commandMemoryOff: Sequence<DeviceEvent>;
  readonly commandMemoryOn: Sequence<DeviceEvent>;
  readonly commandUpperByte: Sequence<DeviceEvent>;
  readonly powerDown: Sequence<DeviceEvent>;
  readonly powerUp: Sequence<DeviceEvent>;
  readonly reset: Sequence<DeviceEvent>;
  readonly flr: Sequence<DeviceEvent>;
  readonly lowPowerEntry: Sequence<DeviceEvent>;
  readonly lowPowerExit: Sequence<DeviceEvent>;
  readonly wakeup: Sequence<DeviceEvent>;
  readonly lastClose: Sequence<DeviceEvent>;
}

/** The rules of a hot reset. */
export interface HotResetRules {
  /** The devices that it revokes, in order. */
  readonly revokes: (device: VfioPciDevice) => readonly VfioPciDevice[];
  /** Whether the caller of a reset of `device` owns `member`, too. */
  readonly owns: (device: VfioPciDevice, member: VfioPciDevice) => boolean;
  /** Before the reset, for each device, memory_lock held. */
  readonly begin: Sequence<DeviceEvent>;
  /** After the reset, or to roll back, for each device in reverse order. */
  readonly end: Sequence<DeviceEvent>;
}

/** The transitions that a dialect has: from a state to a state, in steps. */
export type Transitions = Readonly<Record<Status, Readonly<Partial<Record<Status, Sequence<Change>>>>>>;

/** The rules of the VFIO exporter. */
export interface VfioRules {
  /** Whether memory is enabled: __vfio_pci_memory_enabled(). */
  readonly memoryEnabled: (device: VfioPciDevice) => boolean;
  /** Whether closing one file of the device was the last close. */
  readonly endsSession: (device: VfioPciDevice) => boolean;
  /** Whether a write to the configuration space starts a function level reset. */
  readonly startsFlr: (device: VfioPciDevice) => boolean;
  /** Which devices cannot be reset. */
  readonly resetChecks: Checks<VfioPciDevice>;
  readonly events: EventRules;
  readonly hotReset: HotResetRules;

  /** Which feature requests are refused before a probe is answered. */
  readonly featureHeader: Checks<ExportRequest>;
  /** Whether a probe goes on to export. */
  readonly probeExports: boolean;
  /** Which exports are refused after that. */
  readonly exportPayload: Checks<ExportRequest>;
  /** The bytes of a buffer of these ranges. */
  readonly sizeOf: (ranges: readonly RequestedRange[]) => number;
  /** What the new file and its descriptor get of the flags that the caller asks for. */
  readonly openFlags: (request: ExportRequest) => { readonly flags: OpenFlags; readonly cloexec: boolean };
  /** How a new buffer becomes visible. */
  readonly publish: Sequence<ExportInProgress>;
  /** What is undone when no descriptor can be had. */
  readonly undoExport: Sequence<ExportInProgress>;
  /** The number that a successful export answers with. */
  readonly exportAnswer: (fd: Fd) => Fd;
  /** The state of a new buffer. */
  readonly initialStatus: (device: VfioPciDevice, memoryEnabled: boolean) => Status;
  /** Whether what VFIO invalidates is revoked in the core: revoke_semantics of Leon Romanovsky's v1. */
  readonly revokeSemantics: boolean;
  /** What happens when the last reference of a buffer is gone. */
  readonly release: Sequence<VfioPciDmaBuf>;

  /** Which attachments are refused. */
  readonly attach: Checks<VfioAttach>;
  /** Which attachments cannot be pinned. */
  readonly pin: Checks<Attachment>;
  /** Which buffers cannot be mapped. */
  readonly map: Checks<VfioPciDmaBuf>;
  /** How many krefs a map takes, given the error it ends with. */
  readonly krefsTakenByMap: (error: ErrnoName | undefined) => number;
  /** How many krefs an unmap puts. */
  readonly krefsPutByUnmap: number;
  /** Which private maps are refused. */
  readonly privateMap: Checks<VfioAttach>;
  /** What mmap(2) of a buffer does. */
  readonly mmap: (kernel: Kernel, dmabuf: DmaBuf, request: MmapRequest) => FaultHandler | ErrnoName;
  /** Which mmap(2) requests the exporter refuses. */
  readonly mmapChecks: Checks<VfioMmap>;
  /** Whether a fault is refused when it comes in, under the reservation lock. */
  readonly firstFaultCheck: Checks<VfioPciDmaBuf>;
  /** Whether a fault is refused when it holds memory_lock. */
  readonly secondFaultCheck: Checks<VfioPciDmaBuf>;
  /** What a fault that is refused gives, where it does not raise SIGBUS. */
  readonly refusedFault: (buffer: VfioPciDmaBuf) => PageFrame | undefined;
  /** The frame behind a page of a buffer. */
  readonly frameOf: (buffer: VfioPciDmaBuf, page: number) => PageFrame | undefined;

  /** The state machine of a buffer. */
  readonly transitions: Transitions;
  /** The buffers that an event revokes or un-revokes, in order. */
  readonly buffersToMove: (device: VfioPciDevice) => readonly VfioPciDmaBuf[];
  /** Whether a walk of a device's buffers takes a reference on this one, or passes it by. */
  readonly visits: (kernel: Kernel, file: File) => boolean;
  /** What the end of a session does to each buffer, by its state. */
  readonly closing: Readonly<Record<Status, Sequence<Change>>>;

  /** Which lock guards the buffers of a device and their states, besides memory_lock. */
  readonly bufferLock: "memory_lock" | "dmabuf_lock";
  /** The form in which user space asks to revoke a buffer for good. */
  readonly requestForm: "device ioctl" | "feature" | "buffer ioctl" | "-";
  /** Which requests for the revoke feature are refused before a probe is answered. */
  readonly revokeFeatureHeader: Checks<FeatureRequest>;
  /** Whether a probe goes on to revoke. */
  readonly probeRevokes: boolean;
  /** Which requests for the revoke feature are refused after that, before the descriptor is looked at. */
  readonly revokeFeaturePayload: Checks<FeatureRequest>;
  /** Which revoke requests are refused before the descriptor is looked at. */
  readonly revokeArgument: Checks<RevokeRequest>;
  /** What a failed look-up of the descriptor answers. */
  readonly revokeLookupError: (error: ErrnoName) => ErrnoName;
  /** Which buffers of others are refused before a lock is taken. */
  readonly revokeForeign: Checks<RevokeTarget>;
  /** How the request takes memory_lock. */
  readonly revokeLock: "read" | "write";
  /** Which buffers are refused under the lock. */
  readonly revokeState: Checks<RevokeTarget>;
  /** The buffers that the request revokes. */
  readonly buffersToRevoke: (target: RevokeTarget) => readonly VfioPciDmaBuf[];
  /** How many references on the dma-buf the request puts, given its result. */
  readonly putsAfterRevoke: (result: 0 | ErrnoName) => number;
}

/** Everything that a proposal decides. */
export interface Rules {
  readonly core: CoreRules;
  readonly vfio: VfioRules;
  readonly iommufd: IommufdRules;
  readonly umem: UmemRules;
  readonly uverbs: UverbsRules;
  readonly move: MoveRules;
  readonly drm: DrmRules;
  readonly video: VideoRules;
}

/** A proposal or a kernel version that the simulator can be. */
export interface Dialect {
  /** Its name, as in `matt-v1-vfio`. */
  readonly id: string;
  /** What it is, in a few words. */
  readonly title: string;
  /** The kernel release that it models. */
  readonly kernel: string;
  /** The dialect that it was before features were switched, where some were. */
  readonly base?: string | undefined;
  /**
   * What it decides.
   *
   * @internal
   */
  readonly rules: Rules;
}
