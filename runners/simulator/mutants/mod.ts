/**
 * The mutants: one wrong implementation for each realistic bug.
 *
 * @module
 */
import { coreMutants } from "./core.ts";
import type { Mutant } from "./mutant.ts";
import {
  closeMutants,
  mmapMutants,
  ownershipMutants,
  requestMutants,
  revokeMutants,
  unrevokeMutants,
} from "./revoke.ts";
import { attachMutants, eventMutants, exportMutants } from "./vfio.ts";

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
];
