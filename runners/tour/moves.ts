/**
 * Moves: how an operation is offered on the objects of a state. Of interchangeable objects only the first is taken.
 *
 * @module
 */
import type { Placed, PlacedBuffer, View } from "./state.ts";
import type { NamedBuffer, NamedFence, NamedImporter, NamedVma, Plan, World } from "./world.ts";

/** A way to go on from a state. */
export interface Move {
  /** The operation and the place of its object in the canonical order, as in `map b0.i1`. */
  readonly key: string;
  /** Makes it, in any world with the same history. */
  readonly make: (world: World) => Plan;
}

/** The moves of one operation in a state. */
export type Offer = (world: World, view: View) => readonly Move[];

/** When and how an operation is done to a `T`. */
export interface Doing<T> {
  /** Whether it makes sense; always where it is left out. */
  readonly when?: ((world: World, object: T) => boolean) | undefined;
  readonly plan: (world: World, object: T) => Plan;
}

/** Offers an operation on the device. */
export function onDevice(id: string, { when, plan }: Doing<World["device"]>): Offer {
  const moves = [{ key: id, make: (world: World) => plan(world, world.device) }];
  return (world) => when?.(world, world.device) === false ? [] : moves;
}

/** Offers an operation on each buffer. */
export function onBuffer(id: string, { when, plan }: Doing<NamedBuffer>): Offer {
  return (world, { buffers }) =>
    distinct(buffers).filter(([{ object }]) => when?.(world, object) !== false)
      .map(([{ object }, place]) => ({
        key: `${id} b${place}`,
        make: (w) => plan(w, bufferNamed(w, object.id)),
      }));
}

/** Offers an operation on each importer that no call is using. */
export function onImporter(id: string, doing: Doing<NamedImporter>): Offer {
  return hanging(`${id} `, "i", ({ importers }) => importers, ({ importers }) => importers, doing);
}

/** Offers an operation on each CPU mapping that no call is using. */
export function onVma(id: string, doing: Doing<NamedVma>): Offer {
  return hanging(`${id} `, "v", ({ vmas }) => vmas, ({ vmas }) => vmas, doing);
}

/** Offers an operation on each fence that has not signalled. */
export function onFence(id: string, doing: Doing<NamedFence>): Offer {
  return hanging(`${id} `, "f", ({ fences }) => fences, ({ fences }) => fences, doing);
}

function hanging<T extends { readonly name: string; readonly busy?: string | undefined }>(
  prefix: string,
  letter: string,
  placedOf: (buffer: PlacedBuffer) => readonly Placed<T>[],
  listOf: (buffer: NamedBuffer) => readonly T[],
  { when, plan }: Doing<T>,
): Offer {
  return (world, { buffers }) =>
    distinct(buffers).flatMap(([buffer, outer]) =>
      distinct(placedOf(buffer))
        .filter(([{ object }]) => object.busy === undefined && when?.(world, object) !== false)
        .map(([{ object }, inner]) => ({
          key: `${prefix}b${outer}.${letter}${inner}`,
          make: (w) => plan(w, find(w.buffers.flatMap(listOf), ({ name }) => name === object.name)),
        }))
    );
}

/** The first of every run of interchangeable objects, with its place. */
function distinct<T extends { readonly state: string }>(list: readonly T[]): (readonly [T, number])[] {
  return list.map((each, place) => [each, place] as const)
    .filter(([{ state }, place]) => place === 0 || list[place - 1]?.state !== state);
}

function bufferNamed({ buffers }: World, name: string): NamedBuffer {
  return find(buffers, ({ id }) => id === name);
}

function find<T>(list: readonly T[], isIt: (object: T) => boolean): T {
  const found = list.find(isIt);
  if (!found) throw new Error("Cannot make a move on an object that is not there");
  return found;
}
