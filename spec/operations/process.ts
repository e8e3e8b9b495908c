/**
 * Processes and file descriptors: the ways in which a dma-buf is shared.
 *
 * @module
 */
import { z } from "zod";
import { named, operation } from "./operation.ts";

/** The operations on processes and descriptors. */
export const processOperations = {
  "process.spawn": operation({}, {
    summary: "Starts a second process that has no descriptor of the suite.",
    follows: "fork(2), execve(2)",
    result: { gives: "object", kind: "process" },
    errnos: ["EAGAIN", "ENOMEM"],
  }),
  "process.fork": operation({}, {
    summary:
      "Starts a second process as a copy of the suite's: it has the same descriptors and the same mappings.",
    follows: "fork(2); dup_fd(), dup_mmap()",
    result: { gives: "object", kind: "process" },
    errnos: ["EAGAIN", "ENOMEM"],
  }),
  "process.kill": operation({ process: named.process }, {
    summary: "Kills a process and waits until the kernel has closed its descriptors and mappings.",
    follows: "kill(2) with SIGKILL, waitpid(2)",
    result: { gives: "nothing" },
    errnos: [],
  }),
  "fd.open": operation({
    kind: z.enum(["eventfd", "pipe", "file", "socket", "iommufd"])
      .meta({ description: "What kind of file that is not a dma-buf." }),
  }, {
    summary: "Opens a file that is not a dma-buf.",
    follows: "eventfd2(2), pipe2(2), memfd_create(2), socketpair(2), open(2) of /dev/iommu",
    result: { gives: "object", kind: "file" },
    errnos: ["EMFILE", "ENFILE", "ENOMEM", "ENOENT", "EACCES"],
  }),
  "fd.dup": operation({ fd: named.descriptor }, {
    summary: "Copies a descriptor within its process.",
    follows: "dup(2)",
    result: { gives: "same", as: "fd" },
    errnos: ["EBADF", "EMFILE"],
  }),
  "fd.dup_over": operation({ fd: named.descriptor, over: named.descriptor }, {
    summary: "Makes the number of one descriptor, open or closed, name the file of another.",
    follows: "dup2(2)",
    result: { gives: "nothing" },
    errnos: ["EBADF"],
  }),
  "fd.send": operation({ fd: named.descriptor, to: named.process }, {
    summary: "Gives a copy of a descriptor to another process; what is done with the copy is done there.",
    follows: "sendmsg(2) with SCM_RIGHTS",
    result: { gives: "same", as: "fd" },
    errnos: ["EBADF"],
  }),
  "fd.inherited": operation({ fd: named.descriptor, process: named.process }, {
    summary: "Names the copy of a descriptor that a forked process has; what is done with it is done there.",
    follows: "fork(2); dup_fd()",
    result: { gives: "same", as: "fd" },
    errnos: ["EBADF"],
  }),
  "fd.path": operation({ fd: named.descriptor }, {
    summary: "Opens a descriptor once more as O_PATH, through /proc/self/fd.",
    follows: "open(2) with O_PATH",
    result: { gives: "same", as: "fd" },
    errnos: ["EBADF", "EMFILE"],
  }),
  "fd.close": operation({ fd: named.descriptor }, {
    summary: "Closes a descriptor. Its name stays usable and means the closed number.",
    follows: "close(2)",
    result: { gives: "nothing" },
    errnos: ["EBADF"],
  }),
  "fd.flags": operation({ fd: named.descriptor }, {
    summary: "Reads the flags of a descriptor and of its file.",
    follows: "fcntl(2) with F_GETFL and F_GETFD",
    result: { gives: "value", of: "{ access: rdonly | wronly | rdwr, nonblock, append, cloexec: booleans }" },
    errnos: ["EBADF"],
  }),
  "fd.exhaust": operation({}, {
    summary: "Lowers the limit of open files so that no further descriptor can be had.",
    follows: "setrlimit(2) with RLIMIT_NOFILE",
    result: { gives: "nothing" },
    errnos: ["EPERM"],
  }),
  "fd.replenish": operation({}, {
    summary: "Raises the limit of open files to what it was.",
    follows: "setrlimit(2) with RLIMIT_NOFILE",
    result: { gives: "nothing" },
    errnos: ["EPERM"],
  }),
  "clock.advance": operation({
    ms: z.int().positive().meta({ description: "Milliseconds." }),
  }, {
    summary: "Lets time pass, so that what importers put off can happen.",
    follows: "clock_nanosleep(2)",
    result: { gives: "nothing" },
    errnos: [],
  }),
};
