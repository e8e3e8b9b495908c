/**
 * Exporters that anybody can use, files in memory, and fences.
 *
 * @module
 */
import type { OperationName } from "../../../spec/operations/mod.ts";
import {
  DMA_BUF_REQUESTS,
  DMA_BUF_SYNC,
  dmaBufImportSyncFile,
  dmaHeapAllocationData,
  UDMABUF_FLAGS_CLOEXEC,
  udmabufCreate,
} from "../abi/dma_buf.ts";
import { decode, encode } from "../abi/layout.ts";
import { F_SEAL_SHRINK } from "../constants.ts";
import { failureOf, Unsupported } from "../failure.ts";
import { makeFence, signalFence } from "../fences.ts";
import type { Facility } from "../machine.ts";
import { Descriptor } from "../objects.ts";
import { openFlagsOf } from "../open_flags.ts";
import { type NativeHandler, on } from "../session.ts";
import { makeMemfd } from "./process.ts";

function pathOf(facility: Facility): string {
  if (facility.kind === "missing") throw new Unsupported(facility.reason);
  return facility.path;
}

/** The handlers of `heap.*`, `memfd.*`, `udmabuf.*` and `fence.*`. */
export const exporterHandlers: readonly (readonly [OperationName, NativeHandler])[] = [
  on("heap.alloc", async ({ session, strand }, { size, open_flags }) => {
    const { process, setting } = session;
    const values = { len: session.bytes(size), fd_flags: openFlagsOf(open_flags) };
    const bytes = encode(dmaHeapAllocationData, values);
    const path = pathOf(setting.machine.heap);
    const { whole } = await strand.askOnce(process, path, DMA_BUF_REQUESTS.heapAlloc, bytes);
    return await session.buffer(process, decode(dmaHeapAllocationData, whole).fd);
  }),
  on("memfd.create", async ({ session, strand }, { length, sealed }) => {
    const { process } = session;
    return await makeMemfd(strand, process, session.bytes(length), sealed ? F_SEAL_SHRINK : 0);
  }),
  on("udmabuf.create", async ({ session, strand }, { memfd, offset, length }) => {
    const { process, setting } = session;
    const bytes = encode(udmabufCreate, {
      memfd: memfd.number,
      flags: UDMABUF_FLAGS_CLOEXEC,
      offset: session.bytes(offset),
      size: session.bytes(length),
    });
    const path = pathOf(setting.machine.udmabuf);
    const { result, inode } = await strand.askOnce(process, path, DMA_BUF_REQUESTS.udmabufCreate, bytes);
    return session.bufferOf(process, result, inode);
  }),
  on("fence.create", async ({ session, strand }) => {
    const { process, keeper, setting } = session;
    const { file, signaller } = await makeFence(strand, keeper, setting.machine);
    const number = await keeper.give(file.number, process);
    await strand.do(keeper, "close", [file.number]);
    if (number < 0) throw failureOf(number);
    session.atTheEnd(() => signalFence(session.strand(), signaller));
    return new Descriptor(process, number, { signaller });
  }),
  on("fence.signal", async ({ strand }, { fence, error }) => {
    const { signaller } = fence.about;
    if (!signaller) throw new Unsupported("only a fence that the case has made can be signalled");
    if (error !== undefined) throw new Unsupported(`user space cannot signal a fence with ${error}`);
    await signalFence(strand, signaller);
  }),
  on("fence.add", async ({ strand }, { buffer, fence, usage }) => {
    if (usage !== "READ" && usage !== "WRITE") {
      throw new Unsupported(`user space cannot add a fence of usage ${usage}: only a driver can`);
    }
    const flags = DMA_BUF_SYNC[usage === "READ" ? "read" : "write"];
    const bytes = encode(dmaBufImportSyncFile, { flags, fd: fence.number });
    await strand.ioctlBytes(buffer, DMA_BUF_REQUESTS.importSyncFile, bytes);
  }),
];
