/**
 * Seed 0: Leon Romanovsky, [PATCH 0/4] dma-buf: add revoke mechanism to invalidate shared buffers. Twice: as the cover
 * letter promises it, and as the code of its patches does it.
 *
 * The state is a flag of the dma-buf itself, which an exporter with revoke semantics sets by every invalidation. The
 * code sets it only after the callbacks, so that a map from inside of one survives (LEON1-08); it leaves vmap and mmap
 * alone (LEON1-11) and has a way back (LEON1-10). The letter has neither of these: all ways in are closed alike, for
 * good. What a close does to a buffer that is already revoked was not compared; both are as in Linux 7.0 here. The
 * letter says nothing of waits and nothing of attach: nothing waits, and an attach fails as in the code.
 *
 * @module
 */
import type { Check, Checks } from "../kernel/check.ts";
import { type Attachment, type AttachRequest, type DmaBuf, zapIfInvalidated } from "../kernel/dma_buf.ts";
import type { CoreRules, Dialect, VfioRules } from "../rules.ts";
import { mainlineCore } from "./core.ts";
import { foreign } from "./foreign.ts";
import { iommufdLeonV1 } from "./iommufd.ts";
import { rdmaTo70 } from "./rdma.ts";
import { notificationOf, type Revocation, vfioOf } from "./revocation.ts";
import { attachTo70, vfioBase } from "./vfio.ts";

/** The row of the code. */
export const leonV1CoreRow: Revocation = {
  stateIn: "core",
  stateFirst: "no",
  fenceUsage: "-",
  waitUnmap: "no",
  rearm: "-",
  upgradeNotifies: "-",
  unrevokeNotifies: "no",
  closeRenotifies: "yes", // not compared
  mmap: "no",
  request: "-",
  requestLock: "-",
  configOff: "-",
  pin: "no op",
};

/** The row of the cover letter: nothing is un-revoked. */
export const leonV1CoverRow: Revocation = { ...leonV1CoreRow, stateFirst: "yes", unrevokeNotifies: "-" };

function callbacksOf({ ops }: AttachRequest): number {
  return [ops?.invalidate, ops?.revokeNotify].filter(Boolean).length;
}

/** What dma_buf_dynamic_attach() refuses, after its checks for null pointers. */
const attach: Checks<AttachRequest> = [
  {
    clause: "LEON1-02",
    errno: "ENODEV",
    refuses: "a revoked buffer",
    when: ({ dmabuf }) => dmabuf.invalidated,
  },
  {
    clause: "LEON1-03",
    errno: "EINVAL",
    refuses: "operations without a callback",
    when: (request) => request.ops !== undefined && callbacksOf(request) === 0,
    warns: "WARNING: dma_buf_dynamic_attach() with neither callback",
  },
  {
    clause: "LEON1-04",
    errno: "EINVAL",
    refuses: "operations with both callbacks",
    when: (request) => callbacksOf(request) === 2,
    warns: "WARNING: dma_buf_dynamic_attach() with both callbacks",
  },
  {
    clause: "LEON1-05",
    errno: "EINVAL",
    refuses: "an importer that only understands revocation",
    when: ({ dmabuf, ops }) => ops?.revokeNotify !== undefined && !dmabuf.revokeSemantics,
  },
];

function revokedFor(clause: string): Check<DmaBuf> {
  return {
    clause,
    errno: "ENODEV",
    refuses: "a revoked buffer",
    when: ({ invalidated }) => invalidated,
  };
}

const map: Checks<Attachment> = [{
  clause: "LEON1-06",
  errno: "ENODEV",
  refuses: "a revoked buffer",
  when: ({ dmabuf }) => dmabuf.invalidated,
}];

/** The core as the code has it. */
const core: CoreRules = {
  ...mainlineCore,
  exportInfo: [...mainlineCore.exportInfo, {
    clause: "LEON1-01",
    errno: "EINVAL",
    refuses: "an exporter that revokes and pins",
    when: ({ ops, revokeSemantics }) => revokeSemantics === true && ops.pin !== undefined,
    warns: "WARNING: dma_buf_export() with revoke semantics and a pin operation",
  }],
  attach: [...mainlineCore.attach, ...attach],
  map,
  notification: notificationOf(leonV1CoreRow),
  toldOfInvalidation: ({ attachments }) =>
    attachments.filter(({ ops }) => ops?.invalidate ?? ops?.revokeNotify),
  revocableCallback: "revokeNotify",
  markValid(dmabuf) {
    dmabuf.invalidated = false;
    return undefined;
  },
};

/** The core as the cover letter promises it: every way in is closed, and there is no way back. */
const coverCore: CoreRules = {
  ...core,
  vmap: [...core.vmap, revokedFor("LEON0-08")],
  mmap: [...core.mmap, {
    clause: "LEON0-09",
    errno: "ENODEV",
    refuses: "a revoked buffer",
    when: ({ dmabuf }) => dmabuf.invalidated,
  }],
  fault: [revokedFor("LEON0-02")],
  notification: [...notificationOf(leonV1CoverRow), zapIfInvalidated],
  markValid: mainlineCore.markValid,
};

/** VFIO has no state of its own any more: the core refuses, and a new buffer is always usable (LEON1-14). */
function vfioOn(row: Revocation): VfioRules {
  return {
    ...vfioOf(row),
    initialStatus: () => "OK",
    attach: attachTo70.filter(({ clause }) => clause !== "VATT-02"),
    map: [],
    privateMap: vfioBase.privateMap.filter(({ errno }) => errno !== "ENODEV"),
  };
}

/** The cover letter as a dialect. */
export const leonV1Cover: Dialect = {
  id: "leon-v1-cover",
  title: "Leon Romanovsky v1, cover letter: one flag in the core, for good",
  kernel: "6.19-rc+leon-v1-cover",
  rules: { ...rdmaTo70, ...foreign, iommufd: iommufdLeonV1, core: coverCore, vfio: vfioOn(leonV1CoverRow) },
};

/** The code as a dialect. */
export const leonV1Core: Dialect = {
  id: "leon-v1-core",
  title: "Leon Romanovsky v1, code: a flag in the core that attach and map look at",
  kernel: "6.19-rc+leon-v1",
  rules: { ...rdmaTo70, ...foreign, iommufd: iommufdLeonV1, core, vfio: vfioOn(leonV1CoreRow) },
};
