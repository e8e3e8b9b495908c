/**
 * What a driver that imports a dma-buf does, and what an exporter without a device of its own does.
 *
 * @module
 */
import { z } from "zod";
import { INJECTABLE_ERRNOS } from "../errno.ts";
import { sizeSchema } from "../size.ts";
import { descriptorOrNumber, named, operation } from "./operation.ts";

const fourPages = sizeSchema.default(() => sizeSchema.parse("4 pages"));
const page = z.int().nonnegative().default(0).meta({ description: "Index of the page within the mapping." });

/** The operations of importers. */
export const importerOperations = {
  "importer.attach": operation({
    buffer: descriptorOrNumber,
    kind: z.enum(["dynamic", "revocable", "pinned", "static"]).default("dynamic").meta({
      description: "dynamic: has the callback, does not pin. revocable: has it and pins. " +
        "pinned: pins and has no callback. static: has no importer operations at all.",
    }),
    peer_to_peer: z.boolean().optional()
      .meta({ description: "Whether it can reach PCI memory; true unless it is static." }),
    on_invalidate: z.union([
      z.enum(["unmap", "keep", "remap"]),
      z.strictObject({
        unmap_after_ms: z.int().positive().meta({ description: "Unmaps so many milliseconds later." }),
      }),
      z.strictObject({
        job_ms: z.int().positive().meta({
          description: "Publishes a fence for a job that ends so many milliseconds later, and unmaps then.",
        }),
      }),
    ]).default("unmap").meta({
      description: "What the callback does with the mappings: unmap them inside, keep them until told, " +
        "unmap and try to map again inside, unmap some milliseconds later, or publish a fence for a job " +
        "of the device that ends some milliseconds later, and unmap then.",
    }),
    device: z.enum(["own", "none"]).default("own")
      .meta({ description: "The importer's device; none passes a null pointer." }),
    callbacks: z.enum(["both"]).optional().meta({
      description:
        "For a kernel that knows move_notify and revoke_notify: has both. By its kind where left " +
        "out: dynamic has the first, revocable the second.",
    }),
  }, {
    summary: "Attaches an importer to a buffer.",
    follows: "dma_buf_get(), dma_buf_dynamic_attach()",
    result: { gives: "object", kind: "attachment" },
    errnos: ["EBADF", "EINVAL", "ENOMEM", "EOPNOTSUPP", "ENODEV", "EBUSY"],
    access: true,
  }),
  "importer.detach": operation({ attachment: named.attachment }, {
    summary: "Detaches an importer.",
    follows: "dma_buf_detach(), dma_buf_put()",
    result: { gives: "nothing" },
    errnos: [],
  }),
  "importer.revocable": operation({ attachment: named.attachment }, {
    summary: "Asks the core whether an attachment can be revoked.",
    follows: "dma_buf_attach_revocable()",
    result: { gives: "value", of: "boolean" },
    errnos: [],
  }),
  "importer.pin": operation({ attachment: named.attachment }, {
    summary: "Asks the exporter not to move the buffer.",
    follows: "dma_buf_pin()",
    result: { gives: "nothing" },
    errnos: ["EOPNOTSUPP", "EINVAL"],
  }),
  "importer.unpin": operation({ attachment: named.attachment }, {
    summary: "Takes a pin back.",
    follows: "dma_buf_unpin()",
    result: { gives: "nothing" },
    errnos: [],
  }),
  "importer.map": operation({ attachment: named.attachment }, {
    summary: "Maps a buffer for the importer's device.",
    follows: "dma_buf_map_attachment()",
    result: { gives: "object", kind: "mapping" },
    errnos: ["ENODEV", "EINVAL", "ENOMEM", "EOPNOTSUPP"],
    access: true,
  }),
  "importer.unmap": operation({ mapping: named.mapping }, {
    summary: "Gives a mapping back.",
    follows: "dma_buf_unmap_attachment()",
    result: { gives: "nothing" },
    errnos: [],
  }),
  "importer.private_map": operation({ attachment: named.attachment }, {
    summary: "Asks the VFIO exporter for the physical range of a buffer, as iommufd does.",
    follows: "vfio_pci_dma_buf_iommufd_map()",
    result: { gives: "value", of: "{ length: bytes }" },
    errnos: ["EOPNOTSUPP", "ENODEV"],
    access: true,
  }),
  "importer.dma_read": operation({ mapping: named.mapping, page }, {
    summary: "Has the importer's device read the first byte of a page.",
    follows: "a DMA read through the mapping",
    result: { gives: "value", of: "the byte" },
    errnos: ["EIO"],
    access: true,
  }),
  "importer.dma_write": operation({
    mapping: named.mapping,
    page,
    value: z.int().min(0).max(255).meta({ description: "The byte to write." }),
  }, {
    summary: "Has the importer's device write the first byte of a page.",
    follows: "a DMA write through the mapping",
    result: { gives: "nothing" },
    errnos: ["EIO"],
    access: true,
  }),
  "importer.vmap": operation({ attachment: named.attachment }, {
    summary: "Maps a buffer into the kernel's address space.",
    follows: "dma_buf_vmap()",
    result: { gives: "object", kind: "vmapping" },
    errnos: ["EINVAL", "ENODEV", "ENOMEM"],
    access: true,
  }),
  "importer.vunmap": operation({ vmapping: named.vmapping }, {
    summary: "Gives a kernel mapping back.",
    follows: "dma_buf_vunmap()",
    result: { gives: "nothing" },
    errnos: [],
  }),
  "importer.begin_cpu_access": operation({ attachment: named.attachment }, {
    summary: "Announces a CPU access from within the kernel.",
    follows: "dma_buf_begin_cpu_access()",
    result: { gives: "nothing" },
    errnos: [],
  }),
};

/** The operations of fences. */
export const fenceOperations = {
  "fence.create": operation({}, {
    summary: "Makes a fence that has not signalled, with a timeline to signal it.",
    follows: "sw_sync: SW_SYNC_IOC_CREATE_FENCE",
    result: { gives: "object", kind: "fence" },
    errnos: ["ENOENT", "EMFILE"],
  }),
  "fence.signal": operation({
    fence: named.fence,
    error: z.enum(INJECTABLE_ERRNOS).optional().meta({
      description: "The error with which it signals, if any.",
    }),
  }, {
    summary: "Signals a fence.",
    follows: "SW_SYNC_IOC_INC; dma_fence_signal(), dma_fence_set_error()",
    result: { gives: "nothing" },
    errnos: [],
  }),
  "fence.add": operation({
    buffer: named.buffer,
    fence: named.fence,
    usage: z.enum(["KERNEL", "WRITE", "READ", "BOOKKEEP"])
      .meta({ description: "The usage class that the fence is added with." }),
  }, {
    summary: "Adds a fence to a buffer's reservation from within the kernel.",
    follows: "dma_resv_add_fence()",
    result: { gives: "nothing" },
    errnos: ["EBADF", "EINVAL", "ENOMEM"],
  }),
};

/** The operations of exporters other than VFIO. */
export const exporterOperations = {
  "heap.alloc": operation({
    size: fourPages,
    open_flags: z.array(z.enum(["rdonly", "wronly", "rdwr", "cloexec"])).default(["rdwr", "cloexec"]).meta({
      description: "The flags of the new descriptor, as open(2) names them.",
    }),
  }, {
    summary: "Allocates a buffer from the system heap, which never revokes.",
    follows: "DMA_HEAP_IOCTL_ALLOC; dma_heap_ioctl_allocate(), system_heap_allocate()",
    result: { gives: "object", kind: "buffer" },
    errnos: ["EINVAL", "ENOMEM", "EMFILE"],
  }),
  "exporter.create": operation({
    size: fourPages,
    attach: z.union([z.literal("ok"), z.enum(INJECTABLE_ERRNOS)]).default("ok")
      .meta({ description: "What the attach operation answers." }),
    pin: z.union([z.enum(["absent", "ok"]), z.enum(INJECTABLE_ERRNOS)]).default("absent")
      .meta({ description: "Whether there is a pin operation and what it answers." }),
    map: z.union([z.enum(["ok", "null"]), z.enum(INJECTABLE_ERRNOS)]).default("ok")
      .meta({ description: "What the map operation answers; null is no table and no error." }),
    mmap: z.boolean().default(false).meta({ description: "Whether there is an mmap operation." }),
    vmap: z.boolean().default(false).meta({ description: "Whether there is a vmap operation." }),
    omit: z.array(z.enum(["map", "unmap", "release", "unpin"])).default([])
      .meta({ description: "Required operations that are left out." }),
    revoke: z.union([z.enum(["absent", "ok"]), z.enum(INJECTABLE_ERRNOS)]).default("absent").meta({
      description: "Whether there is an operation that revokes for good, and what it answers.",
    }),
    revoke_semantics: z.boolean().default(false).meta({
      description: "Declares that what it invalidates is revoked, to a core that keeps such a state.",
    }),
    over: named.buffer.optional().meta({
      description: "A buffer of the test exporter whose memory this one shares.",
    }),
  }, {
    summary: "Exports a buffer from a test exporter that answers as it is told and never revokes.",
    follows: "dma_buf_export()",
    result: { gives: "object", kind: "buffer" },
    errnos: ["EBADF", "EINVAL", "ENOENT", "ENOMEM", "EMFILE"],
  }),
  "exporter.counts": operation({ buffer: named.buffer }, {
    summary: "Counts what is held of a buffer of the test exporter, and fences that have not signalled.",
    follows: "/sys/kernel/debug/dma_buf/bufinfo; the test exporter's own counts",
    result: { gives: "value", of: "{ references, attachments, pins, mappings, fences: numbers }" },
    errnos: ["EBADF", "EINVAL"],
  }),
  "exporter.move": operation({ buffer: named.buffer }, {
    summary: "Has the test exporter move a buffer to other memory, as a GPU driver does that needs the room.",
    follows: "ttm_bo_validate(); dma_buf_invalidate_mappings()",
    result: { gives: "nothing" },
    errnos: ["EBADF", "EINVAL", "EBUSY"],
    events: ["invalidate", "remap", "unmap"],
  }),
  "exporter.mark_valid": operation({ buffer: named.buffer }, {
    summary: "Has the test exporter make a buffer usable again that it has revoked.",
    follows: "dma_buf_mark_valid() of Leon Romanovsky's v1",
    result: { gives: "nothing" },
    errnos: ["EOPNOTSUPP"],
    missing: "EOPNOTSUPP",
  }),
  "exporter.invalidate": operation({
    buffer: named.buffer,
    locked: z.boolean().default(true).meta({ description: "Whether the reservation lock is held." }),
  }, {
    summary: "Has the test exporter tell the importers of a buffer that their mappings are no longer valid.",
    follows: "dma_buf_invalidate_mappings()",
    result: { gives: "nothing" },
    errnos: ["EBADF", "EINVAL"],
    events: ["invalidate", "remap", "unmap"],
  }),
};
