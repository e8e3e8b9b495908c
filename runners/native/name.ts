/**
 * The name of the native target: `native`, and behind it what it may use.
 *
 * @module
 */
import { isPciAddress } from "./pci.ts";
import type { NativeOptions } from "./target.ts";

/** How the name is written. */
export const NATIVE_NAME = "native:<address>,<address>";

const FEATURE = /^feature=(\d{1,5})$/;

/**
 * Reads a name such as `native:0000:01:00.0,feature=13`: the PCI devices that may be used, and the number of the VFIO
 * feature that revokes a buffer, where the kernel has one.
 *
 * @returns what may be used, or what is wrong with the name
 */
export function parseNative(name: string): NativeOptions | string {
  const parts = name === "native" ? [] : name.slice("native:".length).split(",");
  const devices: string[] = [];
  let revokeFeature: number | undefined;
  for (const part of parts) {
    const [, feature] = FEATURE.exec(part) ?? [];
    if (feature !== undefined) revokeFeature = Number(feature);
    else if (isPciAddress(part)) devices.push(part);
    else return `The native target cannot use "${part}": it is not the address of a PCI device`;
  }
  return { name, devices, ...(revokeFeature === undefined ? {} : { revokeFeature }) };
}
