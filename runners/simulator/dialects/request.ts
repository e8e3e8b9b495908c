/**
 * The request to revoke a buffer for good, in its three forms: an ioctl of the device (seed 2), a feature of the device
 * (its third version and later), an ioctl of the buffer itself (seed 3).
 *
 * The order of the checks is that of semantics tables 4.2 and 4.3.
 *
 * @module
 */
import type { ErrnoName } from "../../../spec/errno.ts";
import type { Check, Checks } from "../kernel/check.ts";
import type { FeatureRequest, RevokeRequest, RevokeTarget } from "../kernel/vfio_pci_dmabuf.ts";
import type { VfioRules } from "../rules.ts";
import type { Revocation } from "./revocation.ts";
import { HEADER_SIZE, headerChecks, kernelWithout, refuseWithoutAccess } from "./vfio.ts";

/** Bytes of struct vfio_pci_dmabuf_revoke (S2:385-388). */
const REVOKE_SIZE = 8;

/** Bytes of the payload of the feature: one descriptor, an __s32 (VFT-01). */
const FEATURE_SIZE = 4;

const unknownRequest: Check<unknown> = {
  clause: "VREV-28",
  errno: "ENOTTY",
  refuses: "an unknown request",
  when: () => true,
};

const unknownFeature: Check<unknown> = {
  clause: "VFT-07",
  errno: "ENOTTY",
  refuses: "an unknown feature",
  when: () => true,
};

/** The argument of the ioctl of the device (S2:53-65). */
function argumentChecks(configOff: ErrnoName): Checks<RevokeRequest> {
  return [
    refuseWithoutAccess,
    {
      clause: "VREV-02",
      errno: "EFAULT",
      refuses: "an unreadable argument",
      when: ({ unreadable }) => unreadable !== "nothing",
    },
    {
      clause: "VREV-03",
      errno: "EINVAL",
      refuses: "a short argument",
      when: ({ argsz }) => argsz < REVOKE_SIZE,
    },
    kernelWithout("VREV-27", configOff),
  ];
}

/** The header of the feature: it can only be SET. */
function featureHeader(configOff: ErrnoName): Checks<FeatureRequest> {
  return [
    ...headerChecks,
    kernelWithout("VFT-04", configOff),
    {
      clause: "VFT-02",
      errno: "EOPNOTSUPP",
      refuses: "a driver that exports nothing",
      when: ({ device }) => device.model.driver === "without-dmabuf",
    },
    { clause: "VFT-03", errno: "EINVAL", refuses: "GET", when: ({ request }) => request.includes("get") },
  ];
}

/** The payload of the feature. */
const featurePayload: Checks<FeatureRequest> = [
  {
    clause: "VFT-02",
    errno: "EINVAL",
    refuses: "a request that is neither GET nor SET",
    when: ({ request }) => !request.includes("set"),
  },
  {
    clause: "VFT-02",
    errno: "EINVAL",
    refuses: "a short payload",
    when: ({ argsz }) => argsz < HEADER_SIZE + FEATURE_SIZE,
  },
  {
    clause: "VFT-02",
    errno: "EFAULT",
    refuses: "an unreadable payload",
    when: ({ unreadable }) => unreadable === "payload",
  },
];

const foreign: Checks<RevokeTarget> = [
  {
    clause: "VREV-07",
    errno: "ENODEV",
    refuses: "a buffer of another exporter",
    when: ({ buffer }) => !buffer,
  },
];

/** What is refused under the lock when the device is asked: first whose the buffer is, then its state. */
const stateForOwner: Checks<RevokeTarget> = [
  {
    clause: "VREV-09",
    errno: "ENODEV",
    refuses: "a buffer whose session has ended",
    when: ({ buffer }) => buffer?.vdev === undefined,
  },
  {
    clause: "VREV-08",
    errno: "ENODEV",
    refuses: "a buffer of another device",
    when: ({ buffer, device }) => buffer?.vdev !== device,
  },
  {
    clause: "VREV-10",
    errno: "EBADFD",
    refuses: "a buffer that is revoked for good",
    when: ({ buffer }) => buffer?.status === "PERM",
  },
];

/** What is refused when the buffer itself is asked (RFC57). */
const stateForHolder: Checks<RevokeTarget> = [
  {
    clause: "RFC-08",
    errno: "ENODEV",
    refuses: "a buffer whose session has ended",
    when: ({ buffer }) => buffer?.vdev === undefined,
  },
  {
    clause: "RFC-09",
    errno: "EBADFD",
    refuses: "a buffer that is revoked for good",
    when: ({ buffer }) => buffer?.status === "PERM",
  },
];

type RequestRules = Pick<
  VfioRules,
  | "requestForm"
  | "revokeArgument"
  | "revokeFeatureHeader"
  | "revokeFeaturePayload"
  | "revokeForeign"
  | "revokeLock"
  | "revokeState"
>;

/** No form at all: the numbers mean nothing to the kernel. */
const absent: RequestRules = {
  requestForm: "-",
  revokeArgument: [refuseWithoutAccess, unknownRequest],
  revokeFeatureHeader: [...headerChecks, unknownFeature],
  revokeFeaturePayload: [],
  revokeForeign: [],
  revokeLock: "write",
  revokeState: [],
};

/** The rules of the request that follow from a row. */
export function requestRules(row: Pick<Revocation, "request" | "requestLock" | "configOff">): RequestRules {
  const configOff = row.configOff === "-" ? "ENOTTY" : row.configOff;
  const revokeLock = row.requestLock === "memory_lock write" ? "write" : "read";
  const common = { ...absent, requestForm: row.request, revokeLock, revokeForeign: foreign } as const;
  switch (row.request) {
    case "-":
      return absent;
    case "buffer ioctl":
      return { ...common, revokeState: stateForHolder };
    case "device ioctl":
      return { ...common, revokeArgument: argumentChecks(configOff), revokeState: stateForOwner };
    case "feature":
      return {
        ...common,
        revokeFeatureHeader: featureHeader(configOff),
        revokeFeaturePayload: featurePayload,
        revokeState: stateForOwner,
      };
  }
}
