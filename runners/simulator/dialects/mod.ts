/**
 * The dialects: every proposal and kernel version that the simulator can be.
 *
 * @module
 */
import type { Dialect } from "../rules.ts";
import { mainline73 } from "./mainline_7_3.ts";
import { mattV1Vfio } from "./matt_v1_vfio.ts";

/** Every dialect, by name. */
export const DIALECTS: ReadonlyMap<string, Dialect> = new Map(
  [mattV1Vfio, mainline73].map((dialect) => [dialect.id, dialect]),
);

/** The dialect that `sim` stands for. */
export const DEFAULT_DIALECT: Dialect = mattV1Vfio;
