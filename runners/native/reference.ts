/**
 * The reference exporter of the kernel module: which proposal it follows, in the words of its interface.
 *
 * A proposal is the row that the simulator has of it, so that both follow the same table. No module can change the core:
 * of the first revoke series, whose state is the core's, only what its cover letter promises can be followed, since an
 * exporter that keeps all of it looks the same from outside. What its code checks in the core cannot.
 *
 * @module
 */
import { errnoNumber } from "../../spec/errno.ts";
import { leonV1CoverRow } from "../simulator/dialects/leon_v1.ts";
import { mainlineRow } from "../simulator/dialects/mainline.ts";
import { mattV1Row } from "../simulator/dialects/matt_v1_vfio.ts";
import { mattV2Row } from "../simulator/dialects/matt_v2.ts";
import { mattV3Row } from "../simulator/dialects/matt_v3.ts";
import { mattV4Row } from "../simulator/dialects/matt_v4.ts";
import { mattV8Row } from "../simulator/dialects/matt_v8.ts";
import type { Revocation } from "../simulator/dialects/revocation.ts";
import { CONFORM_VALUES } from "./abi/conform.ts";

/** The number of the feature that revokes a buffer of the reference exporter, where that is the request. */
export const REFERENCE_FEATURE = 13;

/** What the reference exporter follows. */
export interface Reference {
  /** The name of the proposal, as the simulator's dialect has it. */
  readonly name: string;
  /** Its row of the table. */
  readonly row: Revocation;
  /** From what a new buffer's state is taken. */
  readonly startsAs: "memory" | "last event";
}

/** The proposals that the reference exporter can follow. */
export const REFERENCES: ReadonlyMap<string, Reference> = new Map(
  ([
    { name: "matt-v1-vfio", row: mattV1Row, startsAs: "memory" },
    { name: "matt-v2", row: mattV2Row, startsAs: "memory" },
    { name: "matt-v3-feature", row: mattV3Row, startsAs: "memory" },
    { name: "matt-v4plus", row: mattV4Row, startsAs: "memory" },
    { name: "matt-v8", row: mattV8Row, startsAs: "last event" },
    { name: "leon-v1-cover", row: leonV1CoverRow, startsAs: "memory" },
    { name: "mainline-7.3", row: mainlineRow, startsAs: "memory" },
  ] satisfies Reference[]).map((each) => [each.name, each]),
);

/** The number of the feature that revokes a buffer, where what is followed has one. */
export function referenceFeature(reference: Reference | undefined): number | undefined {
  return reference?.row.request === "feature" ? REFERENCE_FEATURE : undefined;
}

const REQUESTS = {
  "device ioctl": CONFORM_VALUES.REQUEST_IOCTL,
  "feature": CONFORM_VALUES.REQUEST_FEATURE,
  "buffer ioctl": CONFORM_VALUES.REQUEST_NONE,
  "-": CONFORM_VALUES.REQUEST_NONE,
} as const;

const REARM = {
  "revoke": CONFORM_VALUES.REARM_REVOKE,
  "unrevoke": CONFORM_VALUES.REARM_UNREVOKE,
  "-": CONFORM_VALUES.REARM_NEVER,
} as const;

/** Values of the fields of `struct conform_dialect`, by their paths in `struct conform_device_create`. */
export interface DialectFields {
  readonly "dialect.flags": number;
  readonly "dialect.fence_usage": number;
  readonly "dialect.rearm": number;
  readonly "dialect.request": number;
  readonly "dialect.pin_error": number;
  readonly "dialect.feature": number;
}

/** Writes a proposal into the fields that a device is made with. */
export function dialectFields({ row, startsAs }: Reference): DialectFields {
  return {
    "dialect.flags": flagsOf(row) | (startsAs === "memory" ? 0 : CONFORM_VALUES.STARTS_AS_LAST_EVENT),
    "dialect.fence_usage": row.fenceUsage === "-"
      ? CONFORM_VALUES.USAGE_NONE
      : CONFORM_VALUES[`USAGE_${row.fenceUsage}`],
    "dialect.rearm": REARM[row.rearm],
    "dialect.request": REQUESTS[row.request],
    "dialect.pin_error": row.pin === "no op" ? 0 : errnoNumber(row.pin),
    "dialect.feature": row.request === "feature" ? REFERENCE_FEATURE : 0,
  };
}

function flagsOf(row: Revocation): number {
  const flags = [
    [row.stateFirst, CONFORM_VALUES.STATE_FIRST],
    [row.waitUnmap, CONFORM_VALUES.WAIT_UNMAP],
    [row.upgradeNotifies, CONFORM_VALUES.UPGRADE_NOTIFIES],
    [row.unrevokeNotifies, CONFORM_VALUES.UNREVOKE_NOTIFIES],
    [row.closeRenotifies, CONFORM_VALUES.CLOSE_RENOTIFIES],
    [row.mmap, CONFORM_VALUES.HAS_MMAP],
  ] as const;
  const followed = flags.reduce((all, [cell, flag]) => cell === "yes" ? all | flag : all, 0);
  return followed | (row.stateIn === "core" ? CONFORM_VALUES.AS_CORE : 0) |
    (row.unrevokeNotifies === "-" ? CONFORM_VALUES.NEVER_RECOVERS : 0);
}
