/**
 * The tour: every reachable edge of the model, taken on a target.
 *
 * @module
 */
export type { Invariants } from "./depth.ts";
export {
  DEPTH_SCHEMA,
  type DepthOptions,
  type DepthReport,
  tourToDepth,
  type UniverseDepth,
  type Violation,
} from "./depth_report.ts";
export type { Ambiguity } from "./graph.ts";
export { reproduce } from "./reproduce.ts";
export {
  type NotTaken,
  type NotTakenReason,
  tour,
  TOUR_SCHEMA,
  type TourDivergence,
  type TourOptions,
  type TourReport,
  type UniverseReport,
} from "./tour.ts";
export { type Universe, UNIVERSES } from "./universe.ts";
