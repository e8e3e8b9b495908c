/**
 * QEMU's edu device, which copies between its own memory and an address of the IOMMU: `docs/specs/edu` of QEMU.
 *
 * @module
 */
import { sizeOf, text } from "./abi/layout.ts";
import { IOMMUFD_REQUESTS, iommuIoasMap, iommuIoasUnmap, MAP_FLAG } from "./abi/iommufd.ts";
import { VFIO_REQUESTS, vfioDeviceAttachIommufdPt } from "./abi/vfio.ts";
import { F_DUPFD_CLOEXEC, MAP, O_CLOEXEC, O_RDWR, PROT } from "./constants.ts";
import { Failed, failureOf, Unsupported } from "./failure.ts";
import { freshNumber } from "./numbers.ts";
import { Descriptor, type Hwpt, type Ioas } from "./objects.ts";
import type { PciDevice } from "./pci.ts";
import type { Session } from "./session.ts";
import type { Strand } from "./strand.ts";
import { bind, PCI, VfioDevice } from "./vfio_device.ts";

/** Registers of its only BAR. */
const REGISTER = { source: 0x80, target: 0x88, count: 0x90, command: 0x98 } as const;

/** Where its own memory begins, in its own addresses. */
const MEMORY = 0x40000;

const START = 1;
const TO_RAM = 2;

/** Bytes of one copy. */
const COUNT = 8;

/** The address under which it finds the page of this process; below the 256 MiB that it can reach. */
const PAGE_IOVA = 0x0f00_0000;

const PAGE = 4096;

/** Looks this often, and this many times, whether a copy is done; one takes 100 ms. */
const LOOK_MS = 20;
const LOOKS = 100;

/** The address space that each open device is attached to, by a descriptor that the case does not close. */
const spaces = new WeakMap<Descriptor, Ioas>();

/** The devices that a case has open. */
const open = new WeakMap<Session, Set<string>>();

/** Opens the device and attaches it to an address space. */
export async function attachEdu(session: Session, strand: Strand, pci: PciDevice, ioas: Ioas): Promise<Hwpt> {
  if (pci.access.kind !== "cdev") {
    throw new Unsupported(
      "a device can only be attached to an iommufd by its own device file: CONFIG_VFIO_DEVICE_CDEV",
    );
  }
  const used = open.get(session) ?? new Set();
  if (used.has(pci.address)) {
    throw new Unsupported(`the case needs two devices that do DMA, and ${pci.address} is the only one`);
  }
  const { process } = session;
  const device = new VfioDevice(pci, [0]);
  const number = await strand.do(process, "open", [O_RDWR | O_CLOEXEC, 0], text(pci.access.path));
  const opened = await freshNumber(strand, process, number);
  const fd = new Descriptor(process, opened, { device });
  await bind(strand, fd, ioas.fd);
  const values = { argsz: sizeOf(vfioDeviceAttachIommufdPt), pt_id: ioas.id };
  await strand.ioctl(fd, VFIO_REQUESTS.attachIommufdPt, vfioDeviceAttachIommufdPt, values);
  const command = await device.readConfig(strand, fd, PCI.command, 2);
  await device.writeConfig(strand, fd, PCI.command, 2, command | PCI.memory | PCI.busMaster);
  /* the device keeps the iommufd open anyway, so that this descriptor of it changes nothing */
  const copy = await strand.do(process, "fcntl", [ioas.fd.number, F_DUPFD_CLOEXEC, 0]);
  const own = await freshNumber(strand, process, copy);
  spaces.set(fd, { ...ioas, fd: new Descriptor(process, own) });
  open.set(session, used.add(pci.address));
  session.expectInLog(/^dmar_fault: \d+ callbacks suppressed$/);
  session.expectInLog(/^DMAR: DRHD: handling fault status reg/);
  session.expectInLog(new RegExp(`Request device \\[${pci.address}\\] fault addr`));
  return { kind: "hwpt", fd: ioas.fd, ioas, device: fd };
}

/** Detaches the device by closing it. */
export async function closeEdu(session: Session, strand: Strand, fd: Descriptor): Promise<void> {
  await strand.do(fd.process, "close", [fd.number]);
  const space = spaces.get(fd);
  if (space) await strand.do(space.fd.process, "close", [space.fd.number]);
  if (fd.about.device) open.get(session)?.delete(fd.about.device.pci.address);
}

/** Has a page of this process that the device copies to and from, for as long as it is needed: the case has no area there. */
async function withPage<T>(strand: Strand, fd: Descriptor, use: (address: number) => Promise<T>): Promise<T> {
  const ioas = spaces.get(fd);
  if (!ioas) throw new Error("Cannot do DMA with a device that is not attached");
  const { process } = ioas.fd;
  const flags = MAP.shared | MAP.anonymous;
  const address = await strand.do(process, "map", [0, PAGE, PROT.read | PROT.write, flags, -1, 0]);
  const area = { ioas_id: ioas.id, length: PAGE, iova: PAGE_IOVA };
  try {
    await strand.ioctl(ioas.fd, IOMMUFD_REQUESTS.ioasMap, iommuIoasMap, {
      ...area,
      size: sizeOf(iommuIoasMap),
      flags: MAP_FLAG.fixedIova | MAP_FLAG.readable | MAP_FLAG.writeable,
      user_va: address,
    });
    try {
      return await use(address);
    } finally {
      const values = { ...area, size: sizeOf(iommuIoasUnmap) };
      await strand.ioctl(ioas.fd, IOMMUFD_REQUESTS.ioasUnmap, iommuIoasUnmap, values);
    }
  } finally {
    await strand.attempt(process, "unmap", [address, PAGE]);
  }
}

/** What is written to find out whether memory that reads as zero is reached. */
const PROBE = 0xa5;

/**
 * Has the device read a byte. It gives zero for an address that is not translated, so that a byte that is zero counts
 * as read only if the device also reaches it with a write, which is undone.
 */
export async function dmaRead(strand: Strand, fd: Descriptor, iova: bigint): Promise<number> {
  return await withPage(strand, fd, async (page) => {
    const byte = await readByte(strand, fd, iova, page);
    if (byte !== 0) return byte;
    await writeByte(strand, fd, iova, page, PROBE);
    const isReached = await readByte(strand, fd, iova, page) === PROBE;
    await writeByte(strand, fd, iova, page, 0);
    if (!isReached) throw new Failed("EIO");
    return 0;
  });
}

async function writeByte(strand: Strand, fd: Descriptor, iova: bigint, page: number, value: number) {
  await strand.do(fd.process, "store", [page, 1, value]);
  await copy(strand, fd, PAGE_IOVA, MEMORY, START, 1);
  await copy(strand, fd, MEMORY, Number(iova), START | TO_RAM, 1);
}

/** What stands in the page before the device writes to it; it is left there only by a device that writes the same. */
const MARKS = [0x5e, 0xa1] as const;

/**
 * Has the device read a byte, by way of the page.
 *
 * @throws {Error} where nothing of it arrives in the page: such a device does no DMA at all, so that nothing it does not
 *   do can be taken for what a case is about
 */
async function readByte(strand: Strand, fd: Descriptor, iova: bigint, page: number): Promise<number> {
  await copy(strand, fd, Number(iova), MEMORY, START);
  for (const mark of MARKS) {
    await strand.do(fd.process, "store", [page, 1, mark]);
    await copy(strand, fd, MEMORY, PAGE_IOVA, START | TO_RAM);
    const byte = await strand.do(fd.process, "load", [page, 1]);
    if (byte !== mark) return byte;
  }
  throw new Error("The device does no DMA: nothing arrives in a page that is mapped for it");
}

/** Has the device write a byte, and read it back to see whether it was written. */
export async function dmaWrite(strand: Strand, fd: Descriptor, iova: bigint, value: number): Promise<void> {
  const seen = await withPage(strand, fd, async (page) => {
    /* a zero is read from where nothing is, too */
    if (value === 0) await writeByte(strand, fd, iova, page, PROBE);
    if (value === 0 && await readByte(strand, fd, iova, page) !== PROBE) return PROBE;
    await strand.do(fd.process, "poke", [page], new Uint8Array(COUNT).fill(value));
    await copy(strand, fd, PAGE_IOVA, MEMORY, START);
    await copy(strand, fd, MEMORY, Number(iova), START | TO_RAM);
    return await readByte(strand, fd, iova, page);
  });
  if (seen !== value) throw new Failed("EIO");
}

async function copy(
  strand: Strand,
  fd: Descriptor,
  from: number,
  to: number,
  command: number,
  count: number = COUNT,
): Promise<void> {
  await write(strand, fd, REGISTER.source, from);
  await write(strand, fd, REGISTER.target, to);
  await write(strand, fd, REGISTER.count, count);
  await write(strand, fd, REGISTER.command, command);
  for (let look = 0; look < LOOKS; look++) {
    await strand.do(fd.process, "sleep", [LOOK_MS]);
    if (!((await read(strand, fd, REGISTER.command)) & START)) return;
  }
  throw new Error("The device has not finished a copy within 2 seconds");
}

async function write(strand: Strand, fd: Descriptor, register: number, value: number): Promise<void> {
  const { offset } = await placeOf(strand, fd);
  const bytes = new Uint8Array(Uint32Array.of(value).buffer);
  await strand.do(fd.process, "write_at", [fd.number, offset + BigInt(register)], bytes);
}

async function read(strand: Strand, fd: Descriptor, register: number): Promise<number> {
  const { offset } = await placeOf(strand, fd);
  const at = [fd.number, offset + BigInt(register)];
  const { result, bytes } = await strand.attempt(fd.process, "read_at", at, new Uint8Array(4));
  if (result < 0) throw failureOf(result);
  return new DataView(bytes.buffer).getUint32(0, true);
}

async function placeOf(strand: Strand, fd: Descriptor) {
  if (!fd.about.device) throw new Error("Cannot do DMA with what is no device");
  return await fd.about.device.place(strand, fd, 0);
}
