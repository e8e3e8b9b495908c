/**
 * What kernels decide about iommufd as an importer, and about the mock exporter of its self-test.
 *
 * @module
 */
import type { ErrnoName } from "../../spec/errno.ts";
import type { Checks } from "./kernel/check.ts";
import type { AttachOps } from "./kernel/dma_buf.ts";
import type { Fd } from "./kernel/file.ts";
import type {
  CopyRequest,
  CpuAccess,
  Ioas,
  IoptArea,
  IovaRange,
  MapFileRequest,
  Placement,
  SplitRequest,
  UnmapOfArea,
  UnmapRequest,
} from "./kernel/iommufd_ioas.ts";
import type {
  DmaBufPages,
  DmaBufRange,
  FileRange,
  IommuDomain,
  IoptPages,
  RevokeStep,
  Track,
} from "./kernel/iommufd_pages.ts";
import type { MockDmaBuf, MockGetRequest, MockRevoke } from "./kernel/iommufd_selftest.ts";
import type { Kernel } from "./kernel/kernel.ts";
import type { Sequence } from "./kernel/sequence.ts";

/** The rules of iommufd. */
export interface IommufdRules {
  /** Whether there is a device to open at all: CONFIG_IOMMUFD. */
  readonly device: "present" | "absent";
  /** Which requests to map a file are refused before the descriptor is looked at. */
  readonly mapFile: Checks<MapFileRequest>;
  /** What a descriptor that is not open answers. */
  readonly noSuchFile: ErrnoName;
  /** Which pages of a file cannot be had. */
  readonly pinFolios: Checks<FileRange>;
  /** Which ranges of a dma-buf cannot be mapped. */
  readonly dmaBufRange: Checks<DmaBufRange>;
  /** What iommufd declares when it attaches to a dma-buf. */
  readonly attachOps: (invalidate: (kernel: Kernel) => void) => AttachOps;
  /** How pages are had of a dma-buf. */
  readonly importDmaBuf: Sequence<DmaBufPages>;
  /** How many references on the dma-buf a map puts that could not get its pages. */
  readonly putsAfterFailedMap: number;
  /** Which areas cannot be made of pages. */
  readonly placement: Checks<Placement>;

  /** Which invalidations the callback pays no heed to. */
  readonly ignoresInvalidation: (pages: DmaBufPages) => boolean;
  /** What the callback does, in order. */
  readonly invalidated: readonly RevokeStep[];
  /** Which pages give a domain no translation. */
  readonly translatesNothing: (pages: IoptPages) => boolean;
  /** What is remembered of a translation, to be found by the callback. */
  readonly tracked: (area: IoptArea, domain: IommuDomain) => readonly Track[];
  /** Which address spaces take no further domain. */
  readonly addDomain: Checks<Ioas>;

  /** Which requests to unmap are refused. */
  readonly unmap: Checks<UnmapRequest>;
  /** Which ranges cannot be unmapped, in whichever way. */
  readonly unmapRange: Checks<IovaRange>;
  /** Which areas cannot be unmapped by a request that touches them. */
  readonly unmapArea: Checks<UnmapOfArea>;
  /** How many bytes unmapping an area counts. */
  readonly unmappedBytes: (area: IoptArea, pages: IoptPages) => bigint;
  /** Which areas cannot be split. */
  readonly split: Checks<SplitRequest>;
  /** Which requests to copy are refused before the address spaces are looked at. */
  readonly copy: Checks<CopyRequest>;
  /** Which pages cannot be copied. */
  readonly copyPages: Checks<IoptPages>;
  /** What happens to a dma-buf when the last area of its pages is gone. */
  readonly releaseDmaBuf: Sequence<DmaBufPages>;
  /** Which pages the CPU cannot read or write. */
  readonly accessRw: Checks<CpuAccess>;
  /** Which pages the CPU cannot pin. */
  readonly accessPin: Checks<CpuAccess>;
  /** Which contexts cannot change hands, by all their pages. */
  readonly changeProcess: Checks<readonly IoptPages[]>;

  /** Which requests for a buffer the mock exporter refuses. */
  readonly mockGet: Checks<MockGetRequest>;
  /** Whether what the mock exporter invalidates is revoked in the core: revoke_semantics of Leon Romanovsky's v1. */
  readonly mockRevokeSemantics: boolean;
  /** Which requests to revoke the mock exporter refuses before it looks at the descriptor. */
  readonly mockRequest: Checks<Fd>;
  /** What a failed look-up of the descriptor answers. */
  readonly mockLookupError: (error: ErrnoName) => ErrnoName;
  /** Which buffers the mock exporter does not revoke. */
  readonly mockForeign: Checks<MockRevoke>;
  /** How the mock exporter revokes and un-revokes. */
  readonly mockRevoke: Sequence<MockRevoke>;
  /** Which buffers of the mock exporter cannot be mapped. */
  readonly mockPrivateMap: Checks<MockDmaBuf>;
}
