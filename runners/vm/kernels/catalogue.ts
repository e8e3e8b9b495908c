/**
 * The kernels of a Debian archive, put together from its packages.
 *
 * Until 6.18 a kernel is one package, `linux-image`. From 6.19 on it is split: `linux-binary` has the image,
 * `linux-modules` the modules, `linux-base` the configuration; an archive may keep the first longer than the others.
 *
 * @module
 */
import type { Stanza } from "./stanzas.ts";

/** A package of the archive. */
export interface ArchivePackage {
  /** Its name. */
  readonly name: string;
  /** Its version. */
  readonly version: string;
  /** The SHA-256 of its file. */
  readonly sha256: string;
  /** Bytes of its file. */
  readonly size: number;
  /** The names of the packages that it depends on, first alternatives only. */
  readonly depends: readonly string[];
}

/** The variants in which Debian builds a kernel. */
export const FLAVOURS: readonly Flavour[] = ["plain", "cloud", "rt"];

/** One of them. */
export type Flavour = "plain" | "cloud" | "rt";

/** What is there of a kernel: all of it, or only its image, so that drivers in modules cannot be used. */
export type Extent = "whole" | "image only";

/** A kernel of the archive. */
export interface ArchiveKernel {
  /** What `uname -r` says, as in `7.3.4+deb13-amd64`. */
  readonly release: string;
  /** The version of Linux, as in `7.3.4`. */
  readonly version: string;
  /** How it was configured. */
  readonly flavour: Flavour;
  /** How much of it there is. */
  readonly extent: Extent;
  /** The packages with the image, the modules and the configuration. */
  readonly packages: readonly ArchivePackage[];
  /** The package with the headers that modules are built against, where there is one. */
  readonly headers: ArchivePackage | undefined;
  /** The package with the sources, where there is one of the same series. */
  readonly source: ArchivePackage | undefined;
}

/** Whether a package may belong to a kernel, by its name. */
export function isKernelPackage(name: string): boolean {
  return /^linux-(image|binary(-unsigned)?|modules|base|headers|kbuild|source)-\d[^ ]*$/.test(name) &&
    !/-(dbg|signed-template|common-rt)$/.test(name);
}

/** Puts the kernels together, the newest first. */
export function kernelsOf(stanzas: readonly Stanza[]): ArchiveKernel[] {
  const packages = new Map(stanzas.map(packageOf).map((each) => [each.name, each]));
  const releases = new Set([...packages.keys()].flatMap(releaseOf));
  return [...releases]
    .flatMap((release) => kernelOf(release, packages) ?? [])
    .toSorted((one, other) => compareReleases(other.release, one.release));
}

/** A package, from its stanza. */
export function packageOf(stanza: Stanza): ArchivePackage {
  return {
    name: stanza.get("Package") ?? "",
    version: stanza.get("Version") ?? "",
    sha256: stanza.get("SHA256") ?? "",
    size: Number(stanza.get("Size") ?? 0),
    depends: (stanza.get("Depends") ?? "").split(",").flatMap((each) =>
      /^\s*([^\s|(:]+)/.exec(each)?.[1] ?? []
    ),
  };
}

function releaseOf(name: string): string[] {
  const [, release] = /^linux-(?:image|binary|binary-unsigned)-(\d\S*-amd64)(?:-unsigned)?$/.exec(name) ?? [];
  return release !== undefined && /^\d+\.\d+\.\d+/.test(release) ? [release] : [];
}

function kernelOf(
  release: string,
  packages: ReadonlyMap<string, ArchivePackage>,
): ArchiveKernel | undefined {
  const split = packages.get(`linux-binary-${release}`) ?? packages.get(`linux-binary-unsigned-${release}`);
  const image = split ?? packages.get(`linux-image-${release}`) ??
    packages.get(`linux-image-${release}-unsigned`);
  if (!image) return undefined;
  const modules = packages.get(`linux-modules-${release}`);
  const base = packages.get(`linux-base-${release}`);
  const version = /^\d+(\.\d+)*/.exec(image.version)?.[0] ?? release;
  return {
    release,
    version,
    flavour: flavourOf(release),
    extent: split && !modules ? "image only" : "whole",
    packages: split ? [split, ...(modules ? [modules] : []), ...(base ? [base] : [])] : [image],
    headers: packages.get(`linux-headers-${release}`),
    source: packages.get(`linux-source-${seriesOf(version)}`),
  };
}

/** The flavour of a release. */
export function flavourOf(release: string): Flavour {
  return FLAVOURS.find((flavour) => release.endsWith(`-${flavour}-amd64`)) ?? "plain";
}

/** The series of a version, as in `7.3` for `7.3.4`. */
export function seriesOf(version: string): string {
  return version.split(".").slice(0, 2).join(".");
}

const collator = new Intl.Collator("en", { numeric: true });

/** Whether a release is one that was built here; it is only asked for by its whole name. */
function isOwnBuild(release: string): boolean {
  return release.includes("-conform");
}

/** Orders releases and versions, the older one first. */
export function compareReleases(one: string, other: string): number {
  return collator.compare(one, other);
}

/**
 * Whether a kernel is one that a user asks for: `7.3`, `7.3.4`, `7.3-cloud` or the whole release.
 */
export function isAskedFor(
  wanted: string,
  kernel: { readonly release: string; readonly version: string },
): boolean {
  if (wanted === kernel.release) return true;
  const [, version, flavour = "plain"] = /^(\d+(?:\.\d+)*)(?:-(cloud|rt))?$/.exec(wanted) ?? [];
  if (version === undefined || flavour !== flavourOf(kernel.release) || isOwnBuild(kernel.release)) {
    return false;
  }
  return kernel.version === version || kernel.version.startsWith(`${version}.`);
}
