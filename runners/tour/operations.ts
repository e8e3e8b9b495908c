/**
 * The operations of a tour: what can be done in a state, as steps of the vocabulary.
 *
 * An operation is offered only where its objects are there, so that no step ever names what is not bound. What is
 * refused for any other reason is offered: a refusal is an edge like any other.
 *
 * @module
 */
import type { OperationName } from "../../spec/operations/mod.ts";
import type { Outcome } from "../../spec/observation.ts";
import { draft, type Drafter } from "./draft.ts";
import { type Move, type Offer, onBuffer, onDevice, onFence, onImporter, onVma } from "./moves.ts";
import type { View } from "./state.ts";
import { IMPORTER_KINDS, type ImporterKind, type Universe } from "./universe.ts";
import type { NamedBuffer, NamedDevice, NamedImporter, NamedVma, Plan, World } from "./world.ts";

/** What can be done in a world. */
export function movesOf(world: World, view: View): readonly Move[] {
  return offersOf(world.universe).flatMap((offer) => offer(world, view));
}

const chosen = new WeakMap<Universe, readonly Offer[]>();

function offersOf(universe: Universe): readonly Offer[] {
  const known = chosen.get(universe);
  if (known) return known;
  const offers = tourOperations(universe).map((name) => {
    const offer = OFFERS.get(name);
    if (!offer) throw new Error(`Cannot tour with "${name}", which is no operation of the tour`);
    return offer;
  });
  chosen.set(universe, offers);
  return offers;
}

/** The operations of a universe by name; `attach` stands for one of each kind of importer. */
export function tourOperations({ operations, kinds }: Universe): readonly string[] {
  return operations.flatMap((name) => name === "attach" ? kinds.map((kind) => `attach-${kind}`) : [name]);
}

function succeeded({ kind }: Outcome): boolean {
  return kind === "returned";
}

function descriptorOf({ open, last }: { readonly open: readonly string[]; readonly last: string }): string {
  return open[0] ?? last;
}

function isOpen(_world: World, { open }: { readonly open: readonly string[] }): boolean {
  return open.length > 0;
}

function isPending({ pending }: World, prefix: string): boolean {
  return pending.some(({ what }) => what.startsWith(prefix));
}

// The device.

function eventOn(write: Drafter, when?: (world: World, device: NamedDevice) => boolean) {
  const plan = (_world: World, device: NamedDevice) => ({
    drafts: [write({ device: descriptorOf(device) })],
  });
  return { when, plan };
}

const close = draft("fd.close");
const reopen = draft("vfio.reopen");
const unbind = draft("vfio.unbind");
/** Milliseconds that an importer puts the unmap off: longer than a kernel takes for the steps until something waits for it. */
const PUT_OFF_MS = 5_000;

const advance = draft("clock.advance", { ms: PUT_OFF_MS + 1_000 });
const exportBuffer = draft("vfio.export");

function closeOne(object: { open: readonly string[]; last: string }): Plan {
  const fd = descriptorOf(object);
  const began = () => {
    object.open = object.open.filter((name) => name !== fd);
    object.last = object.open[0] ?? fd;
  };
  return { drafts: [close({ fd })], began };
}

function reopenDevice(world: World, device: NamedDevice): Plan {
  const name = world.fresh("dev");
  return {
    drafts: [reopen({ device: descriptorOf(device) }, name)],
    ended(outcome) {
      if (succeeded(outcome)) device.open = [...device.open, name];
    },
  };
}

function exportFrom(world: World, device: NamedDevice): Plan {
  const name = world.fresh("buf");
  return {
    drafts: [exportBuffer({ device: descriptorOf(device) }, name)],
    ended(outcome) {
      const dmabuf = succeeded(outcome) ? world.newBuffer() : undefined;
      if (!dmabuf) return;
      const hanging = { importers: [], vmas: [], fences: [] };
      world.buffers = [...world.buffers, { id: name, dmabuf, open: [name], last: name, ...hanging }];
    },
  };
}

const deviceOffers: readonly (readonly [string, Offer])[] = [
  ["memory-off", onDevice("memory-off", eventOn(draft("vfio.command", { memory: "off" })))],
  ["memory-on", onDevice("memory-on", eventOn(draft("vfio.command", { memory: "on" }), isOpen))],
  ["d3hot", onDevice("d3hot", eventOn(draft("vfio.power", { state: "D3hot" }), isOpen))],
  ["d0", onDevice("d0", eventOn(draft("vfio.power", { state: "D0" }), isOpen))],
  ["reset", onDevice("reset", eventOn(draft("vfio.reset")))],
  ["flr", onDevice("flr", eventOn(draft("vfio.flr"), isOpen))],
  ["hot-reset", onDevice("hot-reset", eventOn(draft("vfio.hot_reset"), isOpen))],
  [
    "low-power-entry",
    onDevice("low-power-entry", eventOn(draft("vfio.low_power_entry", { wakeup: true }), isOpen)),
  ],
  ["low-power-exit", onDevice("low-power-exit", eventOn(draft("vfio.low_power_exit"), isOpen))],
  ["wake", onDevice("wake", eventOn(draft("vfio.wake"), isOpen))],
  ["close-device", onDevice("close-device", { when: isOpen, plan: (_world, device) => closeOne(device) })],
  [
    "reopen-device",
    onDevice("reopen-device", {
      when: (world, { model }) =>
        model.openCount < world.universe.sessions && !isPending(world, "close-device"),
      plan: reopenDevice,
    }),
  ],
  [
    "unbind",
    onDevice("unbind", {
      when: (_world, { unbinding }) => !unbinding,
      plan: (_world, device) => ({
        drafts: [unbind({ device: descriptorOf(device) })],
        began: () => device.unbinding = true,
      }),
    }),
  ],
  [
    "export",
    onDevice("export", {
      when: (world) => world.buffers.length < world.universe.buffers && !isPending(world, "export"),
      plan: exportFrom,
    }),
  ],
  [
    "wait",
    onDevice("wait", {
      when: (world) =>
        world.buffers.some(({ importers }) => importers.some((each) => world.isDeferred(each))),
      plan: () => ({ drafts: [advance({})] }),
    }),
  ],
];

// Buffers.

const revoke = draft("vfio.revoke");
const dup = draft("fd.dup");
const createFence = draft("fence.create");

function askBuffer(operation: OperationName, options = {}) {
  const write = draft(operation, options);
  return (_world: World, buffer: NamedBuffer): Plan => ({
    drafts: [write({ buffer: descriptorOf(buffer) })],
  });
}

function dupBuffer(world: World, buffer: NamedBuffer): Plan {
  const name = world.fresh("copy");
  return {
    drafts: [dup({ fd: descriptorOf(buffer) }, name)],
    ended(outcome) {
      if (succeeded(outcome)) buffer.open = [...buffer.open, name];
    },
  };
}

function mmapWith(options: Readonly<Record<string, unknown>>) {
  const write = draft("buffer.mmap", options);
  return {
    when: (world: World, buffer: NamedBuffer) => buffer.vmas.length < world.universe.vmas,
    plan(world: World, buffer: NamedBuffer): Plan {
      const name = world.fresh("vma");
      return {
        drafts: [write({ buffer: descriptorOf(buffer) }, name)],
        ended(outcome) {
          const vma = succeeded(outcome) ? world.newVma() : undefined;
          if (vma) buffer.vmas = [...buffer.vmas, { name, vma, entries: "none" }];
        },
      };
    },
  };
}

function fenceOf(usage: string) {
  const add = draft("fence.add", { usage });
  return {
    when: (world: World, { open, fences }: NamedBuffer) =>
      open.length > 0 && fences.length < world.universe.fences && !isPending(world, "fence-"),
    plan(world: World, buffer: NamedBuffer): Plan {
      const name = world.fresh("fence");
      return {
        drafts: [createFence({}, name), add({ buffer: descriptorOf(buffer), fence: name })],
        ended(outcome) {
          if (succeeded(outcome)) buffer.fences = [...buffer.fences, { name, usage }];
        },
      };
    },
  };
}

/** How each kind of importer attaches. */
const ATTACH: Readonly<Record<ImporterKind, Drafter>> = {
  "dynamic": draft("importer.attach", { kind: "dynamic" }),
  "dynamic-keep": draft("importer.attach", { kind: "dynamic", on_invalidate: "keep" }),
  "dynamic-remap": draft("importer.attach", { kind: "dynamic", on_invalidate: "remap" }),
  "dynamic-later": draft("importer.attach", {
    kind: "dynamic",
    on_invalidate: { unmap_after_ms: PUT_OFF_MS },
  }),
  "dynamic-no-p2p": draft("importer.attach", { kind: "dynamic", peer_to_peer: false }),
  "revocable": draft("importer.attach", { kind: "revocable" }),
  "revocable-keep": draft("importer.attach", { kind: "revocable", on_invalidate: "keep" }),
  "pinned": draft("importer.attach", { kind: "pinned" }),
  "static": draft("importer.attach", { kind: "static" }),
};

function attachAs(kind: ImporterKind) {
  const pins = kind === "pinned" || kind.startsWith("revocable") ? 1 : 0;
  return {
    when: (world: World, { importers }: NamedBuffer) =>
      importers.length < world.universe.importers && !isPending(world, "attach"),
    plan(world: World, buffer: NamedBuffer): Plan {
      const name = world.fresh("imp");
      return {
        drafts: [ATTACH[kind]({ buffer: descriptorOf(buffer) }, name)],
        ended(outcome) {
          if (!succeeded(outcome)) return;
          buffer.importers = [...buffer.importers, { name, kind, pins, remapped: false }];
        },
      };
    },
  };
}

const bufferOffers: readonly (readonly [string, Offer])[] = [
  [
    "revoke",
    onBuffer("revoke", {
      plan: ({ device }, buffer) => ({
        drafts: [revoke({ device: descriptorOf(device), buffer: descriptorOf(buffer) })],
      }),
    }),
  ],
  ["revoke-buffer", onBuffer("revoke-buffer", { plan: askBuffer("buffer.revoke") })],
  ["close-buffer", onBuffer("close-buffer", { when: isOpen, plan: (_world, buffer) => closeOne(buffer) })],
  [
    "dup-buffer",
    onBuffer("dup-buffer", {
      when: (world, { open }) => open.length > 0 && open.length < world.universe.descriptors,
      plan: dupBuffer,
    }),
  ],
  ["poll", onBuffer("poll", { when: isOpen, plan: askBuffer("buffer.poll") })],
  ["sync", onBuffer("sync", { when: isOpen, plan: askBuffer("buffer.sync", { phase: "start" }) })],
  ["fdinfo", onBuffer("fdinfo", { plan: askBuffer("buffer.fdinfo") })],
  ["mmap", onBuffer("mmap", mmapWith({}))],
  ["mmap-private", onBuffer("mmap-private", mmapWith({ sharing: "private" }))],
  ["mmap-beyond", onBuffer("mmap-beyond", mmapWith({ length: "5 pages" }))],
  ["fence-kernel", onBuffer("fence-kernel", fenceOf("KERNEL"))],
  ["fence-write", onBuffer("fence-write", fenceOf("WRITE"))],
  ["fence-read", onBuffer("fence-read", fenceOf("READ"))],
  ["fence-bookkeep", onBuffer("fence-bookkeep", fenceOf("BOOKKEEP"))],
  ...IMPORTER_KINDS.map((kind) => [`attach-${kind}`, onBuffer(`attach-${kind}`, attachAs(kind))] as const),
];

// Importers.

const detach = draft("importer.detach");
const map = draft("importer.map");
const unmap = draft("importer.unmap");
const pin = draft("importer.pin");
const unpin = draft("importer.unpin");
const dmaRead = draft("importer.dma_read");

function askImporter(operation: OperationName) {
  const write = draft(operation);
  return busyWith<NamedImporter>(operation, ({ name }) => [write({ attachment: name })]);
}

/** Does something to an object that no other call may touch meanwhile. */
function busyWith<T extends { busy?: string | undefined }>(
  what: string,
  drafts: (object: T) => Plan["drafts"],
  done: (outcome: Outcome, object: T, world: World) => void = () => {},
) {
  return (world: World, object: T): Plan => ({
    drafts: drafts(object),
    began: () => object.busy = what,
    ended(outcome) {
      object.busy = undefined;
      done(outcome, object, world);
    },
  });
}

function removeImporter(gone: NamedImporter, { buffers }: World): void {
  for (const buffer of buffers) buffer.importers = buffer.importers.filter((each) => each !== gone);
}

function mapImporter(world: World, importer: NamedImporter): Plan {
  const name = world.fresh("map");
  return busyWith<NamedImporter>("map", () => [map({ attachment: importer.name }, name)], (outcome) => {
    if (succeeded(outcome)) importer.mapping = name;
  })(world, importer);
}

const importerOffers: readonly (readonly [string, Offer])[] = [
  [
    "detach",
    onImporter("detach", {
      plan: busyWith<NamedImporter>(
        "detach",
        ({ name }) => [detach({ attachment: name })],
        (_o, gone, world) => {
          removeImporter(gone, world);
        },
      ),
    }),
  ],
  ["map", onImporter("map", { when: (_world, { mapping }) => mapping === undefined, plan: mapImporter })],
  [
    "unmap",
    onImporter("unmap", {
      when: (_world, { mapping }) => mapping !== undefined,
      plan: busyWith<NamedImporter>(
        "unmap",
        ({ mapping = "" }) => [unmap({ mapping })],
        (_outcome, importer) => importer.mapping = undefined,
      ),
    }),
  ],
  [
    "pin",
    onImporter("pin", {
      when: (_world, { pins }) => pins === 0,
      plan: busyWith<NamedImporter>("pin", ({ name }) => [pin({ attachment: name })], (outcome, importer) => {
        if (succeeded(outcome)) importer.pins++;
      }),
    }),
  ],
  [
    "unpin",
    onImporter("unpin", {
      when: (_world, { pins }) => pins > 0,
      plan: busyWith<NamedImporter>("unpin", ({ name }) => [unpin({ attachment: name })], (_o, importer) => {
        importer.pins--;
      }),
    }),
  ],
  [
    "dma-read",
    onImporter("dma-read", {
      when: (_world, { mapping }) => mapping !== undefined,
      plan: busyWith<NamedImporter>("dma-read", ({ mapping = "" }) => [dmaRead({ mapping })]),
    }),
  ],
  ["private-map", onImporter("private-map", { plan: askImporter("importer.private_map") })],
  ["revocable", onImporter("revocable", { plan: askImporter("importer.revocable") })],
  ["vmap", onImporter("vmap", { plan: askImporter("importer.vmap") })],
];

// CPU mappings and fences.

const load = draft("memory.load");
const munmap = draft("memory.unmap");
const discard = draft("memory.discard");
const signal = draft("fence.signal");

const otherOffers: readonly (readonly [string, Offer])[] = [
  ["load", onVma("load", { plan: busyWith<NamedVma>("load", ({ name }) => [load({ vma: name })]) })],
  [
    "munmap",
    onVma("munmap", {
      plan: busyWith<NamedVma>(
        "munmap",
        ({ name }) => [munmap({ vma: name })],
        (_outcome, gone, { buffers }) => {
          for (const buffer of buffers) buffer.vmas = buffer.vmas.filter((each) => each !== gone);
        },
      ),
    }),
  ],
  [
    "discard",
    onVma("discard", {
      plan: busyWith<NamedVma>("discard", ({ name }) => [discard({ vma: name })], (_outcome, vma) => {
        if (vma.entries !== "none") vma.entries = "discarded";
      }),
    }),
  ],
  [
    "signal",
    onFence("signal", {
      plan: ({ buffers }, fence) => ({
        drafts: [signal({ fence: fence.name })],
        ended() {
          for (const buffer of buffers) buffer.fences = buffer.fences.filter((each) => each !== fence);
        },
      }),
    }),
  ],
];

const OFFERS: ReadonlyMap<string, Offer> = new Map([
  ...deviceOffers,
  ...bufferOffers,
  ...importerOffers,
  ...otherOffers,
]);
