/**
 * Kernels to boot: what Debian's archive has, and what is here.
 *
 * @module
 */
export { Archive, type Freshness } from "./archive.ts";
export type { ArchiveKernel, ArchivePackage, Extent, Flavour } from "./catalogue.ts";
export { isAskedFor } from "./catalogue.ts";
export { buildKernel, type BuildOptions } from "./build.ts";
export { fetchKernel, kernelInArchive } from "./fetch.ts";
export { LEFT_OUT } from "./left_out.ts";
export { rebuild, type Recipe } from "./rebuild.ts";
export { bootLimitMs } from "./limits.ts";
export {
  kernelHere,
  type KernelWithModules,
  type LeftOut,
  type LocalKernel,
  localKernels,
  rebuiltHere,
  withModulesMadeHere,
} from "./store.ts";
