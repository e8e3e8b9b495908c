/**
 * The dialects: every proposal and kernel version that the simulator can be.
 *
 * @module
 */
import type { Dialect } from "../rules.ts";
import { leonV1Core, leonV1Cover } from "./leon_v1.ts";
import { leonV3NonOdp } from "./leon_v3.ts";
import { mainlineDialects } from "./mainline.ts";
import { mattRfcIoctl } from "./matt_rfc.ts";
import { mattV1Vfio } from "./matt_v1_vfio.ts";
import { mattV2 } from "./matt_v2.ts";
import { mattV3Feature } from "./matt_v3.ts";
import { mattV4Plus } from "./matt_v4.ts";
import { mattV8 } from "./matt_v8.ts";

/** Every dialect, by name. */
export const DIALECTS: ReadonlyMap<string, Dialect> = new Map(
  [
    leonV1Cover,
    leonV1Core,
    leonV3NonOdp,
    mattRfcIoctl,
    mattV1Vfio,
    mattV2,
    mattV3Feature,
    mattV4Plus,
    mattV8,
    ...mainlineDialects,
  ].map((dialect) => [dialect.id, dialect]),
);

/** The dialect that `sim` stands for. */
export const DEFAULT_DIALECT: Dialect = mattV1Vfio;
