/**
 * Mistakes in the dma-buf core and in the contract of an invalidation.
 *
 * @module
 */
import { answer, forget, inCore, type Mutant, mutantOf, tooEarly } from "./mutant.ts";

const DIALECT = "matt-v1-vfio";

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
      id: "pinned-importer-not-told",
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
