/**
 * The name of a target that is a virtual machine: `vm:`, which kernel it boots, and how.
 *
 * @module
 */
import { unknownReference } from "../native/name.ts";
import { REFERENCES } from "../native/reference.ts";

/** How the name is written. */
export const VM_NAME = "vm:<version> or vm:kernel=<file>";

/** Which modules a machine loads: also those that were made here for its kernel, or only the kernel's own. */
export type ModuleChoice = "modules made here" | "its own modules only";

/** Which kernel a machine boots. */
export type KernelChoice =
  /** A kernel that was fetched or built, by its version, with modules that were made for it or without. */
  | { readonly kind: "version"; readonly version: string; readonly with: ModuleChoice }
  /** An image, with a folder of modules that belong to it. */
  | { readonly kind: "file"; readonly image: string; readonly modules: string | undefined };

/** How long a machine is used: until a case leaves it dirty, or for one case only. */
export type Reuse = "until dirty" | "one case";

/** What the name of a virtual machine stands for. */
export interface VmName {
  /** The whole name. */
  readonly id: string;
  /** What it boots. */
  readonly kernel: KernelChoice;
  /** The proposal that the reference exporter of the suite's module follows, where that stands for VFIO devices. */
  readonly reference?: string | undefined;
  /** Whether the kernel is asked after each case for memory that nothing points to any more, which takes seconds. */
  readonly kmemleak?: "after each case" | undefined;
  /** More words for the kernel's command line. */
  readonly append: string | undefined;
  /** How long it may take to boot, in milliseconds; what follows from the kernel's configuration otherwise. */
  readonly bootMs?: number | undefined;
  /** Whether its GPU takes the memory of others, for which the host needs `/dev/udmabuf`. */
  readonly gpu?: "with blobs" | undefined;
  /** When it is booted anew. */
  readonly reuse: Reuse;
}

/** What may stand in a name. */
const USES = "it takes one version, stock, pristine, kmemleak, blobs, reference=…, boot=… and append=…";

const VERSION = /^\d[\w.+-]*$/;

/**
 * Reads a name such as `vm:7.3`, `vm:7.3,stock,pristine`, `vm:7.3,reference=matt-v1-vfio`, `vm:7.3,boot=600`,
 * `vm:7.3,blobs`, `vm:7.3.4-conform-debug,kmemleak` or `vm:kernel=bzImage,modules=out,append=iommu=pt`; what stands
 * behind `append=` belongs to it to the end.
 *
 * @returns what it stands for, or what is wrong with it
 */
export function parseVm(name: string): VmName | string {
  const [before = "", append] = name.replace(/^vm:?/, "").split(/,?append=(.*)/s);
  const words = before.split(",").filter((word) => word !== "");
  const values = new Map<string, string>();
  let reuse: Reuse = "until dirty";
  let kmemleak: VmName["kmemleak"];
  let gpu: VmName["gpu"];
  let modules: ModuleChoice = "modules made here";
  for (const word of words) {
    const [, key, value = ""] = /^(kernel|modules|reference|boot)=(.+)$/s.exec(word) ?? [];
    if (key !== undefined) values.set(key, value);
    else if (word === "pristine") reuse = "one case";
    else if (word === "kmemleak") kmemleak = "after each case";
    else if (word === "blobs") gpu = "with blobs";
    else if (word === "stock") modules = "its own modules only";
    else if (VERSION.test(word) && !values.has("version")) values.set("version", word);
    else return `A virtual machine cannot use "${word}": ${USES}`;
  }
  const reference = values.get("reference");
  if (reference !== undefined && !REFERENCES.has(reference)) return unknownReference(reference);
  const bootMs = bootMsOf(values.get("boot"));
  if (typeof bootMs === "string") return bootMs;
  const kernel = kernelOf(values, modules);
  return typeof kernel === "string"
    ? kernel
    : { id: name, kernel, reference, kmemleak, gpu, append, bootMs, reuse };
}

function bootMsOf(seconds: string | undefined): number | undefined | string {
  if (seconds === undefined) return undefined;
  return /^[1-9]\d{0,4}$/.test(seconds)
    ? Number(seconds) * 1000
    : `boot= takes whole seconds, as in boot=600, not "${seconds}"`;
}

function kernelOf(values: ReadonlyMap<string, string>, made: ModuleChoice): KernelChoice | string {
  const [version, image, modules] = ["version", "kernel", "modules"].map((key) => values.get(key));
  if (version !== undefined && image !== undefined) {
    return "A virtual machine boots a version or a file, not both";
  }
  if (image !== undefined) return { kind: "file", image, modules };
  if (modules !== undefined) return "Modules belong to a kernel that is given as a file";
  return version === undefined
    ? "The virtual machine has no kernel"
    : { kind: "version", version, with: made };
}

/** Writes a name that {@link parseVm} reads. */
export function vmName(
  { kernel, reference, kmemleak, gpu, append, bootMs, reuse }: Omit<VmName, "id">,
): string {
  const words = kernel.kind === "version"
    ? [kernel.version, ...(kernel.with === "its own modules only" ? ["stock"] : [])]
    : [`kernel=${kernel.image}`, ...(kernel.modules === undefined ? [] : [`modules=${kernel.modules}`])];
  if (reference !== undefined) words.push(`reference=${reference}`);
  if (bootMs !== undefined) words.push(`boot=${bootMs / 1000}`);
  if (kmemleak !== undefined) words.push("kmemleak");
  if (gpu !== undefined) words.push("blobs");
  if (reuse === "one case") words.push("pristine");
  if (append !== undefined) words.push(`append=${append}`);
  return `vm:${words.join(",")}`;
}
