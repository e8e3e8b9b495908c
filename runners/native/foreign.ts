/**
 * The importers of the kernel's own that a machine has: GPUs by their driver, and the queues of vivid.
 *
 * Only sysfs is read: a device that no case asks for is not opened.
 *
 * @module
 */
import { existsSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import type { Facility } from "./machine.ts";

/** The GPUs that a case can ask for. */
export type Gpu = "vgem" | "vkms" | "virtio-gpu" | "virtio-gpu-blob";

/** The directions of a video queue. */
export type Direction = "capture" | "output";

/** The importers of the kernel's own. */
export interface Foreign {
  readonly gpus: Readonly<Record<Gpu, Facility>>;
  readonly video: Readonly<Record<Direction, Facility>>;
}

/** Where devices are found. */
export interface ForeignFolders {
  readonly drm: string;
  readonly video: string;
}

const FOLDERS: ForeignFolders = { drm: "/sys/class/drm", video: "/sys/class/video4linux" };

/** Bits of a virtio GPU's features: VIRTIO_GPU_F_VIRGL, VIRTIO_GPU_F_RESOURCE_BLOB. */
const FEATURE = { virgl: 0, blob: 3 } as const;

const REMEDIES: Readonly<Record<Gpu, string>> = {
  "vgem": "load the module vgem (CONFIG_DRM_VGEM)",
  "vkms": "load the module vkms (CONFIG_DRM_VKMS), which conform kernels iommufd builds for Debian's kernels",
  "virtio-gpu": "use a machine with virtio-gpu-pci without blob=on, and load the module virtio_gpu",
  "virtio-gpu-blob": "use a machine with virtio-gpu-pci,blob=on, and load the module virtio_gpu",
};

/** Finds the importers. */
export function findForeign(folders: ForeignFolders = FOLDERS): Foreign {
  const cards = entriesOf(folders.drm).filter((name) => /^card\d+$/.test(name));
  const byKind = new Map(cards.flatMap((name) => {
    const kind = kindOf(`${folders.drm}/${name}/device`);
    return kind ? [[kind, `/dev/dri/${name}`] as const] : [];
  }));
  const gpu = (kind: Gpu) => facility(kind, byKind.get(kind), REMEDIES[kind]);
  return {
    gpus: {
      "vgem": gpu("vgem"),
      "vkms": gpu("vkms"),
      "virtio-gpu": gpu("virtio-gpu"),
      "virtio-gpu-blob": gpu("virtio-gpu-blob"),
    },
    video: { capture: queueOf(folders.video, "cap"), output: queueOf(folders.video, "out") },
  };
}

function facility(what: string, path: string | undefined, remedy: string): Facility {
  return path === undefined ? { kind: "missing", reason: `no ${what}: ${remedy}` } : { kind: "there", path };
}

function entriesOf(folder: string): readonly string[] {
  return existsSync(folder) ? readdirSync(folder).toSorted() : [];
}

/**
 * Which GPU it is: drivers without hardware are known by their device, virtio's by the driver of what is on the bus of
 * the device, which is where its features stand.
 */
function kindOf(device: string): Gpu | undefined {
  const name = targetOf(device);
  if (name === "vgem" || name === "vkms") return name;
  const virtio = entriesOf(device).find((each) => targetOf(`${device}/${each}/driver`) === "virtio_gpu");
  if (virtio === undefined) return undefined;
  const features = readFileSync(`${device}/${virtio}/features`, "utf8");
  const has = (bit: number) => features[bit] === "1";
  return has(FEATURE.blob) && !has(FEATURE.virgl) ? "virtio-gpu-blob" : "virtio-gpu";
}

function targetOf(link: string): string | undefined {
  try {
    return readlinkSync(link).split("/").at(-1);
  } catch {
    return undefined;
  }
}

/** The first queue of vivid in a direction. */
function queueOf(folder: string, direction: "cap" | "out"): Facility {
  const wanted = new RegExp(`^vivid-\\d+-vid-${direction}$`);
  const found = entriesOf(folder).find((name) =>
    wanted.test(readFileSync(`${folder}/${name}/name`, "utf8").trim())
  );
  return facility("vivid", found && `/dev/${found}`, "load the module vivid (CONFIG_VIDEO_VIVID)");
}
