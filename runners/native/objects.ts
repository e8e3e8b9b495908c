/**
 * What the native target keeps for each kind of object that a case names.
 *
 * @module
 */
import { Unsupported } from "./failure.ts";
import type { Signaller } from "./fences.ts";
import type { ModuleFile } from "./module_files.ts";
import type { HelperProcess } from "./process.ts";
import type { VfioDevice } from "./vfio_device.ts";

/** What is known of the file behind a descriptor. */
export interface About {
  /** The VFIO device that was opened. */
  readonly device?: VfioDevice | undefined;
  /** What signals the fence. */
  readonly signaller?: Signaller | undefined;
  /** The fence of the kernel module. */
  readonly fence?: ModuleObject | undefined;
  /** What the video queue was set to. */
  readonly video?: VideoFormat | undefined;
  /** The device of the kernel module's reference exporter. */
  readonly reference?: ModuleObject | undefined;
}

/** What a video queue was set to. */
export interface VideoFormat {
  /** The type of its buffers, as V4L2 numbers them. */
  readonly type: number;
  /** Bytes of a frame. */
  readonly frame: number;
}

/** An object of the kernel module: an attachment, a mapping, a fence, a device. */
export interface ModuleObject {
  readonly module: ModuleFile;
  readonly id: number;
}

/** A descriptor of a process; its number stays what it was when it is closed. */
export class Descriptor {
  readonly process: HelperProcess;
  readonly about: About;
  #number: number;

  /** Makes the descriptor of a number. */
  constructor(process: HelperProcess, number: number, about: About = {}) {
    this.process = process;
    this.#number = number;
    this.about = about;
  }

  /** Its number in the process. */
  get number(): number {
    return this.#number;
  }

  /** Notes that the same open file has another number now, and the old one is closed. */
  move(number: number): void {
    this.#number = number;
  }

  /** Another number of the same file. */
  copy(process: HelperProcess, number: number): Descriptor {
    return new Descriptor(process, number, this.about);
  }
}

/**
 * The number that a process gives in a request for a file of its own.
 *
 * @throws {Unsupported} if the descriptor is of another process, where the same number means something else
 */
export function numberIn(process: HelperProcess, file: Descriptor | number): number {
  if (typeof file === "number") return file;
  if (file.process === process) return file.number;
  throw new Unsupported("the descriptor is in another process than what it is given to");
}

/** Memory that is mapped into a process. */
export interface Vma {
  readonly process: HelperProcess;
  readonly address: number;
  /** Bytes. */
  readonly length: number;
}

/** An address space of iommufd. */
export interface Ioas {
  readonly kind: "ioas";
  readonly fd: Descriptor;
  readonly id: number;
}

/** A device attached to an address space. */
export interface Hwpt {
  readonly kind: "hwpt";
  readonly fd: Descriptor;
  readonly ioas: Ioas;
  /** The mock device, to be destroyed, where it is one. */
  readonly mock?: number | undefined;
  /** The device that does DMA, where it is one. */
  readonly device?: Descriptor | undefined;
}

/** An object of a GPU driver, as an open file of the driver knows it. */
export interface GemHandle {
  readonly fd: Descriptor;
  readonly handle: number;
  /** Bytes. */
  readonly size: number;
}

/** What the native target keeps for each kind of object. The kinds that it cannot give are `never`. */
export type NativeObjects = {
  process: HelperProcess;
  device: Descriptor;
  buffer: Descriptor;
  file: Descriptor;
  fence: Descriptor;
  attachment: ModuleObject;
  mapping: ModuleObject;
  vmapping: ModuleObject;
  vma: Vma;
  nic: never;
  entry: never;
  region: never;
  iommufd: Descriptor;
  ioas: Ioas;
  hwpt: Hwpt;
  drm: Descriptor;
  gem: GemHandle;
  video: Descriptor;
};
