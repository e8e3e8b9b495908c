/**
 * How calls are written into the bytes that the addon and its helper processes read, and back; `addon/call.h` and
 * `addon/channel.h` say the same in C.
 *
 * @module
 */
import { type Control, CONTROLS, type Primitive, PRIMITIVES } from "./addon.ts";
import { readNumber, writeNumber } from "./abi/layout.ts";
import type { Signal } from "../../spec/observation.ts";

/** Bytes of `struct call` and `struct message`. */
export const CALL_SIZE = 80;
export const MESSAGE_SIZE = 16;

/** Bytes of a message at most. */
export const MESSAGE_MAX = 131_072;

/** What only an executor on another machine can be asked to do, beside calls; numbered after the controls. */
export const DUTIES = ["hello", "start", "prepare", "hang_up", "kill", "gone", "watch"] as const;

/** The name of a duty. */
export type Duty = typeof DUTIES[number];

/** The error number of what is not there yet; the same on every architecture but alpha. */
export const EAGAIN = 11;

const AT = { primitive: 0, signal: 4, result: 8, address: 16, args: 24, offset: 72, length: 76 } as const;
const MESSAGE_AT = { id: 0, thread: 4, count: 8, fd: 12 } as const;
const SIGNALS = new Map<number, Signal>([[7, "SIGBUS"], [10, "SIGBUS"], [11, "SIGSEGV"]]);

/** An argument of a call; a negative number is sign-extended. */
export type Arg = number | bigint;

/** Stands, as an argument, for the result of an earlier call of the same message; `RESULT_OF` in `addon/channel.h`. */
export function resultOf(index: number): bigint {
  return FIRST_RESULT + BigInt(index);
}

const FIRST_RESULT = -(1n << 63n);

/** Which call an argument stands for the result of; `undefined` where it is a number of its own. */
export function resultIn(arg: bigint): number | undefined {
  return arg < FIRST_RESULT + (1n << 32n) ? Number(arg - FIRST_RESULT) : undefined;
}

/** Something to do. */
export interface SystemCall {
  /** What to do. */
  readonly do: Primitive | Control | Duty;
  /** Its arguments, six at most. */
  readonly args?: readonly Arg[] | undefined;
  /** Bytes that it reads or writes. */
  readonly bytes?: Uint8Array | undefined;
}

/** What became of a call. */
export interface Reply {
  /** What it gave, or a negative error number. */
  readonly result: number;
  /** The signal that an access raised. */
  readonly signal?: Signal | undefined;
  /** The address that it faulted on. */
  readonly address: bigint;
  /** Its bytes afterwards. */
  readonly bytes: Uint8Array;
}

/** What stands in front of the calls of a message. */
export interface MessageHeader {
  /** Tells an answer to its question. */
  readonly id: number;
  /** The thread that does the calls; 0 is the one that reads. */
  readonly thread: number;
  /** A descriptor that came along, or -1. */
  readonly fd: number;
}

const NUMBERS: ReadonlyMap<SystemCall["do"], number> = new Map(
  [...PRIMITIVES, ...CONTROLS, ...DUTIES].map((name, index) => [name, index]),
);

/** The number of what is to be done, in the tables of the addon and of those that it starts. */
export function primitiveNumber(name: SystemCall["do"]): number {
  return NUMBERS.get(name) ?? -1;
}

const NONE: readonly Arg[] = [];
const NOTHING = new Uint8Array(0);

/** Bytes of all the data of calls. */
function dataLength(calls: readonly SystemCall[]): number {
  return calls.reduce((sum, { bytes }) => sum + padded(bytes?.length ?? 0), 0);
}

/** The data of each call begins where any structure may. */
function padded(length: number): number {
  return (length + 7) & ~7;
}

/**
 * Packs calls into memory.
 *
 * @param calls what is to be done
 * @param memory where the calls are to stand, `CALL_SIZE` bytes each
 * @param data where their bytes are to stand
 */
export function packCalls(calls: readonly SystemCall[], memory: Uint8Array, data: Uint8Array): void {
  const view = new DataView(memory.buffer, memory.byteOffset, memory.byteLength);
  let offset = 0;
  let at = 0;
  for (const { do: name, args = NONE, bytes = NOTHING } of calls) {
    view.setUint32(at + AT.primitive, primitiveNumber(name), true);
    let argAt = at + AT.args;
    for (const arg of args) {
      writeNumber(view, argAt, arg);
      argAt += 8;
    }
    view.setUint32(at + AT.offset, offset, true);
    view.setUint32(at + AT.length, bytes.length, true);
    if (bytes.length > 0) data.set(bytes, offset);
    offset += padded(bytes.length);
    at += CALL_SIZE;
  }
}

/** Reads what became of packed calls; the bytes of the replies are copies. */
export function unpackReplies(memory: Uint8Array, count: number, data: Uint8Array): Reply[] {
  const view = new DataView(memory.buffer, memory.byteOffset, memory.byteLength);
  return Array.from({ length: count }, (_, index) => {
    const at = index * CALL_SIZE;
    const offset = view.getUint32(at + AT.offset, true);
    const length = view.getUint32(at + AT.length, true);
    const signal = view.getInt32(at + AT.signal, true);
    return {
      result: readNumber(view, at + AT.result),
      signal: signal === 0 ? undefined : SIGNALS.get(signal),
      address: signal === 0 ? 0n : view.getBigUint64(at + AT.address, true),
      bytes: length === 0 ? NOTHING : data.slice(offset, offset + length),
    };
  });
}

/**
 * Packs a message of calls for a helper process, or for an executor on another machine.
 *
 * @throws {RangeError} if it is too long for them
 */
export function packMessage({ id, thread, fd }: MessageHeader, calls: readonly SystemCall[]): Uint8Array {
  const dataAt = MESSAGE_SIZE + CALL_SIZE * calls.length;
  const length = dataAt + dataLength(calls);
  if (length > MESSAGE_MAX) {
    throw new RangeError(`A message of ${length} bytes is too long: ask for at most ${MESSAGE_MAX} at once`);
  }
  const message = new Uint8Array(length);
  const view = new DataView(message.buffer);
  view.setUint32(MESSAGE_AT.id, id, true);
  view.setUint32(MESSAGE_AT.thread, thread, true);
  view.setUint32(MESSAGE_AT.count, calls.length, true);
  view.setInt32(MESSAGE_AT.fd, fd, true);
  packCalls(calls, message.subarray(MESSAGE_SIZE, dataAt), message.subarray(dataAt));
  return message;
}

/** Reads what stands in front of the calls of a message. */
export function headerOf(message: Uint8Array): MessageHeader {
  const view = new DataView(message.buffer, message.byteOffset, message.byteLength);
  return {
    id: view.getUint32(MESSAGE_AT.id, true),
    thread: view.getUint32(MESSAGE_AT.thread, true),
    fd: view.getInt32(MESSAGE_AT.fd, true),
  };
}

/** Whether some bytes are a message: what stands in front of the calls, and as many calls as that says. */
export function isMessage(bytes: Uint8Array): boolean {
  if (bytes.length < MESSAGE_SIZE) return false;
  const count = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(
    MESSAGE_AT.count,
    true,
  );
  return MESSAGE_SIZE + CALL_SIZE * count <= bytes.length;
}

/** Reads the answer of a helper process, or of an executor. */
export function unpackMessage(message: Uint8Array): MessageHeader & { readonly replies: readonly Reply[] } {
  const view = new DataView(message.buffer, message.byteOffset, message.byteLength);
  const count = view.getUint32(MESSAGE_AT.count, true);
  const dataAt = MESSAGE_SIZE + CALL_SIZE * count;
  return {
    ...headerOf(message),
    replies: unpackReplies(message.subarray(MESSAGE_SIZE, dataAt), count, message.subarray(dataAt)),
  };
}
