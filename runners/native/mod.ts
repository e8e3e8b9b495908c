/**
 * The native target: this machine's own kernel, through an addon in C.
 *
 * @module
 */
export { type NativeOptions, nativeTarget } from "./target.ts";
export { NATIVE_NAME, parseNative } from "./name.ts";
export { AddonError, loadAddon } from "./addon.ts";
