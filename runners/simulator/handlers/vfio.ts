/**
 * VFIO devices: what user space asks of them.
 *
 * @module
 */
import type { ErrnoName } from "../../../spec/errno.ts";
import type { OperationName } from "../../../spec/operations/mod.ts";
import { REVOKE_ARGSZ, REVOKE_FEATURE_ARGSZ } from "../../../spec/operations/vfio.ts";
import { isSize, sizeInBytes } from "../../../spec/size.ts";
import { isError } from "../kernel/check.ts";
import { type Fd, fget, openFlagsOf } from "../kernel/file.ts";
import { type Kernel, PAGE_SIZE } from "../kernel/kernel.ts";
import type { Steps } from "../kernel/sched.ts";
import { Memory } from "../kernel/mm.ts";
import { writeCommand, writeFlr, writePowerState } from "../kernel/vfio_pci_config.ts";
import {
  type Bar,
  type CommandRegister,
  DeviceFile,
  hotReset,
  lowPowerEntry,
  lowPowerExit,
  mmapBar,
  openDevice,
  resetFunction,
  resumeDevice,
  unbindDriver,
  VfioPciDevice,
  wakeDevice,
} from "../kernel/vfio_pci_core.ts";
import { featureDmaBuf, featureRevoke, revokeIoctl } from "../kernel/vfio_pci_dmabuf.ts";
import { pagesOf } from "../kernel/dma_buf.ts";
import { at, on, type SimHandler } from "../session.ts";
import { descriptor } from "./importer.ts";

/** Bytes of the feature header and payload without ranges, and of one range. */
const REQUEST_SIZE = 24;
const RANGE_SIZE = 16;

/** What a program sends to revoke a buffer by the feature. */
const REVOKE_BY_FEATURE = {
  request: ["set"],
  argsz: REVOKE_FEATURE_ARGSZ,
  unknownFlag: false,
  unreadable: "nothing",
} as const;

/** Why there is no device to use. */
type NoDevice = "EBADF" | "EINVAL" | "ENOTTY";

/** The device behind a descriptor, or the error of using a closed one, or one that names another file by now. */
function deviceOf(fd: Fd): DeviceFile | NoDevice {
  const file = fget(fd);
  if (!file) return "EBADF";
  if (file.of instanceof DeviceFile) return file.of;
  // A GPU takes the number of any request for one of its own.
  return file.kind === "drm" ? "EINVAL" : "ENOTTY";
}

/** A descriptor through which its device may be used, which wakes it; vfio_device_fops_unl_ioctl() and its siblings. */
function* usable(kernel: Kernel, fd: Fd): Steps<DeviceFile | NoDevice> {
  const file = yield* woken(kernel, fd);
  return isError(file) || file.accessGranted ? file : "EINVAL";
}

/** The same of a descriptor for which the request itself looks whether it may be used. */
function* woken(kernel: Kernel, fd: Fd): Steps<DeviceFile | NoDevice> {
  const file = deviceOf(fd);
  if (!isError(file) && file.accessGranted) yield* resumeDevice(kernel, file.device);
  return file;
}

function barOf(spec: string): Bar {
  if (isSize(spec)) {
    return { kind: "memory", size: Number(sizeInBytes(spec, PAGE_SIZE)), memory: new Memory() };
  }
  const kind = spec === "io" || spec === "unmappable" || spec === "unclaimable" ? spec : "absent";
  return { kind, size: kind === "absent" ? 0 : PAGE_SIZE, memory: new Memory() };
}

type Setting = "on" | "off" | "keep";

function commandBits(settings: Record<keyof CommandRegister, Setting>): Partial<CommandRegister> {
  const bit = (name: keyof CommandRegister) =>
    settings[name] === "keep" ? {} : { [name]: settings[name] === "on" };
  return { ...bit("memory"), ...bit("bus_master"), ...bit("io"), ...bit("intx_disable") };
}

/** The handlers of `vfio.*`. */
export const vfioHandlers: readonly (readonly [OperationName, SimHandler])[] = [
  on("vfio.open", function* ({ kernel, process, devices }, args, name) {
    if (process.exhausted) return "EMFILE";
    const partner = args.reset_with ? deviceOf(args.reset_with) : undefined;
    const model = {
      name,
      bars: args.bars.map(barOf),
      isVirtual: args.function === "virtual",
      canReset: args.reset !== "none",
      hasFlr: args.reset === "flr",
      hasRuntimePm: args.low_power,
      context: args.context === "own" ? name : "shared",
      driver: args.driver,
    };
    const set = partner === undefined || isError(partner) ? undefined : partner.device.devSet;
    const device = new VfioPciDevice(model, set);
    const fd = yield* openDevice(kernel, process, device, args.access === "granted");
    if (!isError(fd)) devices.set(fd, device);
    return fd;
  }),
  on("vfio.reopen", function* ({ kernel, process, devices }, { device }) {
    if (process.exhausted) return "EMFILE";
    const known = devices.get(device);
    if (!known || known.unbinding) return "ENOENT";
    const fd = yield* openDevice(kernel, process, known, true);
    if (!isError(fd)) devices.set(fd, known);
    return fd;
  }),
  on("vfio.feature", function* ({ kernel }, { device, request, argsz, unknown_flag, unreadable }) {
    const file = yield* woken(kernel, device);
    if (isError(file)) return file;
    const given = yield* featureDmaBuf(kernel, device.process, {
      device: file.device,
      accessGranted: file.accessGranted,
      argsz,
      request,
      unknownFlag: unknown_flag,
      unreadable,
      region: 0,
      ranges: [{ offset: 0n, length: BigInt(PAGE_SIZE) }],
      rangeCount: 1,
      flags: 0,
      openFlags: openFlagsOf([]),
      cloexec: true,
    });
    if (typeof given !== "object") return given;
    // Nobody wanted it, so that its number means nothing; but a probe that gives one has done what it must not.
    return request.includes("probe") ? given.number : 0;
  }),
  on("vfio.export", function* ({ kernel }, args) {
    const { device, region, flags, unreadable } = args;
    const file = yield* woken(kernel, device);
    if (isError(file)) return file;
    const rangeCount = args.claimed_ranges ?? args.ranges.length;
    const given = yield* featureDmaBuf(kernel, device.process, {
      device: file.device,
      accessGranted: file.accessGranted,
      argsz: args.argsz ?? REQUEST_SIZE + RANGE_SIZE * args.ranges.length,
      request: ["get"],
      unknownFlag: false,
      unreadable,
      region,
      ranges: args.ranges.slice(0, rangeCount).map(({ offset, length }) => ({
        offset: sizeInBytes(offset, PAGE_SIZE),
        length: sizeInBytes(length, PAGE_SIZE),
      })),
      rangeCount,
      flags,
      openFlags: openFlagsOf(args.open_flags),
      cloexec: args.open_flags.includes("cloexec"),
    });
    return given === 0 ? "EINVAL" : given;
  }),
  on("vfio.revoke", function* (session, { device, buffer, argsz, unreadable }) {
    const file = yield* woken(session.kernel, device);
    if (isError(file)) return file;
    const { kernel } = session;
    const dmabuf = descriptor(session, buffer);
    const asksForIoctl = argsz !== undefined || unreadable !== undefined;
    if (kernel.rules.vfio.requestForm === "feature" && !asksForIoctl) {
      return yield* featureRevoke(kernel, { ...file, ...REVOKE_BY_FEATURE, dmabuf });
    }
    const argument = { argsz: argsz ?? REVOKE_ARGSZ, unreadable: unreadable ?? "nothing" } as const;
    return yield* revokeIoctl(kernel, { ...file, ...argument, dmabuf });
  }),
  on("vfio.revoke_feature", function* (session, { device, buffer, unknown_flag: unknownFlag, ...request }) {
    const file = yield* woken(session.kernel, device);
    if (isError(file)) return file;
    const dmabuf = descriptor(session, buffer);
    return yield* featureRevoke(session.kernel, { ...file, ...request, unknownFlag, dmabuf });
  }),
  on("vfio.command", function* ({ kernel }, { device, width, offset, ...settings }) {
    const file = yield* usable(kernel, device);
    if (isError(file)) return file;
    return yield* writeCommand(kernel, file.device, { bits: commandBits(settings), width, offset });
  }),
  on("vfio.read_command", function* ({ kernel }, { device }) {
    const file = yield* usable(kernel, device);
    return isError(file) ? file : { ...file.device.command };
  }),
  on("vfio.power", function* ({ kernel }, { device, state }) {
    const file = yield* usable(kernel, device);
    return isError(file) ? file : yield* writePowerState(kernel, file.device, state);
  }),
  on("vfio.reset", function* ({ kernel }, { device }) {
    const file = yield* usable(kernel, device);
    return isError(file) ? file : yield* resetFunction(kernel, file.device);
  }),
  on("vfio.flr", function* ({ kernel }, { device }) {
    const file = yield* usable(kernel, device);
    return isError(file) ? file : yield* writeFlr(kernel, file.device);
  }),
  on("vfio.hot_reset", function* ({ kernel }, { device }) {
    const file = yield* usable(kernel, device);
    return isError(file) ? file : yield* hotReset(kernel, file.device);
  }),
  on("vfio.low_power_entry", function* ({ kernel }, { device, wakeup }) {
    const file = yield* usable(kernel, device);
    return isError(file) ? file : yield* lowPowerEntry(kernel, file.device, wakeup);
  }),
  on("vfio.low_power_exit", function* ({ kernel }, { device }) {
    const file = yield* usable(kernel, device);
    return isError(file) ? file : yield* lowPowerExit(kernel, file.device);
  }),
  on("vfio.wake", function* ({ kernel }, { device }) {
    const file = deviceOf(device);
    if (!isError(file)) yield* wakeDevice(kernel, file.device);
  }),
  on("vfio.write_bar", function* ({ kernel }, { device, region, page, value }) {
    const memory = yield* accessBar(kernel, device, region, page);
    if (isError(memory)) return memory;
    memory.store(page, value);
    return undefined;
  }),
  on("vfio.read_bar", function* ({ kernel }, { device, region, page }) {
    const memory = yield* accessBar(kernel, device, region, page);
    return isError(memory) ? memory : memory.load(page);
  }),
  on("vfio.mmap", function* (session, { device, region, length }) {
    const opened = yield* usable(session.kernel, device);
    if (isError(opened)) return opened;
    const file = fget(device);
    const pages = pagesOf(session.bytes(length));
    if (!file || pages === 0) return "EINVAL";
    const request = { file, first: 0, pages, sharing: "shared", access: ["read", "write"] } as const;
    return mmapBar(device.process, opened.device, region, request);
  }),
  on("vfio.unbind", function* ({ kernel, devices }, { device }) {
    const known = devices.get(device);
    if (known) yield* unbindDriver(kernel, known);
  }),
  at("vfio.fail_next", (_session, { device, request, errno }) => {
    const file = deviceOf(device);
    if (!isError(file)) file.device.failNext(request, errno);
  }),
];

/** The memory of a BAR, if it can be reached; vfio_pci_bar_rw(). */
function* accessBar(kernel: Kernel, fd: Fd, region: number, page: number): Steps<Memory | ErrnoName> {
  const file = yield* usable(kernel, fd);
  if (isError(file)) return file;
  const bar = file.device.model.bars[region];
  if (bar?.kind !== "memory" || page * PAGE_SIZE >= bar.size) return "EINVAL";
  yield file.device.memoryLock.read;
  const enabled = kernel.rules.vfio.memoryEnabled(file.device);
  file.device.memoryLock.upRead();
  return enabled ? bar.memory : "EIO";
}
