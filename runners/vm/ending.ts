/**
 * What the end of a machine is for the case that was under way.
 *
 * @module
 */
import type { CaseEnd } from "../../spec/observation.ts";
import type { MachineEnd } from "./machine.ts";

/** What the end of a machine is for the case that was under way. */
export function endOfMachine(end: MachineEnd): CaseEnd {
  switch (end.kind) {
    case "panicked":
      return { end: "crash", reason: `the kernel panicked: ${end.why}` };
    case "turned off":
      return { end: "lost", reason: `the executor in the machine ended: ${end.why}` };
    case "stopped":
      return { end: "lost", reason: `the machine stopped: ${end.why}` };
    case "gone":
      return { end: "lost", reason: `the machine is gone: ${end.why}` };
  }
}
