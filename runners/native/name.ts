/**
 * The name of the native target: `native`, and behind it what it may use.
 *
 * @module
 */
import { isPciAddress } from "./pci.ts";
import { REFERENCES } from "./reference.ts";
import type { NativeOptions } from "./target.ts";

/** How the name is written. */
export const NATIVE_NAME = "native:<address>,<address>";

const REFERENCE = /^reference=(.+)$/;
const FEATURE = /^feature=(\d{1,5})$/;

/**
 * Reads a name such as `native:0000:01:00.0,feature=13`: the PCI devices that may be used, and the number of the VFIO
 * feature that revokes a buffer, where the kernel has one. In `native:reference=matt-v1-vfio` the reference exporter of
 * the kernel module stands for VFIO devices, and follows that proposal. With `native:kmemleak` the kernel is asked after
 * each case for memory that is lost.
 *
 * @returns what may be used, or what is wrong with the name
 */
export function parseNative(name: string): NativeOptions | string {
  const parts = name === "native" ? [] : name.slice("native:".length).split(",");
  const devices: string[] = [];
  let revokeFeature: number | undefined;
  let reference: string | undefined;
  let kmemleak: NativeOptions["kmemleak"];
  for (const part of parts) {
    const [, feature] = FEATURE.exec(part) ?? [];
    const [, followed] = REFERENCE.exec(part) ?? [];
    if (feature !== undefined) revokeFeature = Number(feature);
    else if (followed !== undefined && REFERENCES.has(followed)) reference = followed;
    else if (followed !== undefined) return unknownReference(followed);
    else if (part === "kmemleak") kmemleak = "after each case";
    else if (isPciAddress(part)) devices.push(part);
    else return `The native target cannot use "${part}": it is not the address of a PCI device`;
  }
  return {
    name,
    devices,
    ...(revokeFeature === undefined ? {} : { revokeFeature }),
    ...(reference === undefined ? {} : { reference }),
    ...(kmemleak === undefined ? {} : { kmemleak }),
  };
}

/** Says that there is no such proposal to follow. */
export function unknownReference(name: string): string {
  return `The reference exporter cannot follow "${name}": take one of ${[...REFERENCES.keys()].join(", ")}`;
}
