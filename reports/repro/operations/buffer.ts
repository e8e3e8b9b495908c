/**
 * Buffers by their descriptor, and memory, in C.
 *
 * @module
 */
import { ABI } from "../abi.ts";
import { cString, flags, sizeText } from "../c.ts";
import { aboutOf, on } from "../emit.ts";
import { helper } from "../helper.ts";
import {
  bufferAttached,
  bufferPoll,
  bufferSetName,
  bufferSync,
  exportSyncFile,
  importSyncFile,
  readFdinfo,
  requestUnreadable,
} from "../helpers/files.ts";
import * as memory from "../helpers/memory.ts";
import { number, request, resultOf } from "../helpers/results.ts";

type Accesses = readonly ("read" | "write")[];

/** Protection of a mapping. */
export function protectionText(access: Accesses): string {
  if (access.length === 0) return "PROT_NONE";
  return flags(access.includes("read") && "PROT_READ", access.includes("write") && "PROT_WRITE");
}

function syncText(access: Accesses, ...others: readonly (string | false)[]): string {
  return flags(
    ...others,
    access.includes("read") && "DMA_BUF_SYNC_READ",
    access.includes("write") && "DMA_BUF_SYNC_WRITE",
  );
}

/** A flag of DMA_BUF_IOCTL_SYNC that nothing defines. */
const UNKNOWN_FLAG = "1 << 20";

const bufferRevoke = helper("", { abi: [ABI.dmaBuf, ABI.bufferRevoke], needs: [request] });

/** How `buffer.*` and `memory.*` are written. */
export const bufferOperations = [
  on("buffer.mmap", ({ buffer, length, offset, sharing, access }, scope) => {
    const fd = scope.object(buffer).c;
    const rest = `${protectionText(access)}, ${sharing === "shared" ? "MAP_SHARED" : "MAP_PRIVATE"}`;
    const from = sizeText(offset);
    return length === undefined
      ? { call: `map_buffer(&${scope.own}, ${fd}, ${from}, ${rest})`, uses: [memory.mapBuffer], writes: true }
      : {
        call: `map_file(&${scope.own}, ${fd}, ${from}, ${sizeText(length)}, ${rest})`,
        uses: [memory.mapFile],
        writes: true,
      };
  }),
  on("buffer.seek", ({ buffer, whence, offset }, scope) => ({
    call: `result_of(lseek(${scope.object(buffer).c}, ${offset}, SEEK_${whence.toUpperCase()}))`,
    uses: [resultOf, number],
    shows: "number",
  })),
  on("buffer.sync", ({ buffer, phase, access, unknown_flag, unreadable }, scope) => {
    const fd = scope.object(buffer).c;
    const bits = syncText(access, `DMA_BUF_SYNC_${phase.toUpperCase()}`, unknown_flag && UNKNOWN_FLAG);
    return {
      call: unreadable ? `request_unreadable(${fd}, DMA_BUF_IOCTL_SYNC)` : `buffer_sync(${fd}, ${bits})`,
      uses: unreadable ? [requestUnreadable, helper("", { abi: [ABI.dmaBuf] })] : [bufferSync],
      shows: "number",
    };
  }),
  on("buffer.ioctl", ({ buffer, number: which }, scope) => ({
    call: `request(${scope.object(buffer).c}, _IO('b', ${which}), NULL)`,
    uses: [request],
    shows: "number",
  })),
  on("buffer.revoke", ({ buffer, argument }, scope) => {
    const fd = scope.object(buffer).c;
    return argument === "none"
      ? { call: `request(${fd}, DMA_BUF_IOCTL_REVOKE, NULL)`, uses: [bufferRevoke], shows: "number" }
      : {
        call: `request_unreadable(${fd}, DMA_BUF_IOCTL_REVOKE)`,
        uses: [bufferRevoke, requestUnreadable],
        shows: "number",
      };
  }),
  on("buffer.set_name", ({ buffer, name }, scope) => ({
    call: `buffer_set_name(${scope.object(buffer).c}, ${cString(name)})`,
    uses: [bufferSetName],
  })),
  on("buffer.fdinfo", ({ buffer }, scope) => ({
    call: `buffer_fdinfo(${scope.object(buffer).c})`,
    uses: [readFdinfo],
  })),
  on("buffer.attached", ({ buffer }, scope) => ({
    call: `buffer_attached(${scope.object(buffer).c})`,
    uses: [bufferAttached],
    shows: "number",
  })),
  on("buffer.poll", ({ buffer }, scope) => ({
    call: `buffer_poll(${scope.object(buffer).c})`,
    uses: [bufferPoll],
  })),
  on("buffer.export_sync_file", ({ buffer, access }, scope) => ({
    call: `export_sync_file(${scope.object(buffer).c}, ${syncText(access)})`,
    uses: [exportSyncFile],
  })),
  on("buffer.import_sync_file", ({ buffer, fence, access }, scope) => ({
    call: `import_sync_file(${scope.object(buffer).c}, ${scope.object(fence).c}, ${syncText(access)})`,
    uses: [importSyncFile],
  })),
  on("memory.load", ({ vma, page }, scope) => ({
    call: `memory_load(${scope.object(vma).c}, ${page})`,
    uses: [memory.load],
    shows: "number",
  })),
  on("memory.store", ({ vma, page, value }, scope) => ({
    call: `memory_store(${scope.object(vma).c}, ${page}, ${value})`,
    uses: [memory.store],
  })),
  on("memory.read_into", ({ vma, page }, scope) => ({
    call: `kernel_copy(${scope.object(vma).c}, ${page}, false)`,
    uses: [memory.kernelCopy],
  })),
  on("memory.write_from", ({ vma, page }, scope) => ({
    call: `kernel_copy(${scope.object(vma).c}, ${page}, true)`,
    uses: [memory.kernelCopy],
  })),
  on("memory.inherited", ({ vma, process }, scope) => ({
    call: `memory_inherited(${scope.own} = ${scope.object(vma).c})`,
    uses: [memory.inherited],
    process,
    writes: true,
    about: aboutOf(scope.object(vma)),
  })),
  on("memory.discard", ({ vma }, scope) => {
    const { c } = scope.object(vma);
    return {
      call: `result_of(madvise(${c}.address, ${c}.length, MADV_DONTNEED))`,
      uses: [memory.vma, resultOf],
    };
  }),
  on("memory.protect", ({ vma, access }, scope) => {
    const { c } = scope.object(vma);
    return {
      call: `result_of(mprotect(${c}.address, ${c}.length, ${protectionText(access)}))`,
      uses: [memory.vma, resultOf],
    };
  }),
  on("memory.unmap", ({ vma, first, pages }, scope) => ({
    call: `memory_unmap(${scope.object(vma).c}, ${first ?? 0}, ${pages ?? 0})`,
    uses: [memory.unmapPages],
  })),
] as const;
