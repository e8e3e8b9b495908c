/**
 * Processes, descriptors and the clock.
 *
 * @module
 */
import { errnoNumber } from "../../../spec/errno.ts";
import type { OperationName } from "../../../spec/operations/mod.ts";
import { text } from "../abi/layout.ts";
import {
  AF_UNIX,
  F_ADD_SEALS,
  F_GETFD,
  F_GETFL,
  FD_CLOEXEC,
  MFD_FLAGS,
  O_ACCMODE,
  O_APPEND,
  O_CLOEXEC,
  O_NONBLOCK,
  O_PATH,
  O_RDWR,
  SOCK_STREAM,
} from "../constants.ts";
import { resultOf } from "../calls.ts";
import { Failed, failureOf, Unsupported } from "../failure.ts";
import { inheritNumbers, retire } from "../numbers.ts";
import { Descriptor } from "../objects.ts";
import type { HelperProcess } from "../process.ts";
import { type NativeHandler, on } from "../session.ts";
import type { Strand } from "../strand.ts";
import { LATENESS_MS, LEAST_DELAY_MS } from "./importer.ts";

/** The numbers that every helper process has open: its standard files and its channel. */
const LIMIT_WHEN_EXHAUSTED = 1;

/** Opens a file. */
export async function openFile(
  strand: Strand,
  process: HelperProcess,
  path: string,
  flags: number = O_RDWR | O_CLOEXEC,
): Promise<Descriptor> {
  return new Descriptor(process, await strand.do(process, "open", [flags, 0], text(path)));
}

/**
 * Makes a file in memory and seals it; one that cannot be executed where the kernel has such, which it warns about
 * otherwise.
 */
export async function makeMemfd(
  strand: Strand,
  process: HelperProcess,
  bytes: bigint,
  seals: number = 0,
): Promise<Descriptor> {
  const flags = MFD_FLAGS.cloexec | MFD_FLAGS.allowSealing;
  const attempt = (more: number) =>
    strand.attemptAll(process, [
      { do: "memfd", args: [flags | more], bytes: text("conform") },
      { do: "truncate", args: [resultOf(0), bytes] },
      ...(seals === 0 ? [] : [{ do: "fcntl", args: [resultOf(0), F_ADD_SEALS, seals] } as const]),
    ]);
  let replies = await attempt(MFD_FLAGS.noExec);
  if (replies.some(({ result }, index) => index === 0 && result < 0)) replies = await attempt(0);
  const failed = replies.find(({ result }) => result < 0);
  if (failed) throw failureOf(failed.result);
  return new Descriptor(process, replies[0]?.result ?? -1);
}

/** The two descriptors that a call has written. */
async function firstOfTwo(
  strand: Strand,
  process: HelperProcess,
  what: "pipe" | "socketpair",
  args: readonly number[],
): Promise<Descriptor> {
  const { result, bytes } = await strand.attempt(process, what, args, new Uint8Array(8));
  if (result < 0) throw failureOf(result);
  return new Descriptor(process, new DataView(bytes.buffer).getInt32(0, true));
}

async function openKind(strand: Strand, process: HelperProcess, kind: string): Promise<Descriptor> {
  switch (kind) {
    case "eventfd":
      return new Descriptor(process, await strand.do(process, "eventfd", [0, O_CLOEXEC]));
    case "pipe":
      return await firstOfTwo(strand, process, "pipe", [O_CLOEXEC]);
    case "socket":
      return await firstOfTwo(strand, process, "socketpair", [AF_UNIX, SOCK_STREAM | O_CLOEXEC]);
    case "file":
      return await makeMemfd(strand, process, 4096n);
    default:
      return await openFile(strand, process, "/dev/iommu");
  }
}

function accessMode(flags: number): "rdonly" | "wronly" | "rdwr" {
  return (["rdonly", "wronly", "rdwr"] as const)[flags & O_ACCMODE] ?? "rdwr";
}

/** The handlers of `process.*`, `fd.*` and `clock.*`. */
export const processHandlers: readonly (readonly [OperationName, NativeHandler])[] = [
  on("process.spawn", ({ session }) => session.spawn().runs()),
  on("process.fork", async ({ session, strand }) => {
    const { process } = session;
    const copy = await process.fork((channel) => strand.do(process, "fork", [channel]));
    if (copy === -errnoNumber("EMFILE")) {
      throw new Unsupported(
        "the copy of a process needs a descriptor of the runner's, and the process can have no more",
      );
    }
    if (typeof copy === "number") throw failureOf(copy);
    inheritNumbers(process, copy);
    return session.adopt(copy);
  }),
  on("process.kill", async ({ session, strand }, { process }) => {
    const ending = await strand.untilGone(process, process.kill(session.setting.limits.step));
    if (ending.kind === "stuck") throw new Error(`The process ${process.pid} cannot be killed`);
  }),
  on("fd.open", async ({ session: { process, setting }, strand }, { kind }) => {
    const { iommufd } = setting.machine;
    if (kind === "iommufd" && iommufd.kind === "missing") throw new Unsupported(iommufd.reason);
    return await openKind(strand, process, kind);
  }),
  on("fd.dup", async ({ strand }, { fd }) => {
    return fd.copy(fd.process, await strand.do(fd.process, "dup", [fd.number]));
  }),
  on("fd.dup_over", async ({ strand }, { fd, over }) => {
    await strand.do(fd.process, "dup_over", [fd.number, over.number]);
  }),
  on("fd.send", async (_context, { fd, to }) => {
    const number = await fd.process.give(fd.number, to);
    if (number < 0) throw failureOf(number);
    return fd.copy(to, number);
  }),
  on("fd.path", async ({ strand }, { fd }) => {
    const path = `/proc/self/fd/${fd.number}`;
    const { result } = await strand.attempt(fd.process, "open", [O_PATH | O_CLOEXEC, 0], text(path));
    if (result >= 0) return fd.copy(fd.process, result);
    const failure = failureOf(result);
    const isClosed = failure instanceof Failed && failure.errno === "ENOENT";
    throw isClosed ? new Failed("EBADF") : failure;
  }),
  on("fd.inherited", async ({ strand }, { fd, process }) => {
    await strand.do(process, "fcntl", [fd.number, F_GETFD]);
    return fd.copy(process, fd.number);
  }),
  on("fd.close", async ({ strand }, { fd }) => {
    /* the number is free as soon as the close has begun, and that may wait */
    retire(fd.process, fd.number);
    await strand.do(fd.process, "close", [fd.number]);
  }),
  on("fd.flags", async ({ strand }, { fd }) => {
    const flags = await strand.do(fd.process, "fcntl", [fd.number, F_GETFL]);
    const own = await strand.do(fd.process, "fcntl", [fd.number, F_GETFD]);
    return {
      access: accessMode(flags),
      nonblock: (flags & O_NONBLOCK) !== 0,
      append: (flags & O_APPEND) !== 0,
      cloexec: (own & FD_CLOEXEC) !== 0,
    };
  }),
  on("fd.exhaust", async ({ session: { process }, strand }) => {
    await strand.do(process, "limit", [LIMIT_WHEN_EXHAUSTED]);
  }),
  on("fd.replenish", async ({ session: { process }, strand }) => {
    await strand.do(process, "limit", [-1]);
  }),
  on("clock.advance", async ({ session: { process, setting }, strand }, { ms }) => {
    /* what the module delays, it delays by so much more */
    const more = setting.machine.module.kind === "there" ? LEAST_DELAY_MS + LATENESS_MS : 0;
    await strand.do(process, "sleep", [ms + more]);
  }),
];
