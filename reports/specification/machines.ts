/**
 * The state machine of a VFIO buffer in each dialect, and what happens around it at an event.
 *
 * @module
 */
import type { Dialect } from "../../runners/simulator/mod.ts";
import { listsOf, type Shared, sharedBy, type StepRow } from "./rules.ts";

/** A state of a VFIO buffer; `CLOSED` is what the end of the device's session leaves. */
export type MachineState = "OK" | "TEMP" | "PERM" | "CLOSED";

/** A way from one state to another. */
export interface Transition {
  /** The state that it leaves. */
  readonly from: MachineState;
  /** The state that it leads to. */
  readonly to: MachineState;
  /** What leads to it, in a few words. */
  readonly trigger: string;
  /** What is done, in order. */
  readonly steps: readonly StepRow[];
}

/** A state machine. */
export interface Machine {
  /** The states that it has. */
  readonly states: readonly MachineState[];
  /** Its transitions, in the order of the states. */
  readonly transitions: readonly Transition[];
}

const STATES: readonly MachineState[] = ["OK", "TEMP", "PERM", "CLOSED"];

/** What each state is, in a few words. */
export const STATE_TEXTS: Readonly<Record<MachineState, string>> = {
  OK: "usable",
  TEMP: "temporarily revoked",
  PERM: "permanently revoked",
  CLOSED: "without a device",
};

/** The state machine of each dialect that has one; dialects with the same one are together. */
export function machinesOf(dialects: readonly Dialect[]): readonly Shared<Machine>[] {
  return sharedBy(dialects, machineOf);
}

function machineOf(dialect: Dialect): Machine | undefined {
  const { sequences } = listsOf(dialect);
  const reached = new Set<MachineState>(["OK"]);
  const between = STATES.flatMap((from) =>
    STATES.flatMap((to) => {
      const steps = sequences.get(`vfio.transitions.${from}.${to}`);
      if (!steps) return [];
      reached.add(from).add(to);
      return [{ from, to, trigger: triggerOf(to), steps }];
    })
  );
  if (between.length === 0) return undefined;
  const closing = STATES.flatMap((from) => {
    const steps = sequences.get(`vfio.closing.${from}`);
    return steps && reached.has(from)
      ? [{ from, to: "CLOSED" as const, trigger: triggerOf("CLOSED"), steps }]
      : [];
  });
  const states = STATES.filter((state) => reached.has(state) || state === "CLOSED");
  return { states, transitions: [...between, ...closing] };
}

function triggerOf(to: MachineState): string {
  switch (to) {
    case "OK":
      return "memory is on again";
    case "TEMP":
      return "memory goes off";
    case "PERM":
      return "a revoke request";
    case "CLOSED":
      return "the last close";
  }
}

/** A sequence of steps with the place in the rules that it comes from. */
export interface NamedSequence {
  /** What it is the sequence of, in a few words. */
  readonly title: string;
  /** The place in the rules, as in `vfio.events.reset`. */
  readonly place: string;
  /** Who does it so. */
  readonly variants: readonly Shared<readonly StepRow[]>[];
}

/** Every sequence but those of the state machine, in the order of the rules. */
export function sequencesOf(dialects: readonly Dialect[]): readonly NamedSequence[] {
  const places = new Set(
    dialects.flatMap((dialect) => [...listsOf(dialect).sequences.keys()]).filter((place) =>
      !isOfMachine(place)
    ),
  );
  return [...places].sort(byPlace).map((place) => ({
    title: SEQUENCE_TITLES[place] ?? titleOf(place),
    place,
    variants: sharedBy(dialects, (dialect) => listsOf(dialect).sequences.get(place)),
  }));
}

function isOfMachine(place: string): boolean {
  return place.startsWith("vfio.transitions.") || place.startsWith("vfio.closing.");
}

const ORDER = ["core.", "vfio.", "umem.", "uverbs.", "iommufd."];

function byPlace(a: string, b: string): number {
  return rank(a) - rank(b);
}

function rank(place: string): number {
  const index = ORDER.findIndex((begin) => place.startsWith(begin));
  return index < 0 ? ORDER.length : index;
}

const SEQUENCE_TITLES: Readonly<Record<string, string>> = {
  "core.notification": "An invalidation, in the core",
  "vfio.events.commandMemoryOff": "A write to the command register that switches memory off",
  "vfio.events.commandMemoryOn": "A write to the command register that switches memory on",
  "vfio.events.commandUpperByte": "A write to the upper byte of the command register",
  "vfio.events.powerDown": "The way to D3hot",
  "vfio.events.powerUp": "The way to D0",
  "vfio.events.reset": "VFIO_DEVICE_RESET",
  "vfio.events.flr": "A function level reset by a configuration write",
  "vfio.events.lowPowerEntry": "Entering low power",
  "vfio.events.lowPowerExit": "Leaving low power",
  "vfio.events.wakeup": "A wake-up",
  "vfio.events.lastClose": "The last close of a device",
  "vfio.hotReset.begin": "A hot reset, each device before",
  "vfio.hotReset.end": "A hot reset, each device after, in reverse order",
  "vfio.publish": "How an exported buffer becomes visible",
  "vfio.undoExport": "An export that finds no descriptor",
  "vfio.release": "The last reference to a VFIO buffer",
  "umem.undoGet": "An RDMA region that cannot be attached",
  "umem.pinAndMap": "A pinned RDMA region, after its attach",
  "umem.undoPinAndMap": "A pinned RDMA region that cannot be mapped",
  "umem.mapPages": "Mapping the pages of an RDMA region",
  "umem.unmapPages": "Unmapping the pages of an RDMA region",
  "umem.revoke": "Revoking an RDMA region",
  "umem.release": "Giving an RDMA region back",
  "umem.register.pinned": "The driver, with a new pinned region",
  "umem.register.revocable": "The driver, with a new revocable region",
  "umem.register.on-demand": "The driver, with a new region on demand",
  "umem.stopHardware": "The driver, told of a revocation",
  "umem.invalidateOnDemand": "The driver with page faults, in its callback",
  "umem.fault": "A page fault of the hardware",
  "umem.deregister": "Deregistering an RDMA region",
  "uverbs.publish": "How a buffer of an RDMA device becomes visible",
  "uverbs.undoExport": "A buffer of an RDMA device that cannot be listed",
  "uverbs.revoke": "Revoking a buffer of an RDMA device",
  "uverbs.destroy": "The user's object of an exported page goes",
  "uverbs.removeEntry": "A page of an RDMA device goes",
  "iommufd.importDmaBuf": "iommufd takes a buffer",
  "iommufd.invalidated": "iommufd is told of an invalidation",
  "iommufd.releaseDmaBuf": "iommufd gives a buffer back",
  "iommufd.mockRevoke": "The mock exporter revokes",
  "move.steps": "An exporter moves a buffer",
};

/** The place in words, for a rule that nobody has given a title yet. */
export function titleOf(place: string): string {
  const words = place.split(".").map((part) => part.replaceAll(/([A-Z])/g, " $1").toLowerCase());
  return words.join(", ");
}
