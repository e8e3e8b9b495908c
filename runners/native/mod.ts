/**
 * The native target: this machine's own kernel, through an addon in C.
 *
 * @module
 */
export { type NativeOptions, nativeTarget } from "./target.ts";
export { NATIVE_NAME, parseNative } from "./name.ts";
export { type Addon, AddonError, loadAddon } from "./addon.ts";
export type { Limits } from "./session.ts";
export type { Patience } from "./thread_state.ts";
export type { Target, TargetDescription } from "../target.ts";
export type { Call, Program, ProgramRace, ProgramStep } from "../../cases/mod.ts";
export type * from "../../spec/mod.ts";
