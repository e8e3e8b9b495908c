/**
 * Seed 4: Leon Romanovsky, [PATCH v3 3/7] dma-buf: Document RDMA non-ODP invalidate_mapping() special case.
 *
 * Every importer with operations has the callback (RNOD-01), and an RDMA importer without page faults has one that only
 * warns (RNOD-02). In this version of the series VFIO waits for the fences of usage KERNEL and for no mapping; the rest
 * of its row is that of Linux 7.0. No case depends on what was not seen.
 *
 * @module
 */
import type { Dialect, VfioRules } from "../rules.ts";
import { coreTo70 } from "./core.ts";
import { mainline70Row } from "./mainline.ts";
import { foreign } from "./foreign.ts";
import { iommufd70 } from "./iommufd.ts";
import { rdmaTo70 } from "./rdma.ts";
import { type Revocation, vfioOf } from "./revocation.ts";
import { attachTo70 } from "./vfio.ts";

/** The row of seed 4. */
export const leonV3Row: Revocation = { ...mainline70Row, fenceUsage: "KERNEL" };

const vfio: VfioRules = { ...vfioOf(leonV3Row), attach: attachTo70 };

/** Seed 4 as a dialect. */
export const leonV3NonOdp: Dialect = {
  id: "leon-v3-nonodp",
  title: "Leon Romanovsky v3: every importer has the callback, that of RDMA without page faults only warns",
  kernel: "6.19-rc+leon-v3",
  rules: { ...rdmaTo70, ...foreign, iommufd: iommufd70, core: coreTo70, vfio },
};
