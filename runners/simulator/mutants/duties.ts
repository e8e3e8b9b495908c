/**
 * Mistakes of exporters against what they owe their importers: when they may move, whom they tell, how long they wait.
 *
 * @module
 */
import { tellImporters, waitForFences } from "../kernel/test_exporter.ts";
import {
  dropKref,
  notifyImporters,
  setStatus,
  unlockReservation,
  waitForUnmaps,
} from "../kernel/vfio_pci_revoke.ts";
import type { MoveRules } from "../rdma_rules.ts";
import {
  type Bug,
  forget,
  inCore,
  inRevoke,
  inVfio,
  movedBehind,
  type Mutant,
  mutantOf,
  without,
} from "./mutant.ts";
import { isFenceWait } from "./steps.ts";

const DIALECT = "mainline-7.3";

/** A bug in an exporter that moves its buffers. */
function inMove(bug: (move: MoveRules) => Partial<MoveRules>): Bug {
  return (rules) => ({ ...rules, move: { ...rules.move, ...bug(rules.move) } });
}

/** The mutants of what exporters owe. */
export const dutyMutants: readonly Mutant[] = [
  mutantOf(DIALECT, {
    id: "pinned-buffer-moves",
    title: "An exporter moves a buffer that is pinned",
    breaks: ["MODE-02", "MODE-03"],
  }, inMove(() => ({ refuses: [] }))),
  mutantOf(DIALECT, {
    id: "move-tells-nobody",
    title: "An exporter moves a buffer and tells nobody",
    breaks: ["MODE-01", "INVAL-12"],
  }, inMove(({ steps }) => ({ steps: without(steps, tellImporters) }))),
  mutantOf(DIALECT, {
    id: "move-waits-for-nothing",
    title: "An exporter moves a buffer while its fences have not signalled",
    breaks: ["INVAL-08"],
  }, inMove(({ steps }) => ({ steps: without(steps, waitForFences) }))),
  mutantOf(DIALECT, {
    id: "job-without-a-fence",
    title: "An importer whose job goes on leaves no fence for it",
    breaks: ["INVAL-16"],
  }, inCore(() => ({ jobFence: "none" }))),
  mutantOf(DIALECT, {
    id: "vfio-tells-nobody",
    title: "VFIO revokes without telling the importers",
    breaks: ["MODE-05", "MODE-08", "INVAL-13"],
  }, inRevoke((steps) => without(steps, notifyImporters))),
  mutantOf(DIALECT, {
    id: "vfio-tells-before-its-state",
    title: "VFIO tells the importers before it sets the state",
    breaks: ["RNOD-14", "INVAL-11"],
    inspiration: "Leon Romanovsky's v1",
  }, inRevoke((steps) => movedBehind(steps, setStatus, notifyImporters))),
  mutantOf(DIALECT, {
    id: "vfio-does-not-wait-for-unmaps",
    title: "VFIO does not wait for its importers to unmap",
    breaks: ["INVAL-07", "MODE-06", "MODE-07", "RNOD-08", "RNOD-12"],
    inspiration: "Linux 7.0 and before",
  }, inRevoke((steps) => without(steps, waitForUnmaps))),
  mutantOf(
    DIALECT,
    {
      id: "vfio-waits-for-unmaps-before-fences",
      title: "VFIO lets importers unmap before the fences have signalled",
      breaks: ["RNOD-14"],
    },
    inRevoke((steps) =>
      movedBehind(steps.filter((step) => !isFenceWait(step)), unlockReservation, setStatus)
    ),
  ),
  mutantOf(DIALECT, {
    id: "vfio-waits-for-its-own-reference",
    title: "VFIO waits for a reference that it holds itself, and so for ever",
    breaks: ["RNOD-13", "RNOD-09"],
  }, inRevoke((steps) => without(steps, dropKref))),
  mutantOf(DIALECT, {
    id: "vfio-accepts-importers-without-the-callback",
    title: "VFIO accepts an importer that it cannot tell",
    breaks: ["INVAL-10", "RNOD-05", "RNOD-06"],
    inspiration: "before 61ceaf236115",
  }, inVfio(({ attach }) => ({ attach: forget(attach, "VATT-03") }))),
  mutantOf(DIALECT, {
    id: "every-buffer-starts-revoked",
    title: "A buffer starts revoked and waits for somebody to enable it",
    breaks: ["MODE-12"],
  }, inVfio(() => ({ initialStatus: () => "TEMP" }))),
  mutantOf(
    DIALECT,
    {
      id: "callback-is-mandatory",
      title: "The core refuses importer operations without the callback",
      breaks: ["INVAL-18"],
      inspiration: "Linux up to 7.0",
    },
    inCore(({ attach }) => ({
      attach: [...attach, {
        clause: "INVAL-18",
        errno: "EINVAL",
        refuses: "operations without the callback",
        when: ({ ops }) => ops !== undefined && !ops.invalidate,
      }],
    })),
  ),
  mutantOf("mainline-7.0", {
    id: "callback-is-optional-too-early",
    title: "The core of a kernel up to 7.0 takes importer operations without the callback",
    breaks: ["RNOD-01"],
  }, inCore(({ attach }) => ({ attach: forget(attach, "RNOD-01") }))),
  mutantOf(
    "mainline-7.0",
    {
      id: "missing-callback-is-no-warning",
      title: "The core of a kernel up to 7.0 refuses importer operations without the callback in silence",
      breaks: ["RNOD-01"],
    },
    inCore(({ attach }) => ({
      attach: attach.map((check) => check.clause === "RNOD-01" ? { ...check, warns: undefined } : check),
    })),
  ),
];
