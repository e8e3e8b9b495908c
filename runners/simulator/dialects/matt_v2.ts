/**
 * The second version of the series of seed 2 (May 2026): the kref is re-armed by the revoke, and a buffer that is
 * already revoked is left alone at close.
 *
 * @module
 */
import type { Dialect } from "../rules.ts";
import { mainlineCore } from "./core.ts";
import { mattV1Row } from "./matt_v1_vfio.ts";
import { foreign } from "./foreign.ts";
import { iommufd73 } from "./iommufd.ts";
import { rdma } from "./rdma.ts";
import { type Revocation, vfioOf } from "./revocation.ts";

/** The row of the second version. */
export const mattV2Row: Revocation = { ...mattV1Row, rearm: "revoke", closeRenotifies: "no" };

/** The second version of seed 2 as a dialect. */
export const mattV2: Dialect = {
  id: "matt-v2",
  title: "Matt Evans v2: as v1, with an idempotent close",
  kernel: "7.1-rc+matt-v2",
  rules: { ...rdma, ...foreign, iommufd: iommufd73, core: mainlineCore, vfio: vfioOf(mattV2Row) },
};
