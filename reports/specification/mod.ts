/**
 * The specification as a document, made from the ledger, the cases and the rules of the model.
 *
 * @module
 */
export {
  type ClauseEntry,
  type FamilyChapter,
  type Numbered,
  type ProfileEntry,
  type ShownBy,
  type Specification,
  specificationOf,
  type SpecificationSources,
} from "./document.ts";
export type { ErrorTable } from "./errors.ts";
export { specificationHtml } from "./html.tsx";
export type { Machine, MachineState, NamedSequence, Transition } from "./machines.ts";
export { specificationMarkdown } from "./markdown.ts";
export type { CheckRow, DialectName, Shared, StepRow } from "./rules.ts";
