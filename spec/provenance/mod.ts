/**
 * Where the clauses come from: citations of mails and kernel files, held against the texts themselves.
 *
 * @module
 */
export { type Citations, citationsOf, type KernelCitation, type MailCitation } from "./citation.ts";
export { type Change, type ComparedPlace, compareKernels } from "./compare.ts";
export {
  type Digests,
  type DigestsByLines,
  mailDigestsOf,
  readDigests,
  type RecordedKernel,
  type RecordedPlace,
  writeDigests,
} from "./digests.ts";
export { checkKernel, kernelDigestsOf, type KernelTree } from "./kernel.ts";
export { checkMails, type CitationFault, type CitationFinding } from "./mails.ts";
export type { Aspect, Files } from "./place.ts";
export { FolderError, kernelTree, seedReader } from "./read.ts";
