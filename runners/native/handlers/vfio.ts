/**
 * VFIO devices: what user space asks of them.
 *
 * @module
 */
import type { OperationName } from "../../../spec/operations/mod.ts";
import { REVOKE_ARGSZ, REVOKE_FEATURE_ARGSZ } from "../../../spec/operations/vfio.ts";
import { concat, encode, sizeOf, text } from "../abi/layout.ts";
import {
  FEATURE,
  FEATURE_FLAG,
  IRQ_SET_EVENTFD_TRIGGER,
  REQUEST_IRQ,
  VFIO_REQUESTS,
  vfioDeviceFeatureDmaBuf,
  vfioDeviceFeatureDmaBufRevoke,
  vfioDeviceLowPowerEntryWithWakeup,
  vfioIrqSet,
  vfioPciDmabufRevoke,
  vfioPciHotReset,
  vfioRegionDmaRange,
} from "../abi/vfio.ts";
import { MAP, O_CLOEXEC, O_NONBLOCK, O_RDWR, O_WRONLY, POLL, PROT } from "../constants.ts";
import { Failed, failureOf, Unsupported } from "../failure.ts";
import { freshNumber } from "../numbers.ts";
import { Descriptor, numberIn } from "../objects.ts";
import { openFlagsOf } from "../open_flags.ts";
import { type NativeHandler, on, type Session } from "../session.ts";
import type { Strand } from "../strand.ts";
import { featureHeader, groupsOf, openDevice, openFitting, PCI, type VfioDevice } from "../vfio_device.ts";

const PAYLOAD = sizeOf(vfioDeviceFeatureDmaBuf);
const HEADER = 8;
const PMCSR = 4;
const PMCSR_STATE = 3;
const DEVCTL = 8;
const DEVCTL_FLR = 1 << 15;
const AF_CONTROL = 4;
const AF_FLR = 1;

type FeatureRequest = readonly ("get" | "set" | "probe")[];

/** The device behind a descriptor; a descriptor of something else is refused as the kernel would not understand it. */
function deviceOf(fd: Descriptor): VfioDevice {
  if (!fd.about.device) throw new Failed("EINVAL");
  return fd.about.device;
}

function featureFlags(feature: number, request: FeatureRequest, unknownFlag: boolean): number {
  const asked = request.reduce((flags, each) => flags | FEATURE_FLAG[each], feature);
  return (unknownFlag ? asked | FEATURE_FLAG.unknown : asked) >>> 0;
}

/** The part of an argument that can be read; the kernel gets EFAULT for what lies behind it. */
function readable(bytes: Uint8Array, unreadable: "nothing" | "header" | "payload" | "ranges"): Uint8Array {
  const length = { nothing: bytes.length, header: 0, payload: HEADER, ranges: HEADER + PAYLOAD }[unreadable];
  return bytes.subarray(0, length);
}

/** The number of the revoke feature, which differs between proposals and is another feature in Linux 7.3. */
function revokeFeature({ setting: { revokeFeature } }: Session): number {
  if (revokeFeature !== undefined) return revokeFeature;
  throw new Unsupported(
    "it is not known which feature revokes a buffer here, if any: name its number, as in native:ADDRESS,feature=13",
  );
}

async function sendFeature(
  strand: Strand,
  fd: Descriptor,
  argsz: number,
  flags: number,
  payload: Uint8Array,
  unreadable: "nothing" | "header" | "payload" | "ranges",
): Promise<number> {
  const bytes = readable(concat(featureHeader(argsz, flags), payload), unreadable);
  return (await strand.ioctlBytes(fd, VFIO_REQUESTS.feature, bytes)).result;
}

async function revokeByFeature(
  session: Session,
  strand: Strand,
  fd: Descriptor,
  buffer: Descriptor | number,
) {
  const flags = featureFlags(revokeFeature(session), ["set"], false);
  const payload = encode(vfioDeviceFeatureDmaBufRevoke, { dmabuf_fd: numberIn(fd.process, buffer) });
  return await sendFeature(strand, fd, REVOKE_FEATURE_ARGSZ, flags, payload, "nothing");
}

const REVOKE_READABLE = { nothing: REVOKE_ARGSZ, all: 0, "second-half": REVOKE_ARGSZ / 2 } as const;

/** Watches an eventfd for something that happens by itself, and tells of it once. */
function watchOnce(session: Session, eventfd: Descriptor, event: Parameters<Session["watch"]>[0]): void {
  let told = false;
  const strand = session.ownStrand();
  session.watch(async () => {
    if (told) return undefined;
    const ready = await strand.attempt(eventfd.process, "poll", [eventfd.number, POLL.in, 0]);
    if (ready.result <= 0 || !(ready.result & POLL.in)) return undefined;
    told = true;
    return await event();
  });
}

async function eventfd(session: Session, strand: Strand): Promise<Descriptor> {
  const { process } = session;
  const made = await strand.do(process, "eventfd", [0, O_CLOEXEC | O_NONBLOCK]);
  return new Descriptor(process, await freshNumber(strand, process, made));
}

const SYSFS_DRIVER = "/sys/bus/pci/drivers/vfio-pci";

/** Writes a word into a file of sysfs, in the process that keeps what must outlive a stuck one. */
async function writeSysfs(session: Session, strand: Strand, path: string, word: string): Promise<void> {
  const { keeper } = session;
  const fd = await strand.do(keeper, "open", [O_WRONLY | O_CLOEXEC, 0], text(path));
  await strand.do(keeper, "write", [fd], new TextEncoder().encode(word));
  await strand.do(keeper, "close", [fd]);
}

type Setting = "on" | "off" | "keep";

function withBit(command: number, bit: number, setting: Setting): number {
  if (setting === "keep") return command;
  return setting === "on" ? command | bit : command & ~bit;
}

/** The handlers of `vfio.*`. */
export const vfioHandlers: readonly (readonly [OperationName, NativeHandler])[] = [
  on("vfio.open", async ({ session, strand, name }, args) => {
    const device = await openFitting(session, strand, args, args.reset_with?.about.device, name);
    const known = device.about.device;
    if (known && args.access === "granted") await askForRequests(session, strand, device, name);
    return device;
  }),
  on("vfio.reopen", async ({ session, strand, name }, { device }) => {
    const reopened = await reopen(session, strand, deviceOf(device));
    await askForRequests(session, strand, reopened, nameOf(device, name));
    return reopened;
  }),
  on("vfio.feature", async ({ session, strand }, { device, request, argsz, unknown_flag, unreadable }) => {
    const { pageSize } = session.setting.machine;
    const payload = concat(
      encode(vfioDeviceFeatureDmaBuf, {
        region_index: deviceOf(device).region(0),
        open_flags: O_RDWR | O_CLOEXEC,
        nr_ranges: 1,
      }),
      encode(vfioRegionDmaRange, { offset: 0, length: pageSize }),
    );
    const flags = featureFlags(FEATURE.dmaBuf, request, unknown_flag);
    const given = await sendFeature(strand, device, argsz, flags, payload, unreadable);
    if (given <= 0) return given;
    // A buffer that nobody wanted: its number means nothing, unless a probe gave it, and must not be that of a closed descriptor.
    const number = await freshNumber(strand, device.process, given);
    return request.includes("probe") ? number : 0;
  }),
  on("vfio.export", async ({ session, strand }, args) => {
    const { device, ranges } = args;
    const payload = concat(
      encode(vfioDeviceFeatureDmaBuf, {
        region_index: deviceOf(device).region(args.region),
        open_flags: openFlagsOf(args.open_flags),
        flags: args.flags,
        nr_ranges: args.claimed_ranges ?? ranges.length,
      }),
      ...ranges.map(({ offset, length }) =>
        encode(vfioRegionDmaRange, { offset: session.bytes(offset), length: session.bytes(length) })
      ),
    );
    const argsz = args.argsz ?? HEADER + payload.length;
    const flags = featureFlags(FEATURE.dmaBuf, ["get"], false);
    const number = await sendFeature(strand, device, argsz, flags, payload, args.unreadable);
    const buffer = await session.buffer(device.process, number);
    const { reference } = device.about;
    return reference ? new Descriptor(buffer.process, buffer.number, { reference }) : buffer;
  }),
  on("vfio.revoke", async ({ session, strand }, { device, buffer, argsz, unreadable }) => {
    deviceOf(device);
    const asksForIoctl = argsz !== undefined || unreadable !== undefined;
    const form = await requestForm(session, strand, device);
    if (form === "feature" && asksForIoctl) throw new Failed("ENOTTY");
    if (form === "feature") return await revokeByFeature(session, strand, device, buffer);
    const bytes = encode(vfioPciDmabufRevoke, {
      argsz: argsz ?? REVOKE_ARGSZ,
      dmabuf_fd: numberIn(device.process, buffer),
    }).subarray(0, REVOKE_READABLE[unreadable ?? "nothing"]);
    return (await strand.ioctlBytes(device, VFIO_REQUESTS.dmabufRevoke, bytes)).result;
  }),
  on("vfio.revoke_feature", async ({ session, strand }, args) => {
    const { device, buffer, request, argsz, unknown_flag, unreadable } = args;
    deviceOf(device);
    const flags = featureFlags(revokeFeature(session), request, unknown_flag);
    const payload = encode(vfioDeviceFeatureDmaBufRevoke, {
      dmabuf_fd: numberIn(device.process, buffer),
    });
    return await sendFeature(strand, device, argsz, flags, payload, unreadable);
  }),
  on("vfio.command", async ({ strand }, { device: fd, width, offset, ...settings }) => {
    const device = deviceOf(fd);
    let command = await device.readConfig(strand, fd, PCI.command, 2);
    command = withBit(command, PCI.memory, settings.memory);
    command = withBit(command, PCI.busMaster, settings.bus_master);
    command = withBit(command, PCI.io, settings.io);
    command = withBit(command, PCI.intxDisable, settings.intx_disable);
    await device.writeConfig(strand, fd, offset, width, command >>> (8 * (offset - PCI.command)));
  }),
  on("vfio.read_command", async ({ strand }, { device: fd }) => {
    const command = await deviceOf(fd).readConfig(strand, fd, PCI.command, 2);
    return {
      memory: (command & PCI.memory) !== 0,
      bus_master: (command & PCI.busMaster) !== 0,
      io: (command & PCI.io) !== 0,
      intx_disable: (command & PCI.intxDisable) !== 0,
    };
  }),
  on("vfio.power", async ({ strand }, { device: fd, state }) => {
    const device = deviceOf(fd);
    const at = await device.capability(strand, fd, PCI.powerManagement) + PMCSR;
    const now = await device.readConfig(strand, fd, at, 2);
    await device.writeConfig(strand, fd, at, 2, (now & ~PMCSR_STATE) | (state === "D0" ? 0 : PMCSR_STATE));
  }),
  on("vfio.reset", async ({ strand }, { device }) => {
    deviceOf(device);
    await strand.ioctlValue(device, VFIO_REQUESTS.reset);
  }),
  on("vfio.flr", async ({ strand }, { device: fd, through }) => {
    const device = deviceOf(fd);
    const id = through === "af" ? PCI.advancedFeatures : PCI.express;
    const at = await device.capability(strand, fd, id) + (through === "af" ? AF_CONTROL : DEVCTL);
    const width = through === "af" ? 1 : 2;
    const now = await device.readConfig(strand, fd, at, width);
    await device.writeConfig(strand, fd, at, width, now | (through === "af" ? AF_FLR : DEVCTL_FLR));
  }),
  on("vfio.hot_reset", async ({ session, strand }, { device }) => {
    deviceOf(device);
    const groups = Int32Array.from(groupsOf(session).map(({ number }) => number));
    const argsz = sizeOf(vfioPciHotReset) + groups.byteLength;
    const tail = new Uint8Array(groups.buffer);
    await strand.ioctl(
      device,
      VFIO_REQUESTS.hotReset,
      vfioPciHotReset,
      { argsz, count: groups.length },
      tail,
    );
  }),
  on("vfio.low_power_entry", async ({ session, strand, name }, { device, wakeup }) => {
    deviceOf(device);
    if (!wakeup) {
      const flags = featureFlags(FEATURE.lowPowerEntry, ["set"], false);
      await sendFeature(strand, device, HEADER, flags, new Uint8Array(0), "nothing");
      return;
    }
    const fired = await eventfd(session, strand);
    const payload = encode(vfioDeviceLowPowerEntryWithWakeup, { wakeup_eventfd: fired.number });
    const flags = featureFlags(FEATURE.lowPowerEntryWithWakeup, ["set"], false);
    await sendFeature(strand, device, HEADER + payload.length, flags, payload, "nothing");
    watchOnce(session, fired, () => Promise.resolve({ event: "wakeup", device: nameOf(device, name) }));
  }),
  on("vfio.low_power_exit", async ({ strand }, { device }) => {
    deviceOf(device);
    const flags = featureFlags(FEATURE.lowPowerExit, ["set"], false);
    await sendFeature(strand, device, HEADER, flags, new Uint8Array(0), "nothing");
  }),
  on("vfio.write_bar", async ({ session, strand }, { device: fd, region, page, value }) => {
    const { pageSize } = session.setting.machine;
    const device = deviceOf(fd);
    const { offset } = await device.place(strand, fd, device.region(region));
    const bytes = new Uint8Array(pageSize).fill(value);
    await strand.do(fd.process, "write_at", [fd.number, offset + BigInt(page * pageSize)], bytes);
  }),
  on("vfio.read_bar", async ({ session, strand }, { device: fd, region, page }) => {
    const device = deviceOf(fd);
    const { offset } = await device.place(strand, fd, device.region(region));
    const at = offset + BigInt(page * session.setting.machine.pageSize);
    const { result, bytes } = await strand.attempt(fd.process, "read_at", [fd.number, at], new Uint8Array(1));
    if (result < 0) throw failureOf(result);
    return bytes[0] ?? 0;
  }),
  on("vfio.mmap", async ({ session, strand }, { device: fd, region, length }) => {
    const device = deviceOf(fd);
    const { offset } = await device.place(strand, fd, device.region(region));
    const bytes = session.bytes(length);
    const args = [0, bytes, PROT.read | PROT.write, MAP.shared, fd.number, offset];
    const address = await strand.do(fd.process, "map", args);
    return { process: fd.process, address, length: Number(bytes) };
  }),
  on("vfio.unbind", async ({ session, strand }, { device }) => {
    const { address } = deviceOf(device).pci;
    session.atTheEnd(() => writeSysfs(session, session.strand(), `${SYSFS_DRIVER}/bind`, address));
    await writeSysfs(session, strand, `${SYSFS_DRIVER}/unbind`, address);
  }),
];

/** How often it is tried to open a device that is open, and the pause in between, in milliseconds. */
const TRIES = 20;
const PAUSE_MS = 10;

/**
 * A device file of its own takes one opening at a time, a group as many as one likes. Whoever opens the one while it is
 * closed elsewhere is refused, where whoever opens the other waits; so it is tried again until the close is over.
 */
async function reopen(session: Session, strand: Strand, device: VfioDevice): Promise<Descriptor> {
  for (let tries = 1;; tries++) {
    try {
      return await openDevice(session, strand, device, "shared", "granted");
    } catch (error) {
      const { kind, path } = device.pci.access;
      const isOpen = error instanceof Failed && error.errno === "EINVAL" && kind === "cdev";
      if (!isOpen) throw error;
      if (tries === TRIES) throw new Unsupported(`${path} can only be opened once at a time`);
      await strand.do(session.process, "sleep", [PAUSE_MS]);
    }
  }
}

const names = new WeakMap<VfioDevice, string>();

/** What the case calls a device. */
export function nameOf(fd: Descriptor, otherwise: string): string {
  return (fd.about.device && names.get(fd.about.device)) ?? otherwise;
}

/** Whether the driver has once been told to say when it wants the device back. */
export function isAsked(fd: Descriptor): boolean {
  return fd.about.device !== undefined && names.has(fd.about.device);
}

/** Has the driver say when it wants the device back. */
export async function askForRequests(
  session: Session,
  strand: Strand,
  fd: Descriptor,
  name: string,
): Promise<void> {
  if (fd.about.device) names.set(fd.about.device, name);
  const asked = await eventfd(session, strand);
  const tail = new Uint8Array(Int32Array.of(asked.number).buffer);
  try {
    await strand.ioctl(fd, VFIO_REQUESTS.setIrqs, vfioIrqSet, {
      argsz: sizeOf(vfioIrqSet) + tail.length,
      flags: IRQ_SET_EVENTFD_TRIGGER,
      index: REQUEST_IRQ,
      count: 1,
    }, tail);
  } catch (error) {
    /* a driver without this interrupt asks in no other way */
    if (error instanceof Failed) return;
    throw error;
  }
  watchOnce(session, asked, () => Promise.resolve({ event: "release-request", device: name }));
}

/**
 * In which form a driver takes the request. A size of 0 is what the ioctl refuses before it looks at anything else, so
 * that nothing can happen where the number is another request's.
 *
 * @throws {Failed} with ENOTTY if the driver has none that is known
 */
async function requestForm(session: Session, strand: Strand, fd: Descriptor): Promise<"ioctl" | "feature"> {
  const bytes = encode(vfioPciDmabufRevoke, { argsz: 0, dmabuf_fd: 0xffffffff });
  try {
    await strand.ioctlBytes(fd, VFIO_REQUESTS.dmabufRevoke, bytes);
  } catch (error) {
    if (error instanceof Failed && error.errno === "EINVAL") return "ioctl";
    if (error instanceof Failed && session.setting.revokeFeature !== undefined) return "feature";
    throw error;
  }
  throw new Error("A request to revoke of size 0 succeeded, so that it is not the one that is meant");
}
