/**
 * The native target: this machine's own kernel, through an addon in C.
 *
 * @module
 */
export { type NativeOptions, nativeTarget } from "./target.ts";
export { NATIVE_NAME, parseNative } from "./name.ts";
export {
  type Addon,
  AddonError,
  type Control,
  CONTROLS,
  loadAddon,
  type Primitive,
  PRIMITIVES,
} from "./addon.ts";
export { type Arg, DUTIES, type Duty, type Reply, type SystemCall } from "./calls.ts";
export type { Executor, Started, Watched } from "./executor/executor.ts";
export type { Limits } from "./session.ts";
export type { Patience } from "./thread_state.ts";
export type { Target, TargetDescription } from "../target.ts";
export type { Call, Program, ProgramRace, ProgramStep } from "../../cases/mod.ts";
export type * from "../../spec/mod.ts";
