/**
 * The dialects: every proposal and kernel version that the simulator can be.
 *
 * @module
 */
import type { Dialect } from "../rules.ts";
import { mainlineDialects } from "./mainline.ts";
import { mattV1Vfio } from "./matt_v1_vfio.ts";
import { mattV2 } from "./matt_v2.ts";

/** Every dialect, by name. */
export const DIALECTS: ReadonlyMap<string, Dialect> = new Map(
  [mattV1Vfio, mattV2, ...mainlineDialects].map((dialect) => [dialect.id, dialect]),
);

/** The dialect that `sim` stands for. */
export const DEFAULT_DIALECT: Dialect = mattV1Vfio;
