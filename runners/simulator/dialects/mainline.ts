/**
 * Linux: temporary revocation by the events of a device, no mmap of a VFIO buffer, no revoke request.
 *
 * A revoked buffer is one bit; the model calls it TEMP, and PERM once its session has ended. From 7.1 on a revoke waits
 * for fences and mappings, and the kref is re-armed by it (VMOV-09). A buffer that is already revoked is left alone at
 * close (VCLS-03). 7.3 was read line by line; what is said of older releases comes from lists of commits, and cells
 * that nobody has seen are not asserted by any case.
 *
 * @module
 */
import type { Dialect, Rules, VfioRules } from "../rules.ts";
import { coreTo70, mainlineCore } from "./core.ts";
import { foreign, foreign612 } from "./foreign.ts";
import { iommufd612, iommufd70, iommufd71, iommufd73 } from "./iommufd.ts";
import { rdma, rdmaTo70 } from "./rdma.ts";
import { type Revocation, vfioOf } from "./revocation.ts";
import { attachTo70, headerChecks } from "./vfio.ts";

/** The row of 7.1 to 7.3. */
export const mainlineRow: Revocation = {
  stateIn: "exporter",
  stateFirst: "yes",
  fenceUsage: "BOOKKEEP",
  waitUnmap: "yes",
  rearm: "revoke",
  upgradeNotifies: "-",
  unrevokeNotifies: "yes",
  closeRenotifies: "no",
  mmap: "no",
  request: "-",
  requestLock: "-",
  configOff: "-",
  pin: "no op",
};

/** The row of 7.0: nothing waited, mappings were not counted, and every pin was refused. */
export const mainline70Row: Revocation = {
  ...mainlineRow,
  fenceUsage: "-",
  waitUnmap: "no",
  rearm: "-",
  closeRenotifies: "yes", // not compared
  pin: "EOPNOTSUPP",
};

const vfio70: VfioRules = { ...vfioOf(mainline70Row), attach: attachTo70 };

/** 6.12 has no dma-buf feature in VFIO at all. */
const vfio612: VfioRules = {
  ...vfio70,
  featureHeader: [...headerChecks, {
    clause: "VEXP-23",
    errno: "ENOTTY",
    refuses: "an unknown feature",
    when: () => true,
  }],
};

function release(version: string, title: string, rules: Rules): Dialect {
  return { id: `mainline-${version}`, title: `Linux ${version}: ${title}`, kernel: version, rules };
}

const to70 = { ...rdmaTo70, ...foreign, iommufd: iommufd70, core: coreTo70 };
const from71 = { ...rdma, ...foreign, iommufd: iommufd73, core: mainlineCore, vfio: vfioOf(mainlineRow) };

/** The kernel releases that the model knows. */
export const mainlineDialects: readonly Dialect[] = [
  release("6.12", "no VFIO buffers", { ...to70, ...foreign612, vfio: vfio612, iommufd: iommufd612 }),
  release("7.0", "revocation that waits for nothing", { ...to70, vfio: vfio70 }),
  release("7.1", "revocation that waits for fences and mappings", { ...from71, iommufd: iommufd71 }),
  release("7.2", "as 7.1 for VFIO", from71),
  release("7.3", "temporary revocation, no request", from71),
];
