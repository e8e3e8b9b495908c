/**
 * Universes: the bounded worlds whose every state a tour visits.
 *
 * All objects together would have more states than anybody can wait for, and most of them say nothing new: what a
 * fence does has little to do with how many descriptors a buffer has. So each universe has few objects and those
 * operations that can get in each other's way.
 *
 * @module
 */

/** The kinds of importers, as a tour tells them apart. */
export const IMPORTER_KINDS = [
  "dynamic",
  "dynamic-keep",
  "dynamic-remap",
  "dynamic-later",
  "dynamic-no-p2p",
  "revocable",
  "revocable-keep",
  "pinned",
  "static",
] as const;

/**
 * A kind of importer: how it attaches, and what its callback does with the mappings; unmap unless it says so.
 *
 * @internal
 */
export type ImporterKind = typeof IMPORTER_KINDS[number];

/** A bounded world. */
export interface Universe {
  /** Its name. */
  readonly id: string;
  /** What it is about, in a few words. */
  readonly title: string;
  /** The device: one that can be put to low power and reset alone, or any; the former unless said otherwise. */
  readonly device?: "able" | "plain" | undefined;
  /** How many buffers there can be at a time. */
  readonly buffers: number;
  /** How many importers a buffer can have. */
  readonly importers: number;
  /** The kinds of importers that attach. */
  readonly kinds: readonly ImporterKind[];
  /** How many CPU mappings a buffer can have. */
  readonly vmas: number;
  /** How many fences of a buffer can be unsignalled. */
  readonly fences: number;
  /** How many descriptors a buffer can have. */
  readonly descriptors: number;
  /** How many descriptors the device can have. */
  readonly sessions: number;
  /** How many calls can be under way. */
  readonly pending: number;
  /** The operations of the tour, by their names in `operations.ts`. */
  readonly operations: readonly string[];
}

const EVENTS = ["memory-off", "memory-on"];
const SESSION = ["close-device", "reopen-device"];
const ATTACHED = ["detach", "map", "unmap"];

const NOTHING = {
  buffers: 1,
  importers: 0,
  kinds: [],
  vmas: 0,
  fences: 0,
  descriptors: 1,
  sessions: 1,
  pending: 1,
} as const;

/** The universes of a tour, in the order in which they are visited. */
export const UNIVERSES: readonly Universe[] = [
  {
    ...NOTHING,
    id: "device",
    title: "every event on a device, with an importer and a CPU mapping",
    importers: 1,
    kinds: ["dynamic"],
    vmas: 1,
    sessions: 2,
    operations: [
      ...EVENTS,
      ...SESSION,
      ...["d3hot", "d0", "reset", "flr", "hot-reset", "low-power-entry", "low-power-exit", "wake"],
      ...["export", "revoke", "attach", "map", "unmap", "mmap", "load"],
    ],
  },
  {
    ...NOTHING,
    id: "importers",
    title: "two importers of every kind",
    importers: 2,
    kinds: [
      ...["dynamic", "dynamic-keep", "dynamic-no-p2p", "revocable", "pinned", "static"] as const,
    ],
    operations: [
      ...EVENTS,
      ...SESSION,
      ...[
        "export",
        "close-buffer",
        "revoke",
        "revoke-buffer",
        "attach",
        ...ATTACHED,
        "private-map",
        "dma-read",
      ],
    ],
  },
  {
    ...NOTHING,
    id: "callbacks",
    title: "an importer that answers the callback in every way, and pins",
    importers: 1,
    kinds: ["dynamic", "dynamic-keep", "dynamic-remap", "dynamic-later", "revocable", "revocable-keep"],
    operations: [
      ...EVENTS,
      ...SESSION,
      ...["reset", "export", "close-buffer", "revoke", "attach", ...ATTACHED],
      ...["pin", "unpin", "revocable", "vmap", "wait"],
    ],
  },
  {
    ...NOTHING,
    id: "cpu",
    title: "two CPU mappings",
    importers: 1,
    kinds: ["dynamic-keep"],
    vmas: 2,
    operations: [
      ...EVENTS,
      ...SESSION,
      ...["reset", "export", "close-buffer", "revoke", "revoke-buffer", "attach", ...ATTACHED],
      ...["mmap", "mmap-private", "mmap-beyond", "load", "munmap", "discard"],
    ],
  },
  {
    ...NOTHING,
    id: "fences",
    title: "fences of every usage",
    importers: 1,
    kinds: ["dynamic", "dynamic-keep"],
    fences: 1,
    operations: [
      ...EVENTS,
      ...SESSION,
      ...["export", "close-buffer", "revoke", "revoke-buffer", "attach", ...ATTACHED],
      ...["fence-kernel", "fence-write", "fence-read", "fence-bookkeep", "signal", "poll", "sync"],
    ],
  },
  {
    ...NOTHING,
    id: "waits",
    title: "two calls that wait at the same time",
    importers: 1,
    kinds: ["dynamic-keep"],
    vmas: 1,
    fences: 1,
    pending: 2,
    operations: [
      ...EVENTS,
      ...SESSION,
      ...["reset", "export", "revoke", "attach", ...ATTACHED, "mmap", "load"],
      ...["fence-write", "signal", "sync"],
    ],
  },
  {
    ...NOTHING,
    id: "descriptors",
    title: "two buffers, their descriptors, and the end of the device",
    buffers: 2,
    importers: 1,
    kinds: ["dynamic"],
    descriptors: 2,
    operations: [
      ...EVENTS,
      ...SESSION,
      ...["export", "revoke", "attach", "detach", "map"],
      ...["close-buffer", "dup-buffer", "unbind", "fdinfo"],
    ],
  },
];

const plain = new Map<Universe, Universe>();

/** The same universe with a device of which nothing is asked. */
export function withPlainDevice(universe: Universe): Universe {
  const known = plain.get(universe) ?? { ...universe, device: "plain" as const };
  plain.set(universe, known);
  return known;
}
