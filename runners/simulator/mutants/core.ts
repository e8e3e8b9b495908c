/**
 * Mistakes in the dma-buf core and in the contract of an invalidation.
 *
 * @module
 */
import { coreTo70 } from "../dialects/core.ts";
import {
  assertLocked,
  type Attachment,
  DmaBuf,
  markInvalidated,
  type NotificationStep,
  SgTable,
  tellImporters,
} from "../kernel/dma_buf.ts";
import type { File } from "../kernel/file.ts";
import type { Kernel } from "../kernel/kernel.ts";
import { vfioBufferOf } from "../kernel/vfio_pci_dmabuf.ts";
import type { CoreRules } from "../rules.ts";
import { also, answer, forget, inCore, type Mutant, mutantOf, tooEarly } from "./mutant.ts";

const DIALECT = "matt-v1-vfio";

/** Marks every buffer that is invalidated, whatever its exporter means by it. */
const markAlways: NotificationStep = {
  ...markInvalidated,
  run(_kernel, dmabuf) {
    dmabuf.invalidated = true;
  },
};

/** The buffer of which a file is the last descriptor, if it is one. */
function lastOf({ of: dmabuf, refs }: File): DmaBuf | undefined {
  if (!(dmabuf instanceof DmaBuf)) return undefined;
  return refs > 1 + dmabuf.vmas.length + dmabuf.attachments.length ? undefined : dmabuf;
}

/** Unmaps every CPU mapping of a buffer when its last descriptor is closed. */
function unmapWithLastDescriptor(kernel: Kernel, file: File): void {
  for (const vma of [...lastOf(file)?.vmas ?? []]) vma.unmap(kernel, 0, vma.pages);
}

/** Takes the addresses away from the importers of a buffer when its last descriptor is closed. */
function cutOffWithLastDescriptor(): Partial<CoreRules> {
  const tables = new WeakMap<Attachment, SgTable>();
  return {
    tableOf(attachment, frames) {
      const table = new SgTable(attachment, frames);
      tables.set(attachment, table);
      return table;
    },
    flush(_kernel, file) {
      for (const attachment of lastOf(file)?.attachments ?? []) {
        const table = tables.get(attachment);
        if (table) table.unmapped = true;
      }
    },
  };
}

/** The core takes the addresses away itself, as soon as the importers have been told. */
function takeAddressesBack(): Partial<CoreRules> {
  const tables = new WeakMap<Attachment, SgTable[]>();
  const takeBack: NotificationStep = {
    ...tellImporters,
    run(kernel, { attachments }) {
      for (const table of attachments.flatMap((each) => tables.get(each) ?? [])) {
        kernel.mappings.delete(table);
        table.unmapped = true;
      }
    },
  };
  return {
    tableOf(attachment, frames) {
      const table = new SgTable(attachment, frames);
      tables.set(attachment, [...tables.get(attachment) ?? [], table]);
      return table;
    },
    notification: [assertLocked, tellImporters, takeBack],
  };
}

/** The core keeps the table of each attachment and hands it out again. */
function keepTables(): Partial<CoreRules> {
  const kept = new WeakMap<Attachment, SgTable>();
  return {
    tableOf(attachment, frames) {
      const table = kept.get(attachment) ?? new SgTable(attachment, frames);
      kept.set(attachment, table);
      return table;
    },
  };
}

/** The core notes who pins and leaves those alone. */
function spareThosePinned({ toldOfInvalidation, pin }: CoreRules): Partial<CoreRules> {
  const pinned = new WeakSet<Attachment>();
  return {
    pin(attachment, given) {
      pinned.add(attachment);
      return pin(attachment, given);
    },
    toldOfInvalidation: (dmabuf) => toldOfInvalidation(dmabuf).filter((each) => !pinned.has(each)),
  };
}

/** The core notes who was told and tells nobody twice. */
function tellOnce({ toldOfInvalidation }: CoreRules): Partial<CoreRules> {
  const told = new WeakSet<Attachment>();
  return {
    toldOfInvalidation(dmabuf) {
      const fresh = toldOfInvalidation(dmabuf).filter((each) => !told.has(each));
      for (const each of fresh) told.add(each);
      return fresh;
    },
  };
}

/** An unmap from inside the callback is lost. */
function loseUnmapsInside(): Partial<CoreRules> {
  const busy = new WeakSet<DmaBuf>();
  const tell: NotificationStep = {
    ...tellImporters,
    run(kernel, dmabuf) {
      busy.add(dmabuf);
      tellImporters.run(kernel, dmabuf);
      busy.delete(dmabuf);
    },
  };
  return {
    unmapReachesExporter: ({ attachment }) => !busy.has(attachment.dmabuf),
    notification: [assertLocked, tell],
  };
}

/** The mutants of the core. */
export const coreMutants: readonly Mutant[] = [
  mutantOf(DIALECT, {
    id: "not-a-dma-buf-is-ebadf",
    title: "A descriptor that is open but not a dma-buf is refused with EBADF",
    breaks: ["BASE-02", "VREV-06"],
  }, inCore(({ lookup }) => ({ lookup: answer(lookup, "BASE-02", "EBADF") }))),
  mutantOf(DIALECT, {
    id: "closed-fd-is-einval",
    title: "A descriptor that is not open is refused with EINVAL",
    breaks: ["BASE-01", "VREV-05"],
  }, inCore(({ lookup }) => ({ lookup: answer(lookup, "BASE-01", "EINVAL") }))),
  mutantOf(DIALECT, {
    id: "o-path-is-a-dma-buf",
    title: "An O_PATH descriptor is taken for the dma-buf that it names",
    breaks: ["BASE-03"],
    inspiration: "the O_PATH use after free of VFIO, unfixed in 7.3.4",
  }, inCore(({ lookup }) => ({ lookup: forget(lookup, "BASE-03") }))),
  mutantOf(DIALECT, {
    id: "unknown-ioctl-is-einval",
    title: "An unknown request on a dma-buf is refused with EINVAL",
    breaks: ["BASE-05"],
    inspiration: "seed 3: an exporter without the revoke operation answers EINVAL",
  }, inCore(() => ({ unknownIoctl: "EINVAL" }))),
  mutantOf(DIALECT, {
    id: "mmap-size-not-checked",
    title: "The core lets a mapping reach beyond the end of the buffer",
    breaks: ["BASE-07", "VMM-03"],
  }, inCore(({ mmap }) => ({ mmap: forget(mmap, "BASE-07") }))),
  mutantOf(DIALECT, {
    id: "mmap-write-on-readonly-fd",
    title: "A shared writable mapping of a read-only descriptor is allowed",
    breaks: ["BASE-21"],
  }, inCore(({ mmap }) => ({ mmap: forget(mmap, "BASE-21") }))),
  mutantOf(DIALECT, {
    id: "mmap-without-op-succeeds",
    title: "The size is checked before the missing mmap operation, and it answers ENODEV",
    breaks: ["BASE-06"],
  }, inCore(({ mmap }) => ({ mmap: answer(mmap, "BASE-06", "ENODEV") }))),
  mutantOf(DIALECT, {
    id: "seek-anywhere",
    title: "lseek accepts any position",
    breaks: ["BASE-08"],
  }, inCore(() => ({ seek: [] }))),
  mutantOf(
    DIALECT,
    {
      id: "seek-to-the-end-only",
      title: "lseek refuses the start of a buffer as well",
      breaks: ["BASE-08"],
    },
    inCore(({ seek }) => ({
      seek: [
        ...seek,
        { clause: "BASE-08", errno: "EINVAL", refuses: "the start", when: ({ whence }) => whence === "set" },
      ],
    })),
  ),
  mutantOf(DIALECT, {
    id: "sync-ignores-unknown-flags",
    title: "The SYNC request ignores flag bits that nothing defines",
    breaks: ["BASE-09"],
  }, inCore(({ sync }) => ({ sync: forget(sync, "BASE-09", "an unknown flag") }))),
  mutantOf(DIALECT, {
    id: "sync-without-direction",
    title: "The SYNC request accepts neither READ nor WRITE",
    breaks: ["BASE-09"],
  }, inCore(({ sync }) => ({ sync: forget(sync, "BASE-09", "no direction") }))),
  mutantOf(DIALECT, {
    id: "sync-checks-flags-before-copy",
    title: "The SYNC request with an unreadable argument is refused with EINVAL",
    breaks: ["BASE-09"],
  }, inCore(({ sync }) => ({ sync: answer(sync, "BASE-09", "EINVAL", "an unreadable argument") }))),
  mutantOf(DIALECT, {
    id: "export-without-unmap",
    title: "An exporter without a required operation is accepted",
    breaks: ["BASE-16"],
  }, inCore(() => ({ exportInfo: [] }))),
  mutantOf(DIALECT, {
    id: "attach-without-device",
    title: "An importer without a device is attached",
    breaks: ["BASE-11"],
  }, inCore(() => ({ attach: [] }))),
  mutantOf(
    DIALECT,
    {
      id: "callback-needs-an-exporter-that-pins",
      title: "An importer with the callback is attached only where the exporter has a pin operation",
      breaks: ["MODE-12"],
    },
    inCore(({ attach }) => ({
      attach: also(attach, {
        clause: "MODE-12",
        errno: "EOPNOTSUPP",
        refuses: "an importer with the callback where the exporter cannot pin",
        when: ({ dmabuf, ops }) => ops?.invalidate !== undefined && !dmabuf.ops.pin,
      }),
    })),
  ),
  mutantOf(
    DIALECT,
    {
      id: "static-importers-refused",
      title: "The core demands the callback of every importer, of buffers that nobody revokes, too",
      breaks: ["MODE-12"],
    },
    inCore(({ attach }) => ({
      attach: also(attach, {
        clause: "MODE-12",
        errno: "EOPNOTSUPP",
        refuses: "an importer without importer operations",
        when: ({ ops }) => ops === undefined,
      }),
    })),
  ),
  mutantOf(DIALECT, {
    id: "null-table-is-einval",
    title: "A map operation that gives nothing is answered with EINVAL",
    breaks: ["BASE-14"],
  }, inCore(() => ({ mapGaveNothing: "EINVAL" }))),
  mutantOf(DIALECT, {
    id: "vmap-without-op",
    title: "A kernel mapping of an exporter without vmap succeeds",
    breaks: ["BASE-10", "VATT-09"],
  }, inCore(() => ({ vmap: [] }))),
  mutantOf(DIALECT, {
    id: "no-callbacks",
    title: "An invalidation tells nobody",
    breaks: ["INVAL-02", "VMOV-06", "VREV-16"],
  }, inCore(() => ({ toldOfInvalidation: () => [] }))),
  mutantOf(
    DIALECT,
    {
      id: "callbacks-twice",
      title: "An invalidation tells every importer twice",
      breaks: ["INVAL-02", "VMOV-06"],
      inspiration: "Leon Romanovsky's v1: the loop tries both callback slots in turn",
    },
    inCore(({ toldOfInvalidation }) => ({
      toldOfInvalidation: (dmabuf) => toldOfInvalidation(dmabuf).flatMap((each) => [each, each]),
    })),
  ),
  mutantOf(
    DIALECT,
    {
      id: "only-first-importer-told",
      title: "An invalidation tells the first importer only",
      breaks: ["INVAL-02"],
    },
    inCore(({ toldOfInvalidation }) => ({
      toldOfInvalidation: (dmabuf) => toldOfInvalidation(dmabuf).slice(0, 1),
    })),
  ),
  mutantOf(
    DIALECT,
    {
      id: "third-importer-not-told",
      title: "An invalidation skips importers of a buffer that is attached more than twice",
      breaks: ["INVAL-02"],
    },
    inCore(({ toldOfInvalidation }) => ({
      toldOfInvalidation: (dmabuf) => toldOfInvalidation(dmabuf).slice(0, 2),
    })),
  ),
  mutantOf(DIALECT, {
    id: "o-path-before-closed",
    title: "The file kind is looked at before the descriptor's mode, so O_PATH of another file is EINVAL",
    breaks: ["BASE-03"],
  }, inCore(({ lookup }) => ({ lookup: answer(tooEarly(lookup, "BASE-03"), "BASE-03", "EINVAL") }))),
];

/** The mutants of attachments, pins and mappings in the core. */
export const attachmentMutants: readonly Mutant[] = [
  mutantOf(DIALECT, {
    id: "exporter-error-becomes-einval",
    title: "Whatever error an exporter gives, the importer gets EINVAL",
    breaks: ["BASE-11", "BASE-14"],
  }, inCore(() => ({ exporterError: () => "EINVAL" }))),
  mutantOf(DIALECT, {
    id: "pin-needs-an-operation",
    title: "A buffer whose exporter has no pin operation cannot be pinned",
    breaks: ["BASE-13"],
  }, inCore(() => ({ pin: (_attachment, given) => given === "absent" ? "EOPNOTSUPP" : given }))),
  mutantOf(DIALECT, {
    id: "pin-error-hidden",
    title: "A pin that the exporter refuses succeeds",
    breaks: ["BASE-13"],
  }, inCore(() => ({ pin: () => undefined }))),
  mutantOf(DIALECT, {
    id: "pin-always-refused",
    title: "No buffer can be pinned",
    breaks: ["BASE-13"],
  }, inCore(() => ({ pin: () => "EBUSY" }))),
  mutantOf(DIALECT, {
    id: "static-map-waits-for-nothing",
    title: "A map by a static importer does not wait for the kernel's fences",
    breaks: ["BASE-14"],
  }, inCore(() => ({ staticMapWaitsFor: "nothing" }))),
  mutantOf(DIALECT, {
    id: "static-map-waits-for-everything",
    title: "A map by a static importer waits for every fence",
    breaks: ["BASE-14"],
  }, inCore(() => ({ staticMapWaitsFor: "BOOKKEEP" }))),
  mutantOf(
    DIALECT,
    {
      id: "unmap-of-revoked-buffer-is-lost",
      title: "An unmap is ignored once the buffer is revoked",
      breaks: ["BASE-15"],
    },
    inCore(() => ({
      unmapReachesExporter: ({ attachment }) => {
        const buffer = vfioBufferOf(attachment.dmabuf);
        return buffer === undefined || buffer.status === "OK";
      },
    })),
  ),
  mutantOf(
    DIALECT,
    {
      id: "names-and-fences-refused-once-revoked",
      title: "poll, fdinfo, names and sync files of a revoked buffer fail with ENODEV",
      breaks: ["BASE-17"],
    },
    inCore(({ fileOperations }) => ({
      fileOperations: also(fileOperations, {
        clause: "BASE-17",
        errno: "ENODEV",
        refuses: "a revoked buffer",
        when: (dmabuf) => (vfioBufferOf(dmabuf)?.status ?? "OK") !== "OK",
      }),
    })),
  ),
  mutantOf(
    DIALECT,
    {
      id: "core-refuses-map-after-invalidation",
      title: "The core takes an invalidation for a revocation and maps no more",
      breaks: ["BASE-18", "INVAL-15"],
      inspiration: "Leon Romanovsky's v1",
    },
    inCore(({ map, notification }) => ({
      notification: [...notification, markAlways],
      map: also(map, {
        clause: "BASE-18",
        errno: "ENODEV",
        refuses: "a buffer that was invalidated",
        when: ({ dmabuf }) => dmabuf.invalidated,
      }),
    })),
  ),
  mutantOf(
    DIALECT,
    {
      id: "core-refuses-attach-after-invalidation",
      title: "The core takes an invalidation for a revocation and attaches nobody any more",
      breaks: ["BASE-18", "INVAL-15"],
      inspiration: "Leon Romanovsky's v1",
    },
    inCore(({ attach, notification }) => ({
      notification: [...notification, markAlways],
      attach: also(attach, {
        clause: "BASE-18",
        errno: "ENODEV",
        refuses: "a buffer that was invalidated",
        when: ({ dmabuf }) => dmabuf.invalidated,
      }),
    })),
  ),
  mutantOf(DIALECT, {
    id: "last-descriptor-takes-mappings-along",
    title: "Closing the last descriptor unmaps the buffer from every process",
    breaks: ["BASE-20", "VMM-12"],
  }, inCore(() => ({ flush: unmapWithLastDescriptor }))),
  mutantOf(DIALECT, {
    id: "last-descriptor-cuts-importers-off",
    title: "Closing the last descriptor takes the addresses away from every importer",
    breaks: ["BASE-20"],
  }, inCore(cutOffWithLastDescriptor)),
];

/** The mutants of the contract of an invalidation. */
export const contractMutants: readonly Mutant[] = [
  mutantOf(DIALECT, {
    id: "unlocked-invalidation-not-reported",
    title: "An invalidation without the reservation lock goes unnoticed",
    breaks: ["INVAL-01"],
  }, inCore(({ notification }) => ({ notification: notification.filter((step) => step !== assertLocked) }))),
  mutantOf(
    DIALECT,
    {
      id: "importer-without-callback-ends-the-round",
      title: "An invalidation stops at the first importer that cannot be told",
      breaks: ["INVAL-03"],
    },
    inCore(() => ({
      toldOfInvalidation({ attachments }) {
        const end = attachments.findIndex(({ ops }) => !ops?.invalidate);
        return end < 0 ? attachments : attachments.slice(0, end);
      },
    })),
  ),
  mutantOf(DIALECT, {
    id: "invalidation-takes-addresses-back",
    title: "An invalidation ends every access by itself, before fences and importers are done",
    breaks: ["INVAL-04", "INVAL-05", "INVAL-15"],
  }, inCore(takeAddressesBack)),
  mutantOf(DIALECT, {
    id: "remembered-table-handed-out",
    title: "A map gives the table of an earlier map, which was invalidated since",
    breaks: ["INVAL-12"],
    inspiration: "the cached tables that the core once had",
  }, inCore(keepTables)),
  mutantOf(DIALECT, {
    id: "pinned-importer-not-told",
    title: "An invalidation skips importers that have pinned the buffer",
    breaks: ["INVAL-13", "INVAL-02"],
  }, inCore(spareThosePinned)),
  mutantOf(DIALECT, {
    id: "every-importer-counts-as-revocable",
    title: "An attachment with operations counts as revocable although it has no callback",
    breaks: ["INVAL-14"],
  }, inCore(() => ({ revocable: ({ ops }) => ops !== undefined }))),
  mutantOf(DIALECT, {
    id: "everybody-counts-as-revocable",
    title: "Every attachment counts as revocable",
    breaks: ["INVAL-14"],
  }, inCore(() => ({ revocable: () => true }))),
  mutantOf(DIALECT, {
    id: "nobody-counts-as-revocable",
    title: "No attachment counts as revocable",
    breaks: ["INVAL-14"],
  }, inCore(() => ({ revocable: () => false }))),
  mutantOf(DIALECT, {
    id: "reach-decides-who-is-revocable",
    title: "An attachment counts as revocable if it can reach PCI memory",
    breaks: ["INVAL-14"],
  }, inCore(() => ({ revocable: ({ peer2peer }) => peer2peer }))),
  mutantOf(DIALECT, {
    id: "importers-told-once-only",
    title: "A second invalidation does not call importers that were called before",
    breaks: ["INVAL-15"],
  }, inCore(tellOnce)),
  mutantOf(DIALECT, {
    id: "unmap-inside-the-callback-is-lost",
    title: "An unmap from inside the callback does not reach the exporter",
    breaks: ["INVAL-17"],
  }, inCore(loseUnmapsInside)),
  mutantOf(DIALECT, {
    id: "callback-demanded",
    title: "An importer with operations but without the callback is refused",
    breaks: ["INVAL-18"],
    inspiration: "mainline up to 7.0",
  }, inCore(() => ({ attach: coreTo70.attach }))),
];
