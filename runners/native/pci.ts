/**
 * PCI devices that the suite was given, as sysfs describes them.
 *
 * @module
 */
import type { Files } from "./executor/files.ts";

/** How a device is reached. */
export type Access =
  /** Its own character device, bound to an iommufd. */
  | { readonly kind: "cdev"; readonly path: string }
  /** Its IOMMU group, in a container. */
  | { readonly kind: "group"; readonly path: string };

/** A base address register as sysfs shows it. */
export interface PciBar {
  readonly kind: "memory" | "io" | "absent";
  /** Bytes. */
  readonly size: number;
}

/** A PCI device. */
export interface PciDevice {
  /** Its address, as in `0000:01:00.0`. */
  readonly address: string;
  /** Vendor and device number, as in `1234:11e8`. */
  readonly id: string;
  /** Its six BARs. */
  readonly bars: readonly PciBar[];
  readonly isVirtual: boolean;
  /** Ways to reset it, in the order of the kernel. */
  readonly resets: readonly string[];
  readonly access: Access;
}

/** The device of QEMU that does DMA on request. */
export const EDU = "1234:11e8";

const ADDRESS = /^[0-9a-f]{4}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]$/;
const SYSFS = "/sys/bus/pci/devices";
const IORESOURCE_IO = 0x100;
const IORESOURCE_MEM = 0x200;

/** Tells whether a text is the address of a PCI device. */
export function isPciAddress(text: string): boolean {
  return ADDRESS.test(text);
}

/** Devices that can be used, and why there are not more. */
export interface FoundDevices {
  readonly devices: readonly PciDevice[];
  readonly reason: string;
}

/** Looks at the devices of the addresses, and at no other. */
export async function findDevices(files: Files, addresses: readonly string[]): Promise<FoundDevices> {
  if (addresses.length === 0) {
    return { devices: [], reason: "no VFIO device was given: name one, as in native:0000:01:00.0" };
  }
  const looked = await Promise.all(addresses.map((address) => deviceAt(files, address)));
  return {
    devices: looked.filter((each) => typeof each !== "string"),
    reason: looked.filter((each) => typeof each === "string").join("; ") ||
      "no device that was given is as the case needs it",
  };
}

async function deviceAt(files: Files, address: string): Promise<PciDevice | string> {
  const folder = `${SYSFS}/${address}`;
  if (!await files.exists(folder)) return `there is no PCI device ${address}: lspci -D lists them`;
  const driver = await linkName(files, `${folder}/driver`);
  if (driver !== "vfio-pci") {
    return `${address} has the driver ${driver ?? "none"}: bind it to vfio-pci`;
  }
  const access = await accessOf(files, folder);
  if (!access) return `${address} has no VFIO device: turn the IOMMU on`;
  const [vendor, device] = [await line(files, `${folder}/vendor`), await line(files, `${folder}/device`)];
  return {
    address,
    id: `${vendor.slice(2)}:${device.slice(2)}`,
    bars: barsOf(await files.text(`${folder}/resource`) ?? ""),
    isVirtual: await files.exists(`${folder}/physfn`),
    resets: (await line(files, `${folder}/reset_method`)).split(" ").filter((each) => each !== ""),
    access,
  };
}

async function accessOf(files: Files, folder: string): Promise<Access | undefined> {
  for (const name of await files.list(`${folder}/vfio-dev`) ?? []) {
    const path = `/dev/vfio/devices/${name}`;
    if (await files.exists(path)) return { kind: "cdev", path };
  }
  const group = await linkName(files, `${folder}/iommu_group`);
  const path = `/dev/vfio/${group}`;
  return group !== undefined && await files.exists(path) ? { kind: "group", path } : undefined;
}

/** Reads the `resource` file: a line of start, end and flags for each BAR. */
export function barsOf(resource: string): PciBar[] {
  return resource.split("\n").slice(0, 6).map((row) => {
    const [start = 0n, end = 0n, flags = 0n] = row.split(" ").map(BigInt);
    const size = end === 0n ? 0 : Number(end - start + 1n);
    if (size > 0 && Number(flags) & IORESOURCE_MEM) return { kind: "memory", size };
    return { kind: size > 0 && Number(flags) & IORESOURCE_IO ? "io" : "absent", size: 0 };
  });
}

async function linkName(files: Files, path: string): Promise<string | undefined> {
  return (await files.link(path))?.split("/").at(-1);
}

async function line(files: Files, path: string): Promise<string> {
  return (await files.text(path) ?? "").trim();
}
