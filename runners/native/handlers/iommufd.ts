/**
 * iommufd, its self test with a mock device and a mock exporter, and DMA through QEMU's edu device.
 *
 * @module
 */
import type { OperationName, ResolvedArgs } from "../../../spec/operations/mod.ts";
import { concat, encode, type Fields, sizeOf, type Struct, type Values } from "../abi/layout.ts";
import {
  iommuDestroy,
  IOMMUFD_REQUESTS,
  iommuIoasAlloc,
  iommuIoasChangeProcess,
  iommuIoasCopy,
  iommuIoasMapFile,
  iommuIoasUnmap,
  iommuVfioIoas,
  MAP_FLAG,
  TEST_CMD_SIZE,
  TEST_FLAG,
  TEST_OP,
  testAccessPages,
  testAccessRw,
  testCreateAccess,
  testDestroyAccessPages,
  testDmabufGet,
  testDmabufRevoke,
  testMockDomain,
  VFIO_IOAS_OP,
} from "../abi/iommufd.ts";
import { TYPE1_IOMMU, VFIO_REQUESTS, vfioIommuType1DmaUnmap } from "../abi/vfio.ts";
import { MAP, O_CLOEXEC, O_RDWR, PROT } from "../constants.ts";
import { attachEdu, closeEdu, dmaRead, dmaWrite } from "../edu.ts";
import { Failed, failureOf, Unsupported } from "../failure.ts";
import { fdInfo } from "../buffer_files.ts";
import { type Descriptor, type Hwpt, type Ioas, type NativeObjects, numberIn } from "../objects.ts";
import { EDU } from "../pci.ts";
import { type Context, type NativeHandler, on, type Session } from "../session.ts";
import type { Numbered, Strand } from "../strand.ts";
import { openFile } from "./process.ts";

/** The id of no object. */
const NO_ID = 0xfffffff0;

/** What a device that has no DMA says. */
const NO_DMA =
  "no device that does DMA: give QEMU's edu device, bound to vfio-pci, as in native:ADDRESS,EDU-ADDRESS";

function mapFlags(access: readonly ("read" | "write")[], unknownFlag: boolean): number {
  return MAP_FLAG.fixedIova | (access.includes("read") ? MAP_FLAG.readable : 0) |
    (access.includes("write") ? MAP_FLAG.writeable : 0) | (unknownFlag ? MAP_FLAG.unknown : 0);
}

/** Sends a request of the self test. */
async function selftest<F extends Fields>(
  session: Session,
  strand: Strand,
  fd: Numbered,
  of: Struct<F>,
  values: Values<F>,
): Promise<{ readonly result: number; readonly whole: Uint8Array }> {
  const { selftest } = session.setting.machine;
  if (selftest.kind === "missing") throw new Unsupported(selftest.reason);
  const bytes = encode(of, values);
  const command = concat(bytes, new Uint8Array(TEST_CMD_SIZE - bytes.length));
  return await strand.ioctlBytes(fd, IOMMUFD_REQUESTS.test, command);
}

/** A page of memory that the kernel copies to and from, for as long as it is needed. */
async function withPage<T>(strand: Strand, fd: Numbered, use: (address: number) => Promise<T>): Promise<T> {
  const PAGE = 4096;
  const flags = MAP.private | MAP.anonymous;
  const address = await strand.do(fd.process, "map", [0, PAGE, PROT.read | PROT.write, flags, -1, 0]);
  try {
    return await use(address);
  } finally {
    await strand.attempt(fd.process, "unmap", [address, PAGE]);
  }
}

/** An access of the kernel to an address space, as an emulated device has it, for as long as it is needed. */
async function withAccess<T>(
  session: Session,
  strand: Strand,
  ioas: Ioas,
  flags: number,
  use: (access: number) => Promise<T>,
): Promise<T> {
  const made = await selftest(session, strand, ioas.fd, testCreateAccess, {
    size: TEST_CMD_SIZE,
    op: TEST_OP.createAccess,
    id: ioas.id,
    flags,
  });
  const access = new DataView(made.whole.buffer).getInt32(16, true);
  try {
    return await use(access);
  } finally {
    await strand.attempt(ioas.fd.process, "close", [access]);
  }
}

/** The number that the next descriptor of a process will get. */
async function nextNumber(strand: Strand, fd: Numbered): Promise<number> {
  const number = await strand.do(fd.process, "dup", [fd.number]);
  await strand.do(fd.process, "close", [number]);
  return number;
}

/** Maps a file into an address space, and gives the place. */
export async function mapFile(
  { session, strand }: Context,
  args: ResolvedArgs<"iommufd.map_file", NativeObjects>,
): Promise<number> {
  const { ioas, file, iova, length, start, access, unknown_flag, unknown_ioas } = args;
  const mapped = await strand.ioctl(ioas.fd, IOMMUFD_REQUESTS.ioasMapFile, iommuIoasMapFile, {
    size: sizeOf(iommuIoasMapFile),
    flags: mapFlags(access, unknown_flag),
    ioas_id: unknown_ioas ? NO_ID : ioas.id,
    fd: numberIn(ioas.fd.process, file),
    start: session.bytes(start),
    length: session.bytes(length),
    iova: session.bytes(iova),
  });
  noteAccess(ioas, access);
  return Number(mapped.iova);
}

/** Address spaces in which something is mapped that cannot be written. */
const partlyReadOnly = new WeakSet<Ioas>();

/** Address spaces in which something is mapped that cannot be read. */
const partlyWriteOnly = new WeakSet<Ioas>();

function noteAccess(ioas: Ioas, access: readonly ("read" | "write")[]): void {
  if (!access.includes("write")) partlyReadOnly.add(ioas);
  if (!access.includes("read")) partlyWriteOnly.add(ioas);
}

/** What a read was told of an address: the device gives a zero where nothing is, so that a zero is checked by a write. */
function whereReadOnly(error: unknown, { ioas }: Hwpt): unknown {
  if (!(error instanceof Failed && error.errno === "EIO") || !partlyReadOnly.has(ioas)) return error;
  return new Unsupported(
    "a zero that may not be written cannot be told from an address that is not translated",
  );
}

/** What a write was told of an address: what was written is read back. */
function whereWriteOnly(error: unknown, { ioas }: Hwpt): unknown {
  if (!(error instanceof Failed && error.errno === "EIO") || !partlyWriteOnly.has(ioas)) return error;
  return new Unsupported("nobody can tell whether a write was done where nothing can be read");
}

/** Domains that were destroyed, and their devices closed. */
const destroyed = new WeakSet<Hwpt>();

/** The device that does DMA; it reaches nothing any more once its domain was destroyed. */
function deviceOf(hwpt: Hwpt): Descriptor {
  if (!hwpt.device) throw new Unsupported(NO_DMA);
  if (destroyed.has(hwpt)) throw new Failed("EIO");
  return hwpt.device;
}

/** The handlers of `iommufd.*`. */
export const iommufdHandlers: readonly (readonly [OperationName, NativeHandler])[] = [
  on("iommufd.open", async ({ session: { process, setting }, strand }) => {
    const { iommufd } = setting.machine;
    if (iommufd.kind === "missing") throw new Unsupported(iommufd.reason);
    return await openFile(strand, process, iommufd.path);
  }),
  on("iommufd.ioas", async ({ strand }, { iommufd, type1 }) => {
    const size = sizeOf(iommuIoasAlloc);
    const made = await strand.ioctl(iommufd, IOMMUFD_REQUESTS.ioasAlloc, iommuIoasAlloc, { size });
    const ioas = { kind: "ioas", fd: iommufd, id: made.out_ioas_id } as const;
    if (!type1) return ioas;
    const values = { size: sizeOf(iommuVfioIoas), ioas_id: ioas.id, op: VFIO_IOAS_OP.set };
    await strand.ioctl(iommufd, IOMMUFD_REQUESTS.vfioIoas, iommuVfioIoas, values);
    await strand.ioctlValue(iommufd, VFIO_REQUESTS.setIommu, TYPE1_IOMMU);
    return ioas;
  }),
  on("iommufd.hwpt", async ({ session, strand }, { ioas }) => {
    const { machine } = session.setting;
    const edu = machine.devices.find(({ id }) => id === EDU);
    if (edu) return await attachEdu(session, strand, edu, ioas);
    if (machine.selftest.kind === "missing") throw new Unsupported(NO_DMA);
    const { whole } = await selftest(session, strand, ioas.fd, testMockDomain, {
      size: TEST_CMD_SIZE,
      op: TEST_OP.mockDomain,
      id: ioas.id,
    });
    const mock = new DataView(whole.buffer).getUint32(16, true);
    return { kind: "hwpt", fd: ioas.fd, ioas, mock } satisfies Hwpt;
  }),
  on("iommufd.destroy", async ({ session, strand }, { object }) => {
    if (object.kind === "hwpt" && object.device) {
      destroyed.add(object);
      return await closeEdu(session, strand, object.device);
    }
    const id = object.kind === "ioas" ? object.id : object.mock ?? NO_ID;
    const values = { size: sizeOf(iommuDestroy), id };
    await strand.ioctl(object.fd, IOMMUFD_REQUESTS.destroy, iommuDestroy, values);
  }),
  on("iommufd.map_file", mapFile),
  on("iommufd.unmap", async ({ session, strand }, { ioas, iova, length }) => {
    const given = await strand.ioctl(ioas.fd, IOMMUFD_REQUESTS.ioasUnmap, iommuIoasUnmap, {
      size: sizeOf(iommuIoasUnmap),
      ioas_id: ioas.id,
      iova: session.bytes(iova),
      length: session.bytes(length),
    });
    return Number(given.length);
  }),
  on("iommufd.vfio_unmap", async ({ session, strand }, { ioas, iova, length }) => {
    const given = await strand.ioctl(ioas.fd, VFIO_REQUESTS.unmapDma, vfioIommuType1DmaUnmap, {
      argsz: sizeOf(vfioIommuType1DmaUnmap),
      iova: session.bytes(iova),
      size: session.bytes(length),
    });
    return Number(given.size);
  }),
  on("iommufd.copy", async ({ session, strand }, args) => {
    const { ioas, from, from_iova, iova, length, access, unknown_flag } = args;
    const copied = await strand.ioctl(ioas.fd, IOMMUFD_REQUESTS.ioasCopy, iommuIoasCopy, {
      size: sizeOf(iommuIoasCopy),
      flags: mapFlags(access, unknown_flag),
      dst_ioas_id: ioas.id,
      src_ioas_id: from.id,
      length: session.bytes(length),
      dst_iova: session.bytes(iova),
      src_iova: session.bytes(from_iova),
    });
    noteAccess(ioas, access);
    return Number(copied.dst_iova);
  }),
  on("iommufd.dma_read", async ({ session, strand }, { hwpt, iova }) => {
    const device = deviceOf(hwpt);
    try {
      return await dmaRead(strand, device, session.bytes(iova));
    } catch (error) {
      throw whereReadOnly(error, hwpt);
    }
  }),
  on("iommufd.dma_write", async ({ session, strand }, { hwpt, iova, value }) => {
    const device = deviceOf(hwpt);
    try {
      await dmaWrite(strand, device, session.bytes(iova), value);
    } catch (error) {
      throw whereWriteOnly(error, hwpt);
    }
  }),
  on("iommufd.access_read", async ({ session, strand }, { ioas, iova }) => {
    return await withPage(strand, ioas.fd, (page) =>
      withAccess(session, strand, ioas, 0, async (access) => {
        await accessRw(session, strand, ioas, { access, page, iova: session.bytes(iova), flags: 0 });
        return await strand.do(ioas.fd.process, "load", [page, 1]);
      }));
  }),
  on("iommufd.access_write", async ({ session, strand }, { ioas, iova, value }) => {
    await withPage(strand, ioas.fd, (page) =>
      withAccess(session, strand, ioas, 0, async (access) => {
        await strand.do(ioas.fd.process, "store", [page, 1, value]);
        const flags = TEST_FLAG.rwWrite;
        await accessRw(session, strand, ioas, { access, page, iova: session.bytes(iova), flags });
      }));
  }),
  on("iommufd.access_pin", async ({ session, strand }, { ioas, iova, length, access: direction }) => {
    const flags = direction === "write" ? TEST_FLAG.accessWrite : 0;
    await withAccess(session, strand, ioas, TEST_FLAG.createNeedsPinPages, async (access) => {
      const pinned = await selftest(session, strand, ioas.fd, testAccessPages, {
        size: TEST_CMD_SIZE,
        op: TEST_OP.accessPages,
        id: access,
        flags,
        iova: session.bytes(iova),
        length: session.bytes(length),
      });
      await selftest(session, strand, ioas.fd, testDestroyAccessPages, {
        size: TEST_CMD_SIZE,
        op: TEST_OP.destroyAccessPages,
        id: access,
        access_pages_id: new DataView(pinned.whole.buffer).getUint32(20, true),
      });
    });
  }),
  on("iommufd.change_process", async ({ strand }, { iommufd }) => {
    const size = sizeOf(iommuIoasChangeProcess);
    await strand.ioctl(iommufd, IOMMUFD_REQUESTS.ioasChangeProcess, iommuIoasChangeProcess, { size });
  }),
  on("iommufd.mock_get", async ({ session, strand }, { iommufd, length }) => {
    /* Linux 7.3 gives 0 and not the descriptor, which is the next one to be had */
    const next = await nextNumber(strand, iommufd);
    const { result } = await selftest(session, strand, iommufd, testDmabufGet, {
      size: TEST_CMD_SIZE,
      op: TEST_OP.dmabufGet,
      length: Number(session.bytes(length)),
      open_flags: O_RDWR | O_CLOEXEC,
    });
    const number = result > 0 ? result : next;
    const info = await fdInfo(session.setting.files, iommufd.process.pid, number);
    if (!info) throw new Error("The mock exporter gave no buffer");
    return await session.buffer(iommufd.process, number);
  }),
  on("iommufd.mock_revoke", async ({ session, strand }, { iommufd, buffer, revoked }) => {
    await selftest(session, strand, iommufd, testDmabufRevoke, {
      size: TEST_CMD_SIZE,
      op: TEST_OP.dmabufRevoke,
      dmabuf_fd: numberIn(iommufd.process, buffer),
      revoked: revoked ? 1 : 0,
    });
  }),
];

interface AccessRequest {
  readonly access: number;
  readonly page: number;
  readonly iova: bigint;
  readonly flags: number;
}

async function accessRw(
  session: Session,
  strand: Strand,
  ioas: Ioas,
  { access, page, iova, flags }: AccessRequest,
): Promise<void> {
  const { result } = await selftest(session, strand, ioas.fd, testAccessRw, {
    size: TEST_CMD_SIZE,
    op: TEST_OP.accessRw,
    id: access,
    iova,
    length: 1,
    uptr: page,
    flags,
  });
  if (result < 0) throw failureOf(result);
}
