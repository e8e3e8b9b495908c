/**
 * The begin of a new case: a file that lints but for what its author has to say.
 *
 * @module
 */
import type { ClauseId } from "../spec/ids.ts";

/** What there is before anything is tried, by where the case stands. */
const GIVEN: readonly (readonly [folder: string, steps: readonly string[]])[] = [
  ["vfio/", ["dev: { vfio.open: { bars: [1MiB] } }", "buf: { vfio.export: { device: dev, region: 0 } }"]],
  ["", ["buf: { exporter.create: {} }"]],
];

/** The line by which an editor finds the schema of a case, from the case's path below the folder of the cases. */
export function schemaLine(path: string): string {
  const up = "../".repeat(path.split("/").length);
  return `# yaml-language-server: $schema=${up}spec/schema/case.json`;
}

/**
 * The text of a new case.
 *
 * @param path the id that it will have, as in `vfio/revoke/double-revoke`
 * @param clauses the clauses that it will verify
 */
export function caseScaffold(path: string, clauses: readonly ClauseId[]): string {
  const [, given = []] = GIVEN.find(([folder]) => path.startsWith(folder)) ?? [];
  return [
    schemaLine(path),
    "title:",
    "why:",
    `clauses: [${clauses.join(", ")}]`,
    "given:",
    ...given.map((step) => `  - ${step}`),
    "control: [] # what works before the thing is done",
    "when: [] # what is done",
    "then: [] # what must hold after it",
    "",
  ].join("\n");
}
