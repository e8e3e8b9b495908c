/**
 * What kernels decide about importers that are not the suite's own: GPU drivers by PRIME, and video queues.
 *
 * @module
 */
import type { ErrnoName } from "../../spec/errno.ts";
import type { Checks } from "./kernel/check.ts";
import type { DmaBuf } from "./kernel/dma_buf.ts";
import type { DrmDevice, DrmDriver, DrmFile, GemObject, PrimeImport } from "./kernel/drm_gem.ts";
import type { Kernel } from "./kernel/kernel.ts";
import type { Sequence } from "./kernel/sequence.ts";
import type { HeldBuffer } from "./kernel/videobuf2.ts";

/** The rules of PRIME. */
export interface DrmRules {
  /** How each driver imports a buffer of another device. */
  readonly drivers: Readonly<Record<DrmDriver, Sequence<PrimeImport> | "absent">>;
  /** What is done after an import that failed. */
  readonly undoImport: Sequence<PrimeImport>;
  /** What the error of an import becomes. */
  readonly importError: (error: ErrnoName) => ErrnoName;
  /** The handle that an open file has for a buffer already. */
  readonly handleOf: (file: DrmFile, dmabuf: DmaBuf) => number | undefined;
  /** The object of the device that a buffer was made of. */
  readonly own: (device: DrmDevice, dmabuf: DmaBuf) => GemObject | undefined;
  /** The buffer that an object is shared as already. */
  readonly sharedAs: (file: DrmFile, handle: number, object: GemObject) => DmaBuf | undefined;
  /** Whether an importer that is told waits for the kernel's fences before it maps. */
  readonly waits: boolean;
  /** Whether an importer that is told takes back the pin that it mapped with. */
  readonly unpins: boolean;
  /** What an importer that is told does then. */
  readonly invalidated: (kernel: Kernel, imported: PrimeImport) => void;
  /** Which objects cannot be mapped into a process. */
  readonly map: Checks<GemObject>;
  /** What happens to what was imported when the last reference to the object is gone. */
  readonly free: Sequence<PrimeImport>;
}

/** The rules of a video queue. */
export interface VideoRules {
  /** Whether there is a device to open. */
  readonly device: "present" | "absent";
  /** What a failed look-up of the descriptor answers. */
  readonly lookupError: (error: ErrnoName) => ErrnoName;
  /** Which buffers a place cannot take. */
  readonly attach: Checks<HeldBuffer>;
  /** How many references on the buffer are put then. */
  readonly putsAfterRefusal: number;
  /** How a buffer is mapped into the kernel. */
  readonly map: (kernel: Kernel, dmabuf: DmaBuf) => ErrnoName | undefined;
  /** What an error of mapping a buffer into the kernel becomes. */
  readonly mapError: (error: ErrnoName) => ErrnoName;
  /** How many references on the buffer are put after that. */
  readonly putsAfterFailedMap: number;
  /** Whether a place lets go of its buffer when the device is done with it. */
  readonly letsGoWhenTaken: boolean;
  /** How many references a place puts when it lets go of a buffer. */
  readonly putsAtTheEnd: number;
}
