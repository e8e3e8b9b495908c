/**
 * The specification as a document, made from the ledger, the cases and the rules of the model.
 *
 * @module
 */
export { type Specification, specificationOf, type SpecificationSources } from "./document.ts";
export { specificationHtml } from "./html.tsx";
export { specificationMarkdown } from "./markdown.ts";
