/**
 * The third version of the series of seed 2 (June 2026): the request is a feature of the device that can only be SET.
 *
 * @module
 */
import type { Dialect } from "../rules.ts";
import { mainlineCore } from "./core.ts";
import { mattV2Row } from "./matt_v2.ts";
import { foreign } from "./foreign.ts";
import { iommufd73 } from "./iommufd.ts";
import { rdma } from "./rdma.ts";
import { type Revocation, vfioOf } from "./revocation.ts";

/** The row of the third version. */
export const mattV3Row: Revocation = { ...mattV2Row, request: "feature", configOff: "ENOTTY" };

/** The third version of seed 2 as a dialect. */
export const mattV3Feature: Dialect = {
  id: "matt-v3-feature",
  title: "Matt Evans v3: the revoke request as a feature of the device",
  kernel: "7.1-rc+matt-v3",
  rules: { ...rdma, ...foreign, iommufd: iommufd73, core: mainlineCore, vfio: vfioOf(mattV3Row) },
};
