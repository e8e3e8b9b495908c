/**
 * Structures of the kernel's interface: where each field stands, and how values become bytes and back.
 *
 * @module
 */

/** What a field can be: a number of some width, or a text of so many bytes. */
export type FieldType = "u8" | "u16" | "u32" | "s32" | "u64" | { readonly text: number };

/** The fields of a structure, in order. */
export type Fields = Readonly<Record<string, FieldType>>;

/** A structure of the kernel's interface. */
export interface Struct<F extends Fields = Fields> {
  /** Its name in C, without `struct`. */
  readonly name: string;
  /** The header that declares it; missing where no installed header does. */
  readonly header?: string | undefined;
  /** Its fields, in order. */
  readonly fields: F;
}

/** The value of a field: 64-bit numbers may be given as either kind of number. */
type Given<T extends FieldType> = T extends { readonly text: number } ? string
  : T extends "u64" ? number | bigint
  : number;

/** The value of a field as it is read. */
type Read<T extends FieldType> = T extends { readonly text: number } ? string
  : T extends "u64" ? bigint
  : number;

/** Values for the fields of a structure; what is left out is zero. */
export type Values<F extends Fields> = { readonly [K in keyof F]?: Given<F[K]> };

/** The values of the fields of a structure. */
export type ReadValues<F extends Fields> = { readonly [K in keyof F]: Read<F[K]> };

/** Where a field stands. */
export interface Place {
  /** Bytes from the start of the structure. */
  readonly offset: number;
  /** Bytes. */
  readonly size: number;
}

const WIDTHS = { u8: 1, u16: 2, u32: 4, s32: 4, u64: 8 } as const;

/** Declares a structure. */
export function struct<const F extends Fields>(
  name: string,
  header: string | undefined,
  fields: F,
): Struct<F> {
  return { name, header, fields };
}

/** Where everything of a structure stands. */
interface Layout {
  readonly places: ReadonlyMap<string, Place>;
  readonly size: number;
}

/** Cases use the same few structures again and again. */
const layouts = new WeakMap<Struct, Layout>();

/** The place of each field, and the size of the whole, by the rules of C for a 64-bit machine. */
export function layoutOf(of: Struct): Layout {
  const known = layouts.get(of);
  if (known) return known;
  const layout = laidOut(of);
  layouts.set(of, layout);
  return layout;
}

function laidOut({ fields }: Struct): Layout {
  const places = new Map<string, Place>();
  let end = 0;
  let widest = 1;
  for (const [name, type] of Object.entries(fields)) {
    const size = typeof type === "string" ? WIDTHS[type] : type.text;
    const alignment = typeof type === "string" ? size : 1;
    const offset = Math.ceil(end / alignment) * alignment;
    places.set(name, { offset, size });
    end = offset + size;
    widest = Math.max(widest, alignment);
  }
  return { places, size: Math.ceil(end / widest) * widest };
}

/** Bytes of a structure. */
export function sizeOf(of: Struct): number {
  return layoutOf(of).size;
}

/** Writes a structure. */
export function encode<F extends Fields>(of: Struct<F>, values: Values<F>): Uint8Array {
  const { places, size } = layoutOf(of);
  const bytes = new Uint8Array(size);
  const given: Readonly<Record<string, number | bigint | string | undefined>> = values;
  for (const [name, place] of places) {
    const value = given[name];
    if (value !== undefined) writeField(bytes, place, value);
  }
  return bytes;
}

function writeField(bytes: Uint8Array, { offset, size }: Place, value: number | bigint | string): void {
  if (typeof value === "string") {
    const text = new TextEncoder().encode(value);
    if (text.length >= size) throw new RangeError(`Cannot write "${value}" into ${size} bytes`);
    bytes.set(text, offset);
    return;
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset + offset, size);
  if (size === 8) writeNumber(view, 0, value);
  else if (size === 4) view.setUint32(0, Number(value), true);
  else if (size === 2) view.setUint16(0, Number(value), true);
  else view.setUint8(0, Number(value));
}

/** Above what a double holds exactly, a number is given as a bigint. */
const HALF = 2 ** 32;

/** Writes a number of 64 bits, in two halves where it is no bigint: that takes a fraction of the time. */
export function writeNumber(view: DataView, at: number, value: number | bigint): void {
  if (typeof value === "bigint") return view.setBigUint64(at, value, true);
  view.setUint32(at, value, true);
  view.setUint32(at + 4, Math.floor(value / HALF), true);
}

/** Reads a signed number of 64 bits, as exactly as a double can hold it. */
export function readNumber(view: DataView, at: number): number {
  return view.getInt32(at + 4, true) * HALF + view.getUint32(at, true);
}

/** Reads a structure. */
export function decode<F extends Fields>(of: Struct<F>, bytes: Uint8Array): ReadValues<F> {
  const { places } = layoutOf(of);
  const values: Record<string, number | bigint | string> = {};
  for (const [name, { offset, size }] of places) {
    values[name] = readField(bytes.subarray(offset, offset + size), of.fields[name]);
  }
  return hasFields(of, values) ? values : missing(of);
}

function readField(bytes: Uint8Array, type: FieldType | undefined): number | bigint | string {
  if (typeof type === "object") return new TextDecoder().decode(bytes).replace(/\0.*$/s, "");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (type === "u64") return view.getBigUint64(0, true);
  if (type === "s32") return view.getInt32(0, true);
  if (type === "u32") return view.getUint32(0, true);
  return type === "u16" ? view.getUint16(0, true) : view.getUint8(0);
}

function hasFields<F extends Fields>(
  of: Struct<F>,
  values: Record<string, number | bigint | string>,
): values is Record<string, number | bigint | string> & ReadValues<F> {
  return Object.keys(of.fields).every((name) => name in values);
}

function missing(of: Struct): never {
  throw new Error(`Cannot read struct ${of.name}`);
}

/** Puts byte sequences behind each other, for structures that a list follows. */
export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** A text as the kernel reads it, with a zero behind it. */
export function text(value: string): Uint8Array {
  return new TextEncoder().encode(`${value}\0`);
}
