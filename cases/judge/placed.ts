/**
 * The steps of a case in the order in which a reader meets them.
 *
 * @module
 */
import { SECTIONS } from "../case.ts";
import type { Case, Section, Step } from "../case.ts";

/** Steps with the observations that belong to them, in the order in which a reader meets them. */
export interface Placed {
  readonly step: Step;
  readonly section: Section;
}

/** The steps of a case with their sections, in the order in which a reader meets them. */
export function* placed(case_: Case): Generator<Placed> {
  for (const section of SECTIONS) {
    for (const step of case_.sections[section]) yield* withUntil(step, section);
  }
}

function* withUntil(step: Step, section: Section): Generator<Placed> {
  yield { step, section };
  for (const inner of step.until) yield* withUntil(inner, section);
}
