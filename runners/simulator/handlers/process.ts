/**
 * Processes, descriptors and the clock.
 *
 * @module
 */
import { fork, ForkedProcess } from "../kernel/fork.ts";
import { closeFd, type Fd, File, getFile, Process, READ_ONLY } from "../kernel/file.ts";
import type { VfioPciDevice } from "../kernel/vfio_pci_core.ts";
import { at, exitProcess, on, type SimHandler } from "../session.ts";
import type { OperationName } from "../../../spec/operations/mod.ts";

/** A copy of a descriptor, which does not close on exec; of one that only names its file another such. */
function copyOf({ process, number }: Fd, to: Process): Fd | "EBADF" | "EMFILE" {
  const entry = process.descriptor(number);
  if (!entry) return "EBADF";
  if (to.exhausted) return "EMFILE";
  return to.install(getFile(entry.file), { cloexec: false, path: entry.path });
}

/** A copy of a descriptor is of the same device. */
function ofSameDevice<C extends Fd | string>(devices: Map<Fd, VfioPciDevice>, fd: Fd, copy: C): C {
  const device = devices.get(fd);
  if (device && typeof copy !== "string") devices.set(copy, device);
  return copy;
}

/** The handlers of `process.*`, `fd.*` and `clock.*`. */
export const processHandlers: readonly (readonly [OperationName, SimHandler])[] = [
  at("process.spawn", ({ kernel }) => {
    const process = new Process(`process ${kernel.nextId()}`);
    kernel.processes.push(process);
    return process;
  }),
  on("process.fork", function* ({ kernel, process }) {
    return yield* fork(kernel, process);
  }),
  at("process.kill", ({ kernel }, { process }) => {
    exitProcess(kernel, process);
  }),
  at("fd.open", ({ process }, { kind }) => {
    if (process.exhausted) return "EMFILE";
    return process.install(new File(kind, kind, undefined, kind === "pipe" ? READ_ONLY : undefined));
  }),
  at("fd.dup", ({ devices }, { fd }) => {
    return ofSameDevice(devices, fd, copyOf(fd, fd.process));
  }),
  at("fd.dup_over", ({ kernel }, { fd, over }) => {
    const entry = fd.process.descriptor(fd.number);
    if (!entry) return "EBADF";
    if (fd.process === over.process && fd.number === over.number) return undefined;
    const copy = { file: getFile(entry.file), cloexec: false, path: entry.path };
    closeFd(kernel, over);
    over.process.setDescriptor(over.number, copy);
    return undefined;
  }),
  at("fd.send", ({ devices }, { fd, to }) => {
    return ofSameDevice(devices, fd, copyOf(fd, to));
  }),
  at("fd.inherited", ({ devices }, { fd, process }) => {
    // Elsewhere the number is of another file, if of any.
    const isCopy = process instanceof ForkedProcess && process.descendsFrom(fd.process);
    if ((!isCopy && process !== fd.process) || !process.descriptor(fd.number)) return "EBADF";
    const copy = { process, number: fd.number };
    return ofSameDevice(devices, fd, copy);
  }),
  at("fd.path", ({ devices }, { fd }) => {
    const file = fd.process.descriptor(fd.number)?.file;
    if (!file) return "EBADF";
    if (fd.process.exhausted) return "EMFILE";
    const copy = fd.process.install(new File(file.kind, file.of, undefined, READ_ONLY), { path: true });
    return ofSameDevice(devices, fd, copy);
  }),
  at("fd.close", ({ kernel }, { fd }) => {
    return closeFd(kernel, fd) ? undefined : "EBADF";
  }),
  at("fd.flags", (_session, { fd }) => {
    const entry = fd.process.descriptor(fd.number);
    if (!entry) return "EBADF";
    const { access, nonblock } = entry.file.flags;
    return { access, nonblock, append: false, cloexec: entry.cloexec };
  }),
  at("fd.exhaust", ({ process }) => {
    process.exhausted = true;
  }),
  at("fd.replenish", ({ process }) => {
    process.exhausted = false;
  }),
  on("clock.advance", function* ({ kernel }, { ms }) {
    yield* kernel.sleep(ms);
  }),
];
