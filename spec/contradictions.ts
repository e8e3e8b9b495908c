/**
 * Where the sources disagree, and what the suite does about it.
 *
 * @module
 */
import { z } from "zod";
import type { Diagnostic } from "./diagnostic.ts";
import { type ClauseId, clauseIdSchema } from "./ids.ts";
import { type Ledger, LedgerError } from "./ledger.ts";
import { offsetOf } from "./ledger_check.ts";
import { didYouMean } from "./nearest.ts";
import { shape } from "./shape.ts";
import { readYamlFile, reporter, type YamlFile } from "./yaml_file.ts";

/**
 * What the suite does about a contradiction:
 *
 * - `normative`: one side holds, and a target that does otherwise fails
 * - `profiles`: each side holds in the profiles that have its clauses
 * - `alternatives`: each side is accepted, and which one a target follows is recorded
 * - `informative`: what a target does is recorded and nothing is expected
 * - `guarded`: nothing is tried unless it is asked for, since it can do harm
 */
export type Treatment = "normative" | "profiles" | "alternatives" | "informative" | "guarded";

/** One side of a contradiction. */
export interface Side {
  /** Who holds it. */
  readonly holder: string;
  /** What they hold, in a sentence or two. */
  readonly holds: string;
}

/** A contradiction. */
export interface Contradiction {
  /** Its number, which never changes. */
  readonly number: number;
  /** What it is about, in a few words. */
  readonly subject: string;
  /** Who holds what. */
  readonly sides: readonly Side[];
  /** What the suite does about it; more than one thing where the sides differ in more than one way. */
  readonly treatment: readonly Treatment[];
  /** The same in a sentence. */
  readonly resolution: string;
  /** The clauses that it concerns. */
  readonly clauses: readonly ClauseId[];
}

interface ContradictionsText {
  readonly contradictions: readonly Contradiction[];
}

const text = z.string().trim().min(1);

/** Schema of `spec/contradictions.yaml`. */
export const contradictionsSchema: z.ZodType<ContradictionsText> = z.strictObject({
  contradictions: z.array(z.strictObject({
    number: z.int().positive().meta({ description: "Its number, which never changes." }),
    subject: text.meta({ description: "What it is about, in a few words." }),
    sides: z.array(z.strictObject({
      holder: text.meta({ description: "Who holds it." }),
      holds: text.meta({ description: "What they hold, in a sentence or two." }),
    })).min(2).meta({ description: "Who holds what." }),
    treatment: z.array(z.enum(["normative", "profiles", "alternatives", "informative", "guarded"])).min(1)
      .meta({ description: "What the suite does about it, in a word." }),
    resolution: text.meta({ description: "What the suite does about it, in a sentence." }),
    clauses: z.array(clauseIdSchema).min(1).meta({ description: "The clauses that it concerns." }),
  })).min(1).meta({ description: "The contradictions, by their numbers." }),
});

const OWN_FILE = new URL("contradictions.yaml", import.meta.url);

/**
 * Reads the contradictions.
 *
 * @param ledger the ledger that has the clauses
 * @param file the file; that of the suite where left out
 * @throws {LedgerError} if it cannot be read or says something wrong
 */
export function loadContradictions(
  ledger: Pick<Ledger, "clauses">,
  file: URL = OWN_FILE,
): readonly Contradiction[] {
  const result = readYamlFile(file, "spec/contradictions.yaml");
  if (!result.ok) throw new LedgerError(result.diagnostics);
  const diagnostics: Diagnostic[] = [];
  const value = shape(contradictionsSchema, result.yaml.tree, reporter(result.yaml, diagnostics));
  if (value) checkNumbers(value.contradictions, result.yaml, diagnostics);
  if (value) checkClauses(value.contradictions, ledger, result.yaml, diagnostics);
  if (!value || diagnostics.length > 0) throw new LedgerError(diagnostics);
  return value.contradictions;
}

function checkNumbers(all: readonly Contradiction[], yaml: YamlFile, diagnostics: Diagnostic[]): void {
  const report = reporter(yaml, diagnostics);
  all.forEach(({ number }, index) => {
    if (number > (all[index - 1]?.number ?? 0)) return;
    report(offsetOf(yaml, ["contradictions", index, "number"]), {
      code: "duplicate-id",
      message: `The number ${number} does not come after the one before`,
      hint: "Give it the next number that is free, and keep the list in order",
    });
  });
}

function checkClauses(
  all: readonly Contradiction[],
  ledger: Pick<Ledger, "clauses">,
  yaml: YamlFile,
  diagnostics: Diagnostic[],
): void {
  const report = reporter(yaml, diagnostics);
  all.forEach(({ clauses }, index) =>
    clauses.forEach((id, position) => {
      if (ledger.clauses.has(id)) return;
      report(offsetOf(yaml, ["contradictions", index, "clauses", position]), {
        code: "unknown-clause",
        message: `The ledger has no clause ${id}`,
        hint: didYouMean(id, ledger.clauses.keys(), "Look for it in spec/clauses"),
      });
    })
  );
}
