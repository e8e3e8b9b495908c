/**
 * Virtual machines that boot a chosen kernel, and the kernels to boot.
 *
 * @module
 */
export { type Tell, VmError } from "./failure.ts";
export {
  type KernelChoice,
  type ModuleChoice,
  parseVm,
  type Reuse,
  VM_NAME,
  type VmName,
  vmName,
} from "./name.ts";
export { releaseIn } from "./own_kernel.ts";
export { openVm, type VmWatcher } from "./target.ts";
