/**
 * Buffers by their descriptor, and memory that is mapped into a process.
 *
 * @module
 */
import type { OperationName } from "../../../spec/operations/mod.ts";
import {
  DMA_BUF_REQUESTS,
  DMA_BUF_SYNC,
  dmaBufExportSyncFile,
  dmaBufImportSyncFile,
  dmaBufSync,
} from "../abi/dma_buf.ts";
import { io, requestNumber } from "../abi/ioctl.ts";
import { encode, text } from "../abi/layout.ts";
import { fdInfo, parseBufInfo } from "../buffer_files.ts";
import { resultOf } from "../calls.ts";
import { F_GETFD, MADV_DONTNEED, MAP, O_CLOEXEC, O_RDONLY, POLL, PROT, WHENCE } from "../constants.ts";
import { Failed, failureOf, Unsupported } from "../failure.ts";
import { freshNumber } from "../numbers.ts";
import type { Descriptor, Vma } from "../objects.ts";
import type { HelperProcess } from "../process.ts";
import { type Context, type NativeHandler, on, type Session } from "../session.ts";
import type { Strand } from "../strand.ts";
import { makeMemfd } from "./process.ts";

/** The byte that the kernel copies when a case reads a file into a mapping. */
const COPIED = 0x5a;

const NOTHING = new Uint8Array(0);

type Accesses = readonly ("read" | "write")[];

/** Protection bits. */
export function protection(access: Accesses): number {
  return access.reduce((bits, each) => bits | PROT[each], 0);
}

function syncFlags(access: Accesses): number {
  return access.reduce((bits, each) => bits | DMA_BUF_SYNC[each], 0);
}

/** Makes sure that a request to revoke is only sent where a buffer that nobody needs has shown what it means. */
function requireKnownRevoke(session: Session): void {
  if (session.setting.machine.revokeRequest !== "not asked") return;
  throw new Unsupported(
    "what the request 'b' 4 means here is not known, because no buffer can be made to try it: " +
      "load the module udmabuf",
  );
}

/**
 * The address of a page of a mapping.
 *
 * @throws {Unsupported} for a page behind its end: chance decides what is there, and it may be the helper's own memory
 */
async function addressOf({ session }: Context, vma: Vma, page: number): Promise<number> {
  const offset = page * session.setting.machine.pageSize;
  if (offset >= vma.length) throw new Unsupported("what is behind the end of a mapping is up to chance");
  return await Promise.resolve(vma.address + offset);
}

/** The size of a buffer, by its descriptor. */
/** Bytes of a buffer. */
export async function sizeOfBuffer(strand: Strand, { process, number }: Descriptor): Promise<number> {
  return await strand.do(process, "seek", [number, 0, WHENCE.end]);
}

/** The bytes behind an offset; none where it lies behind the end, which the kernel refuses. */
function restOf(size: bigint, from: bigint): bigint {
  return from < size ? size - from : 0n;
}

const scratches = new WeakMap<HelperProcess, Descriptor>();

/** A file of one byte in a process, for the kernel to copy from and to. */
async function scratch(strand: Strand, process: HelperProcess): Promise<Descriptor> {
  const known = scratches.get(process);
  if (known) return known;
  const made = await makeMemfd(strand, process, 1n);
  made.move(await freshNumber(strand, process, made.number));
  await strand.do(process, "write_at", [made.number, 0], Uint8Array.of(COPIED));
  scratches.set(process, made);
  return made;
}

/** How much of a file is read at once, in bytes. */
const CHUNK = 4096;

/** The text of a file whose reading may block: it takes the lock of every buffer. */
async function textOf({ keeper }: Session, strand: Strand, path: string): Promise<string> {
  const fd = await strand.do(keeper, "open", [O_RDONLY | O_CLOEXEC, 0], text(path));
  const decoder = new TextDecoder();
  let whole = "";
  for (;;) {
    const { result, bytes } = await strand.attempt(keeper, "read", [fd], new Uint8Array(CHUNK));
    if (result < 0) throw failureOf(result);
    if (result === 0) break;
    whole += decoder.decode(bytes.subarray(0, result), { stream: true });
  }
  await strand.do(keeper, "close", [fd]);
  return whole;
}

/** The handlers of `buffer.*` and `memory.*`. */
export const bufferHandlers: readonly (readonly [OperationName, NativeHandler])[] = [
  on("buffer.mmap", async ({ session, strand }, { buffer, length, offset, sharing, access }) => {
    const { process, number } = buffer;
    const from = session.bytes(offset);
    const map = (bytes: bigint) => {
      const args = [0, bytes, protection(access), MAP[sharing], number, from];
      return { do: "map", args } as const;
    };
    if (length === undefined && from === 0n) {
      const size = { do: "seek", args: [number, 0, WHENCE.end] } as const;
      const [bytes = 0, address = 0] = await strand.doAll(process, [size, map(resultOf(0))]);
      return { process, address, length: bytes };
    }
    const bytes = length === undefined
      ? restOf(BigInt(await sizeOfBuffer(strand, buffer)), from)
      : session.bytes(length);
    const [address = 0] = await strand.doAll(process, [map(bytes)]);
    return { process, address, length: Number(bytes) };
  }),
  on("buffer.seek", async ({ strand }, { buffer, whence, offset }) => {
    return await strand.do(buffer.process, "seek", [buffer.number, offset, WHENCE[whence]]);
  }),
  on("buffer.sync", async ({ strand }, { buffer, phase, access, unknown_flag, unreadable }) => {
    const flags = DMA_BUF_SYNC[phase] | syncFlags(access) | (unknown_flag ? DMA_BUF_SYNC.unknown : 0);
    const bytes = unreadable ? NOTHING : encode(dmaBufSync, { flags });
    return (await strand.ioctlBytes(buffer, DMA_BUF_REQUESTS.sync, bytes)).result;
  }),
  on("buffer.ioctl", async ({ session, strand }, { buffer, number }) => {
    const request = io("", undefined, "b", number);
    if (requestNumber(request) === requestNumber(DMA_BUF_REQUESTS.revoke)) requireKnownRevoke(session);
    return await strand.ioctlValue(buffer, request);
  }),
  on("buffer.revoke", async ({ session, strand }, { buffer, argument }) => {
    requireKnownRevoke(session);
    if (argument === "none") return await strand.ioctlValue(buffer, DMA_BUF_REQUESTS.revoke);
    return (await strand.ioctlBytes(buffer, DMA_BUF_REQUESTS.revoke, NOTHING)).result;
  }),
  on("buffer.set_name", async ({ strand }, { buffer, name }) => {
    await strand.ioctlBytes(buffer, DMA_BUF_REQUESTS.setName, text(name));
  }),
  on("buffer.fdinfo", async ({ session: { setting } }, { buffer }) => {
    const info = await fdInfo(setting.files, buffer.process.pid, buffer.number);
    if (!info) throw new Failed("ENOENT");
    const { size, count, exporter, name } = info;
    return { size, count, exporter, name };
  }),
  on("buffer.attached", async ({ session, strand }, { buffer }) => {
    const { files, machine: { bufinfo } } = session.setting;
    if (bufinfo.kind === "missing") throw new Unsupported(bufinfo.reason);
    const info = await fdInfo(files, buffer.process.pid, buffer.number);
    if (!info) {
      await strand.do(buffer.process, "fcntl", [buffer.number, F_GETFD]);
      throw new Failed("EINVAL");
    }
    const listed = parseBufInfo(await textOf(session, strand, bufinfo.path));
    const found = listed.find(({ inode }) => inode === info.inode);
    if (!found) throw new Failed("ENOENT");
    return found.attached;
  }),
  on("buffer.poll", async ({ strand }, { buffer }) => {
    const ready = await strand.do(buffer.process, "poll", [buffer.number, POLL.in | POLL.out, 0]);
    if (ready & POLL_INVALID) throw new Failed("EBADF");
    return { readable: (ready & POLL.in) !== 0, writable: (ready & POLL.out) !== 0 };
  }),
  on("buffer.export_sync_file", async ({ strand }, { buffer, access }) => {
    const flags = syncFlags(access);
    const given = await strand.ioctl(buffer, DMA_BUF_REQUESTS.exportSyncFile, dmaBufExportSyncFile, {
      flags,
      fd: -1,
    });
    return buffer.copy(buffer.process, given.fd);
  }),
  on("buffer.import_sync_file", async ({ strand }, { buffer, fence, access }) => {
    if (fence.process !== buffer.process) {
      throw new Unsupported("the fence is in another process than the buffer");
    }
    const values = { flags: syncFlags(access), fd: fence.number };
    await strand.ioctl(buffer, DMA_BUF_REQUESTS.importSyncFile, dmaBufImportSyncFile, values);
  }),
  on("memory.load", async (context, { vma, page }) => {
    return await context.strand.do(vma.process, "load", [await addressOf(context, vma, page), 1]);
  }),
  on("memory.store", async (context, { vma, page, value }) => {
    await context.strand.do(vma.process, "store", [await addressOf(context, vma, page), 1, value]);
  }),
  on("memory.read_into", async (context, { vma, page }) => {
    const { strand } = context;
    const { number } = await scratch(strand, vma.process);
    await strand.do(vma.process, "seek", [number, 0, WHENCE.set]);
    await strand.do(vma.process, "read_into", [number, await addressOf(context, vma, page), 1]);
  }),
  on("memory.write_from", async (context, { vma, page }) => {
    const { strand } = context;
    const { number } = await scratch(strand, vma.process);
    await strand.do(vma.process, "seek", [number, 0, WHENCE.end]);
    await strand.do(vma.process, "write_from", [number, await addressOf(context, vma, page), 1]);
  }),
  on("memory.inherited", async ({ session: { setting } }, { vma, process }) => {
    const maps = await setting.lockedFiles.text(`/proc/${process.pid}/maps`);
    if (!maps?.includes(`\n${vma.address.toString(16)}-`)) throw new Failed("ENOENT");
    return { ...vma, process };
  }),
  on("memory.discard", async ({ strand }, { vma }) => {
    await strand.do(vma.process, "advise", [vma.address, vma.length, MADV_DONTNEED]);
  }),
  on("memory.protect", async ({ strand }, { vma, access }) => {
    await strand.do(vma.process, "protect", [vma.address, vma.length, protection(access)]);
  }),
  on("memory.unmap", async ({ session, strand }, { vma, first, pages }) => {
    const size = session.setting.machine.pageSize;
    const from = (first ?? 0) * size;
    const length = pages === undefined ? vma.length - from : pages * size;
    await strand.do(vma.process, "unmap", [vma.address + from, length]);
  }),
];

/** POLLNVAL: there is no such descriptor. */
const POLL_INVALID = 0x20;
