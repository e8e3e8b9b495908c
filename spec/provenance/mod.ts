/**
 * Where the clauses come from: citations of mails and kernel files, held against the texts themselves.
 *
 * @module
 */
export { type Citations, citationsOf, type KernelCitation, type MailCitation } from "./citation.ts";
export { digestsOf, type LineDigests, readDigests, writeDigests } from "./digests.ts";
export { type Change, checkKernel, type ComparedPlace, compareKernels, type KernelTree } from "./kernel.ts";
export { checkMails, type CitationFault, type CitationFinding } from "./mails.ts";
export { FolderError, kernelTree, seedReader } from "./read.ts";
