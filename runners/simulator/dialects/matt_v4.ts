/**
 * The fourth version of the series of seed 2 (July 2026): an un-revoke only makes the buffer usable, and calls nobody.
 *
 * @module
 */
import type { Dialect } from "../rules.ts";
import { mainlineCore } from "./core.ts";
import { foreign } from "./foreign.ts";
import { iommufd73 } from "./iommufd.ts";
import { mattV3Row } from "./matt_v3.ts";
import { rdma } from "./rdma.ts";
import { type Revocation, vfioOf } from "./revocation.ts";

/** The row of the fourth version. */
export const mattV4Row: Revocation = { ...mattV3Row, unrevokeNotifies: "no" };

/** The fourth version of seed 2 as a dialect. */
export const mattV4Plus: Dialect = {
  id: "matt-v4plus",
  title: "Matt Evans v4: as v3, with a silent un-revoke",
  kernel: "7.2-rc+matt-v4",
  rules: { ...rdma, ...foreign, iommufd: iommufd73, core: mainlineCore, vfio: vfioOf(mattV4Row) },
};
