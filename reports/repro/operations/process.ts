/**
 * Processes, descriptors, the clock, and exporters that anybody can use, in C.
 *
 * @module
 */
import { openFlags, sizeText } from "../c.ts";
import { aboutOf, NoForm, on } from "../emit.ts";
import * as files from "../helpers/files.ts";
import { module, moduleFence, moduleFenceAdd, moduleSignal } from "../helpers/importer.ts";
import { resultOf } from "../helpers/results.ts";
import { helper } from "../helper.ts";

const eventfd = helper("", { headers: ["sys/eventfd.h"], needs: [resultOf] });
const fcntl = helper("", { headers: ["fcntl.h"], needs: [resultOf] });

const OPEN = {
  eventfd: { call: "result_of(eventfd(0, EFD_CLOEXEC))", uses: [eventfd] },
  pipe: { call: "open_pipe()", uses: [files.openPipe] },
  socket: { call: "open_socket()", uses: [files.openSocket] },
  file: { call: "make_memfd(4096, false)", uses: [files.memfdCreate] },
  iommufd: { call: 'open_or_skip("/dev/iommu")', uses: [files.openOrSkip] },
} as const;

/** How `process.*`, `fd.*`, `clock.*` and the exporters without a device are written. */
export const processOperations = [
  on("process.spawn", (_args, scope) => ({
    call: `${scope.own}.pid > 0 ? 0 : -EAGAIN`,
    uses: [],
    setup: [`start_process(&${scope.own});`],
    writes: true,
    process: "own",
  })),
  on("process.fork", (_args, scope) => ({
    call: `start_process(&${scope.own})`,
    uses: [],
    writes: true,
    process: "own",
  })),
  on("process.kill", ({ process }, scope) => ({
    call: `kill_process(&${scope.object(process).c})`,
    uses: [],
    process: "own",
  })),
  on("fd.open", ({ kind }) => OPEN[kind]),
  on("fd.dup", ({ fd }, scope) => ({
    call: `result_of(dup(${scope.object(fd).c}))`,
    uses: [resultOf],
    about: aboutOf(scope.object(fd)),
  })),
  on("fd.dup_over", ({ fd, over }, scope) => ({
    call: `result_of(dup2(${scope.object(fd).c}, ${scope.object(over).c}))`,
    uses: [resultOf],
  })),
  on("fd.send", ({ fd, to }, scope) => {
    const source = scope.object(fd);
    if (source.process !== undefined) throw new NoForm("a descriptor that a second process sends");
    const { c } = scope.object(to);
    const sockets = c.replace(/_process$/, "_sockets");
    return {
      call: `send_fd(&${c}, ${sockets}, ${source.c}, ${scope.there})`,
      uses: [],
      declares: [`static int ${sockets}[2];`],
      setup: [`socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, ${sockets});`],
      there: `receive_fd(${sockets}[1])`,
      about: aboutOf(source),
      process: to,
    };
  }),
  on("fd.path", ({ fd }, scope) => ({
    call: `open_path(${scope.object(fd).c})`,
    uses: [files.openPath],
    about: aboutOf(scope.object(fd)),
  })),
  on("fd.inherited", ({ fd, process }, scope) => ({
    call: `fcntl(${scope.object(fd).c}, F_GETFD) < 0 ? -errno : ${scope.object(fd).c}`,
    uses: [fcntl],
    process,
    about: aboutOf(scope.object(fd)),
  })),
  on("fd.close", ({ fd }, scope) => ({
    call: `close_fd(&${scope.object(fd).c})`,
    uses: [files.closeFd],
  })),
  on("fd.flags", ({ fd }, scope) => ({ call: `fd_flags(${scope.object(fd).c})`, uses: [files.fdFlags] })),
  on("fd.exhaust", () => ({ call: "limit_files(1)", uses: [files.limitFiles] })),
  on("fd.replenish", () => ({ call: "limit_files(0)", uses: [files.limitFiles] })),
  on("clock.advance", ({ ms }) => ({ call: `pause_ms(${ms})`, uses: [files.pause] })),
  on("heap.alloc", ({ size, open_flags }) => ({
    call: `heap_alloc(${sizeText(size)}, ${openFlags(open_flags)})`,
    uses: [files.heapAlloc],
  })),
  on("memfd.create", ({ length, sealed }) => ({
    call: `make_memfd(${sizeText(length)}, ${sealed})`,
    uses: [files.memfdCreate],
  })),
  on("udmabuf.create", ({ memfd, offset, length }, scope) => ({
    call: `make_udmabuf(${scope.object(memfd).c}, ${sizeText(offset)}, ${sizeText(length)})`,
    uses: [files.udmabufCreate],
  })),
  on("fence.create", (_args, { facts, name }) => {
    const variable = facts.hasModule ? `${name}_fence` : `${name}_timeline`;
    return {
      call: facts.hasModule ? `fence_create(&${variable})` : `sw_sync_fence(&${variable})`,
      uses: facts.hasModule ? [moduleFence] : [files.swSync],
      declares: [facts.hasModule ? `static __u32 ${variable};` : `static int ${variable};`],
      about: { signaller: variable },
    };
  }),
  on("fence.signal", ({ fence, error }, scope) => {
    const { signaller } = scope.object(fence);
    if (signaller === undefined) throw new NoForm("a fence that the case has not made");
    if (scope.facts.hasModule) {
      return { call: `fence_signal(${signaller}, ${error ?? 0})`, uses: [moduleSignal] };
    }
    if (error !== undefined) throw new NoForm(`a fence that signals with ${error}, without the module`);
    return { call: `sw_sync_signal(${signaller})`, uses: [files.swSync] };
  }),
  on("fence.add", ({ buffer, fence, usage }, scope) => {
    const [one, other] = [scope.object(buffer).c, scope.object(fence).c];
    if (scope.facts.hasModule) {
      return { call: `fence_add(${one}, ${other}, CONFORM_USAGE_${usage})`, uses: [moduleFenceAdd, module] };
    }
    return {
      call: `import_sync_file(${one}, ${other}, DMA_BUF_SYNC_${usage})`,
      uses: [files.importSyncFile],
    };
  }),
] as const;
