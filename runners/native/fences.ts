/**
 * Fences that user space makes and signals: with sw_sync where the kernel has it, else with vgem. What signals a fence
 * is kept in a process that no case can block.
 *
 * @module
 */
import {
  DMA_BUF_REQUESTS,
  DMA_BUF_SYNC,
  dmaBufExportSyncFile,
  swSyncCreateFenceData,
} from "./abi/dma_buf.ts";
import {
  DRM_REQUESTS,
  drmModeCreateDumb,
  drmPrimeHandle,
  drmVgemFenceAttach,
  drmVgemFenceSignal,
  VGEM_FENCE_WRITE,
} from "./abi/drm.ts";
import { text } from "./abi/layout.ts";
import { O_CLOEXEC, O_RDWR } from "./constants.ts";
import { Unsupported } from "./failure.ts";
import type { Machine } from "./machine.ts";
import type { HelperProcess } from "./process.ts";
import type { Numbered, Strand } from "./strand.ts";

/** What signals a fence. */
export type Signaller =
  /** A timeline of its own. */
  | { readonly kind: "sw_sync"; readonly fd: Numbered }
  /** The number of the fence among those of an open file of vgem. */
  | { readonly kind: "vgem"; readonly fd: Numbered; readonly fence: number };

/** A fence that has not signalled: a sync file, and what signals it. */
export interface MadeFence {
  /** The descriptor of the sync file. */
  readonly file: Numbered;
  readonly signaller: Signaller;
}

/**
 * Makes a fence in a process.
 *
 * @throws {Unsupported} if the machine has neither sw_sync nor vgem
 */
export async function makeFence(
  strand: Strand,
  process: HelperProcess,
  machine: Machine,
): Promise<MadeFence> {
  const { swSync, vgem } = machine;
  if (swSync.kind === "there") return await fenceOfSwSync(strand, process, swSync.path);
  if (vgem.kind === "there") return await fenceOfVgem(strand, process, vgem.path);
  throw new Unsupported(`${swSync.reason}; ${vgem.reason}`);
}

async function open(strand: Strand, process: HelperProcess, path: string): Promise<Numbered> {
  return { process, number: await strand.do(process, "open", [O_RDWR | O_CLOEXEC, 0], text(path)) };
}

async function fenceOfSwSync(strand: Strand, process: HelperProcess, path: string): Promise<MadeFence> {
  const fd = await open(strand, process, path);
  const values = { value: 1, name: "conform" };
  const made = await strand.ioctl(fd, DMA_BUF_REQUESTS.swSyncCreateFence, swSyncCreateFenceData, values);
  return { file: { process, number: made.fence }, signaller: { kind: "sw_sync", fd } };
}

/** Vgem fences a buffer of its own, out of which the fence is taken as a sync file. It signals itself after 10 s. */
async function fenceOfVgem(strand: Strand, process: HelperProcess, path: string): Promise<MadeFence> {
  const fd = await open(strand, process, path);
  const shape = { width: 32, height: 32, bpp: 32 };
  const { handle } = await strand.ioctl(fd, DRM_REQUESTS.modeCreateDumb, drmModeCreateDumb, shape);
  const attached = await strand.ioctl(fd, DRM_REQUESTS.vgemFenceAttach, drmVgemFenceAttach, {
    handle,
    flags: VGEM_FENCE_WRITE,
  });
  const flags = O_RDWR | O_CLOEXEC;
  const shared = await strand.ioctl(fd, DRM_REQUESTS.primeHandleToFd, drmPrimeHandle, { handle, flags });
  const buffer = { process, number: shared.fd };
  const exported = await strand.ioctl(buffer, DMA_BUF_REQUESTS.exportSyncFile, dmaBufExportSyncFile, {
    flags: DMA_BUF_SYNC.read,
  });
  await strand.do(process, "close", [shared.fd]);
  const signaller = { kind: "vgem", fd, fence: attached.out_fence } as const;
  return { file: { process, number: exported.fd }, signaller };
}

/** Signals a fence. */
export async function signalFence(strand: Strand, signaller: Signaller): Promise<void> {
  const { fd } = signaller;
  if (signaller.kind === "vgem") {
    const values = { fence: signaller.fence };
    await strand.ioctl(fd, DRM_REQUESTS.vgemFenceSignal, drmVgemFenceSignal, values);
    return;
  }
  await strand.ioctlBytes(fd, DMA_BUF_REQUESTS.swSyncInc, new Uint8Array(Uint32Array.of(1).buffer));
}
