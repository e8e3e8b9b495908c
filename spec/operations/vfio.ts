/**
 * VFIO PCI devices: sessions, export, the revoke request, and the events that revoke for a while.
 *
 * @module
 */
import { z } from "zod";
import { INJECTABLE_ERRNOS } from "../errno.ts";
import { sizeSchema } from "../size.ts";
import { descriptorOrNumber, named, operation } from "./operation.ts";

const region = z.int().nonnegative().default(0).meta({
  description: "Index of the region; BARs are 0 to 5.",
});
const page = z.int().nonnegative().default(0).meta({ description: "Index of the page." });

/** Size of `struct vfio_pci_dmabuf_revoke` in the revoke request of the proposal (S2:385-389), in bytes. */
export const REVOKE_ARGSZ = 8;

/** Size of `struct vfio_device_feature` with one descriptor, the revoke request as a feature (VFT-01), in bytes. */
export const REVOKE_FEATURE_ARGSZ = 12;

/** Size of `struct vfio_device_feature` with the dma-buf payload of one range (include/uapi/linux/vfio.h), in bytes. */
export const EXPORT_ARGSZ = 40;

const range = z.strictObject({ offset: sizeSchema, length: sizeSchema });

/** The operations on VFIO devices. */
export const vfioOperations = {
  "vfio.open": operation({
    bars: z.array(z.union([sizeSchema, z.enum(["io", "unmappable", "unclaimable", "absent"])])).max(6)
      .default(() => [sizeSchema.parse("1MiB")])
      .meta({ description: "The BARs the device needs, each a least size or a kind that cannot be shared." }),
    function: z.enum(["physical", "virtual"]).default("physical")
      .meta({
        description: "A physical function, or a virtual one (SR-IOV), which has no memory enable bit.",
      }),
    reset: z.enum(["any", "none", "flr"]).default("any")
      .meta({ description: "Any way to reset it, none at all, or a function level reset." }),
    low_power: z.boolean().default(false).meta({
      description: "Whether runtime power management is needed.",
    }),
    reset_with: named.device.optional()
      .meta({ description: "A device that must be in the same hot reset set." }),
    driver: z.enum(["vfio-pci", "without-dmabuf", "config-off"]).default("vfio-pci")
      .meta({
        description: "vfio-pci, a variant that exports nothing, or a kernel built without the feature.",
      }),
    context: z.enum(["shared", "own"]).default("shared")
      .meta({
        description:
          "The iommufd context it is bound to: that of the case's other devices, or one of its own, " +
          "so that they do not own it.",
      }),
    access: z.enum(["granted", "none"]).default("granted")
      .meta({ description: "Whether the descriptor is bound to an iommufd or group, or not yet." }),
  }, {
    summary: "Opens a VFIO PCI device that nobody has open; memory is enabled and power is D0.",
    follows: "open(2) of /dev/vfio/devices/vfioX, VFIO_DEVICE_BIND_IOMMUFD",
    result: { gives: "object", kind: "device" },
    errnos: ["ENOENT", "EACCES", "EBUSY", "EMFILE"],
  }),
  "vfio.reopen": operation({ device: named.device }, {
    summary: "Opens the same device again, also after its last descriptor was closed.",
    follows: "vfio_df_device_first_open(), vfio_df_group_open()",
    result: { gives: "object", kind: "device" },
    errnos: ["ENOENT", "EBUSY", "EMFILE"],
  }),
  "vfio.feature": operation({
    device: named.device,
    request: z.array(z.enum(["get", "set", "probe"])).default([]).meta({
      description: "The flags of the request.",
    }),
    argsz: z.int().nonnegative().default(EXPORT_ARGSZ).meta({
      description: "Bytes that the caller says there are.",
    }),
    unknown_flag: z.boolean().default(false).meta({ description: "Sets a flag bit that nothing defines." }),
    unreadable: z.enum(["nothing", "header", "payload"]).default("nothing")
      .meta({ description: "The part of the argument that lies where it cannot be read." }),
  }, {
    summary:
      "Sends a request for the dma-buf feature without wanting a buffer, to see how the header is judged.",
    follows: "VFIO_DEVICE_FEATURE with VFIO_DEVICE_FEATURE_DMA_BUF; vfio_check_feature()",
    result: { gives: "value", of: "0" },
    errnos: ["EINVAL", "EFAULT", "ENOTTY", "EOPNOTSUPP"],
    missing: "ENOTTY",
  }),
  "vfio.export": operation({
    device: named.device,
    region,
    ranges: z.array(range).default(() => [range.parse({ offset: 0, length: "4 pages" })])
      .meta({ description: "Ranges within the region, in the order in which they make up the buffer." }),
    claimed_ranges: z.int().nonnegative().optional()
      .meta({ description: "What nr_ranges says, where that is not the number of ranges." }),
    flags: z.int().nonnegative().default(0).meta({ description: "The flags word of the payload." }),
    open_flags: z.array(z.enum(["rdonly", "wronly", "rdwr", "cloexec", "nonblock", "append", "trunc"]))
      .default(["rdwr", "cloexec"]).meta({
        description: "The flags of the new descriptor, as open(2) names them.",
      }),
    argsz: z.int().nonnegative().optional()
      .meta({ description: "Bytes that the caller says there are, where that is not the true number." }),
    unreadable: z.enum(["nothing", "header", "payload", "ranges"]).default("nothing")
      .meta({ description: "The part of the argument that lies where it cannot be read." }),
  }, {
    summary: "Exports ranges of a BAR as a dma-buf.",
    follows: "VFIO_DEVICE_FEATURE with GET and VFIO_DEVICE_FEATURE_DMA_BUF; vfio_pci_core_feature_dma_buf()",
    result: { gives: "object", kind: "buffer" },
    errnos: ["EINVAL", "EFAULT", "ENOTTY", "EOPNOTSUPP", "ENODEV", "EOVERFLOW", "ENOMEM", "EMFILE"],
    missing: "ENOTTY",
  }),
  "vfio.revoke": operation({
    device: named.device,
    buffer: descriptorOrNumber,
    argsz: z.int().nonnegative().optional().meta({
      description: "Bytes that the caller says there are, in the form of an ioctl; the true number where " +
        "left out. A kernel whose device has no such ioctl answers ENOTTY.",
    }),
    unreadable: z.enum(["nothing", "all", "second-half"]).optional().meta({
      description: "What of the argument of the ioctl cannot be read. As with argsz, it asks for the ioctl.",
    }),
  }, {
    summary:
      "Asks the device's driver to revoke one of its buffers for good, in the form that the driver has: " +
      "an ioctl or a feature.",
    follows: "VFIO_DEVICE_PCI_DMABUF_REVOKE; vfio_pci_ioctl_dmabuf_revoke(), S2:53-68; " +
      "or VFIO_DEVICE_FEATURE with SET and VFIO_DEVICE_FEATURE_DMA_BUF_REVOKE",
    result: { gives: "value", of: "0" },
    errnos: ["EINVAL", "ENOTTY", "EOPNOTSUPP", "EFAULT", "EBADF", "ENODEV", "EBADFD", "EBUSY"],
    events: ["invalidate", "remap", "unmap"],
    missing: "ENOTTY",
  }),
  "vfio.revoke_feature": operation({
    device: named.device,
    buffer: descriptorOrNumber,
    request: z.array(z.enum(["get", "set", "probe"])).default(["set"]).meta({
      description: "The flags of the request.",
    }),
    argsz: z.int().nonnegative().default(REVOKE_FEATURE_ARGSZ).meta({
      description: "Bytes that the caller says there are.",
    }),
    unknown_flag: z.boolean().default(false).meta({ description: "Sets a flag bit that nothing defines." }),
    unreadable: z.enum(["nothing", "header", "payload"]).default("nothing")
      .meta({ description: "The part of the argument that lies where it cannot be read." }),
  }, {
    summary: "Sends a request for the revoke feature of a device, in any form.",
    follows: "VFIO_DEVICE_FEATURE with VFIO_DEVICE_FEATURE_DMA_BUF_REVOKE; " +
      "vfio_pci_core_feature_dma_buf_revoke() of the third version and later",
    result: { gives: "value", of: "0" },
    errnos: ["EINVAL", "EFAULT", "ENOTTY", "EOPNOTSUPP", "EBADF", "ENODEV", "EBADFD"],
    events: ["invalidate", "remap", "unmap"],
    missing: "ENOTTY",
  }),
  "vfio.command": operation({
    device: named.device,
    memory: z.enum(["on", "off", "keep"]).default("keep").meta({ description: "The memory enable bit." }),
    bus_master: z.enum(["on", "off", "keep"]).default("keep").meta({ description: "PCI_COMMAND_MASTER." }),
    io: z.enum(["on", "off", "keep"]).default("keep").meta({ description: "PCI_COMMAND_IO." }),
    intx_disable: z.enum(["on", "off", "keep"]).default("keep")
      .meta({ description: "PCI_COMMAND_INTX_DISABLE, in the upper byte." }),
    width: z.union([z.literal(1), z.literal(2), z.literal(4)]).default(2).meta({
      description: "Bytes written.",
    }),
    offset: z.union([z.literal(4), z.literal(5)]).default(4).meta({ description: "Where the write starts." }),
  }, {
    summary: "Writes the command register of the device.",
    follows: "pwrite(2) to the config region; vfio_basic_config_write()",
    result: { gives: "nothing" },
    errnos: ["EIO", "EINVAL"],
    events: ["invalidate", "remap", "unmap"],
  }),
  "vfio.read_command": operation({ device: named.device }, {
    summary: "Reads the command register of the device.",
    follows: "pread(2) of the config region",
    result: { gives: "value", of: "{ memory, bus_master, io, intx_disable: booleans }" },
    errnos: ["EIO", "EINVAL"],
  }),
  "vfio.power": operation({
    device: named.device,
    state: z.enum(["D0", "D3hot"]).meta({ description: "The power state to enter." }),
  }, {
    summary: "Writes the power state of the device.",
    follows: "pwrite(2) to the PM capability; vfio_pm_config_write()",
    result: { gives: "nothing" },
    errnos: ["EIO", "EINVAL"],
    events: ["invalidate", "remap", "unmap"],
  }),
  "vfio.reset": operation({ device: named.device }, {
    summary: "Resets the function.",
    follows: "VFIO_DEVICE_RESET; vfio_pci_ioctl_reset()",
    result: { gives: "nothing" },
    errnos: ["EINVAL", "EAGAIN", "EIO"],
    events: ["invalidate", "remap", "unmap"],
  }),
  "vfio.flr": operation({
    device: named.device,
    through: z.enum(["pcie", "af"]).default("pcie").meta({
      description: "The capability that it is asked through.",
    }),
  }, {
    summary: "Starts a function level reset by a write to a capability.",
    follows: "pwrite(2) to DEVCTL or AF control; vfio_exp_config_write(), vfio_af_config_write()",
    result: { gives: "nothing" },
    errnos: ["EIO", "EINVAL"],
    events: ["invalidate", "remap", "unmap"],
  }),
  "vfio.hot_reset": operation({ device: named.device }, {
    summary: "Resets every device of the device's set.",
    follows: "VFIO_DEVICE_PCI_HOT_RESET; vfio_pci_dev_set_hot_reset()",
    result: { gives: "nothing" },
    errnos: ["EINVAL", "EBUSY", "EAGAIN"],
    events: ["invalidate", "remap", "unmap"],
  }),
  "vfio.low_power_entry": operation({
    device: named.device,
    wakeup: z.boolean().default(false).meta({ description: "Whether a wake-up eventfd is given." }),
  }, {
    summary: "Lets the device go to low power.",
    follows: "VFIO_DEVICE_FEATURE_LOW_POWER_ENTRY[_WITH_WAKEUP]; vfio_pci_runtime_pm_entry()",
    result: { gives: "nothing" },
    errnos: ["ENOTTY", "EINVAL"],
    events: ["invalidate", "remap", "unmap"],
    missing: "ENOTTY",
  }),
  "vfio.low_power_exit": operation({ device: named.device }, {
    summary: "Brings the device back from low power.",
    follows: "VFIO_DEVICE_FEATURE_LOW_POWER_EXIT; vfio_pci_runtime_pm_exit()",
    result: { gives: "nothing" },
    errnos: ["ENOTTY", "EINVAL"],
    events: ["invalidate", "remap", "unmap"],
    missing: "ENOTTY",
  }),
  "vfio.wake": operation({ device: named.device }, {
    summary: "Wakes the device from outside, as a physical access or a power event would.",
    follows: "vfio_pci_core_runtime_resume()",
    result: { gives: "nothing" },
    errnos: [],
    events: ["wakeup"],
  }),
  "vfio.write_bar": operation({
    device: named.device,
    region,
    page,
    value: z.int().min(0).max(255).meta({ description: "The byte to write." }),
  }, {
    summary: "Fills a page of a BAR with a byte, through the device descriptor.",
    follows: "pwrite(2) to the BAR region; vfio_pci_bar_rw()",
    result: { gives: "nothing" },
    errnos: ["EIO", "EINVAL"],
  }),
  "vfio.read_bar": operation({ device: named.device, region, page }, {
    summary: "Reads the first byte of a page of a BAR, through the device descriptor.",
    follows: "pread(2) of the BAR region; vfio_pci_bar_rw()",
    result: { gives: "value", of: "the byte" },
    errnos: ["EIO", "EINVAL"],
  }),
  "vfio.mmap": operation({
    device: named.device,
    region,
    length: sizeSchema.default(() => sizeSchema.parse("4 pages")),
  }, {
    summary: "Maps the start of a BAR into the process, through the device descriptor.",
    follows: "mmap(2) of the device descriptor; vfio_pci_core_mmap()",
    result: { gives: "object", kind: "vma" },
    errnos: ["EINVAL"],
  }),
  "vfio.unbind": operation({ device: named.device }, {
    summary: "Unbinds the driver, which waits until nobody holds the device any more.",
    follows: "write(2) to the driver's unbind file; vfio_unregister_group_dev()",
    result: { gives: "nothing" },
    errnos: [],
    events: ["release-request"],
  }),
  "vfio.fail_next": operation({
    device: named.device,
    request: z.enum(["config-write", "reset"]).meta({ description: "What will fail." }),
    errno: z.enum(INJECTABLE_ERRNOS).meta({ description: "The error that it will fail with." }),
  }, {
    summary: "Makes the hardware refuse the next request of a kind.",
    follows: "vfio_user_config_write(), pci_try_reset_function()",
    result: { gives: "nothing" },
    errnos: [],
  }),
};
