/**
 * The situations that the suite set out to show: a list that was made before the cases, so that none gets lost.
 *
 * @module
 */
import { z } from "zod";
import type { Diagnostic } from "./diagnostic.ts";
import { LedgerError } from "./ledger.ts";
import { offsetOf } from "./ledger_check.ts";
import { shape } from "./shape.ts";
import { readYamlFile, reporter, type YamlFile } from "./yaml_file.ts";

/** A situation that the suite set out to show. */
export interface Situation {
  /** Its number, which never changes. */
  readonly number: number;
  /** What it is about, in a few words. */
  readonly about: string;
  /** The cases that show it, by their ids without the row of a matrix; left out where none does. */
  readonly cases?: readonly string[] | undefined;
  /** Tests of the suite that show it, as paths from its top folder. */
  readonly tests?: readonly string[] | undefined;
  /** What the cases leave out and why; why there is none, where there is none. */
  readonly remark?: string | undefined;
  /** Whether it can harm a real machine; its cases are then run only if somebody asks for them. */
  readonly dangerous?: true | undefined;
}

/** The situations as their file gives them. */
export interface SituationsText {
  /** The situations, by their numbers. */
  readonly situations: readonly Situation[];
}

const text = z.string().trim().min(1);

/** Schema of `spec/situations.yaml`. */
export const situationsSchema: z.ZodType<SituationsText> = z.strictObject({
  situations: z.array(z.strictObject({
    number: z.int().positive().meta({ description: "Its number, which never changes." }),
    about: text.meta({ description: "What it is about, in a few words." }),
    cases: z.array(text).min(1).optional().meta({
      description: "The cases that show it, by their ids without the row of a matrix.",
    }),
    tests: z.array(text).min(1).optional().meta({
      description: "Tests of the suite that show it, as paths from its top folder.",
    }),
    remark: text.optional().meta({
      description: "What the cases leave out and why; why there is none, where there is none.",
    }),
    dangerous: z.literal(true).optional().meta({
      description:
        "That it can harm a real machine, so that its cases are run only if somebody asks for them.",
    }),
  })).min(1).meta({ description: "The situations, by their numbers." }),
});

const OWN_FILE = new URL("situations.yaml", import.meta.url);

/**
 * Reads the situations. Their numbers count from 1 without a gap, and each has cases or says why not.
 *
 * @param file the file; that of the suite where left out
 * @throws {LedgerError} if it cannot be read or says something wrong
 */
export function loadSituations(file: URL = OWN_FILE): readonly Situation[] {
  const result = readYamlFile(file, "spec/situations.yaml");
  if (!result.ok) throw new LedgerError(result.diagnostics);
  const diagnostics: Diagnostic[] = [];
  const value = shape(situationsSchema, result.yaml.tree, reporter(result.yaml, diagnostics));
  if (value) checkSituations(value.situations, result.yaml, diagnostics);
  if (!value || diagnostics.length > 0) throw new LedgerError(diagnostics);
  return value.situations;
}

function checkSituations(all: readonly Situation[], yaml: YamlFile, diagnostics: Diagnostic[]): void {
  const report = reporter(yaml, diagnostics);
  all.forEach(({ number, cases, remark }, index) => {
    if (number !== index + 1) {
      report(offsetOf(yaml, ["situations", index, "number"]), {
        code: "duplicate-id",
        message: `The number ${number} stands where ${index + 1} belongs`,
        hint: "Keep every number, in order: a situation without a case says why",
      });
    }
    if (cases === undefined && remark === undefined) {
      report(offsetOf(yaml, ["situations", index]), {
        code: "inconsistent",
        message: `Situation ${number} has no case and does not say why`,
        hint: 'Add "cases", or "remark" with the reason',
      });
    }
  });
}
