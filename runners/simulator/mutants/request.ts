/**
 * Mistakes in the revoke request: its argument, its checks, its references.
 *
 * @module
 */
import { answer, forget, inVfio, type Mutant, mutantOf, tooEarly, tooLate } from "./mutant.ts";

const DIALECT = "matt-v1-vfio";
const MAINLINE = "mainline-7.3";

/** The mutants of the request itself. */
export const requestMutants: readonly Mutant[] = [
  mutantOf(DIALECT, {
    id: "double-revoke-succeeds",
    title: "Revoking a permanently revoked buffer succeeds",
    breaks: ["VREV-10"],
  }, inVfio(({ revokeState }) => ({ revokeState: forget(revokeState, "VREV-10") }))),
  mutantOf(DIALECT, {
    id: "double-revoke-is-ebadf",
    title: "Revoking a permanently revoked buffer fails with EBADF",
    breaks: ["VREV-10"],
  }, inVfio(({ revokeState }) => ({ revokeState: answer(revokeState, "VREV-10", "EBADF") }))),
  mutantOf(
    DIALECT,
    {
      id: "temporary-is-ebadfd",
      title: "Revoking a temporarily revoked buffer fails with EBADFD",
      breaks: ["VREV-11", "VST-10"],
      inspiration: '"already revoked" misread',
    },
    inVfio(({ revokeState }) => ({
      revokeState: [...revokeState, {
        clause: "VREV-11",
        errno: "EBADFD",
        refuses: "a temporarily revoked buffer",
        when: ({ buffer }) => buffer?.status === "TEMP",
      }],
    })),
  ),
  mutantOf(DIALECT, {
    id: "foreign-buffer-is-einval",
    title: "A dma-buf of another exporter is refused with EINVAL",
    breaks: ["VREV-07"],
    inspiration: "another reading of the documentation",
  }, inVfio(({ revokeForeign }) => ({ revokeForeign: answer(revokeForeign, "VREV-07", "EINVAL") }))),
  mutantOf(
    DIALECT,
    {
      id: "foreign-buffer-accepted",
      title: "A dma-buf of another exporter is revoked without effect",
      breaks: ["VREV-07"],
    },
    inVfio(({ revokeState }) => ({
      revokeForeign: [],
      revokeState: revokeState.map((check) => ({
        ...check,
        when: (t) => t.buffer !== undefined && check.when(t),
      })),
    })),
  ),
  mutantOf(DIALECT, {
    id: "other-device-accepted",
    title: "A buffer of another device is revoked",
    breaks: ["VREV-08"],
  }, inVfio(({ revokeState }) => ({ revokeState: forget(revokeState, "VREV-08") }))),
  mutantOf(DIALECT, {
    id: "ebadfd-before-enodev",
    title: "The state is looked at before the device",
    breaks: ["VREV-08", "VREV-09"],
  }, inVfio(({ revokeState }) => ({ revokeState: tooEarly(revokeState, "VREV-10") }))),
  mutantOf(DIALECT, {
    id: "ended-session-is-ebadfd",
    title: "A buffer of an ended session is refused with EBADFD",
    breaks: ["VREV-09"],
  }, inVfio(({ revokeState }) => ({ revokeState: answer(revokeState, "VREV-09", "EBADFD") }))),
  mutantOf(DIALECT, {
    id: "argsz-not-checked",
    title: "A short argument is accepted",
    breaks: ["VREV-03"],
  }, inVfio(({ revokeArgument }) => ({ revokeArgument: forget(revokeArgument, "VREV-03") }))),
  mutantOf(
    DIALECT,
    {
      id: "argument-of-three-words",
      title: "The argument has three words, as if it were padded",
      breaks: ["VREV-01"],
    },
    inVfio(({ revokeArgument }) => ({
      revokeArgument: [...revokeArgument, {
        clause: "VREV-01",
        errno: "EINVAL",
        refuses: "an argument of less than three words",
        when: ({ argsz }) => argsz < 12,
      }],
    })),
  ),
  mutantOf(
    DIALECT,
    {
      id: "argsz-must-be-exact",
      title: "A long argument is refused",
      breaks: ["VREV-04"],
    },
    inVfio(({ revokeArgument }) => ({
      revokeArgument: [...revokeArgument, {
        clause: "VREV-04",
        errno: "EINVAL",
        refuses: "a long argument",
        when: ({ argsz }) => argsz > 8,
      }],
    })),
  ),
  mutantOf(DIALECT, {
    id: "unreadable-argument-is-einval",
    title: "An unreadable argument is refused with EINVAL",
    breaks: ["VREV-02"],
  }, inVfio(({ revokeArgument }) => ({ revokeArgument: answer(revokeArgument, "VREV-02", "EINVAL") }))),
  mutantOf(DIALECT, {
    id: "argsz-before-copy",
    title: "The size is looked at although the argument could not be read",
    breaks: ["VREV-02"],
  }, inVfio(({ revokeArgument }) => ({ revokeArgument: tooLate(revokeArgument, "VREV-02") }))),
  mutantOf(DIALECT, {
    id: "lookup-error-is-enodev",
    title: "A descriptor that is not open is refused with ENODEV",
    breaks: ["VREV-05", "VREV-29"],
    inspiration: "the documentation in S2:377",
  }, inVfio(() => ({ revokeLookupError: (error) => error === "EBADF" ? "ENODEV" : error }))),
  mutantOf(DIALECT, {
    id: "reference-leaked-on-error",
    title: "A failing revoke keeps a reference on the dma-buf",
    breaks: ["VREV-21", "BASE-04"],
    inspiration: "commit dba4254e216d",
  }, inVfio(() => ({ putsAfterRevoke: (result) => result === 0 ? 1 : 0 }))),
  mutantOf(DIALECT, {
    id: "reference-leaked-on-success",
    title: "A successful revoke keeps a reference on the dma-buf",
    breaks: ["VREV-21"],
  }, inVfio(() => ({ putsAfterRevoke: (result) => result === 0 ? 0 : 1 }))),
  mutantOf(DIALECT, {
    id: "reference-put-twice",
    title: "A successful revoke puts the reference on the dma-buf twice",
    breaks: ["VREV-21"],
  }, inVfio(() => ({ putsAfterRevoke: (result) => result === 0 ? 2 : 1 }))),
  mutantOf(DIALECT, {
    id: "revokes-every-buffer",
    title: "A revoke request hits every buffer of the device",
    breaks: ["VREV-22"],
    inspiration: "using the move function for the request",
  }, inVfio(() => ({ buffersToRevoke: ({ device }) => device?.dmabufs ?? [] }))),
  mutantOf(
    DIALECT,
    {
      id: "revoke-refused-when-memory-off",
      title: "A revoke request is refused while memory is disabled",
      breaks: ["VREV-26"],
    },
    inVfio(({ revokeState }) => ({
      revokeState: [...revokeState, {
        clause: "VREV-26",
        errno: "EIO",
        refuses: "a device whose memory is off",
        when: ({ device }) => !device?.command.memory || device.power !== "D0",
      }],
    })),
  ),
  mutantOf(
    DIALECT,
    {
      id: "pinned-buffer-is-ebusy",
      title: "A revoke request is refused while a pinned importer holds a mapping",
      breaks: ["VREV-17"],
      inspiration: "a literal reading of S2:367-368",
    },
    inVfio(({ revokeState }) => ({
      revokeState: [...revokeState, {
        clause: "VREV-17",
        errno: "EBUSY",
        refuses: "a mapped buffer",
        when: ({ buffer }) => buffer !== undefined && buffer.kref > 1,
      }],
    })),
  ),
];

/** The mutants of the request that are about whose buffer it is and who asks. */
export const ownershipMutants: readonly Mutant[] = [
  mutantOf(
    DIALECT,
    {
      id: "state-checked-before-the-lock",
      title: "The state is checked before the lock is taken, so two requests can both succeed",
      breaks: ["VREV-13"],
    },
    inVfio(({ revokeForeign, revokeState }) => ({
      revokeForeign: [...revokeForeign, ...revokeState.filter(({ clause }) => clause === "VREV-10")],
      revokeState: forget(revokeState, "VREV-10"),
    })),
  ),
  mutantOf(DIALECT, {
    id: "request-locks-for-reading",
    title: "A revoke request takes the memory lock for reading only",
    breaks: ["VREV-13", "VST-11"],
    inspiration: "seed 3's VFIO implementation",
  }, inVfio(() => ({ revokeLock: "read" }))),
  mutantOf(
    DIALECT,
    {
      id: "refused-request-changes-state",
      title: "A request for a buffer of another device is refused, but revokes it without a word",
      breaks: ["VREV-08", "VREV-20"],
    },
    inVfio(({ revokeState }) => ({
      revokeState: revokeState.map((check) =>
        check.clause !== "VREV-08" ? check : {
          ...check,
          when(target) {
            const wrong = check.when(target);
            if (wrong && target.buffer) target.buffer.status = "PERM";
            return wrong;
          },
        }
      ),
    })),
  ),
  mutantOf(
    DIALECT,
    {
      id: "range-stays-taken",
      title: "A device with a permanently revoked buffer exports nothing any more",
      breaks: ["VREV-24"],
    },
    inVfio(({ exportPayload }) => ({
      exportPayload: [...exportPayload, {
        clause: "VREV-24",
        errno: "EINVAL",
        refuses: "a device that has revoked a buffer",
        when: ({ device }) => device.dmabufs.some(({ status }) => status === "PERM"),
      }],
    })),
  ),
  mutantOf(
    DIALECT,
    {
      id: "shared-buffer-is-ebusy",
      title: "A revoke request is refused while somebody else has the buffer open",
      breaks: ["VREV-25", "BASE-19"],
    },
    inVfio(({ revokeState }) => ({
      revokeState: [...revokeState, {
        clause: "VREV-25",
        errno: "EBUSY",
        refuses: "a shared buffer",
        when: ({ dmabuf }) => dmabuf.file.refs > 2 + dmabuf.attachments.length + dmabuf.vmas.length,
      }],
    })),
  ),
  mutantOf(
    DIALECT,
    {
      id: "read-only-is-ebadf",
      title: "A buffer that was not exported for reading and writing cannot be revoked",
      breaks: ["VREV-30"],
    },
    inVfio(({ revokeForeign }) => ({
      revokeForeign: [...revokeForeign, {
        clause: "VREV-30",
        errno: "EBADF",
        refuses: "a descriptor that cannot write",
        when: ({ dmabuf }) => dmabuf.file.flags.access !== "rdwr",
      }],
    })),
  ),
  mutantOf(MAINLINE, {
    id: "unknown-request-is-einval",
    title: "A kernel without the revoke request answers it with EINVAL",
    breaks: ["VREV-28"],
  }, inVfio(({ revokeArgument }) => ({ revokeArgument: answer(revokeArgument, "VREV-28", "EINVAL") }))),
  mutantOf(DIALECT, {
    id: "config-off-looks-at-the-descriptor",
    title: "A kernel without dma-bufs looks at the descriptor of a revoke request",
    breaks: ["VREV-27"],
  }, inVfio(({ revokeArgument }) => ({ revokeArgument: forget(revokeArgument, "VREV-27") }))),
  mutantOf(DIALECT, {
    id: "config-off-before-the-argument",
    title: "A kernel without dma-bufs does not look at the argument of a revoke request",
    breaks: ["VREV-27"],
  }, inVfio(({ revokeArgument }) => ({ revokeArgument: tooEarly(revokeArgument, "VREV-27") }))),
];
