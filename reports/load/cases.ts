/**
 * The cases that runs of a measurement have.
 *
 * @module
 */
import type { Case } from "../../cases/case.ts";

/** The first cases; those without a race, of which a run is made in an instant. */
export function chosen(cases: readonly Case[], count: number): readonly Case[] {
  return cases.filter(({ race }) => !race).slice(0, count);
}
