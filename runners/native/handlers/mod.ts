/**
 * The handlers of the native target, by operation.
 *
 * @module
 */
import type { Handlers } from "../../handlers.ts";
import type { Context } from "../session.ts";
import { bufferHandlers } from "./buffer.ts";
import { drmHandlers, videoHandlers } from "./drm.ts";
import { exporterHandlers } from "./exporter.ts";
import { iommufdHandlers } from "./iommufd.ts";
import { withModule } from "./module.ts";
import { processHandlers } from "./process.ts";
import { vfioHandlers } from "./vfio.ts";

/** Every handler of the native target. */
export const HANDLERS: Handlers<Context, Promise<unknown>> = withModule(
  new Map([
    ...processHandlers,
    ...bufferHandlers,
    ...exporterHandlers,
    ...iommufdHandlers,
    ...vfioHandlers,
    ...drmHandlers,
    ...videoHandlers,
  ]),
);
