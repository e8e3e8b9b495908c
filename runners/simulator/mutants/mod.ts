/**
 * The mutants: one wrong implementation for each realistic bug.
 *
 * @module
 */
import { closeMutants } from "./close.ts";
import { coreMutants } from "./core.ts";
import { eventMutants, undoMutants } from "./events.ts";
import { mmapMutants } from "./mappings.ts";
import type { Mutant } from "./mutant.ts";
import { ownershipMutants, requestMutants } from "./request.ts";
import { revokeMutants, unrevokeMutants } from "./revoke.ts";
import { attachMutants, exportMutants } from "./vfio.ts";

export type { Mutant } from "./mutant.ts";

/** Every mutant. */
export const MUTANTS: readonly Mutant[] = [
  ...coreMutants,
  ...exportMutants,
  ...attachMutants,
  ...revokeMutants,
  ...unrevokeMutants,
  ...requestMutants,
  ...ownershipMutants,
  ...mmapMutants,
  ...closeMutants,
  ...eventMutants,
  ...undoMutants,
];
