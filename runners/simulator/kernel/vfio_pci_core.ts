/**
 * VFIO PCI devices: sessions, reset, low power, driver unbind (drivers/vfio/pci/vfio_pci_core.c, vfio_main.c).
 *
 * What an event does, and in which order, is a sequence of the dialect; this file has the steps.
 *
 * @module
 */
import type { ErrnoName } from "../../../spec/errno.ts";
import { refusal } from "./check.ts";
import { type Fd, File, type Process } from "./file.ts";
import { type Kernel, PAGE_SIZE } from "./kernel.ts";
import { FileMappings, type Memory, type MmapRequest, type PageFrame, Vma, zap } from "./mm.ts";
import { Mutex, RwSemaphore, type Steps } from "./sched.ts";
import { Refcount, shared, SharedObject } from "./shared.ts";
import { perform } from "./sequence.ts";
import type { VfioPciDmaBuf } from "./vfio_pci_dmabuf.ts";

/** A base address register. */
export interface Bar {
  readonly kind: "memory" | "io" | "unmappable" | "unclaimable" | "absent";
  /** Bytes. */
  readonly size: number;
  readonly memory: Memory;
}

/** What a device is made of; nothing of it changes while it lives. */
export interface DeviceModel {
  readonly name: string;
  readonly bars: readonly Bar[];
  /** A virtual function: it has no memory enable bit of its own. */
  readonly isVirtual: boolean;
  /** reset_works: whether VFIO_DEVICE_RESET can work. */
  readonly canReset: boolean;
  /** Whether a capability advertises a function level reset. */
  readonly hasFlr: boolean;
  readonly hasRuntimePm: boolean;
  /** Whose it is: the iommufd context that it is bound to. */
  readonly context: string;
  readonly driver: "vfio-pci" | "without-dmabuf" | "config-off";
}

/** What the hardware can be asked and can fail at. */
export type HardwareRequest = "config-write" | "reset";

/** The command register, as the user sees it. */
export interface CommandRegister {
  readonly memory: boolean;
  readonly bus_master: boolean;
  readonly io: boolean;
  readonly intx_disable: boolean;
}

/** The command register of a function that was just enabled. */
const ENABLED: CommandRegister = { memory: true, bus_master: false, io: false, intx_disable: false };

/** Devices that can only be reset together: struct vfio_device_set. */
export class VfioDeviceSet extends SharedObject {
  /** Held by every open, every close and every hot reset of a device of the set. */
  readonly lock: Mutex;
  @shared
  accessor devices: readonly VfioPciDevice[] = [];

  constructor(name: string) {
    super();
    this.lock = new Mutex("dev_set", name);
  }
}

/** A VFIO PCI device: struct vfio_pci_core_device with its struct vfio_device. */
export class VfioPciDevice extends SharedObject {
  readonly model: DeviceModel;
  @shared
  accessor command: CommandRegister = ENABLED;
  @shared
  accessor power: "D0" | "D3hot" = "D0";
  /** Held for writing by everything that changes memory enable or revocation. */
  readonly memoryLock: RwSemaphore;
  /** Guards the buffers and their states where a dialect has a lock of their own for that (v5 and later). */
  readonly dmabufLock: RwSemaphore;
  /** dmabufs_revoked: whether the last event revoked, so that a new buffer starts so too (v6 and later). */
  @shared
  accessor dmabufsRevoked = false;
  /** The buffers of the running session, in the order of their export. */
  @shared
  accessor dmabufs: readonly VfioPciDmaBuf[] = [];
  /** Open files. */
  @shared
  accessor openCount = 0;
  /** References that hold the device registered: one of its own, one per open file, one per listed buffer. */
  readonly registration = new Refcount(1);
  /** Whether the driver is being unbound, so that no new reference can be had. */
  @shared
  accessor unbinding = false;
  /** pm_runtime_engaged. */
  @shared
  accessor lowPower = false;
  /** Whether the entry to low power came with an eventfd that tells of a wake-up: pm_wake_eventfd_ctx. */
  @shared
  accessor wakeupGiven = false;
  /** The devices that are reset together with this one, itself included. */
  readonly devSet: VfioDeviceSet;
  /** CPU mappings of its BARs through the device's own descriptors. */
  readonly barMappings: FileMappings = new FileMappings();
  /** Errors that the hardware gives next. */
  @shared
  private accessor failures: Readonly<Partial<Record<HardwareRequest, ErrnoName>>> = {};

  constructor(model: DeviceModel, devSet: VfioDeviceSet = new VfioDeviceSet(model.name)) {
    super();
    this.model = model;
    this.devSet = devSet;
    devSet.devices = [...devSet.devices, this];
    this.memoryLock = new RwSemaphore("memory_lock", model.name);
    this.dmabufLock = new RwSemaphore("dmabuf_lock", model.name);
  }

  /** Prepares an error for the next request of a kind. */
  failNext(request: HardwareRequest, errno: ErrnoName): void {
    this.failures = { ...this.failures, [request]: errno };
  }

  /** Takes the error that was prepared for a request, if any. */
  takeFailure(request: HardwareRequest): ErrnoName | undefined {
    const { [request]: errno, ...others } = this.failures;
    if (errno) this.failures = others;
    return errno;
  }
}

/** The lock that guards the buffers of a device and their states. */
export function bufferLockOf(kernel: Kernel, device: VfioPciDevice): RwSemaphore {
  return kernel.rules.vfio.bufferLock === "memory_lock" ? device.memoryLock : device.dmabufLock;
}

/** Takes a registration reference unless the driver is gone; vfio_device_try_get_registration(). */
export function tryGetRegistration({ registration }: VfioPciDevice): boolean {
  return registration.getUnlessZero();
}

/** Gives a registration reference back; vfio_device_put_registration(). */
export function putRegistration(kernel: Kernel, { registration, model }: VfioPciDevice): void {
  const left = registration.put();
  if (left === "underflow") kernel.warn(`refcount_t: underflow; use-after-free: ${model.name}`);
}

/** What an open device descriptor stands for: struct vfio_device_file. */
export class DeviceFile {
  readonly device: VfioPciDevice;
  readonly accessGranted: boolean;

  constructor(device: VfioPciDevice, accessGranted: boolean) {
    this.device = device;
    this.accessGranted = accessGranted;
  }
}

/** Opens a device; vfio_df_open(). The first one begins a session. */
export function* openDevice(
  kernel: Kernel,
  process: Process,
  device: VfioPciDevice,
  granted: boolean,
): Steps<Fd | ErrnoName> {
  kernel.devices.add(device);
  if (!tryGetRegistration(device)) return "ENODEV";
  yield device.devSet.lock.lock;
  if (device.openCount === 0) enableFunction(kernel, device);
  device.openCount++;
  device.devSet.lock.unlock();
  return process.install(
    new File("vfio-device", new DeviceFile(device, granted), (k) => closeDevice(k, device)),
  );
}

/** Makes a function ready for a session: in D0, memory on; vfio_pci_core_enable(). */
function enableFunction(kernel: Kernel, device: VfioPciDevice): void {
  device.power = "D0";
  device.command = ENABLED;
  device.dmabufsRevoked = !kernel.rules.vfio.memoryEnabled(device);
}

/** Closes one open file of a device; vfio_df_close(). The last one ends the session. */
function* closeDevice(kernel: Kernel, device: VfioPciDevice): Steps<void> {
  yield device.devSet.lock.lock;
  device.openCount--;
  if (kernel.rules.vfio.endsSession(device)) {
    yield* perform(kernel, kernel.rules.vfio.events.lastClose, new DeviceEvent(device));
    device.lowPower = false;
  }
  device.devSet.lock.unlock();
  putRegistration(kernel, device);
}

/** An event on a device, while it happens. */
export class DeviceEvent {
  readonly device: VfioPciDevice;
  /** What the event changes in the hardware, where it is a write. */
  readonly write: (() => void) | undefined;

  constructor(device: VfioPciDevice, write?: () => void) {
    this.device = device;
    this.write = write;
  }
}

/** Resets the function; vfio_pci_ioctl_reset(). */
export function* resetFunction(kernel: Kernel, device: VfioPciDevice): Steps<ErrnoName | undefined> {
  const refused = refusal(kernel, kernel.rules.vfio.resetChecks, device);
  return refused ?? (yield* perform(kernel, kernel.rules.vfio.events.reset, new DeviceEvent(device)));
}

/** Lets a device go to low power; vfio_pci_runtime_pm_entry(). */
export function* lowPowerEntry(
  kernel: Kernel,
  device: VfioPciDevice,
  wakeup: boolean,
): Steps<ErrnoName | undefined> {
  const engage = () => {
    device.lowPower = true;
    device.wakeupGiven = wakeup;
  };
  return yield* perform(kernel, kernel.rules.vfio.events.lowPowerEntry, new DeviceEvent(device, engage));
}

/** Brings a device back from low power; vfio_pci_runtime_pm_exit(). */
export function* lowPowerExit(kernel: Kernel, device: VfioPciDevice): Steps<ErrnoName | undefined> {
  return yield* perform(kernel, kernel.rules.vfio.events.lowPowerExit, new DeviceEvent(device));
}

/** Wakes a device from outside; vfio_pci_core_runtime_resume(). */
export function* wakeDevice(kernel: Kernel, device: VfioPciDevice): Steps<void> {
  yield* perform(kernel, kernel.rules.vfio.events.wakeup, new DeviceEvent(device));
}

/**
 * Wakes a device that somebody uses; vfio_device_pm_runtime_get() and its siblings. Without a wake-up eventfd it goes
 * back to sleep afterwards.
 */
export function* resumeDevice(kernel: Kernel, device: VfioPciDevice): Steps<void> {
  if (device.lowPower && device.wakeupGiven) yield* wakeDevice(kernel, device);
}

/** Resets every device of a set; vfio_pci_ioctl_pci_hot_reset(). */
export function* hotReset(kernel: Kernel, device: VfioPciDevice): Steps<ErrnoName | undefined> {
  const refused = refusal(kernel, kernel.rules.vfio.resetChecks, device);
  if (refused) return refused;
  const { lock } = device.devSet;
  yield lock.lock;
  for (const member of device.devSet.devices) yield* resumeDevice(kernel, member);
  const error = yield* hotResetSet(kernel, device);
  lock.unlock();
  return error;
}

/**
 * vfio_pci_dev_set_hot_reset(): each device is revoked under its own memory_lock; one that is contended, or that the
 * caller does not own, rolls back those before it.
 */
function* hotResetSet(kernel: Kernel, device: VfioPciDevice): Steps<ErrnoName | undefined> {
  const rules = kernel.rules.vfio.hotReset;
  const locked: VfioPciDevice[] = [];
  let error: ErrnoName | undefined;
  for (const member of rules.revokes(device)) {
    if (!rules.owns(device, member)) {
      error = "EINVAL";
      break;
    }
    if (!member.memoryLock.tryWrite(kernel.current)) {
      error = "EBUSY";
      break;
    }
    locked.push(member);
    yield* perform(kernel, rules.begin, new DeviceEvent(member));
  }
  if (!error) { for (const member of device.devSet.devices) member.power = "D0"; }
  for (const member of locked.reverse()) {
    yield* perform(kernel, rules.end, new DeviceEvent(member));
  }
  return error;
}

/** Unbinds the driver; vfio_unregister_group_dev(). It waits until nobody holds the device registered. */
export function* unbindDriver(kernel: Kernel, device: VfioPciDevice): Steps<void> {
  device.unbinding = true;
  putRegistration(kernel, device);
  if (device.openCount > 0) kernel.events.push({ event: "release-request", device: device.model.name });
  yield {
    get on() {
      return `registration:${device.registration.value} held`;
    },
    ready: () => device.registration.value === 0,
  };
}

/** Maps a BAR through the device's own descriptor; vfio_pci_core_mmap(). */
export function mmapBar(
  process: Process,
  device: VfioPciDevice,
  region: number,
  request: MmapRequest,
): Vma | ErrnoName {
  const bar = device.model.bars[region];
  if (!bar || bar.kind !== "memory" || (request.first + request.pages) * PAGE_SIZE > bar.size) {
    return "EINVAL";
  }
  return new Vma(
    process,
    request,
    device.barMappings,
    function* (kernel, _vma, page): Steps<PageFrame | undefined> {
      yield device.memoryLock.read;
      const enabled = kernel.rules.vfio.memoryEnabled(device) && !device.lowPower;
      device.memoryLock.upRead();
      return enabled ? { memory: bar.memory, page: request.first + page } : undefined;
    },
    "frame numbers",
  );
}

/** Removes every page table entry of the device's own BAR mappings; vfio_pci_zap_bars(). */
export function zapBars(device: VfioPciDevice): void {
  zap(device.barMappings.vmas);
}
