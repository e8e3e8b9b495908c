/**
 * Error names of the kernel and their numbers.
 *
 * Names are what the suite compares: the same name has different numbers on different architectures
 * (`EBADFD` is 77, 81, 93, 114 or 168), so a runner translates at its edge and nowhere else. Clauses ABI-01
 * and ABI-03; the numbers are those of `arch/<arch>/include/uapi/asm/errno.h` in Linux 7.3.
 *
 * @module
 */

/** Numbers of every error name the suite knows, on the architectures that use the generic table. */
const GENERIC = {
  EPERM: 1,
  ENOENT: 2,
  EINTR: 4,
  EIO: 5,
  ENXIO: 6,
  E2BIG: 7,
  EBADF: 9,
  EAGAIN: 11,
  ENOMEM: 12,
  EACCES: 13,
  EFAULT: 14,
  EBUSY: 16,
  EEXIST: 17,
  ENODEV: 19,
  EINVAL: 22,
  ENFILE: 23,
  EMFILE: 24,
  ENOTTY: 25,
  ENOSPC: 28,
  EOVERFLOW: 75,
  EBADFD: 77,
  EOPNOTSUPP: 95,
  EADDRINUSE: 98,
  ETIMEDOUT: 110,
  ERESTARTSYS: 512,
  ENOIOCTLCMD: 515,
  ENOTSUPP: 524,
} as const;

/**
 * The name of a kernel error, for example `ENODEV`.
 *
 * @internal
 */
export type ErrnoName = keyof typeof GENERIC;

/** An architecture whose numbers differ from the generic table. */
export type ErrnoArchitecture = "generic" | "alpha" | "mips" | "parisc" | "sparc";

const DIFFERENCES: Record<Exclude<ErrnoArchitecture, "generic">, Partial<Record<ErrnoName, number>>> = {
  alpha: {
    EAGAIN: 35,
    EBADFD: 114,
    EOPNOTSUPP: 45,
    EOVERFLOW: 112,
    ETIMEDOUT: 60,
    EADDRINUSE: 48,
  },
  mips: { EBADFD: 81, EOPNOTSUPP: 122, EOVERFLOW: 79, ETIMEDOUT: 145, EADDRINUSE: 125 },
  parisc: { EBADFD: 168, EOPNOTSUPP: 223, EOVERFLOW: 72, ETIMEDOUT: 238, EADDRINUSE: 226 },
  sparc: { EBADFD: 93, EOPNOTSUPP: 45, EOVERFLOW: 92, ETIMEDOUT: 60, EADDRINUSE: 48 },
};

function isName(text: string): text is ErrnoName {
  return Object.hasOwn(GENERIC, text);
}

/** Every error name the suite knows, in the order of the generic numbers. */
export const ERRNO_NAMES: readonly ErrnoName[] = Object.keys(GENERIC).filter(isName);

/**
 * Codes that exist only inside the kernel. No user space call may ever return one (clause ABI-03).
 */
export const KERNEL_ONLY_ERRNOS: readonly ErrnoName[] = ["ERESTARTSYS", "ENOIOCTLCMD", "ENOTSUPP"];

/** Tells whether a text is an error name that the suite knows. */
export function isErrnoName(text: unknown): text is ErrnoName {
  return typeof text === "string" && isName(text);
}

/** The positive number of an error name on an architecture. */
export function errnoNumber(name: ErrnoName, architecture: ErrnoArchitecture = "generic"): number {
  const difference = architecture === "generic" ? undefined : DIFFERENCES[architecture][name];
  return difference ?? GENERIC[name];
}

/** The name of a positive error number on an architecture, or `undefined` where the suite knows none. */
export function errnoName(
  number: number,
  architecture: ErrnoArchitecture = "generic",
): ErrnoName | undefined {
  return ERRNO_NAMES.find((name) => errnoNumber(name, architecture) === number);
}
