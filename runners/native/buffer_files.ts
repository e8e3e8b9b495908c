/**
 * What /proc and debugfs tell of dma-bufs.
 *
 * @module
 */
import type { Files } from "./executor/files.ts";

/** What /proc tells of a buffer. */
export interface FdInfo {
  readonly size: number;
  readonly count: number;
  readonly exporter: string;
  readonly name: string | null;
  readonly inode: string | undefined;
}

/** Reads `/proc/PID/fdinfo/FD`; `undefined` if there is no such descriptor, or it is no dma-buf. */
export async function fdInfo(files: Files, pid: number, fd: number): Promise<FdInfo | undefined> {
  const text = await files.text(`/proc/${pid}/fdinfo/${fd}`);
  return text === undefined ? undefined : parseFdInfo(text);
}

/** Reads the lines of a fdinfo file. */
export function parseFdInfo(text: string): FdInfo | undefined {
  const field = (name: string) => new RegExp(`^${name}:\\s*(.*)$`, "m").exec(text)?.[1];
  const exporter = field("exp_name");
  if (exporter === undefined) return undefined;
  return {
    size: Number(field("size")),
    count: Number(field("count")),
    exporter,
    name: field("name") ?? null,
    inode: field("ino"),
  };
}

/**
 * The inodes of all dma-bufs of the machine.
 *
 * @throws {Error} where the list cannot be read
 */
export async function bufferInodes(files: Files, bufinfo: string): Promise<ReadonlySet<string>> {
  const text = await files.text(bufinfo);
  if (text === undefined) throw new Error(`Cannot read ${bufinfo}`);
  return new Set(parseBufInfo(text).map(({ inode }) => inode));
}

/** A dma-buf as `bufinfo` lists it. */
export interface ListedBuffer {
  readonly inode: string;
  /** How many devices are attached. */
  readonly attached: number;
}

/** Reads the list of dma-bufs: a line for each, behind it its fences and the devices that are attached. */
export function parseBufInfo(text: string): ListedBuffer[] {
  const buffers: { inode: string; attached: number }[] = [];
  for (const line of text.split("\n")) {
    const [, inode] = /^[0-9a-f]{8,}\s+[0-9a-f]{8}\s+[0-9a-f]{8}\s+\d{8}\s+\S+\s+(\d+)/.exec(line) ?? [];
    if (inode !== undefined) buffers.push({ inode: `${Number(inode)}`, attached: 0 });
    const [, attached] = /^Total (\d+) devices attached/.exec(line) ?? [];
    const last = buffers.at(-1);
    if (attached !== undefined && last) last.attached = Number(attached);
  }
  return buffers;
}
