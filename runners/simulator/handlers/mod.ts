/**
 * The handlers of the simulator: what each operation of the vocabulary is in the model.
 *
 * @module
 */
import type { Handlers } from "../../handlers.ts";
import type { Steps } from "../kernel/sched.ts";
import type { Session } from "../session.ts";
import { bufferHandlers } from "./buffer.ts";
import { drmHandlers, videoHandlers } from "./drm.ts";
import { exporterHandlers, importerHandlers } from "./importer.ts";
import { iommufdHandlers, udmabufHandlers } from "./iommufd.ts";
import { processHandlers } from "./process.ts";
import { rdmaHandlers } from "./rdma.ts";
import { vfioHandlers } from "./vfio.ts";

/** Every handler, by operation. */
export const HANDLERS: Handlers<Session, Steps<unknown>> = new Map([
  ...processHandlers,
  ...bufferHandlers,
  ...importerHandlers,
  ...exporterHandlers,
  ...iommufdHandlers,
  ...udmabufHandlers,
  ...vfioHandlers,
  ...rdmaHandlers,
  ...drmHandlers,
  ...videoHandlers,
]);
