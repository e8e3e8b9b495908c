/**
 * The mutants: one wrong implementation for each realistic bug.
 *
 * @module
 */
import { closeMutants } from "./close.ts";
import { attachmentMutants, contractMutants, coreMutants } from "./core.ts";
import { dutyMutants } from "./duties.ts";
import { eventMutants, undoMutants } from "./events.ts";
import { primeMutants, videoMutants } from "./foreign.ts";
import { iommufdMutants } from "./iommufd.ts";
import { mmapMutants } from "./mappings.ts";
import type { Mutant } from "./mutant.ts";
import { codeMutants, coverMutants, nonOdpMutants } from "./leon.ts";
import { featureMutants, rfcMutants } from "./proposals.ts";
import { onDemandMutants, umemMutants } from "./rdma.ts";
import { ownershipMutants, requestMutants } from "./request.ts";
import { revokeMutants, unrevokeMutants } from "./revoke.ts";
import { uverbsMutants } from "./uverbs.ts";
import { attachMutants, exportMutants, newBufferMutants } from "./vfio.ts";

export type { Mutant } from "./mutant.ts";

/** Every mutant. */
export const MUTANTS: readonly Mutant[] = [
  ...coreMutants,
  ...attachmentMutants,
  ...contractMutants,
  ...exportMutants,
  ...newBufferMutants,
  ...attachMutants,
  ...revokeMutants,
  ...unrevokeMutants,
  ...requestMutants,
  ...ownershipMutants,
  ...mmapMutants,
  ...closeMutants,
  ...eventMutants,
  ...undoMutants,
  ...iommufdMutants,
  ...umemMutants,
  ...onDemandMutants,
  ...uverbsMutants,
  ...dutyMutants,
  ...coverMutants,
  ...codeMutants,
  ...nonOdpMutants,
  ...rfcMutants,
  ...featureMutants,
  ...primeMutants,
  ...videoMutants,
];
