/**
 * Abstract states: what of a simulated kernel decides how it answers, without names and without history.
 *
 * Buffers of the same state are interchangeable, and so are importers, mappings and fences of one buffer: each list
 * is sorted, so that two histories that differ in nothing but names lead to the same state.
 *
 * @module
 */
import { vfioBufferOf } from "../simulator/kernel/vfio_pci_dmabuf.ts";
import type { NamedBuffer, NamedFence, NamedImporter, NamedVma, World } from "./world.ts";

/** An object with the text that tells its state from others of its kind. */
export interface Placed<T> {
  readonly object: T;
  /** Its state in words. */
  readonly state: string;
}

/** A buffer and what hangs on it, each list sorted by state. */
export interface PlacedBuffer extends Placed<NamedBuffer> {
  readonly importers: readonly Placed<NamedImporter>[];
  readonly vmas: readonly Placed<NamedVma>[];
  readonly fences: readonly Placed<NamedFence>[];
}

/** The state of a world, with the objects in their canonical order. */
export interface View {
  /** The whole state in words; equal for interchangeable histories. */
  readonly state: string;
  readonly buffers: readonly PlacedBuffer[];
}

/** The abstract state of a world. */
export function viewOf(world: World): View {
  const buffers = sorted(world.buffers.map((buffer) => placeBuffer(world, buffer)));
  const parts = [
    deviceState(world),
    ...buffers.map(({ state }) => state),
    ...world.pending.map((pending) => `${pending.what} waits for ${world.waitsFor(pending)}`),
  ];
  return { state: parts.join("; "), buffers };
}

function deviceState({ device, session }: World): string {
  const { command, power, lowPower, wakeupGiven, unbinding, openCount, dmabufsRevoked } = device.model;
  const enabled = session.kernel.rules.vfio.memoryEnabled(device.model);
  return [
    openCount === 0 ? "closed" : openCount === 1 ? "open" : `open ${openCount} times`,
    // A call that is under way holds its file, so that a device can be open without a descriptor.
    ...(device.open.length === openCount ? [] : [`${device.open.length} descriptors`]),
    command.memory ? "memory on" : "memory off",
    ...(power === "D0" ? [] : [power]),
    ...(lowPower ? [wakeupGiven ? "low power" : "low power without wake-up"] : []),
    ...(dmabufsRevoked === enabled ? [dmabufsRevoked ? "buffers revoked" : "buffers not revoked"] : []),
    ...(unbinding ? ["unbinding"] : []),
    ...(session.kernel.tainted ? ["tainted"] : []),
  ].join(" ");
}

function placeBuffer(world: World, object: NamedBuffer): PlacedBuffer {
  const importers = sorted(object.importers.map((importer) => placeImporter(world, importer)));
  const vmas = sorted(object.vmas.map((vma) => ({ object: vma, state: vmaState(vma) })));
  const fences = sorted(object.fences.map((fence) => ({ object: fence, state: `${fence.usage} fence` })));
  const hanging = [...importers, ...vmas, ...fences].map(({ state }) => state);
  const status = vfioBufferOf(object.dmabuf);
  const own = [
    status?.status ?? "foreign",
    ...(status && !status.vdev ? ["ended"] : []),
    ...(object.dmabuf.invalidated ? ["invalidated"] : []),
    ...[...object.dmabuf.polled].sort().map((usage) => `polled for ${usage}`),
    ...(object.open.length === 1 ? [] : [`${object.open.length} descriptors`]),
  ].join(" ");
  const state = hanging.length === 0 ? own : `${own} (${hanging.join(", ")})`;
  return { object, state, importers, vmas, fences };
}

function placeImporter(world: World, object: NamedImporter): Placed<NamedImporter> {
  const { kind, mapping, remapped, pins, busy } = object;
  const state = [
    kind,
    ...(mapping === undefined ? [] : ["mapped"]),
    ...(remapped ? ["remapped"] : []),
    ...(pins === 0 ? [] : [`pinned ${pins}`]),
    ...(kind === "dynamic-later" && world.isDeferred(object) ? ["deferring"] : []),
    ...(busy === undefined ? [] : [`in ${busy}`]),
  ].join(" ");
  return { object, state };
}

/** A mapping whose entries are gone is told from one that never had any: they answer alike only if the zap was good. */
function vmaState({ entries, busy }: NamedVma): string {
  const state = entries === "none" ? "vma" : entries === "present" ? "populated vma" : `${entries} vma`;
  return busy === undefined ? state : `${state} in ${busy}`;
}

function sorted<T extends { readonly state: string }>(list: readonly T[]): readonly T[] {
  return list.length < 2
    ? list
    : [...list].sort((a, b) => a.state < b.state ? -1 : a.state > b.state ? 1 : 0);
}
