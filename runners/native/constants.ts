/**
 * Numbers of the system call interface, on the architectures that Deno runs on: x86-64 and arm64.
 *
 * @module
 */

export const O_RDONLY = 0;
export const O_WRONLY = 1;
export const O_RDWR = 2;
export const O_ACCMODE = 3;
export const O_TRUNC = 0o1000;
export const O_APPEND = 0o2000;
export const O_NONBLOCK = 0o4000;
export const O_CLOEXEC = 0o2000000;
export const O_PATH = 0o10000000;

export const F_DUPFD = 0;
export const F_GETFD = 1;
export const F_GETFL = 3;
export const F_DUPFD_CLOEXEC = 1030;
export const F_ADD_SEALS = 1033;
export const F_SEAL_SHRINK = 2;
export const FD_CLOEXEC = 1;

/** Flags of memfd_create(2); noExec is refused before Linux 6.3, which says so with EINVAL. */
export const MFD_FLAGS = { cloexec: 1, allowSealing: 2, noExec: 8 } as const;

export const PROT = { none: 0, read: 1, write: 2 } as const;
export const MAP = { shared: 1, private: 2, anonymous: 0x20 } as const;
export const MADV_DONTNEED = 4;

export const WHENCE = { set: 0, cur: 1, end: 2 } as const;

export const POLL = { in: 1, out: 4 } as const;

export const AF_UNIX = 1;
export const SOCK_STREAM = 1;
