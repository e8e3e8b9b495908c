/**
 * What the machine has that a case could use. Nothing is opened but what is asked for, no driver is loaded, and no
 * request is sent that a driver could take for another one.
 *
 * @module
 */
import { gunzipSync } from "node:zlib";
import { DMA_BUF_REQUESTS, dmaHeapAllocationData, udmabufCreate } from "./abi/dma_buf.ts";
import { IOMMUFD_REQUESTS, TEST_CMD_SIZE } from "./abi/iommufd.ts";
import { concat, decode, encode, text } from "./abi/layout.ts";
import type { Executor } from "./executor/executor.ts";
import { Files } from "./executor/files.ts";
import { Failed } from "./failure.ts";
import { CONFORM_PATH } from "./abi/conform.ts";
import { policyOf, remedyFor } from "./module/admission.ts";
import { findForeign, type Foreign } from "./foreign.ts";
import { HelperProcess } from "./process.ts";
import { Strand } from "./strand.ts";
import { F_ADD_SEALS, F_SEAL_SHRINK, MFD_FLAGS, O_CLOEXEC, O_RDWR } from "./constants.ts";
import { findDevices, isPciAddress, type PciDevice } from "./pci.ts";
import type { Reference } from "./reference.ts";

/** Something that a machine may have: there, with its path, or missing, with the reason and the remedy. */
export type Facility =
  | { readonly kind: "there"; readonly path: string }
  | { readonly kind: "missing"; readonly reason: string };

/** What the request to revoke through the buffer itself answers, by which the RFC is told from other kernels. */
export type RevokeRequest = "known" | "unknown" | "not asked";

/** A machine. */
export interface Machine {
  /** The kernel's release. */
  readonly release: string;
  /** The architecture, as `uname -m` names it. */
  readonly architecture: string;
  /** Bytes in a page. */
  readonly pageSize: number;
  /** Digest of the kernel's configuration, where it can be read. */
  readonly config: string | undefined;
  /** What watches for bugs. */
  readonly detectors: readonly string[];
  /** The exporters and the rest. */
  readonly udmabuf: Facility;
  readonly heap: Facility;
  readonly iommufd: Facility;
  readonly selftest: Facility;
  readonly swSync: Facility;
  readonly vgem: Facility;
  /** The importers of the kernel's own. */
  readonly foreign: Foreign;
  /** The kernel module of the suite. */
  readonly module: Facility;
  /** The address of the PCI device that imports, where one is bound to the driver of the kernel module. */
  readonly importer?: string | undefined;
  /** What its reference exporter is to follow, where that stands for VFIO devices. */
  readonly reference?: Reference | undefined;
  readonly bufinfo: Facility;
  readonly kernelLog: Facility;
  /** The devices that were given and can be used. */
  readonly devices: readonly PciDevice[];
  /** Why the devices that were given cannot be used, or that none was. */
  readonly noDevice: string;
  /** Whether a buffer knows the request to revoke it. */
  readonly revokeRequest: RevokeRequest;
}

const CONFIG_DETECTORS = [
  ["CONFIG_KASAN", "KASAN"],
  ["CONFIG_KFENCE", "KFENCE"],
  ["CONFIG_KCSAN", "KCSAN"],
  ["CONFIG_UBSAN", "UBSAN"],
  ["CONFIG_PROVE_LOCKING", "lockdep"],
  ["CONFIG_DMA_API_DEBUG", "DMA API debugging"],
  ["CONFIG_DMABUF_DEBUG", "dma-buf debugging"],
  ["CONFIG_DEBUG_ATOMIC_SLEEP", "sleep in atomic context"],
  ["CONFIG_DETECT_HUNG_TASK", "hung tasks"],
] as const;

const DEBUGFS = "/sys/kernel/debug";

/**
 * Looks at the machine.
 *
 * @param executor what touches its kernel
 * @param addresses the PCI devices that may be used
 */
export async function lookAtMachine(executor: Executor, addresses: readonly string[]): Promise<Machine> {
  const files = new Files(executor);
  const process = new HelperProcess(executor);
  try {
    return await look(new Prober(process, files), files, addresses);
  } finally {
    await process.end(1_000);
  }
}

async function look(prober: Prober, files: Files, addresses: readonly string[]): Promise<Machine> {
  const release = (await files.text("/proc/sys/kernel/osrelease"))?.trim();
  if (release === undefined) throw new Error("Cannot read /proc/sys/kernel/osrelease: mount /proc");
  const config = await kernelConfig(files, release);
  const udmabuf = await prober.openable("/dev/udmabuf", "load the module udmabuf (CONFIG_UDMABUF)");
  const heap = await prober.openable("/dev/dma_heap/system", "use a kernel with CONFIG_DMABUF_HEAPS_SYSTEM");
  const iommufd = await prober.openable("/dev/iommu", "load the module iommufd (CONFIG_IOMMUFD)");
  const bufinfo = await prober.openable(`${DEBUGFS}/dma_buf/bufinfo`, "mount debugfs (CONFIG_DEBUG_FS)");
  const kernelLog = await prober.openable("/dev/kmsg", "allow it to be read");
  const swSync = await prober.openable(
    `${DEBUGFS}/sync/sw_sync`,
    "use a kernel with CONFIG_SW_SYNC, mount debugfs",
  );
  const foreign = await findForeign(files);
  const { vgem } = foreign.gpus;
  const found = await findDevices(files, addresses);
  return {
    release,
    architecture: (await files.text("/proc/sys/kernel/arch") ?? Deno.build.arch).trim(),
    pageSize: await pageSize(files),
    config: config && await digest(config),
    detectors: [
      ...CONFIG_DETECTORS.filter(([name]) => config?.includes(`\n${name}=y`)).map(([, detector]) => detector),
      ...(kernelLog.kind === "there" ? ["kernel log"] : []),
      ...(bufinfo.kind === "there" ? ["buffers that stay"] : []),
      "taint",
    ],
    udmabuf,
    heap,
    iommufd,
    selftest: await prober.selftest(iommufd),
    swSync,
    module: await prober.openable(CONFORM_PATH, remedyFor(await policyOf(files))),
    vgem: vgem.kind === "missing" ? vgem : await prober.openable(vgem.path, "load the module vgem"),
    foreign,
    bufinfo,
    importer: await importerDevice(files),
    kernelLog,
    devices: found.devices,
    noDevice: found.reason,
    revokeRequest: await prober.revokeRequest(udmabuf, heap),
  };
}

/** The devices of the kernel module's driver. */
const IMPORTERS = "/sys/bus/pci/drivers/dmabuf-conform";

/** The PCI device that was given to the kernel module, if one was. */
async function importerDevice(files: Files): Promise<string | undefined> {
  return (await files.list(IMPORTERS) ?? []).find(isPciAddress);
}

/** Opens and asks, in a process that can be lost. */
class Prober {
  readonly #process: HelperProcess;
  readonly #files: Files;
  readonly #strand: Strand;

  constructor(process: HelperProcess, files: Files) {
    this.#process = process;
    this.#files = files;
    this.#strand = new Strand(1, files);
  }

  /** Whether a file can be opened; where not, the reason and what to do. */
  async openable(path: string, remedy: string): Promise<Facility> {
    if (!await this.#files.exists(path)) {
      const hidden = path.startsWith(DEBUGFS) && !await this.#isRoot();
      return { kind: "missing", reason: `no ${path}: ${hidden ? "run as root" : remedy}` };
    }
    try {
      const fd = await this.#open(path);
      await this.#strand.do(this.#process, "close", [fd]);
      return { kind: "there", path };
    } catch (error) {
      if (!(error instanceof Failed)) throw error;
      const denied = error.errno === "EACCES" || error.errno === "EPERM";
      return {
        kind: "missing",
        reason: `${path} cannot be opened (${error.errno}): ${denied ? "run as root" : remedy}`,
      };
    }
  }

  async #isRoot(): Promise<boolean> {
    return /^Uid:\s+0\s/m.test(await this.#files.text("/proc/self/status") ?? "");
  }

  async #open(path: string): Promise<number> {
    const readable = path.startsWith("/dev/kmsg") || path.endsWith("bufinfo");
    return await this.#strand.do(
      this.#process,
      "open",
      [(readable ? 0 : O_RDWR) | O_CLOEXEC, 0],
      text(path),
    );
  }

  /** Whether iommufd has its self test: an operation that there is not is EOPNOTSUPP there, and ENOTTY elsewhere. */
  async selftest(iommufd: Facility): Promise<Facility> {
    if (iommufd.kind === "missing") return iommufd;
    const number = await this.#open(iommufd.path);
    const fd = { process: this.#process, number };
    const command = new Uint8Array(TEST_CMD_SIZE);
    new DataView(command.buffer).setUint32(0, TEST_CMD_SIZE, true);
    const errno = await this.#errnoOf(() => this.#strand.ioctlBytes(fd, IOMMUFD_REQUESTS.test, command));
    await this.#strand.do(this.#process, "close", [number]);
    if (errno === "EOPNOTSUPP") return iommufd;
    return { kind: "missing", reason: "iommufd has no self test: use a kernel with CONFIG_IOMMUFD_TEST" };
  }

  /** Asks a buffer that nobody needs whether it knows the request to revoke it (semantics of the RFC). */
  async revokeRequest(udmabuf: Facility, heap: Facility): Promise<RevokeRequest> {
    const number = await this.#throwAway(udmabuf, heap);
    if (number === undefined) return "not asked";
    const fd = { process: this.#process, number };
    const errno = await this.#errnoOf(() => this.#strand.ioctlValue(fd, DMA_BUF_REQUESTS.revoke));
    return errno === "ENOTTY" ? "unknown" : "known";
  }

  async #throwAway(udmabuf: Facility, heap: Facility): Promise<number | undefined> {
    const size = await pageSize(this.#files);
    if (udmabuf.kind === "there") return await this.#fromUdmabuf(udmabuf.path, size);
    if (heap.kind === "there") return await this.#fromHeap(heap.path, size);
    return undefined;
  }

  async #fromUdmabuf(path: string, size: number): Promise<number> {
    const strand = this.#strand;
    const memfd = await strand.do(this.#process, "memfd", [MFD_FLAGS.allowSealing], text("conform"));
    await strand.do(this.#process, "truncate", [memfd, size]);
    await strand.do(this.#process, "fcntl", [memfd, F_ADD_SEALS, F_SEAL_SHRINK]);
    const fd = { process: this.#process, number: await this.#open(path) };
    const { result } = await strand.ioctl(fd, DMA_BUF_REQUESTS.udmabufCreate, udmabufCreate, { memfd, size });
    return result;
  }

  async #fromHeap(path: string, size: number): Promise<number> {
    const fd = { process: this.#process, number: await this.#open(path) };
    const values = encode(dmaHeapAllocationData, { len: size, fd_flags: O_RDWR | O_CLOEXEC });
    const { whole } = await this.#strand.ioctlBytes(fd, DMA_BUF_REQUESTS.heapAlloc, concat(values));
    return decode(dmaHeapAllocationData, whole).fd;
  }

  async #errnoOf(action: () => Promise<unknown>): Promise<string | undefined> {
    try {
      await action();
      return undefined;
    } catch (error) {
      if (error instanceof Failed) return error.errno;
      throw error;
    }
  }
}

/** Bytes in a page, from what the kernel tells every process at its start. */
async function pageSize(files: Files): Promise<number> {
  const AT_PAGESZ = 6n;
  const bytes = await files.read("/proc/self/auxv") ?? new Uint8Array(0);
  const entries = new BigUint64Array(bytes.slice().buffer, 0, Math.floor(bytes.length / 8));
  for (let index = 0; index + 1 < entries.length; index += 2) {
    if (entries[index] === AT_PAGESZ) return Number(entries[index + 1]);
  }
  throw new Error("Cannot tell the size of a page: /proc/self/auxv does not say");
}

/** The kernel's configuration as text, where it can be read. */
async function kernelConfig(files: Files, release: string): Promise<string | undefined> {
  const packed = await files.read("/proc/config.gz");
  if (packed) return new TextDecoder().decode(gunzipSync(packed));
  return await files.text(`/boot/config-${release}`) ?? await files.text(`/lib/modules/${release}/config`);
}

async function digest(of: string): Promise<string> {
  const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(of));
  return new Uint8Array(hash).toHex();
}
