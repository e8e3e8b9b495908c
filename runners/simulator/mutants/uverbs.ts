/**
 * Mistakes of RDMA devices as exporters.
 *
 * @module
 */
import type { Uobject } from "../kernel/rdma_device.ts";
import { perform } from "../kernel/sequence.ts";
import {
  dropKref,
  putUnseen,
  revokeBuffers,
  revokeOnce,
  setRevoked,
  tellImporters,
  unlockReservation,
  UverbsDmaBuf,
  type UverbsStep,
  waitForFencesUpTo,
  waitForUnmaps,
} from "../kernel/uverbs_dmabuf.ts";
import type { UverbsRules } from "../rdma_rules.ts";
import {
  answer,
  type Bug,
  forget,
  movedBehind,
  type Mutant,
  mutantOf,
  replaced,
  twice,
  without,
} from "./mutant.ts";

const DIALECT = "mainline-7.3";

/** A bug in RDMA devices as exporters. */
function inUverbs(bug: (uverbs: UverbsRules) => Partial<UverbsRules>): Bug {
  return (rules) => ({ ...rules, uverbs: { ...rules.uverbs, ...bug(rules.uverbs) } });
}

function isFenceWait(step: UverbsStep): boolean {
  return step.name.startsWith("wait for the fences");
}

function isRevokedPage(priv: unknown): boolean {
  return priv instanceof UverbsDmaBuf && priv.revoked;
}

function isPageBuffer(uobject: Uobject): uobject is UverbsDmaBuf {
  return uobject instanceof UverbsDmaBuf;
}

/** The mutants of RDMA devices as exporters. */
export const uverbsMutants: readonly Mutant[] = [
  mutantOf(DIALECT, {
    id: "page-takes-anybody",
    title: "A buffer of an RDMA device takes importers that cannot reach it",
    breaks: ["UVX-01"],
  }, inUverbs(({ attach }) => ({ attach: forget(attach, "UVX-01") }))),
  mutantOf(
    DIALECT,
    {
      id: "revoked-page-refuses-the-attach",
      title: "Attaching to a revoked buffer of an RDMA device fails",
      breaks: ["UVX-01"],
      inspiration: "what VFIO does",
    },
    inUverbs(({ attach }) => ({
      attach: [...attach, {
        clause: "UVX-01",
        errno: "ENODEV",
        refuses: "a revoked buffer",
        when: ({ dmabuf }) => isRevokedPage(dmabuf.priv),
      }],
    })),
  ),
  mutantOf(DIALECT, {
    id: "page-can-be-pinned",
    title: "A buffer of an RDMA device can be pinned",
    breaks: ["UVX-02"],
  }, inUverbs(() => ({ pin: [] }))),
  mutantOf(DIALECT, {
    id: "page-pin-is-einval",
    title: "A pin of a buffer of an RDMA device fails with EINVAL",
    breaks: ["UVX-02"],
  }, inUverbs(({ pin }) => ({ pin: answer(pin, "UVX-02", "EINVAL") }))),
  mutantOf(DIALECT, {
    id: "revoked-page-can-be-mapped",
    title: "A revoked buffer of an RDMA device can be mapped",
    breaks: ["UVX-03", "MODE-14"],
  }, inUverbs(({ map }) => ({ map: forget(map, "UVX-03") }))),
  mutantOf(DIALECT, {
    id: "revoked-page-is-einval",
    title: "Mapping a revoked buffer of an RDMA device fails with EINVAL",
    breaks: ["UVX-03"],
  }, inUverbs(({ map }) => ({ map: answer(map, "UVX-03", "EINVAL") }))),
  mutantOf(DIALECT, {
    id: "failed-map-of-a-page-counts",
    title: "A map of a revoked buffer of an RDMA device counts as a mapping",
    breaks: ["UVX-03"],
  }, inUverbs(() => ({ countsMap: () => true }))),
  mutantOf(DIALECT, {
    id: "page-tells-before-its-state",
    title: "An RDMA device tells the importers before it sets the state",
    breaks: ["UVX-04"],
  }, inUverbs(({ revoke }) => ({ revoke: movedBehind(revoke, setRevoked, tellImporters) }))),
  mutantOf(DIALECT, {
    id: "page-tells-nobody",
    title: "An RDMA device revokes without telling the importers",
    breaks: ["UVX-04"],
  }, inUverbs(({ revoke }) => ({ revoke: without(revoke, tellImporters) }))),
  mutantOf(DIALECT, {
    id: "page-tells-twice",
    title: "An RDMA device tells the importers twice",
    breaks: ["UVX-04"],
  }, inUverbs(({ revoke }) => ({ revoke: twice(revoke, tellImporters) }))),
  mutantOf(DIALECT, {
    id: "page-does-not-wait-for-fences",
    title: "An RDMA device revokes without waiting for the fences",
    breaks: ["UVX-04"],
  }, inUverbs(({ revoke }) => ({ revoke: revoke.filter((step) => !isFenceWait(step)) }))),
  mutantOf(DIALECT, {
    id: "page-waits-for-kernel-fences-only",
    title: "An RDMA device waits for the kernel's own fences only",
    breaks: ["UVX-04"],
  }, inUverbs(({ revoke }) => ({ revoke: replaced(revoke, isFenceWait, waitForFencesUpTo("KERNEL")) }))),
  mutantOf(DIALECT, {
    id: "page-waits-for-readers-only",
    title: "An RDMA device does not wait for the fences that are there for bookkeeping",
    breaks: ["UVX-04"],
  }, inUverbs(({ revoke }) => ({ revoke: replaced(revoke, isFenceWait, waitForFencesUpTo("READ")) }))),
  mutantOf(
    DIALECT,
    {
      id: "page-waits-for-fences-unlocked",
      title: "An RDMA device unlocks the reservation before it waits for the fences",
      breaks: ["UVX-04"],
    },
    inUverbs(({ revoke }) => ({
      revoke: revoke.flatMap((step) =>
        step === unlockReservation ? [] : isFenceWait(step) ? [unlockReservation, step] : [step]
      ),
    })),
  ),
  mutantOf(DIALECT, {
    id: "page-does-not-wait-for-unmaps",
    title: "An RDMA device does not wait for its importers to unmap",
    breaks: ["UVX-04", "RNOD-08"],
  }, inUverbs(({ revoke }) => ({ revoke: without(revoke, waitForUnmaps) }))),
  mutantOf(DIALECT, {
    id: "page-waits-for-unmaps-locked",
    title: "An RDMA device waits for the unmaps with the reservation locked, which they need",
    breaks: ["UVX-04"],
  }, inUverbs(({ revoke }) => ({ revoke: movedBehind(revoke, unlockReservation, waitForUnmaps) }))),
  mutantOf(DIALECT, {
    id: "page-keeps-its-own-kref",
    title: "An RDMA device waits for a reference that it holds itself",
    breaks: ["UVX-04"],
  }, inUverbs(({ revoke }) => ({ revoke: without(revoke, dropKref) }))),
  mutantOf(DIALECT, {
    id: "page-is-revoked-twice",
    title: "A buffer that is revoked because its page went is revoked again when the device goes",
    breaks: ["UVX-04"],
    inspiration: "the test of the state in the one place and none in the other",
  }, inUverbs(() => ({ isRevoked: () => false }))),
  mutantOf(DIALECT, {
    id: "freed-page-stays-usable",
    title: "Freeing a page does not revoke what was exported of it",
    breaks: ["UVX-05"],
  }, inUverbs(({ removeEntry }) => ({ removeEntry: without(removeEntry, revokeBuffers) }))),
  mutantOf(
    DIALECT,
    {
      id: "freed-page-revokes-one-buffer",
      title: "Freeing a page revokes only the first buffer that was exported of it",
      breaks: ["UVX-05"],
    },
    inUverbs(({ removeEntry }) => ({
      removeEntry: replaced(removeEntry, (step) => step === revokeBuffers, {
        ...revokeBuffers,
        *run(kernel, entry) {
          const [first] = entry.dmabufs;
          if (first) yield* perform(kernel, kernel.rules.uverbs.revoke, first);
        },
      }),
    })),
  ),
  mutantOf(
    DIALECT,
    {
      id: "freed-page-revokes-the-whole-device",
      title: "Freeing a page revokes what was exported of every page of the device",
      breaks: ["UVX-05"],
    },
    inUverbs(({ removeEntry }) => ({
      removeEntry: replaced(removeEntry, (step) => step === revokeBuffers, {
        ...revokeBuffers,
        *run(kernel, entry) {
          for (const buffer of entry.ufile.uobjects.filter(isPageBuffer)) {
            if (!buffer.revoked) yield* perform(kernel, kernel.rules.uverbs.revoke, buffer);
          }
        },
      }),
    })),
  ),
  mutantOf(
    DIALECT,
    {
      id: "closed-device-stays-usable",
      title: "Closing an RDMA device, or removing its driver, does not revoke what was exported of it",
      breaks: ["UVX-05"],
    },
    inUverbs(({ destroy, removeEntry }) => ({
      destroy: without(destroy, revokeOnce),
      removeEntry: replaced(removeEntry, (step) => step === revokeBuffers, {
        ...revokeBuffers,
        *run(kernel, entry) {
          if (!entry.ufile.hwDestroy.writer) yield* perform(kernel, [revokeBuffers], entry);
        },
      }),
    })),
  ),
  mutantOf(
    DIALECT,
    {
      id: "revoked-page-comes-back",
      title: "A buffer of an RDMA device can be mapped again once its revocation is over",
      breaks: ["UVX-05", "MODE-14"],
    },
    inUverbs(({ revoke }) => ({
      revoke: [...revoke, {
        ...setRevoked,
        run(_kernel, buffer) {
          buffer.revoked = false;
          buffer.kref.value = 1;
        },
      }],
    })),
  ),
  mutantOf(DIALECT, {
    id: "unknown-page-is-exported",
    title: "An export does not look whether the device knows the page offset",
    breaks: ["UVX-06"],
  }, inUverbs(() => ({ lookup: [] }))),
  mutantOf(DIALECT, {
    id: "buffer-of-a-page-that-goes",
    title: "An export does not look again whether its page has gone meanwhile",
    breaks: ["UVX-06", "UVX-05"],
  }, inUverbs(() => ({ listing: [] }))),
  mutantOf(DIALECT, {
    id: "page-that-goes-is-einval",
    title: "An export whose page has gone meanwhile fails with EINVAL",
    breaks: ["UVX-06"],
  }, inUverbs(({ listing }) => ({ listing: answer(listing, "UVX-06", "EINVAL") }))),
  mutantOf(DIALECT, {
    id: "unlisted-buffer-is-kept",
    title: "An export whose page has gone meanwhile keeps the buffer that it has made",
    breaks: ["UVX-06"],
    survives: "Nobody can see the buffer, so that only the check for leaks after the case notices it",
  }, inUverbs(({ undoExport }) => ({ undoExport: without(undoExport, putUnseen) }))),
  mutantOf(DIALECT, {
    id: "unknown-page-is-enoent",
    title: "An unknown page offset is refused with ENOENT",
    breaks: ["UVX-06"],
  }, inUverbs(({ lookup }) => ({ lookup: answer(lookup, "UVX-06", "ENOENT") }))),
];
