/**
 * Cases for the tests of runners, made without a file.
 *
 * @module
 */
import type { Case } from "../../cases/case.ts";
import { caseIdSchema, clauseIdSchema } from "../../spec/ids.ts";

/** A case with two steps that succeed: `given.0` and `when.0`. */
export function caseNamed(id: string): Case {
  const at = { file: `${id}.yaml`, line: 1, column: 1 };
  const common = {
    operation: "fence.create",
    args: {},
    expects: { outcome: { kind: "returns" } },
    otherwise: [],
    until: [],
    at,
  } as const;
  return {
    id: caseIdSchema.parse(id),
    title: `The case ${id}`,
    why: "It shows something",
    clauses: [clauseIdSchema.parse("VMM-01")],
    sections: {
      given: [{ ...common, id: "given.0" }],
      control: [],
      when: [{ ...common, id: "when.0" }],
      race: [],
      then: [],
    },
    source: { file: at.file, text: "", digest: `sha256:${id}` },
  };
}
