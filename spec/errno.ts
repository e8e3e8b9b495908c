/**
 * Error names of the kernel and their numbers.
 *
 * Names are what the suite compares: the same name has different numbers on different architectures
 * (`EBADFD` is 77, 81, 93, 114 or 168), so a runner translates at its edge and nowhere else. Clauses ABI-01
 * and ABI-03. Every error is here, not only those that a clause names: a kernel may fail with any of them.
 *
 * @module
 */
import { DIFFERENCES, GENERIC, KERNEL_ONLY } from "./errno_numbers.ts";

/**
 * The name of a kernel error, for example `ENODEV`.
 *
 * @internal
 */
export type ErrnoName = keyof typeof GENERIC | keyof typeof KERNEL_ONLY;

/** An architecture whose numbers differ from the generic table. */
export type ErrnoArchitecture = "generic" | "alpha" | "mips" | "parisc" | "sparc";

/** The generic numbers of all names. */
const NUMBERS: Readonly<Record<ErrnoName, number>> = { ...GENERIC, ...KERNEL_ONLY };

function isName(text: string): text is ErrnoName {
  return Object.hasOwn(NUMBERS, text);
}

/** Every error of the kernel by name, in the order of the generic numbers. */
export const ERRNO_NAMES: readonly ErrnoName[] = Object.keys(NUMBERS).filter(isName);

/**
 * The errors that a step can have an exporter, an importer or a fence give. They are few, since each is a choice for
 * whoever writes a case, and for random programs.
 */
export const INJECTABLE_ERRNOS: readonly ErrnoName[] = [
  "EPERM",
  "ENOENT",
  "EINTR",
  "EIO",
  "ENXIO",
  "E2BIG",
  "EBADF",
  "EAGAIN",
  "ENOMEM",
  "EACCES",
  "EFAULT",
  "EBUSY",
  "EEXIST",
  "ENODEV",
  "EINVAL",
  "ENFILE",
  "EMFILE",
  "ENOTTY",
  "ENOSPC",
  "EOVERFLOW",
  "EBADFD",
  "EOPNOTSUPP",
  "EADDRINUSE",
  "ETIMEDOUT",
  "ERESTARTSYS",
  "ENOIOCTLCMD",
  "ENOTSUPP",
];

/**
 * Codes that exist only inside the kernel. No user space call may ever return one (clause ABI-03).
 */
export const KERNEL_ONLY_ERRNOS: readonly ErrnoName[] = Object.keys(KERNEL_ONLY).filter(isName);

/** Tells whether a text is the name of an error. */
export function isErrnoName(text: unknown): text is ErrnoName {
  return typeof text === "string" && isName(text);
}

/** The positive number of an error name on an architecture. */
export function errnoNumber(name: ErrnoName, architecture: ErrnoArchitecture = "generic"): number {
  if (architecture === "generic") return NUMBERS[name];
  const differing: Partial<Record<ErrnoName, number>> = DIFFERENCES[architecture];
  return differing[name] ?? NUMBERS[name];
}

/** The names by their generic numbers. */
const NAMES: ReadonlyMap<number, ErrnoName> = new Map(ERRNO_NAMES.map((name) => [NUMBERS[name], name]));

/** The name of a positive error number on an architecture, or `undefined` where there is none. */
export function errnoName(
  number: number,
  architecture: ErrnoArchitecture = "generic",
): ErrnoName | undefined {
  if (architecture === "generic") return NAMES.get(number);
  return ERRNO_NAMES.find((name) => errnoNumber(name, architecture) === number);
}
