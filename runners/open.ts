/**
 * Names of targets, as one gives them on a command line, and what they open.
 *
 * @module
 */
import { didYouMean } from "../spec/nearest.ts";
import { unlessAborted } from "./deadline.ts";
import { openRemote, parseRemote, type RemoteName } from "./remote/open.ts";
import { NATIVE_NAME, type NativeOptions, nativeTarget, parseNative } from "./native/mod.ts";
import {
  DEFAULT_DIALECT,
  type Dialect,
  DIALECTS,
  type Feature,
  FEATURES,
  simulator,
  withFeatures,
} from "./simulator/mod.ts";
import type { Target } from "./target.ts";
import { openVm, parseVm, releaseIn, VM_NAME, type VmName } from "./vm/mod.ts";

/** What a target's name stands for. */
export interface TargetName {
  /** The whole name, as in `sim:matt-v1-vfio`. */
  readonly id: string;
  /** The part before the colon. */
  readonly kind: "sim" | "native" | "agent" | "stdio" | "vm";
  /** What the simulator is to be; of another target, the model of the kernel that it is thought to run. */
  readonly dialect: Dialect;
  /** What the native target may use, where it is one. */
  readonly native?: NativeOptions | undefined;
  /** Which kernel it boots, where it is a virtual machine. */
  readonly vm?: VmName | undefined;
  /** How to reach it, where it speaks the protocol. */
  readonly remote?: RemoteName | undefined;
}

/** Every kind of target, and how its name is written. */
const KINDS = {
  sim: "sim:<dialect>+<feature>",
  native: NATIVE_NAME,
  agent: "agent:<address>",
  stdio: "stdio:<command>",
  vm: VM_NAME,
} as const;

/** A name that is no target's. */
export class TargetNameError extends Error {
  /** What to do about it; a sentence without a final period. */
  readonly hint: string;

  /** Makes an error of what is wrong and what to do. */
  constructor(message: string, hint: string) {
    super(message);
    this.name = "TargetNameError";
    this.hint = hint;
  }
}

/**
 * Reads the name of a target: `sim`, or `sim:` with a dialect, and perhaps with features behind it, as in
 * `sim:mainline-7.3+no-dmabuf`; or `native`, perhaps with the addresses of devices, as in `native:0000:01:00.0`;
 * or `agent:` with an address, `stdio:` with a command, or `vm:` with a kernel.
 *
 * @throws {TargetNameError} if there is no such target
 */
export function parseTarget(name: string): TargetName {
  const remote = parseRemote(name);
  if (remote && "message" in remote) throw new TargetNameError(remote.message, remote.hint);
  if (remote) return { id: name, kind: remote.kind, dialect: DEFAULT_DIALECT, remote };
  const [whole = "", ...switches] = name.split("+");
  const [kind = "", ...rest] = whole.split(":");
  if (kind === "native") return nativeNamed(name);
  if (kind === "vm") return vmNamed(name);
  if (kind !== "sim") throw unknownTarget(name);
  const plain = rest.length === 0 ? DEFAULT_DIALECT : dialectNamed(rest.join(":"));
  const dialect = withFeatures(plain, featuresNamed(switches));
  return { id: `sim:${dialect.id}`, kind, dialect };
}

function nativeNamed(name: string): TargetName {
  const native = parseNative(name);
  if (typeof native === "string") throw new TargetNameError(native, `Write it as ${NATIVE_NAME}`);
  return { id: name, kind: "native", dialect: followed(native) ?? modelOf(Deno.osRelease()), native };
}

function vmNamed(name: string): TargetName {
  const vm = parseVm(name);
  if (typeof vm === "string") throw new TargetNameError(vm, `Write it as ${VM_NAME}`);
  const dialect = vm.kernel.kind === "version" ? modelOf(vm.kernel.version) : DEFAULT_DIALECT;
  return { id: name, kind: "vm", dialect: followed(vm) ?? dialect, vm };
}

/** The proposal that a reference exporter follows. */
function followed({ reference }: { readonly reference?: string | undefined }): Dialect | undefined {
  return reference === undefined ? undefined : DIALECTS.get(reference);
}

/** The dialect of the newest kernel that is not newer than a release; the oldest where all are. */
function modelOf(release: string): Dialect {
  const [major = 0, minor = 0] = release.split(".").map(Number);
  const models = [...DIALECTS.values()].filter(({ id }) => /^mainline-\d+\.\d+$/.test(id)).toSorted(
    byVersion,
  );
  const older = models.filter(({ id }) => {
    const [ofMajor = 0, ofMinor = 0] = versionOf(id);
    return ofMajor < major || (ofMajor === major && ofMinor <= minor);
  });
  return older.at(-1) ?? models[0] ?? DEFAULT_DIALECT;
}

/** The model of a kernel: the dialect that calls itself so, or that of the newest kernel that is not newer. */
function modelOfKernel(kernel: string): Dialect {
  const named = [...DIALECTS.values()].find((dialect) => dialect.kernel === kernel);
  return named ?? (/^\d+\.\d+/.test(kernel) ? modelOf(kernel) : DEFAULT_DIALECT);
}

/**
 * The dialect whose promises a target is held to unless somebody says otherwise. One that is reached by the protocol is
 * asked which kernel it runs, and the file of a kernel says it, too.
 *
 * @param name the target's name
 * @param asking the target, where it is open already, and who wants to stop waiting for what it says
 * @throws {TargetNameError} if there is no such target; what went wrong where it cannot be asked; the reason of the
 *   signal where that is aborted first
 */
export async function modelOfTarget(
  name: string,
  { open, signal }: { readonly open?: Target | undefined; readonly signal?: AbortSignal | undefined } = {},
): Promise<Dialect> {
  const { dialect, remote, vm } = parseTarget(name);
  if (vm?.kernel.kind === "file") {
    return followed(vm) ?? modelOfKernel(await releaseIn(vm.kernel.image) ?? "");
  }
  if (!remote) return dialect;
  const target = open ?? openRemote(remote)();
  try {
    return modelOfKernel((await unlessAborted(target.describe(), signal)).kernel);
  } finally {
    if (!open) await target.close();
  }
}

function versionOf(id: string): readonly number[] {
  return id.replace("mainline-", "").split(".").map(Number);
}

function byVersion(one: Dialect, other: Dialect): number {
  const [[major = 0, minor = 0], [otherMajor = 0, otherMinor = 0]] = [versionOf(one.id), versionOf(other.id)];
  return major - otherMajor || minor - otherMinor;
}

function dialectNamed(wanted: string): Dialect {
  const dialect = DIALECTS.get(wanted);
  if (dialect) return dialect;
  const all = `Take one of ${[...DIALECTS.keys()].join(", ")}`;
  throw new TargetNameError(
    `The simulator has no dialect "${wanted}"`,
    didYouMean(wanted, DIALECTS.keys(), all),
  );
}

function featuresNamed(names: readonly string[]): ReadonlySet<Feature> {
  const features = new Set<Feature>();
  for (const name of names) {
    const feature = FEATURES.get(name);
    if (!feature) throw unknownFeature(name);
    if (features.has(feature)) {
      throw new TargetNameError(`The target has the feature "${name}" twice`, "Name it once");
    }
    features.add(feature);
  }
  return features;
}

function unknownFeature(name: string): TargetNameError {
  const all = `Take one of ${[...FEATURES.keys()].map((each) => `+${each}`).join(", ")}`;
  return new TargetNameError(
    `The simulator has no feature "${name}"`,
    didYouMean(name, FEATURES.keys(), all),
  );
}

/**
 * Reads the name of a simulator, where nothing else will do.
 *
 * @throws {TargetNameError} if there is no such target, or it is another one
 */
export function parseDialect(name: string): Dialect {
  const { kind, dialect } = parseTarget(name);
  if (kind === "sim") return dialect;
  throw new TargetNameError(`${name} is not a simulator`, `Take one of ${simulators()}`);
}

/**
 * What opens a target.
 *
 * @param name the target's name
 * @param tell is told of what takes long, as the first boot of a machine
 * @returns a function that opens it; each call gives one that is independent of the others
 * @throws {TargetNameError} if there is no such target
 */
export function openTarget(name: string, tell?: (text: string) => void): () => Target {
  const { dialect, native, remote, vm } = parseTarget(name);
  if (remote) return openRemote(remote);
  if (vm) return openVm(vm, { tell });
  return native ? () => nativeTarget(native) : () => simulator(dialect);
}

function unknownTarget(name: string): TargetNameError {
  const known = Object.keys(KINDS);
  const dialects = [...DIALECTS.keys()].map((id) => `sim:${id}`);
  const bare = DIALECTS.has(name) ? `Did you mean "sim:${name}"?` : undefined;
  return new TargetNameError(
    `There is no target "${name}"`,
    bare ?? didYouMean(name, [...known, ...dialects], `Write it as ${Object.values(KINDS).join(" or ")}`),
  );
}

function simulators(): string {
  return ["sim", ...[...DIALECTS.keys()].map((id) => `sim:${id}`)].join(", ");
}
