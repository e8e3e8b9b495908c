/**
 * The module dmabuf_conform: its requests, as `module/uapi/conform.h` declares them.
 *
 * @module
 */
import { io } from "./ioctl.ts";
import { struct } from "./layout.ts";

const CONFORM = "conform.h";

/** The argument of CONFORM_INFO. */
export const conformInfo = struct("conform_info", CONFORM, {
  argsz: "u32",
  version: "u32",
  features: "u32",
  bugs: "u32",
  objects: "u32",
  buffers: "u32",
});

/** The argument of CONFORM_ATTACH. */
export const conformAttach = struct("conform_attach", CONFORM, {
  argsz: "u32",
  dmabuf_fd: "s32",
  kind: "u32",
  policy: "u32",
  delay_ms: "u32",
  flags: "u32",
  device: { text: 16 },
  id: "u32",
  pad: "u32",
});

/** An object by its id. */
export const conformObject = struct("conform_object", CONFORM, { argsz: "u32", id: "u32" });

/** The argument of CONFORM_MAP and CONFORM_VMAP. */
export const conformMap = struct("conform_map", CONFORM, {
  argsz: "u32",
  attachment: "u32",
  direction: "u32",
  id: "u32",
});

/** The argument of CONFORM_ACCESS. */
export const conformAccess = struct("conform_access", CONFORM, {
  argsz: "u32",
  id: "u32",
  offset: "u64",
  value: "u64",
  size: "u32",
  write: "u32",
});

/** The argument of CONFORM_CPU_ACCESS. */
export const conformCpuAccess = struct("conform_cpu_access", CONFORM, {
  argsz: "u32",
  attachment: "u32",
  direction: "u32",
  end: "u32",
});

/** The argument of CONFORM_IMPORTER_COUNTS. */
export const conformImporterCounts = struct("conform_importer_counts", CONFORM, {
  argsz: "u32",
  attachment: "u32",
  invalidations: "u32",
  maps: "u32",
  unmaps: "u32",
  mappings: "u32",
  pins: "u32",
  vmappings: "u32",
});

/** The argument of CONFORM_PRIVATE_MAP. */
export const conformPrivateMap = struct("conform_private_map", CONFORM, {
  argsz: "u32",
  attachment: "u32",
  length: "u64",
});

/** The argument of CONFORM_FENCE_CREATE. */
export const conformFenceCreate = struct("conform_fence_create", CONFORM, {
  argsz: "u32",
  limit_ms: "u32",
  id: "u32",
  fd: "s32",
});

/** The argument of CONFORM_FENCE_SIGNAL. */
export const conformFenceSignal = struct("conform_fence_signal", CONFORM, {
  argsz: "u32",
  id: "u32",
  error: "u32",
  pad: "u32",
});

/** The argument of CONFORM_FENCE_ADD. */
export const conformFenceAdd = struct("conform_fence_add", CONFORM, {
  argsz: "u32",
  dmabuf_fd: "s32",
  fence_fd: "s32",
  id: "u32",
  usage: "u32",
  pad: "u32",
});

/** The argument of CONFORM_EXPORT. */
export const conformExport = struct("conform_export", CONFORM, {
  argsz: "u32",
  flags: "u32",
  size: "u64",
  attach_error: "u32",
  pin_error: "u32",
  map_error: "u32",
  omit: "u32",
  over_fd: "s32",
  fd: "s32",
});

/** The argument of CONFORM_MOVE and CONFORM_INVALIDATE. */
export const conformBuffer = struct("conform_buffer", CONFORM, {
  argsz: "u32",
  dmabuf_fd: "s32",
  flags: "u32",
  pad: "u32",
});

/** The argument of CONFORM_BUFFER_COUNTS. */
export const conformBufferCounts = struct("conform_buffer_counts", CONFORM, {
  argsz: "u32",
  dmabuf_fd: "s32",
  references: "u32",
  attachments: "u32",
  pins: "s32",
  mappings: "u32",
  fences: "u32",
  vmappings: "u32",
});

/** The argument of CONFORM_DEVICE_CREATE; what is within `dialect` is named by its path. */
export const conformDeviceCreate = struct("conform_device_create", CONFORM, {
  argsz: "u32",
  flags: "u32",
  "dialect.flags": "u32",
  "dialect.fence_usage": "u8",
  "dialect.rearm": "u8",
  "dialect.request": "u8",
  "dialect.pad": "u8",
  "dialect.pin_error": "u32",
  "dialect.feature": "u32",
  bar0_size: "u64",
  bar1_size: "u64",
  bar2_size: "u64",
  bar3_size: "u64",
  bar4_size: "u64",
  bar5_size: "u64",
  bar0_kind: "u8",
  bar1_kind: "u8",
  bar2_kind: "u8",
  bar3_kind: "u8",
  bar4_kind: "u8",
  bar5_kind: "u8",
  pad: "u16",
  context: "u32",
  set: "u32",
  id: "u32",
  fd: "s32",
  pad2: "u32",
});

/** The argument of CONFORM_DEVICE_OPEN. */
export const conformDeviceOpen = struct("conform_device_open", CONFORM, {
  argsz: "u32",
  id: "u32",
  fd: "s32",
  pad: "u32",
});

/** The argument of CONFORM_DEVICE_FAIL. */
export const conformDeviceFail = struct("conform_device_fail", CONFORM, {
  argsz: "u32",
  id: "u32",
  request: "u32",
  error: "u32",
});

/** What a read of the module's file gives, one or several. */
export const conformEvent = struct("conform_event", CONFORM, {
  time_ns: "u64",
  sequence: "u32",
  kind: "u32",
  attachment: "u32",
  error: "u32",
  count: "u32",
  pad: "u32",
});

/** Values of the fields, by the name of each constant in C without its prefix. */
export const CONFORM_VALUES = {
  HAS_REVOCABLE: 1,
  HAS_SYNC_FILE: 2,
  CORE_CACHES_MAPPINGS: 4,
  CORE_LOCKS_MAPPINGS: 8,
  CALLBACK_RENAMED: 16,
  KIND_DYNAMIC: 0,
  KIND_REVOCABLE: 1,
  KIND_PINNED: 2,
  KIND_STATIC: 3,
  POLICY_UNMAP: 0,
  POLICY_KEEP: 1,
  POLICY_REMAP: 2,
  POLICY_LATER: 3,
  POLICY_JOB: 4,
  ATTACH_PEER2PEER: 1,
  ATTACH_NO_DEVICE: 2,
  USAGE_KERNEL: 0,
  USAGE_WRITE: 1,
  USAGE_READ: 2,
  USAGE_BOOKKEEP: 3,
  USAGE_NONE: 4,
  EXPORT_MMAP: 1,
  EXPORT_VMAP: 2,
  EXPORT_PIN: 4,
  EXPORT_NULL_MAP: 8,
  EXPORT_REVOKES: 16,
  OMIT_MAP: 1,
  OMIT_UNMAP: 2,
  OMIT_RELEASE: 4,
  OMIT_UNPIN: 8,
  BUFFER_UNLOCKED: 1,
  STATE_FIRST: 1,
  WAIT_UNMAP: 2,
  UPGRADE_NOTIFIES: 4,
  UNREVOKE_NOTIFIES: 8,
  CLOSE_RENOTIFIES: 16,
  HAS_MMAP: 32,
  HAS_VMAP: 64,
  STARTS_AS_LAST_EVENT: 128,
  AS_CORE: 256,
  NEVER_RECOVERS: 512,
  REARM_NEVER: 0,
  REARM_REVOKE: 1,
  REARM_UNREVOKE: 2,
  REQUEST_NONE: 0,
  REQUEST_IOCTL: 1,
  REQUEST_FEATURE: 2,
  DEVICE_VIRTUAL: 1,
  DEVICE_NO_RESET: 2,
  DEVICE_FLR: 4,
  DEVICE_NO_EXPORT: 8,
  DEVICE_CONFIG_OFF: 16,
  DEVICE_NO_ACCESS: 32,
  BAR_ABSENT: 0,
  BAR_MEMORY: 1,
  BAR_IO: 2,
  BAR_UNMAPPABLE: 3,
  BAR_UNCLAIMABLE: 4,
  FAIL_CONFIG_WRITE: 0,
  FAIL_RESET: 1,
  EVENT_INVALIDATE: 1,
  EVENT_UNMAP: 2,
  EVENT_REMAP: 3,
  EVENT_SAFETY: 4,
} as const;

const TYPE = "~";

/** The requests of the module. */
export const CONFORM_REQUESTS = {
  info: io("CONFORM_INFO", CONFORM, TYPE, 0),
  attach: io("CONFORM_ATTACH", CONFORM, TYPE, 1),
  detach: io("CONFORM_DETACH", CONFORM, TYPE, 2),
  pin: io("CONFORM_PIN", CONFORM, TYPE, 3),
  unpin: io("CONFORM_UNPIN", CONFORM, TYPE, 4),
  revocable: io("CONFORM_REVOCABLE", CONFORM, TYPE, 5),
  map: io("CONFORM_MAP", CONFORM, TYPE, 6),
  unmap: io("CONFORM_UNMAP", CONFORM, TYPE, 7),
  vmap: io("CONFORM_VMAP", CONFORM, TYPE, 8),
  vunmap: io("CONFORM_VUNMAP", CONFORM, TYPE, 9),
  access: io("CONFORM_ACCESS", CONFORM, TYPE, 10),
  cpuAccess: io("CONFORM_CPU_ACCESS", CONFORM, TYPE, 11),
  importerCounts: io("CONFORM_IMPORTER_COUNTS", CONFORM, TYPE, 12),
  privateMap: io("CONFORM_PRIVATE_MAP", CONFORM, TYPE, 13),
  fenceCreate: io("CONFORM_FENCE_CREATE", CONFORM, TYPE, 16),
  fenceSignal: io("CONFORM_FENCE_SIGNAL", CONFORM, TYPE, 17),
  fenceAbandon: io("CONFORM_FENCE_ABANDON", CONFORM, TYPE, 18),
  fenceAdd: io("CONFORM_FENCE_ADD", CONFORM, TYPE, 19),
  export: io("CONFORM_EXPORT", CONFORM, TYPE, 24),
  move: io("CONFORM_MOVE", CONFORM, TYPE, 25),
  invalidate: io("CONFORM_INVALIDATE", CONFORM, TYPE, 26),
  bufferCounts: io("CONFORM_BUFFER_COUNTS", CONFORM, TYPE, 27),
  deviceCreate: io("CONFORM_DEVICE_CREATE", CONFORM, TYPE, 32),
  deviceOpen: io("CONFORM_DEVICE_OPEN", CONFORM, TYPE, 33),
  deviceFail: io("CONFORM_DEVICE_FAIL", CONFORM, TYPE, 34),
  deviceWake: io("CONFORM_DEVICE_WAKE", CONFORM, TYPE, 35),
  deviceUnbind: io("CONFORM_DEVICE_UNBIND", CONFORM, TYPE, 36),
} as const;

/** The structures of the module. */
export const CONFORM_STRUCTS = [
  conformInfo,
  conformAttach,
  conformObject,
  conformMap,
  conformAccess,
  conformCpuAccess,
  conformImporterCounts,
  conformPrivateMap,
  conformFenceCreate,
  conformFenceSignal,
  conformFenceAdd,
  conformExport,
  conformBuffer,
  conformBufferCounts,
  conformDeviceCreate,
  conformDeviceOpen,
  conformDeviceFail,
  conformEvent,
] as const;

/** The module's file. */
export const CONFORM_PATH = "/dev/dmabuf-conform";
