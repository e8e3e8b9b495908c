/**
 * The dma-buf core that every dialect builds on: drivers/dma-buf/dma-buf.c of Linux 7.3.
 *
 * @module
 */
import { assertLocked, type DmaBufMmap, type ExportInfo, SgTable, tellImporters } from "../kernel/dma_buf.ts";
import { copyMapping } from "../kernel/fork.ts";
import { PAGE_SIZE } from "../kernel/kernel.ts";
import type { CoreRules } from "../rules.ts";

/** Whether an exporter lacks an operation that it must have, or has only one of a pair; dma_buf_export(). */
function isIncomplete({ ops, priv }: ExportInfo): boolean {
  const paired = (ops.pin === undefined) === (ops.unpin === undefined);
  return priv === undefined || !ops.map || !ops.unmap || !ops.release || !paired;
}

/** Whether a mapping would let a process write through a descriptor that was opened for reading, or the reverse. */
function exceedsDescriptor({ file, sharing, access }: DmaBufMmap): boolean {
  const writes = access.includes("write") && sharing === "shared" && file.flags.access === "rdonly";
  return writes || file.flags.access === "wronly";
}

function exceedsBuffer({ dmabuf, first, pages }: DmaBufMmap): boolean {
  return (first + pages) * PAGE_SIZE > dmabuf.size;
}

/** The rules of the core in Linux 7.3. */
export const mainlineCore: CoreRules = {
  lookup: [
    { clause: "BASE-01", errno: "EBADF", refuses: "a number that is not open", when: ({ open }) => !open },
    { clause: "BASE-03", errno: "EBADF", refuses: "an O_PATH descriptor", when: ({ path }) => path },
    {
      clause: "BASE-02",
      errno: "EINVAL",
      refuses: "a file that is not a dma-buf",
      when: ({ isDmaBuf }) => !isDmaBuf,
    },
  ],
  exportInfo: [{
    clause: "BASE-16",
    errno: "EINVAL",
    refuses: "an exporter that lacks an operation",
    when: isIncomplete,
    warns: "WARNING: dma_buf_export() with incomplete operations",
  }],
  attach: [{
    clause: "BASE-11",
    errno: "EINVAL",
    refuses: "an importer without a device",
    when: ({ hasDevice }) => !hasDevice,
    warns: "WARNING: dma_buf_dynamic_attach() without a device",
  }],
  map: [],
  exporterError: (error) => error,
  staticMapWaitsFor: "KERNEL",
  pin: (_attachment, given) => given === "absent" ? undefined : given,
  mapGaveNothing: "ENOMEM",
  jobFence: "BOOKKEEP",
  tableOf: (attachment, frames) => new SgTable(attachment, frames),
  unmapReachesExporter: () => true,
  revocable: ({ ops }) => ops?.invalidate !== undefined,
  vmap: [{
    clause: "BASE-10",
    errno: "EINVAL",
    refuses: "an exporter without vmap",
    when: ({ ops }) => !ops.vmap,
  }],
  notification: [assertLocked, tellImporters],
  revocableCallback: "invalidate",
  markValid: () => "EOPNOTSUPP",
  toldOfInvalidation: ({ attachments }) => attachments.filter(({ ops }) => ops?.invalidate),
  copyMapping,
  mmap: [
    {
      clause: "BASE-21",
      errno: "EACCES",
      refuses: "more than the descriptor allows",
      when: exceedsDescriptor,
    },
    {
      clause: "BASE-06",
      errno: "EINVAL",
      refuses: "an exporter without mmap",
      when: ({ dmabuf }) => !dmabuf.ops.mmap,
    },
    { clause: "BASE-07", errno: "EINVAL", refuses: "a range beyond the end", when: exceedsBuffer },
  ],
  fault: [],
  flush: () => {},
  fileOperations: [],
  seek: [{
    clause: "BASE-08",
    errno: "EINVAL",
    refuses: "anything but the start and the end",
    when: ({ whence, offset }) => whence === "cur" || offset !== 0,
  }],
  sync: [
    {
      clause: "BASE-09",
      errno: "EFAULT",
      refuses: "an unreadable argument",
      when: ({ unreadable }) => unreadable,
    },
    {
      clause: "BASE-09",
      errno: "EINVAL",
      refuses: "an unknown flag",
      when: ({ unknownFlag }) => unknownFlag,
    },
    {
      clause: "BASE-09",
      errno: "EINVAL",
      refuses: "no direction",
      when: ({ access }) => access.length === 0,
    },
  ],
  unknownIoctl: "ENOTTY",
  syncFile: "present",
  revokeIoctl: "absent",
  revokeAnswer: (given) => given,
};

/** The core up to 7.0, which refused an importer with operations but without the callback (RNOD-01). */
export const coreTo70: CoreRules = {
  ...mainlineCore,
  attach: [...mainlineCore.attach, {
    clause: "RNOD-01",
    errno: "EINVAL",
    refuses: "operations without the callback",
    when: ({ ops }) => ops !== undefined && !ops.invalidate,
    warns: "WARNING: dma_buf_dynamic_attach() without a callback",
  }],
};
