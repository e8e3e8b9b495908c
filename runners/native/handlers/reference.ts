/**
 * The reference exporter of the kernel module: how its devices are made. Everything else about them is as with a VFIO
 * device, whose requests they take.
 *
 * @module
 */
import { errnoNumber } from "../../../spec/errno.ts";
import type { Args, OperationName } from "../../../spec/operations/mod.ts";
import {
  CONFORM_PATH,
  CONFORM_REQUESTS,
  CONFORM_VALUES,
  conformDeviceCreate,
  conformDeviceFail,
  conformDeviceOpen,
  conformObject,
} from "../abi/conform.ts";
import { Failed, Unsupported } from "../failure.ts";
import { moduleIn } from "../module_files.ts";
import { Descriptor, type ModuleObject } from "../objects.ts";
import type { PciBar } from "../pci.ts";
import { dialectFields } from "../reference.ts";
import { type NativeHandler, on, type Session } from "../session.ts";
import { VfioDevice } from "../vfio_device.ts";
import { mapFile } from "./iommufd.ts";
import { askForRequests, isAsked, nameOf } from "./vfio.ts";

type Wanted = Args<"vfio.open">;
type Bar = Wanted["bars"][number];

const KINDS = {
  io: CONFORM_VALUES.BAR_IO,
  unmappable: CONFORM_VALUES.BAR_UNMAPPABLE,
  unclaimable: CONFORM_VALUES.BAR_UNCLAIMABLE,
  absent: CONFORM_VALUES.BAR_ABSENT,
} as const;

const REGIONS = [0, 1, 2, 3, 4, 5] as const;

/** More than the module gives to one region. */
const LARGEST = 256n << 20n;

function isKind(bar: Bar): bar is keyof typeof KINDS {
  return typeof bar === "string" && Object.hasOwn(KINDS, bar);
}

function kindOf(bar: Bar | undefined): number {
  if (bar === undefined) return CONFORM_VALUES.BAR_ABSENT;
  return isKind(bar) ? KINDS[bar] : CONFORM_VALUES.BAR_MEMORY;
}

function sizeOfBar(session: Session, bar: Bar | undefined): bigint {
  if (bar === undefined || bar === "absent") return 0n;
  if (isKind(bar)) return BigInt(session.setting.machine.pageSize);
  const size = session.bytes(bar);
  if (size > LARGEST) throw new Unsupported(`the reference device has no region of ${size} bytes`);
  return size;
}

function flagsOf({ function: kind, reset, driver, access }: Omit<Wanted, "reset_with">): number {
  return (kind === "virtual" ? CONFORM_VALUES.DEVICE_VIRTUAL : 0) |
    (reset === "none" ? CONFORM_VALUES.DEVICE_NO_RESET : 0) |
    (reset === "flr" ? CONFORM_VALUES.DEVICE_FLR : 0) |
    (driver === "without-dmabuf" ? CONFORM_VALUES.DEVICE_NO_EXPORT : 0) |
    (driver === "config-off" ? CONFORM_VALUES.DEVICE_CONFIG_OFF : 0) |
    (access === "none" ? CONFORM_VALUES.DEVICE_NO_ACCESS : 0);
}

/** Counts the owners of devices that are not the case's common one. */
let owners = 0;

/** What the code for VFIO devices knows of a device: here, that every region is its own. */
function deviceOf(id: number, bars: readonly Bar[]): VfioDevice {
  const known: PciBar[] = REGIONS.map((index) => ({
    kind: kindOf(bars[index]) === CONFORM_VALUES.BAR_ABSENT ? "absent" : "memory",
    size: 0,
  }));
  const access = { kind: "cdev", path: CONFORM_PATH } as const;
  const pci = {
    address: `reference ${id}`,
    id: "1b36:00cf",
    bars: known,
    isVirtual: false,
    resets: [],
    access,
  };
  return new VfioDevice(pci, REGIONS);
}

function referenceOf(device: Descriptor): ModuleObject {
  if (!device.about.reference) throw new Failed("EINVAL");
  return device.about.reference;
}

/** The handlers of `vfio.*` that differ for the reference exporter. */
export const referenceHandlers: readonly (readonly [OperationName, NativeHandler])[] = [
  on("vfio.open", async ({ session, strand, name }, { bars, context, reset_with, ...wanted }) => {
    const { reference } = session.setting.machine;
    if (!reference) throw new Unsupported("the reference exporter follows no proposal");
    const kind = (index: number) => kindOf(bars[index]);
    const size = (index: number) => sizeOfBar(session, bars[index]);
    const module = await moduleIn(session, strand, session.process);
    const { id, fd } = await module.ask(strand, CONFORM_REQUESTS.deviceCreate, conformDeviceCreate, {
      flags: flagsOf({ bars, context, ...wanted }),
      ...dialectFields(reference),
      bar0_size: size(0),
      bar1_size: size(1),
      bar2_size: size(2),
      bar3_size: size(3),
      bar4_size: size(4),
      bar5_size: size(5),
      bar0_kind: kind(0),
      bar1_kind: kind(1),
      bar2_kind: kind(2),
      bar3_kind: kind(3),
      bar4_kind: kind(4),
      bar5_kind: kind(5),
      context: context === "own" ? ++owners : 0,
      set: reset_with ? referenceOf(reset_with).id : 0,
    });
    const device = new Descriptor(session.process, fd, {
      device: deviceOf(id, bars),
      reference: { module, id },
    });
    if (wanted.access === "granted") await askForRequests(session, strand, device, name);
    return device;
  }),
  on("vfio.reopen", async ({ session, strand, name }, { device }) => {
    const { module, id } = referenceOf(device);
    const { fd } = await module.ask(strand, CONFORM_REQUESTS.deviceOpen, conformDeviceOpen, { id });
    const reopened = new Descriptor(module.process, fd, device.about);
    /* it goes on asking those who were to be asked before; to say so again would wake a device that sleeps */
    if (!isAsked(device)) await askForRequests(session, strand, reopened, nameOf(device, name));
    return reopened;
  }),
  on("vfio.wake", async ({ strand }, { device }) => {
    const { module, id } = referenceOf(device);
    await module.ask(strand, CONFORM_REQUESTS.deviceWake, conformObject, { id });
  }),
  on("vfio.fail_next", async ({ strand }, { device, request, errno }) => {
    const { module, id } = referenceOf(device);
    await module.ask(strand, CONFORM_REQUESTS.deviceFail, conformDeviceFail, {
      id,
      request: request === "reset" ? CONFORM_VALUES.FAIL_RESET : CONFORM_VALUES.FAIL_CONFIG_WRITE,
      error: errnoNumber(errno),
    });
  }),
  on("vfio.unbind", async ({ strand }, { device }) => {
    const { module, id } = referenceOf(device);
    await module.ask(strand, CONFORM_REQUESTS.deviceUnbind, conformObject, { id });
  }),
  on("iommufd.map_file", async (context, { file, ...args }) => {
    if (typeof file !== "number" && file.about.reference) {
      throw new Unsupported(
        "iommufd takes buffers of VFIO only, by its name, and none of a reference exporter",
      );
    }
    return await mapFile(context, { file, ...args });
  }),
];
