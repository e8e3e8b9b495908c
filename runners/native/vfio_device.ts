/**
 * VFIO devices of a case: which of the given ones fits what the case needs, how it is opened, and its configuration.
 *
 * @module
 */
import type { Args } from "../../spec/operations/mod.ts";
import { type Size, sizeInBytes } from "../../spec/size.ts";
import { sizeOf, text } from "./abi/layout.ts";
import {
  CONFIG_REGION,
  TYPE1V2_IOMMU,
  VFIO_REQUESTS,
  vfioDeviceBindIommufd,
  vfioGroupStatus,
  vfioRegionInfo,
} from "./abi/vfio.ts";
import { O_CLOEXEC, O_RDWR } from "./constants.ts";
import { failureOf, Unsupported } from "./failure.ts";
import { freshNumber } from "./numbers.ts";
import { Descriptor } from "./objects.ts";
import { EDU, type PciBar, type PciDevice } from "./pci.ts";
import type { Session } from "./session.ts";
import type { Numbered, Strand } from "./strand.ts";

/** Registers and bits of the configuration space. */
export const PCI = {
  command: 4,
  capabilities: 0x34,
  io: 1 << 0,
  memory: 1 << 1,
  busMaster: 1 << 2,
  intxDisable: 1 << 10,
  powerManagement: 0x01,
  express: 0x10,
  advancedFeatures: 0x13,
} as const;

/** What a case asks of a device. */
export type Wanted = Omit<Args<"vfio.open">, "reset_with">;

/** A region of a device: where it stands in the file of the descriptor. */
export interface Region {
  readonly offset: bigint;
  readonly size: bigint;
  readonly flags: number;
}

/** A device of a case. */
export class VfioDevice {
  readonly pci: PciDevice;
  /** The device's own region for each region that the case speaks of. */
  readonly #regions: readonly number[];
  readonly #places = new Map<number, Region>();

  constructor(pci: PciDevice, regions: readonly number[]) {
    this.pci = pci;
    this.#regions = regions;
  }

  /** The device's own number of a region of the case; a region that the case did not ask for is an absent one. */
  region(wanted: number): number {
    if (wanted > 5) return wanted;
    const own = this.#regions[wanted] ?? this.pci.bars.findIndex(({ kind }) => kind === "absent");
    if (own >= 0) return own;
    throw new Unsupported(`${this.pci.address} has no absent BAR to stand for region ${wanted}`);
  }

  /** Where a region stands, by the device's own number. */
  async place(strand: Strand, fd: Numbered, index: number): Promise<Region> {
    const known = this.#places.get(index);
    if (known) return known;
    const argsz = sizeOf(vfioRegionInfo);
    const info = await strand.ioctl(fd, VFIO_REQUESTS.getRegionInfo, vfioRegionInfo, { argsz, index });
    this.#places.set(index, info);
    return info;
  }

  /** Reads from the configuration space. */
  async readConfig(strand: Strand, fd: Numbered, at: number, width: number): Promise<number> {
    const { offset } = await this.place(strand, fd, CONFIG_REGION);
    const where = [fd.number, offset + BigInt(at)];
    const { result, bytes } = await strand.attempt(fd.process, "read_at", where, new Uint8Array(width));
    if (result < 0) throw failureOf(result);
    return bytes.reduceRight((value, byte) => value * 256 + byte, 0);
  }

  /** Writes to the configuration space. */
  async writeConfig(strand: Strand, fd: Numbered, at: number, width: number, value: number): Promise<void> {
    const { offset } = await this.place(strand, fd, CONFIG_REGION);
    const bytes = Uint8Array.from({ length: width }, (_, index) => (value / 256 ** index) & 0xff);
    await strand.do(fd.process, "write_at", [fd.number, offset + BigInt(at)], bytes);
  }

  /** Where a capability stands. */
  async capability(strand: Strand, fd: Numbered, id: number): Promise<number> {
    let at = await this.readConfig(strand, fd, PCI.capabilities, 1);
    for (let seen = 0; at >= 0x40 && seen < 48; seen++) {
      if (await this.readConfig(strand, fd, at, 1) === id) return at;
      at = await this.readConfig(strand, fd, at + 1, 1) & ~3;
    }
    throw new Unsupported(`${this.pci.address} has no capability 0x${id.toString(16)}`);
  }
}

/** What the devices of a case share. */
class Contexts {
  /** Devices that have been opened. */
  readonly used = new Set<string>();
  readonly iommufds = new Map<string, Descriptor>();
  readonly groups = new Map<string, Descriptor>();
  container: Descriptor | undefined;
}

const contexts = new WeakMap<Session, Contexts>();

function contextsOf(session: Session): Contexts {
  const known = contexts.get(session) ?? new Contexts();
  contexts.set(session, known);
  return known;
}

/** The descriptors of the groups of a case. */
export function groupsOf(session: Session): readonly Descriptor[] {
  return [...contextsOf(session).groups.values()];
}

/**
 * Opens a device that fits.
 *
 * @throws {Unsupported} if none of those that were given does
 */
export async function openFitting(
  session: Session,
  strand: Strand,
  wanted: Wanted,
  partner: VfioDevice | undefined,
  name: string,
): Promise<Descriptor> {
  const { machine } = session.setting;
  const shared = contextsOf(session);
  for (const pci of machine.devices) {
    if (shared.used.has(pci.address) || pci.id === EDU) continue;
    const regions = fit(pci, wanted, partner, machine.pageSize);
    if (!regions) continue;
    shared.used.add(pci.address);
    const context = wanted.context === "own" ? name : "shared";
    return await openDevice(session, strand, new VfioDevice(pci, regions), context, wanted.access);
  }
  throw new Unsupported(machine.noDevice);
}

/** The device's own region for each that the case asks for, or `undefined` where the device does not fit. */
export function fit(
  pci: PciDevice,
  wanted: Wanted,
  partner: VfioDevice | undefined,
  pageSize: number,
): readonly number[] | undefined {
  const fits = wanted.driver === "vfio-pci" && pci.isVirtual === (wanted.function === "virtual") &&
    fitsReset(pci, wanted.reset) && !wanted.low_power &&
    (wanted.context === "shared" || pci.access.kind === "cdev") &&
    (wanted.access === "granted" || pci.access.kind === "cdev") &&
    (!partner || busOf(pci) === busOf(partner.pci));
  return fits ? fitBars(pci.bars, wanted.bars, pageSize) : undefined;
}

function fitsReset({ resets }: PciDevice, wanted: Wanted["reset"]): boolean {
  if (wanted === "flr") return resets.some((each) => each === "flr" || each === "af_flr");
  return wanted === "any" ? true : resets.length === 0;
}

function busOf({ address }: PciDevice): string {
  return address.slice(0, address.lastIndexOf(":"));
}

/** Finds a BAR of the device for each that is asked for. */
export function fitBars(
  bars: readonly PciBar[],
  wanted: Wanted["bars"],
  pageSize: number,
): readonly number[] | undefined {
  const taken: number[] = [];
  for (const each of wanted) {
    const found = bars.findIndex((bar, index) => !taken.includes(index) && isAs(bar, each, pageSize));
    if (found < 0) return undefined;
    taken.push(found);
  }
  return taken;
}

function isAs(bar: PciBar, wanted: Wanted["bars"][number], pageSize: number): boolean {
  switch (wanted) {
    case "io":
    case "absent":
      return bar.kind === wanted;
    case "unmappable":
    case "unclaimable":
      return false;
    default:
      return bar.kind === "memory" && BigInt(bar.size) >= sizeInBytes(sizeOfBar(wanted), pageSize);
  }
}

function sizeOfBar(
  wanted: Exclude<Wanted["bars"][number], "io" | "absent" | "unmappable" | "unclaimable">,
): Size {
  return wanted;
}

/** Opens a device and brings it into the state in which a case finds it: memory enabled, power D0. */
export async function openDevice(
  session: Session,
  strand: Strand,
  device: VfioDevice,
  context: string,
  access: Wanted["access"],
): Promise<Descriptor> {
  const number = device.pci.access.kind === "cdev"
    ? await openCdev(session, strand, device, context, access)
    : await openInGroup(session, strand, device);
  const fd = new Descriptor(session.process, number, { device });
  if (access === "granted") await wakeUp(strand, device, fd);
  if (access === "granted" && device.pci.id === SHARED_MEMORY) await empty(strand, device, fd);
  return fd;
}

/** QEMU's shared memory (ivshmem-plain): one of its BARs is plain memory, and keeps what earlier cases wrote. */
const SHARED_MEMORY = "1af4:1110";

/** How much of it cases write to, in pages. */
const WRITTEN = 16;

/** Empties the memory of a device. */
async function empty(strand: Strand, device: VfioDevice, fd: Numbered): Promise<void> {
  const zeros = new Uint8Array(4096);
  for (const [index, bar] of device.pci.bars.entries()) {
    if (bar.kind !== "memory" || Number(bar.size) < WRITTEN * zeros.length) continue;
    const { offset } = await device.place(strand, fd, index);
    for (let page = 0; page < WRITTEN; page++) {
      await strand.do(fd.process, "write_at", [fd.number, offset + BigInt(page * zeros.length)], zeros);
    }
  }
}

async function open(session: Session, strand: Strand, path: string): Promise<Descriptor> {
  const { process } = session;
  const number = await strand.do(process, "open", [O_RDWR | O_CLOEXEC, 0], text(path));
  return new Descriptor(process, await freshNumber(strand, process, number));
}

/** Binds a device to an iommufd. */
export async function bind(strand: Strand, fd: Numbered, iommufd: Numbered): Promise<void> {
  await strand.ioctl(fd, VFIO_REQUESTS.bindIommufd, vfioDeviceBindIommufd, {
    argsz: sizeOf(vfioDeviceBindIommufd),
    iommufd: iommufd.number,
  });
}

async function openCdev(
  session: Session,
  strand: Strand,
  { pci }: VfioDevice,
  context: string,
  access: Wanted["access"],
): Promise<number> {
  const fd = await open(session, strand, pci.access.path);
  if (access === "none") return fd.number;
  const { iommufds } = contextsOf(session);
  const iommufd = iommufds.get(context) ?? await open(session, strand, "/dev/iommu");
  iommufds.set(context, iommufd);
  try {
    await bind(strand, fd, iommufd);
  } catch (error) {
    /* an open file keeps a device from its driver, whether it is bound or not */
    await strand.do(fd.process, "close", [fd.number]);
    throw error;
  }
  return fd.number;
}

const GROUP_VIABLE = 1;

async function openInGroup(session: Session, strand: Strand, { pci }: VfioDevice): Promise<number> {
  const group = await openGroup(session, strand, pci.access.path);
  const name = text(pci.address);
  return (await strand.ioctlBytes(group, VFIO_REQUESTS.groupGetDeviceFd, name)).result;
}

async function openGroup(session: Session, strand: Strand, path: string): Promise<Descriptor> {
  const shared = contextsOf(session);
  const known = shared.groups.get(path);
  if (known) return known;
  const group = await open(session, strand, path);
  const status = { argsz: sizeOf(vfioGroupStatus) };
  const { flags } = await strand.ioctl(group, VFIO_REQUESTS.groupGetStatus, vfioGroupStatus, status);
  if (!(flags & GROUP_VIABLE)) {
    throw new Unsupported(`the group ${path} cannot be used: bind all of its devices to vfio-pci`);
  }
  const container = shared.container ?? await open(session, strand, "/dev/vfio/vfio");
  const number = new Uint8Array(Int32Array.of(container.number).buffer);
  await strand.ioctlBytes(group, VFIO_REQUESTS.groupSetContainer, number);
  if (!shared.container) await strand.ioctlValue(container, VFIO_REQUESTS.setIommu, TYPE1V2_IOMMU);
  shared.container = container;
  shared.groups.set(path, group);
  return group;
}

async function wakeUp(strand: Strand, device: VfioDevice, fd: Numbered): Promise<void> {
  const command = await device.readConfig(strand, fd, PCI.command, 2);
  // Firmware leaves the bit for ports on, whether a device has any or not.
  const wanted = (command | PCI.memory) & ~PCI.io;
  if (wanted !== command) await device.writeConfig(strand, fd, PCI.command, 2, wanted);
}

/** The bytes of a request for a feature: its header, and what follows. */
export function featureHeader(argsz: number, flags: number): Uint8Array {
  const bytes = new Uint8Array(8);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, argsz, true);
  view.setUint32(4, flags, true);
  return bytes;
}
