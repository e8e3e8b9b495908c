/**
 * What the mutants of the revoke, of the request and of close have in common.
 *
 * @module
 */
import { type ChangeStep, setStatus } from "../kernel/vfio_pci_revoke.ts";

/** Whether a step waits for fences, up to whichever usage. */
export function isFenceWait(step: ChangeStep): boolean {
  return step.name.startsWith("wait for the fences");
}

/** Makes a buffer temporarily revoked, whatever it should become. */
export const setTemporary: ChangeStep = {
  ...setStatus,
  run(_kernel, { buffer }) {
    buffer.status = "TEMP";
  },
};
