/**
 * The iommufd descriptor, its objects, and devices that do DMA through their domains
 * (drivers/iommu/iommufd/main.c, hw_pagetable.c, device.c).
 *
 * @module
 */
import type { ErrnoName } from "../../../spec/errno.ts";
import { type Fd, fget, File, type Process } from "./file.ts";
import { addDomain, Ioas, removeDomain, unmapAll } from "./iommufd_ioas.ts";
import { IommuDomain, pageOf } from "./iommufd_pages.ts";
import type { Kernel } from "./kernel.ts";
import type { Steps } from "./sched.ts";
import { shared, SharedObject } from "./shared.ts";

/** A domain of an address space, with a device attached that can do DMA: struct iommufd_hwpt_paging. */
export class Hwpt extends SharedObject {
  readonly ioas: Ioas;
  readonly domain: IommuDomain = new IommuDomain();
  @shared
  accessor destroyed = false;

  constructor(ioas: Ioas) {
    super();
    this.ioas = ioas;
  }
}

/** What one open of /dev/iommu stands for: struct iommufd_ctx. */
export class IommufdCtx extends SharedObject {
  @shared
  accessor spaces: readonly Ioas[] = [];
  @shared
  accessor hwpts: readonly Hwpt[] = [];
  /** The address space that the requests of VFIO type1 are about, since they name none: vfio_ioas. */
  @shared
  accessor compat: Ioas | undefined = undefined;
}

/** Opens /dev/iommu; iommufd_fops_open(). */
export function openIommufd(process: Process): Fd | ErrnoName {
  if (process.exhausted) return "EMFILE";
  const context = new IommufdCtx();
  return process.install(new File("iommufd", context, (kernel) => releaseIommufd(kernel, context)));
}

/** The context behind a descriptor, or the error of a request on it. */
export function iommufdOf(fd: Fd): IommufdCtx | ErrnoName {
  const file = fget(fd);
  if (!file) return "EBADF";
  return file.of instanceof IommufdCtx ? file.of : "ENOTTY";
}

/** Makes an empty address space; iommufd_ioas_alloc_ioctl(). */
export function allocIoas(kernel: Kernel, context: IommufdCtx, type1: boolean): Ioas {
  const ioas = new Ioas(kernel.nextId(), type1);
  context.spaces = [...context.spaces, ioas];
  if (type1) context.compat = ioas;
  return ioas;
}

/** Makes a domain of an address space and attaches a device to it; iommufd_hwpt_alloc(). */
export function* allocHwpt(kernel: Kernel, context: IommufdCtx, ioas: Ioas): Steps<Hwpt | ErrnoName> {
  const hwpt = new Hwpt(ioas);
  const error = yield* addDomain(kernel, ioas, hwpt.domain);
  if (error) return error;
  context.hwpts = [...context.hwpts, hwpt];
  return hwpt;
}

/** Destroys an address space; iommufd_destroy(). One that has domains is in use. */
export function* destroyIoas(
  kernel: Kernel,
  context: IommufdCtx,
  ioas: Ioas,
): Steps<ErrnoName | undefined> {
  if (context.hwpts.some((hwpt) => hwpt.ioas === ioas)) return "EBUSY";
  context.spaces = context.spaces.filter((each) => each !== ioas);
  if (context.compat === ioas) context.compat = undefined;
  ioas.destroyed = true;
  yield* unmapAll(kernel, ioas);
  return undefined;
}

/** Detaches the device of a domain and destroys the domain; iommufd_hwpt_paging_destroy(). */
export function* destroyHwpt(context: IommufdCtx, hwpt: Hwpt): Steps<void> {
  context.hwpts = context.hwpts.filter((each) => each !== hwpt);
  hwpt.destroyed = true;
  yield* removeDomain(hwpt.ioas, hwpt.domain);
}

/** Ends a context and every object of it, users before what they use; iommufd_fops_release(). */
function* releaseIommufd(kernel: Kernel, context: IommufdCtx): Steps<void> {
  for (const hwpt of context.hwpts) yield* destroyHwpt(context, hwpt);
  for (const ioas of context.spaces) yield* destroyIoas(kernel, context, ioas);
}

/** Has the device of a domain read the byte at an address; `undefined` where the IOMMU translates nothing. */
export function dmaRead({ domain }: Hwpt, iova: bigint): number | undefined {
  const frame = domain.translate(pageOf(iova), "read");
  return frame?.memory.load(frame.page);
}

/** Has the device of a domain write a byte to an address. Tells whether it landed anywhere. */
export function dmaWrite({ domain }: Hwpt, iova: bigint, value: number): boolean {
  const frame = domain.translate(pageOf(iova), "write");
  frame?.memory.store(frame.page, value);
  return frame !== undefined;
}
