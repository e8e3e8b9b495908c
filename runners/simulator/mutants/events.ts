/**
 * Mistakes in what device events do to buffers.
 *
 * @module
 */
import { moveBuffers } from "../kernel/vfio_pci_dmabuf.ts";
import {
  engageLowPower,
  type EventStep,
  lockMemory,
  refuseSecondEntry,
  resetHardware,
  revokeBuffers,
  unlockMemory,
  unrevokeAfterReset,
  unrevokeIfEnabled,
  unrevokeIfOpen,
  wakeUp,
  writeConfig,
  zapBarMappings,
} from "../kernel/vfio_pci_events.ts";
import type { VfioRules } from "../rules.ts";
import { atEvent, inVfio, type Mutant, mutantOf, replaced, without } from "./mutant.ts";

const DIALECT = "matt-v1-vfio";

/** Un-revokes whether or not memory is enabled. */
const unrevokeAlways: EventStep = {
  ...unrevokeIfEnabled,
  always: true,
  *run(kernel, { device }) {
    yield* moveBuffers(kernel, device, "OK");
  },
};

/** The mutants of device events. */
export const eventMutants: readonly Mutant[] = [
  mutantOf(DIALECT, {
    id: "memory-off-does-not-revoke",
    title: "Disabling memory does not revoke",
    breaks: ["VEVT-01"],
  }, atEvent("commandMemoryOff", (steps) => without(steps, revokeBuffers))),
  mutantOf(DIALECT, {
    id: "memory-off-does-not-zap-bars",
    title: "Disabling memory leaves the device's own BAR mappings in place",
    breaks: ["VEVT-01", "VMM-14"],
  }, atEvent("commandMemoryOff", (steps) => without(steps, zapBarMappings))),
  mutantOf(DIALECT, {
    id: "memory-on-does-not-unrevoke",
    title: "Enabling memory does not un-revoke",
    breaks: ["VEVT-02"],
  }, atEvent("commandMemoryOn", (steps) => without(steps, unrevokeIfEnabled))),
  mutantOf(
    DIALECT,
    {
      id: "memory-off-without-lock",
      title: "Disabling memory does not take the memory lock",
      breaks: ["VMOV-01"],
    },
    atEvent("commandMemoryOff", (steps) => without(steps, lockMemory, unlockMemory)),
  ),
  mutantOf(
    DIALECT,
    {
      id: "memory-off-writes-first",
      title: "The register is written before the buffers are revoked",
      breaks: ["VEVT-01", "VEVT-05"],
    },
    atEvent(
      "commandMemoryOff",
      (steps) =>
        without(steps, revokeBuffers).flatMap((step) =>
          step === writeConfig ? [step, revokeBuffers] : [step]
        ),
    ),
  ),
  mutantOf(
    DIALECT,
    {
      id: "any-command-write-revokes",
      title: "Every write to the command register revokes",
      breaks: ["VEVT-01"],
    },
    atEvent(
      "commandMemoryOn",
      () => [lockMemory, revokeBuffers, writeConfig, unrevokeIfEnabled, unlockMemory],
    ),
  ),
  mutantOf(
    DIALECT,
    {
      id: "upper-byte-write-revokes",
      title: "A write to the upper byte of the command register revokes",
      breaks: ["VEVT-06"],
    },
    atEvent(
      "commandUpperByte",
      () => [lockMemory, revokeBuffers, writeConfig, unrevokeIfEnabled, unlockMemory],
    ),
  ),
  mutantOf(
    DIALECT,
    {
      id: "failed-config-write-unrevokes",
      title: "A config write that fails after the revoke un-revokes",
      breaks: ["VEVT-05"],
    },
    atEvent(
      "commandMemoryOff",
      (steps) => replaced(steps, (step) => step === unrevokeIfEnabled, unrevokeAfterReset),
    ),
  ),
  mutantOf(DIALECT, {
    id: "virtual-function-stays-revoked",
    title: "A virtual function is treated as if it had a memory enable bit",
    breaks: ["VEVT-04"],
  }, inVfio(() => ({ memoryEnabled: ({ power, command }) => power === "D0" && command.memory }))),
  mutantOf(DIALECT, {
    id: "power-down-does-not-revoke",
    title: "D3hot does not revoke",
    breaks: ["VEVT-07"],
  }, atEvent("powerDown", (steps) => without(steps, revokeBuffers))),
  mutantOf(DIALECT, {
    id: "power-up-does-not-unrevoke",
    title: "D0 does not un-revoke",
    breaks: ["VEVT-07"],
  }, atEvent("powerUp", (steps) => without(steps, unrevokeIfEnabled))),
  mutantOf(
    DIALECT,
    {
      id: "power-up-unrevokes-always",
      title: "D0 un-revokes although memory is off",
      breaks: ["VEVT-07"],
    },
    atEvent("powerUp", (steps) => replaced(steps, (step) => step === unrevokeIfEnabled, unrevokeAlways)),
  ),
  mutantOf(DIALECT, {
    id: "enable-in-d3hot-unrevokes",
    title: "Setting the memory bit in D3hot un-revokes",
    breaks: ["VEVT-08"],
  }, inVfio(() => ({ memoryEnabled: ({ command, model }) => command.memory || model.isVirtual }))),
  mutantOf(DIALECT, {
    id: "reset-does-not-revoke",
    title: "A reset does not revoke",
    breaks: ["VEVT-10"],
  }, atEvent("reset", (steps) => without(steps, revokeBuffers))),
  mutantOf(DIALECT, {
    id: "reset-unrevokes-always",
    title: "A reset un-revokes although memory is off",
    breaks: ["VEVT-10"],
  }, atEvent("reset", (steps) => replaced(steps, (step) => step === unrevokeAfterReset, unrevokeAlways))),
  mutantOf(DIALECT, {
    id: "failed-reset-stays-revoked",
    title: "A reset that fails leaves the buffers revoked",
    breaks: ["VEVT-11"],
  }, atEvent("reset", (steps) => replaced(steps, (step) => step === unrevokeAfterReset, unrevokeIfEnabled))),
  mutantOf(DIALECT, {
    id: "reset-error-hidden",
    title: "A reset that fails returns success",
    breaks: ["VEVT-11"],
  }, atEvent("reset", (steps) => without(steps, resetHardware))),
  mutantOf(
    DIALECT,
    {
      id: "unresettable-device-revoked",
      title: "A device that cannot be reset is revoked before the refusal",
      breaks: ["VEVT-09"],
    },
    inVfio(({ resetChecks, events }) => ({
      resetChecks: [],
      events: {
        ...events,
        reset: replaced(events.reset, (step) => step === resetHardware, {
          ...resetHardware,
          run: (_kernel, { device }) => resetChecks.find((check) => check.when(device))?.errno,
        }),
      },
    })),
  ),
  mutantOf(DIALECT, {
    id: "flr-does-not-revoke",
    title: "A function level reset does not revoke",
    breaks: ["VEVT-12"],
  }, atEvent("flr", (steps) => without(steps, revokeBuffers))),
  mutantOf(DIALECT, {
    id: "flr-leaves-revoked",
    title: "A function level reset does not un-revoke afterwards",
    breaks: ["VEVT-12"],
  }, atEvent("flr", (steps) => without(steps, unrevokeIfEnabled))),
  mutantOf(DIALECT, {
    id: "flr-unrevokes-always",
    title: "A function level reset un-revokes although memory is off",
    breaks: ["VEVT-12"],
  }, atEvent("flr", (steps) => replaced(steps, (step) => step === unrevokeIfEnabled, unrevokeAlways))),
  mutantOf(
    DIALECT,
    {
      id: "hot-reset-unrevokes-always",
      title: "A hot reset un-revokes although memory is off",
      breaks: ["VEVT-13"],
    },
    inVfio(({ hotReset }) => ({
      hotReset: {
        ...hotReset,
        end: replaced(hotReset.end, (step) => step === unrevokeIfOpen, unrevokeAlways),
      },
    })),
  ),
  mutantOf(DIALECT, {
    id: "hot-reset-revokes-caller-only",
    title: "A hot reset revokes the calling device only",
    breaks: ["VEVT-13"],
  }, inVfio(({ hotReset }) => ({ hotReset: { ...hotReset, revokes: (device) => [device] } }))),
  mutantOf(DIALECT, {
    id: "hot-reset-ignores-ownership",
    title: "A hot reset takes every device of the set for the caller's own",
    breaks: ["VEVT-15"],
  }, inVfio(({ hotReset }) => ({ hotReset: { ...hotReset, owns: () => true } }))),
  mutantOf(DIALECT, {
    id: "hot-reset-leaves-revoked",
    title: "A hot reset does not un-revoke afterwards",
    breaks: ["VEVT-13", "VEVT-14", "VEVT-15"],
  }, inVfio(({ hotReset }) => ({ hotReset: { ...hotReset, end: without(hotReset.end, unrevokeIfOpen) } }))),
  mutantOf(
    DIALECT,
    {
      id: "hot-reset-unrevokes-closed-devices",
      title: "A hot reset un-revokes devices of the set that nobody has open",
      breaks: ["VEVT-13"],
      inspiration: "a review of the export series, November 2025",
      survives: "a device that nobody has open has no buffers any more: its last close has taken them away",
    },
    inVfio(({ hotReset }) => ({
      hotReset: {
        ...hotReset,
        end: replaced(hotReset.end, (step) => step === unrevokeIfOpen, unrevokeIfEnabled),
      },
    })),
  ),
  mutantOf(DIALECT, {
    id: "flr-without-the-capability",
    title: "A function without the capability is reset by a write to where it would be",
    breaks: ["VEVT-12"],
  }, inVfio(() => ({ startsFlr: () => true }))),
  mutantOf(DIALECT, {
    id: "low-power-does-not-revoke",
    title: "Entry to low power does not revoke",
    breaks: ["VEVT-16"],
  }, atEvent("lowPowerEntry", (steps) => without(steps, revokeBuffers))),
  mutantOf(DIALECT, {
    id: "second-low-power-entry",
    title: "A second entry to low power is accepted",
    breaks: ["VEVT-16"],
  }, atEvent("lowPowerEntry", (steps) => without(steps, refuseSecondEntry))),
  mutantOf(DIALECT, {
    id: "low-power-never-engaged",
    title: "Entry to low power is forgotten",
    breaks: ["VEVT-16"],
  }, atEvent("lowPowerEntry", (steps) => without(steps, engageLowPower))),
  mutantOf(
    DIALECT,
    {
      id: "low-power-exit-unrevokes-always",
      title: "Exit from low power un-revokes although memory is off",
      breaks: ["VEVT-17"],
    },
    atEvent("lowPowerExit", (steps) => replaced(steps, (step) => step === unrevokeIfEnabled, unrevokeAlways)),
  ),
  mutantOf(DIALECT, {
    id: "low-power-exit-leaves-revoked",
    title: "Exit from low power does not un-revoke",
    breaks: ["VEVT-17"],
  }, atEvent("lowPowerExit", (steps) => without(steps, unrevokeIfEnabled))),
  mutantOf(
    DIALECT,
    {
      id: "wakeup-unrevokes",
      title: "A wake-up un-revokes by itself",
      breaks: ["VEVT-18"],
    },
    atEvent(
      "wakeup",
      (steps) => steps.flatMap((step) => step === wakeUp ? [step, unrevokeIfEnabled] : [step]),
    ),
  ),
  mutantOf(
    DIALECT,
    {
      id: "low-power-counts-as-disabled",
      title: "A buffer that is exported in low power starts revoked",
      breaks: ["VEVT-20"],
    },
    inVfio(({ memoryEnabled }) => ({
      memoryEnabled: (device) => memoryEnabled(device) && !device.lowPower,
    })),
  ),
  mutantOf(DIALECT, {
    id: "moves-first-buffer-only",
    title: "An event revokes the first buffer of the device only",
    breaks: ["VMOV-02"],
  }, inVfio(() => ({ buffersToMove: ({ dmabufs }) => dmabufs.slice(0, 1) }))),
  mutantOf(DIALECT, {
    id: "moves-in-reverse-order",
    title: "An event handles the buffers of the device from the last to the first",
    breaks: ["VMOV-13"],
  }, inVfio(() => ({ buffersToMove: ({ dmabufs }) => [...dmabufs].reverse() }))),
  mutantOf(
    DIALECT,
    {
      id: "closed-buffers-are-skipped",
      title: "An event skips a buffer without a descriptor, although a mapping keeps it alive",
      breaks: ["VMM-12", "VMOV-02"],
    },
    inVfio(({ buffersToMove }) => ({
      buffersToMove: (device) =>
        buffersToMove(device).filter(({ dmabuf }) =>
          dmabuf.file.refs > dmabuf.vmas.length + dmabuf.attachments.length
        ),
    })),
  ),
];

/** Makes every buffer of the device usable, also those that were revoked for good. */
const bringEverythingBack: EventStep = {
  ...unrevokeIfEnabled,
  always: true,
  run(_kernel, { device }) {
    for (const buffer of device.dmabufs) buffer.status = "OK";
  },
};

/** An event whose end brings back what its owner has revoked for good. */
function undoesPermanent(event: keyof VfioRules["events"], what: string): Mutant {
  return mutantOf(
    DIALECT,
    {
      id: `permanent-undone-by-${what.replaceAll(" ", "-")}`,
      title: `The end of ${what} brings a permanently revoked buffer back`,
      breaks: ["VST-03"],
    },
    atEvent(
      event,
      (steps) => steps.flatMap((step) => step === unlockMemory ? [bringEverythingBack, step] : [step]),
    ),
  );
}

/** The mutants of events that undo a permanent revoke. */
export const undoMutants: readonly Mutant[] = [
  undoesPermanent("commandMemoryOff", "a write to the memory bit"),
  undoesPermanent("powerUp", "a power up"),
  undoesPermanent("reset", "a reset"),
  undoesPermanent("flr", "a function level reset"),
  undoesPermanent("lowPowerExit", "low power"),
  mutantOf(
    DIALECT,
    {
      id: "permanent-undone-by-a-hot-reset",
      title: "The end of a hot reset brings a permanently revoked buffer back",
      breaks: ["VST-03"],
    },
    inVfio(({ hotReset }) => ({ hotReset: { ...hotReset, end: [bringEverythingBack, ...hotReset.end] } })),
  ),
];
