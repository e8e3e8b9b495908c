/**
 * The numbers of requests, which differ between architectures: on some, a request without an argument has a bit set.
 *
 * @module
 */
import { type Fields, sizeOf, type Struct } from "./layout.ts";

/** Which of the kernel's two ways to number requests an architecture follows. */
export type IoctlConvention = "generic" | "alpha";

/** Where the parts of a number stand: `include/uapi/asm-generic/ioctl.h`, and that of alpha, mips, powerpc, sparc. */
const CONVENTIONS = {
  generic: { sizeBits: 14, none: 0, write: 1, read: 2 },
  alpha: { sizeBits: 13, none: 1, write: 4, read: 2 },
} as const;

const SIZE_SHIFT = 16;

/** A request to a driver. */
export interface Request {
  /** Its name in C. */
  readonly name: string;
  /** The header that defines it; missing where no installed header does. */
  readonly header?: string | undefined;
  /** The character that tells the driver's requests from those of others. */
  readonly type: string;
  /** Its number among them. */
  readonly number: number;
  /** What the number says of the direction in which bytes go. */
  readonly direction: "none" | "write" | "read" | "both";
  /** What the number says of how many bytes go. */
  readonly size: number;
}

/** A request whose number says nothing of an argument. */
export function io(name: string, header: string | undefined, type: string, number: number): Request {
  return { name, header, type, number, direction: "none", size: 0 };
}

/** A request that the kernel reads a structure from. */
export function iow(
  name: string,
  header: string | undefined,
  type: string,
  number: number,
  of: Argument,
): Request {
  return { name, header, type, number, direction: "write", size: bytesOf(of) };
}

/** A request that the kernel reads a structure from and writes it back. */
export function iowr(
  name: string,
  header: string | undefined,
  type: string,
  number: number,
  of: Argument,
): Request {
  return { name, header, type, number, direction: "both", size: bytesOf(of) };
}

/** The argument of a request: a structure, or a number of bytes. */
export type Argument = Struct<Fields> | number;

function bytesOf(of: Argument): number {
  return typeof of === "number" ? of : sizeOf(of);
}

/** The number of a request, as ioctl(2) takes it. */
export function requestNumber(request: Request, convention: IoctlConvention = "generic"): number {
  const { sizeBits, none, write, read } = CONVENTIONS[convention];
  const directions = { none, write, read, both: write | read };
  const direction = directions[request.direction] << (SIZE_SHIFT + sizeBits);
  return (direction | (request.size << SIZE_SHIFT) | (request.type.charCodeAt(0) << 8) | request.number) >>>
    0;
}
