/**
 * How each operation of the vocabulary is written in C.
 *
 * @module
 */
import type { OperationName } from "../../../spec/operations/mod.ts";
import type { Emitter } from "../emit.ts";
import { bufferOperations } from "./buffer.ts";
import { drmOperations, videoOperations } from "./drm.ts";
import { iommufdOperations } from "./iommufd.ts";
import { moduleOperations } from "./module.ts";
import { processOperations } from "./process.ts";
import { vfioOperations } from "./vfio.ts";

/** How operations are written. What is not here has no C form. */
export const EMITTERS: ReadonlyMap<OperationName, Emitter> = new Map([
  ...processOperations,
  ...bufferOperations,
  ...moduleOperations,
  ...iommufdOperations,
  ...vfioOperations,
  ...drmOperations,
  ...videoOperations,
]);
