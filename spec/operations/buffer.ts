/**
 * What the holder of a dma-buf descriptor can do, and the CPU's use of a mapping.
 *
 * @module
 */
import { z } from "zod";
import { sizeSchema } from "../size.ts";
import { named, operation } from "./operation.ts";

const access = z.array(z.enum(["read", "write"])).default(["read", "write"])
  .meta({ description: "What the access may do." });
const page = z.int().nonnegative().default(0).meta({ description: "Index of the page within the mapping." });

/** The operations on dma-buf descriptors. */
export const bufferOperations = {
  "buffer.mmap": operation({
    buffer: named.buffer,
    length: sizeSchema.optional().meta({ description: "Bytes to map; the whole buffer where left out." }),
    offset: sizeSchema.default(() => sizeSchema.parse(0)).meta({
      description: "Where in the buffer it starts.",
    }),
    sharing: z.enum(["shared", "private"]).default("shared")
      .meta({ description: "MAP_SHARED or MAP_PRIVATE." }),
    access,
  }, {
    summary: "Maps a buffer into the process.",
    follows: "mmap(2); dma_buf_mmap_internal()",
    result: { gives: "object", kind: "vma" },
    errnos: ["EACCES", "EINVAL", "ENODEV"],
    missing: "EINVAL",
    access: true,
  }),
  "buffer.seek": operation({
    buffer: named.buffer,
    whence: z.enum(["set", "cur", "end"]).default("end")
      .meta({ description: "What the offset counts from." }),
    offset: z.int().default(0).meta({ description: "Bytes." }),
  }, {
    summary: "Moves the file position, which for a dma-buf only tells its size.",
    follows: "lseek(2); dma_buf_llseek()",
    result: { gives: "value", of: "the new position, in bytes" },
    errnos: ["EBADF", "EINVAL"],
  }),
  "buffer.sync": operation({
    buffer: named.buffer,
    phase: z.enum(["start", "end"]).default("start")
      .meta({ description: "Whether the access begins or ends." }),
    access,
    unknown_flag: z.boolean().default(false).meta({ description: "Sets a flag bit that nothing defines." }),
    unreadable: z.boolean().default(false).meta({ description: "Passes a pointer that cannot be read." }),
  }, {
    summary: "Brackets a CPU access.",
    follows: "DMA_BUF_IOCTL_SYNC; dma_buf_ioctl()",
    result: { gives: "value", of: "0" },
    errnos: ["EBADF", "EFAULT", "EINVAL"],
  }),
  "buffer.ioctl": operation({
    buffer: named.buffer,
    number: z.int().min(0).max(255).meta({ description: "Number of the request in the dma-buf range, 'b'." }),
  }, {
    summary: "Sends a request without an argument to a buffer.",
    follows: "ioctl(2) with _IO('b', number); dma_buf_ioctl()",
    result: { gives: "value", of: "0" },
    errnos: ["EBADF", "ENOTTY", "EINVAL"],
  }),
  "buffer.revoke": operation({
    buffer: named.buffer,
    argument: z.enum(["none", "unreadable"]).default("none").meta({
      description: "What is passed along: nothing, or a pointer that cannot be read. Nothing may read it.",
    }),
  }, {
    summary: "Asks the exporter, through the buffer itself, to revoke the buffer for good.",
    follows: "DMA_BUF_IOCTL_REVOKE, _IO('b', 4); dma_buf_ioctl(), S3:35-39",
    result: { gives: "value", of: "0" },
    errnos: ["EBADF", "EINVAL", "ENOTTY", "ENODEV", "EBADFD", "EBUSY", "EAGAIN"],
    events: ["invalidate", "remap", "unmap"],
    missing: "ENOTTY",
  }),
  "buffer.set_name": operation({
    buffer: named.buffer,
    name: z.string().max(31).meta({ description: "The name." }),
  }, {
    summary: "Names a buffer for the debugging files.",
    follows: "DMA_BUF_SET_NAME; dma_buf_set_name()",
    result: { gives: "nothing" },
    errnos: ["EBADF", "EFAULT"],
  }),
  "buffer.fdinfo": operation({ buffer: named.buffer }, {
    summary: "Reads what /proc/self/fdinfo says of a buffer.",
    follows: "dma_buf_show_fdinfo()",
    result: { gives: "value", of: "{ size: bytes, count: references, exporter: name, name: text or null }" },
    errnos: ["EBADF", "ENOENT"],
  }),
  "buffer.attached": operation({ buffer: named.buffer }, {
    summary: "Reads how many devices are attached to a buffer.",
    follows: "/sys/kernel/debug/dma_buf/bufinfo; dma_buf_debug_show()",
    result: { gives: "value", of: "the number of attachments" },
    errnos: ["EBADF", "EINVAL", "ENOENT"],
    missing: "ENOENT",
  }),
  "buffer.poll": operation({ buffer: named.buffer }, {
    summary: "Asks, without waiting for fences, whether a buffer can be read and written.",
    follows: "poll(2); dma_buf_poll()",
    result: { gives: "value", of: "{ readable, writable: booleans }" },
    errnos: ["EBADF"],
  }),
  "buffer.export_sync_file": operation({ buffer: named.buffer, access }, {
    summary: "Takes the fences that an access would have to wait for out of a buffer.",
    follows: "DMA_BUF_IOCTL_EXPORT_SYNC_FILE; dma_buf_export_sync_file()",
    result: { gives: "object", kind: "file" },
    errnos: ["EBADF", "ENOTTY", "EFAULT", "EINVAL", "EMFILE", "ENOMEM"],
    missing: "ENOTTY",
  }),
  "buffer.import_sync_file": operation({ buffer: named.buffer, fence: named.fence, access }, {
    summary: "Adds a fence to a buffer, of usage READ, or WRITE if the access writes.",
    follows: "DMA_BUF_IOCTL_IMPORT_SYNC_FILE; dma_buf_import_sync_file()",
    result: { gives: "nothing" },
    errnos: ["EBADF", "ENOTTY", "EFAULT", "EINVAL"],
    missing: "ENOTTY",
  }),
};

/** The operations on memory that is mapped into a process. */
export const memoryOperations = {
  "memory.load": operation({ vma: named.vma, page }, {
    summary: "Loads a byte from the start of a page.",
    follows: "a CPU load; the exporter's fault handler",
    result: { gives: "value", of: "the byte" },
    errnos: [],
    faults: true,
    access: true,
  }),
  "memory.store": operation({
    vma: named.vma,
    page,
    value: z.int().min(0).max(255).meta({ description: "The byte to write." }),
  }, {
    summary: "Stores a byte at the start of a page.",
    follows: "a CPU store; the exporter's fault handler",
    result: { gives: "nothing" },
    errnos: [],
    faults: true,
    access: true,
  }),
  "memory.read_into": operation({ vma: named.vma, page }, {
    summary: "Has the kernel copy a byte of a file into a page.",
    follows: "read(2) into the mapping; copy_to_user()",
    result: { gives: "nothing" },
    errnos: ["EFAULT"],
    access: true,
  }),
  "memory.write_from": operation({ vma: named.vma, page }, {
    summary: "Has the kernel copy a byte of a page into a file.",
    follows: "write(2) from the mapping; copy_from_user()",
    result: { gives: "nothing" },
    errnos: ["EFAULT"],
    access: true,
  }),
  "memory.discard": operation({ vma: named.vma }, {
    summary: "Drops the page table entries of a mapping, so that the next access faults again.",
    follows: "madvise(2) with MADV_DONTNEED",
    result: { gives: "nothing" },
    errnos: ["EINVAL", "ENOMEM"],
  }),
  "memory.protect": operation({
    vma: named.vma,
    access: z.array(z.enum(["read", "write"])).meta({
      description: "What may be done from now on; [] is nothing.",
    }),
  }, {
    summary: "Changes the protection of a mapping.",
    follows: "mprotect(2)",
    result: { gives: "nothing" },
    errnos: ["EACCES", "EINVAL", "ENOMEM"],
  }),
  "memory.inherited": operation({ vma: named.vma, process: named.process }, {
    summary: "Names the copy of a mapping that a forked process has; accesses through it are made there.",
    follows: "fork(2); dup_mmap()",
    result: { gives: "object", kind: "vma" },
    errnos: ["ENOENT"],
  }),
  "memory.unmap": operation({
    vma: named.vma,
    first: z.int().nonnegative().optional().meta({ description: "First page to unmap; all where left out." }),
    pages: z.int().positive().optional().meta({
      description: "How many pages; up to the end where left out.",
    }),
  }, {
    summary: "Unmaps a mapping or a part of it.",
    follows: "munmap(2)",
    result: { gives: "nothing" },
    errnos: ["EINVAL"],
  }),
};
