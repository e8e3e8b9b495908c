/**
 * The options of the commands that run wrong simulators.
 *
 * @module
 */
import { object } from "@optique/core/constructs";
import { message } from "@optique/core/message";
import { multiple, optional, withDefault } from "@optique/core/modifiers";
import { argument, option } from "@optique/core/primitives";
import { choice, integer, string } from "@optique/core/valueparser";

const jobs = optional(option("-j", "--jobs", integer({ metavar: "N", min: 1, max: 256 }), {
  description: message`How many workers to use side by side; one for each core otherwise.`,
}));

/** The options of `conform mutants`. */
export const mutantsOptions = object("Which mutants, and what of them", {
  ids: multiple(
    argument(string({ metavar: "MUTANT" }), { description: message`A mutant; all of them otherwise.` }),
  ),
  clause: optional(option("-c", "--clause", string({ metavar: "CLAUSE" }), {
    description: message`Only the mutants that break this clause.`,
  })),
  target: optional(option("-t", "--target", string({ metavar: "TARGET" }), {
    description:
      message`Runs the bugs that can be seeded into the reference exporter of this target's kernel.`,
  })),
  jobs,
  format: withDefault(
    option("-f", "--format", choice(["human", "json", "csv", "markdown"], { metavar: "FORMAT" }), {
      description: message`What to print.`,
    }),
    "human" as const,
  ),
  matrix: optional(option("-m", "--matrix", string({ metavar: "FILE" }), {
    description: message`Writes the kill matrix to a file that ends in .csv, .json or .md.`,
  })),
  idleCases: option("--idle-cases", { description: message`Prints the cases that kill nothing instead.` }),
});

/** The options of `conform coverage` that ask whether the cases watch their clauses. */
export const coverageOptions = {
  mutants: option("--mutants", {
    description: message`Also says of which clauses no mutant shows that their cases watch them.`,
  }),
  jobs,
};
