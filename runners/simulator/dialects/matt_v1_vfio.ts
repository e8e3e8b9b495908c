/**
 * Seed 2: Matt Evans, [PATCH 8/9] vfio/pci: Permanently revoke a DMABUF on request, with the mmap of its series.
 *
 * Three states; the request is an ioctl of the device; a buffer that was already revoked is notified once more at
 * close (VST-13); the kref is re-armed by the un-revoke, so it is 0 while the buffer is revoked.
 *
 * @module
 */
import type { Dialect } from "../rules.ts";
import { mainlineCore } from "./core.ts";
import { foreign } from "./foreign.ts";
import { iommufd73 } from "./iommufd.ts";
import { rdma } from "./rdma.ts";
import { type Revocation, vfioOf } from "./revocation.ts";

/** The row of seed 2. */
export const mattV1Row: Revocation = {
  stateIn: "exporter",
  stateFirst: "yes",
  fenceUsage: "BOOKKEEP",
  waitUnmap: "yes",
  rearm: "unrevoke",
  upgradeNotifies: "no",
  unrevokeNotifies: "yes",
  closeRenotifies: "yes",
  mmap: "yes",
  request: "device ioctl",
  requestLock: "memory_lock write",
  configOff: "ENODEV",
  pin: "no op",
};

/** Seed 2 as a dialect. */
export const mattV1Vfio: Dialect = {
  id: "matt-v1-vfio",
  title: "Matt Evans v1: three states and a revoke request on the VFIO device",
  kernel: "7.1-rc+matt-v1",
  rules: { ...rdma, ...foreign, iommufd: iommufd73, core: mainlineCore, vfio: vfioOf(mattV1Row) },
};
