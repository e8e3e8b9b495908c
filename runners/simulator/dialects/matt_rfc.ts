/**
 * Seed 3: Matt Evans, [RFC PATCH 4/7] dma-buf: uapi: Mechanism to revoke DMABUFs via ioctl(), with the revoke operation
 * of VFIO from the patch behind it.
 *
 * Whoever holds a descriptor can ask. Nothing waits, neither for fences nor for mappings (RFC-14), memory_lock is held
 * for reading only (RFC-13), and making a temporary revoke permanent calls the importers again (RFC-12). What a close
 * does to a buffer that is already revoked, and what a pin answers, was not seen: both are as in Linux 7.0 here.
 *
 * @module
 */
import type { CoreRules, Dialect, VfioRules } from "../rules.ts";
import { coreTo70 } from "./core.ts";
import { foreign } from "./foreign.ts";
import { iommufd70 } from "./iommufd.ts";
import { rdmaTo70 } from "./rdma.ts";
import { type Revocation, vfioOf } from "./revocation.ts";
import { attachTo70 } from "./vfio.ts";

/** The row of seed 3. */
export const mattRfcRow: Revocation = {
  stateIn: "exporter",
  stateFirst: "yes",
  fenceUsage: "-",
  waitUnmap: "no",
  rearm: "-",
  upgradeNotifies: "yes",
  unrevokeNotifies: "yes",
  closeRenotifies: "yes", // not seen
  mmap: "yes",
  request: "buffer ioctl",
  requestLock: "memory_lock read",
  configOff: "-",
  pin: "EOPNOTSUPP", // not seen
};

const core: CoreRules = {
  ...coreTo70,
  revokeIoctl: [{
    clause: "RFC-02",
    errno: "EINVAL",
    refuses: "an exporter without the operation",
    when: ({ dmabuf }) => !dmabuf.ops.revoke,
  }],
};

const vfio: VfioRules = { ...vfioOf(mattRfcRow), attach: attachTo70 };

/** Seed 3 as a dialect. */
export const mattRfcIoctl: Dialect = {
  id: "matt-rfc-ioctl",
  title: "Matt Evans RFC: a revoke request on the buffer itself",
  kernel: "7.0-rc+matt-rfc",
  rules: { ...rdmaTo70, ...foreign, iommufd: iommufd70, core, vfio },
};
