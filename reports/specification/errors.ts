/**
 * The errors of each operation in the order of the checks, read off the rules.
 *
 * @module
 */
import type { Dialect } from "../../runners/simulator/mod.ts";
import { titleOf } from "./machines.ts";
import { type CheckRow, listsOf, type Shared, sharedBy } from "./rules.ts";

/** The errors of an operation; the first check that applies decides. */
export interface ErrorTable {
  /** Its name, as in `attach`. */
  readonly id: string;
  /** What fails, in a few words. */
  readonly title: string;
  /** What a reader should know beyond the rows. */
  readonly note?: string | undefined;
  /** Who checks so. */
  readonly variants: readonly Shared<readonly CheckRow[]>[];
}

/** How a table is put together. */
interface TableText {
  readonly id: string;
  readonly title: string;
  readonly note?: string | undefined;
  /** The checks that make it up, by their places in the rules, in the order in which the kernel comes to them. */
  readonly places: readonly string[];
  /** Which dialects have the operation, by the form of their revoke request; all of them where left out. */
  readonly form?: string | undefined;
}

const STATE_UNDER_LOCK = ["core.lookup", "vfio.revokeForeign", "vfio.revokeState"];

const TABLES: readonly TableText[] = [
  { id: "lookup", title: "Naming a buffer by a descriptor, in every request", places: ["core.lookup"] },
  {
    id: "export",
    title: "Exporting a range of a VFIO device",
    note: "A probe is answered after the checks of the header, before those of the payload.",
    places: ["vfio.featureHeader", "vfio.exportPayload"],
  },
  { id: "export-core", title: "dma_buf_export()", places: ["core.exportInfo"] },
  { id: "attach", title: "Attaching to a VFIO buffer", places: ["core.attach", "vfio.attach"] },
  { id: "pin", title: "Pinning a VFIO buffer", places: ["vfio.pin"] },
  { id: "map", title: "Mapping a VFIO buffer for a device", places: ["core.map", "vfio.map"] },
  { id: "private-map", title: "The private map of iommufd", places: ["vfio.privateMap"] },
  { id: "vmap", title: "Mapping a buffer into the kernel", places: ["core.vmap"] },
  { id: "mmap", title: "Mapping a VFIO buffer into a process", places: ["core.mmap", "vfio.mmapChecks"] },
  {
    id: "fault",
    title: "Touching a mapping of a VFIO buffer",
    note:
      "The process does not see the error: a fault that is refused raises SIGBUS. The state is looked at twice.",
    places: ["core.fault", "vfio.firstFaultCheck", "vfio.secondFaultCheck"],
  },
  {
    id: "revoke-device",
    title: "VFIO_DEVICE_PCI_DMABUF_REVOKE on the device",
    places: ["vfio.revokeArgument", ...STATE_UNDER_LOCK],
    form: "device ioctl",
  },
  {
    id: "revoke-device-absent",
    title: "The same request where it does not exist",
    places: ["vfio.revokeArgument"],
    form: "-",
  },
  {
    id: "revoke-feature",
    title: "VFIO_DEVICE_FEATURE_DMA_BUF_REVOKE on the device",
    note: "A probe is answered after the checks of the header, before those of the payload.",
    places: ["vfio.revokeFeatureHeader", "vfio.revokeFeaturePayload", ...STATE_UNDER_LOCK],
    form: "feature",
  },
  {
    id: "revoke-feature-absent",
    title: "The same feature where it does not exist",
    places: ["vfio.revokeFeatureHeader"],
    form: "-",
  },
  {
    id: "revoke-buffer",
    title: "DMA_BUF_IOCTL_REVOKE on the buffer",
    places: ["core.revokeIoctl", "vfio.revokeState"],
    form: "buffer ioctl",
  },
  { id: "reset", title: "VFIO_DEVICE_RESET", places: ["vfio.resetChecks"] },
  { id: "seek", title: "lseek(2) on a buffer", places: ["core.seek"] },
  { id: "sync", title: "DMA_BUF_IOCTL_SYNC", places: ["core.sync"] },
  {
    id: "iommufd-map",
    title: "IOMMU_IOAS_MAP_FILE",
    note:
      "Between the argument and the range come the errors of the look-up, of the attach and of the private map.",
    places: ["iommufd.mapFile", "iommufd.dmaBufRange", "iommufd.placement"],
  },
  { id: "iommufd-unmap", title: "IOMMU_IOAS_UNMAP", places: ["iommufd.unmap", "iommufd.unmapArea"] },
  { id: "iommufd-copy", title: "IOMMU_IOAS_COPY", places: ["iommufd.copy"] },
  { id: "iommufd-split", title: "Splitting an area", places: ["iommufd.split"] },
  { id: "iommufd-rw", title: "CPU access to pages of iommufd", places: ["iommufd.accessRw"] },
  { id: "iommufd-pin", title: "Pinning pages of iommufd", places: ["iommufd.accessPin"] },
  { id: "iommufd-process", title: "IOMMU_IOAS_CHANGE_PROCESS", places: ["iommufd.changeProcess"] },
  {
    id: "iommufd-mock",
    title: "The requests of the mock exporter",
    places: ["iommufd.mockRequest", "iommufd.mockGet", "iommufd.mockForeign", "iommufd.mockPrivateMap"],
  },
  {
    id: "umem",
    title: "Registering a buffer as an RDMA region",
    note: "Between the two come the errors of the look-up.",
    places: ["umem.request", "umem.target"],
  },
  { id: "umem-map", title: "Mapping an RDMA region", places: ["umem.map"] },
  {
    id: "uverbs-export",
    title: "Exporting a page of an RDMA device",
    places: ["uverbs.lookup", "uverbs.listing"],
  },
  { id: "uverbs-attach", title: "Attaching to a buffer of an RDMA device", places: ["uverbs.attach"] },
  { id: "uverbs-pin", title: "Pinning a buffer of an RDMA device", places: ["uverbs.pin"] },
  { id: "uverbs-map", title: "Mapping a buffer of an RDMA device", places: ["uverbs.map"] },
  { id: "move", title: "Moving a buffer", places: ["move.refuses"] },
];

/** The tables of all dialects, in the order of a buffer's life; checks that no table knows come at the end. */
export function errorTablesOf(dialects: readonly Dialect[]): readonly ErrorTable[] {
  const known = new Set(TABLES.flatMap(({ places }) => places));
  const others = new Set(
    dialects.flatMap((dialect) => [...listsOf(dialect).checks.keys()]).filter((place) => !known.has(place)),
  );
  const rest = [...others].map((place) => ({
    id: place.replaceAll(".", "-"),
    title: titleOf(place),
    places: [place],
  }));
  return [...TABLES, ...rest].map((text) => tableOf(text, dialects)).filter(({ variants }) =>
    variants.length > 0
  );
}

function tableOf(text: TableText, dialects: readonly Dialect[]): ErrorTable {
  const { id, title, note } = text;
  return { id, title, note, variants: sharedBy(dialects, (dialect) => rowsOf(text, dialect)) };
}

function rowsOf({ places, form }: TableText, dialect: Dialect): readonly CheckRow[] | undefined {
  if (form !== undefined && dialect.rules.vfio.requestForm !== form) return undefined;
  const { checks } = listsOf(dialect);
  const rows = places.flatMap((place) => checks.get(place) ?? []);
  const end = rows.findIndex(({ refuses }) => ALWAYS.has(refuses));
  const reached = end < 0 ? rows : rows.slice(0, end + 1);
  return reached.length === 0 ? undefined : reached;
}

/** What a kernel refuses that does not have the request at all; no check behind it is ever reached. */
const ALWAYS: ReadonlySet<string> = new Set(["an unknown feature", "an unknown request"]);
