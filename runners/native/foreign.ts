/**
 * The importers of the kernel's own that a machine has: GPUs by their driver, and the queues of vivid.
 *
 * Only sysfs is read: a device that no case asks for is not opened.
 *
 * @module
 */
import type { Files } from "./executor/files.ts";
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
export async function findForeign(files: Files, folders: ForeignFolders = FOLDERS): Promise<Foreign> {
  const cards = (await files.list(folders.drm) ?? []).filter((name) => /^card\d+$/.test(name));
  const byKind = new Map<Gpu, string>();
  for (const name of cards) {
    const kind = await kindOf(files, `${folders.drm}/${name}/device`);
    if (kind) byKind.set(kind, `/dev/dri/${name}`);
  }
  const gpu = (kind: Gpu) => facility(kind, byKind.get(kind), REMEDIES[kind]);
  return {
    gpus: {
      "vgem": gpu("vgem"),
      "vkms": gpu("vkms"),
      "virtio-gpu": gpu("virtio-gpu"),
      "virtio-gpu-blob": gpu("virtio-gpu-blob"),
    },
    video: {
      capture: await queueOf(files, folders.video, "cap"),
      output: await queueOf(files, folders.video, "out"),
    },
  };
}

function facility(what: string, path: string | undefined, remedy: string): Facility {
  return path === undefined ? { kind: "missing", reason: `no ${what}: ${remedy}` } : { kind: "there", path };
}

/**
 * Which GPU it is: drivers without hardware are known by their device, virtio's by the driver of what is on the bus of
 * the device, which is where its features stand.
 */
async function kindOf(files: Files, device: string): Promise<Gpu | undefined> {
  const name = await targetOf(files, device);
  if (name === "vgem" || name === "vkms") return name;
  for (const each of await files.list(device) ?? []) {
    if (await targetOf(files, `${device}/${each}/driver`) !== "virtio_gpu") continue;
    const features = await files.text(`${device}/${each}/features`) ?? "";
    const has = (bit: number) => features[bit] === "1";
    return has(FEATURE.blob) && !has(FEATURE.virgl) ? "virtio-gpu-blob" : "virtio-gpu";
  }
  return undefined;
}

async function targetOf(files: Files, link: string): Promise<string | undefined> {
  return (await files.link(link))?.split("/").at(-1);
}

/** The first queue of vivid in a direction. */
async function queueOf(files: Files, folder: string, direction: "cap" | "out"): Promise<Facility> {
  const wanted = new RegExp(`^vivid-\\d+-vid-${direction}$`);
  for (const name of await files.list(folder) ?? []) {
    const named = await files.text(`${folder}/${name}/name`) ?? "";
    if (wanted.test(named.trim())) return facility("vivid", `/dev/${name}`, "");
  }
  return facility("vivid", undefined, "load the module vivid (CONFIG_VIDEO_VIVID)");
}
