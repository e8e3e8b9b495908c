/**
 * The newest code of the series of seed 2 that was seen (July to October 2026); of its eighth version only the header.
 *
 * The buffers and their states have a lock of their own, which the request takes for writing under memory_lock for
 * reading (v5). A new buffer starts in the state that the last event
 * left, and not in the one that memory enable would give (v6). Which lock an export and a fault take was not seen; they
 * take that of the buffers here, and no case depends on it.
 *
 * @module
 */
import type { Dialect, VfioRules } from "../rules.ts";
import { mainlineCore } from "./core.ts";
import { mattV4Row } from "./matt_v4.ts";
import { foreign } from "./foreign.ts";
import { iommufd73 } from "./iommufd.ts";
import { rdma } from "./rdma.ts";
import { type Revocation, vfioOf } from "./revocation.ts";

/** The row of the newest version. */
export const mattV8Row: Revocation = {
  ...mattV4Row,
  requestLock: "memory_lock read, dmabuf_lock write",
};

const vfio: VfioRules = {
  ...vfioOf(mattV8Row),
  initialStatus: ({ dmabufsRevoked }) => dmabufsRevoked ? "TEMP" : "OK",
};

/** The newest version of seed 2 as a dialect. */
export const mattV8: Dialect = {
  id: "matt-v8",
  title: "Matt Evans v8: a silent un-revoke and a lock for the buffers",
  kernel: "7.2+matt-v8",
  rules: { ...rdma, ...foreign, iommufd: iommufd73, core: mainlineCore, vfio },
};
