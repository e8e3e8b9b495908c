/**
 * The grammar of the commands for runs that have been recorded: comparison, history, the site.
 *
 * @module
 */
import { object, or } from "@optique/core/constructs";
import { message } from "@optique/core/message";
import { map, multiple, withDefault } from "@optique/core/modifiers";
import { argument, command, option } from "@optique/core/primitives";
import { choice, string } from "@optique/core/valueparser";
import { COMPARISON_FORMATS } from "../reports/compare/mod.ts";
import { compare } from "./commands/compare.ts";
import { DEFAULT_STORE, importRecords } from "./commands/import.ts";
import type { Io } from "./io.ts";

type Action = (io: Io) => number | Promise<number>;

const records = multiple(argument(string({ metavar: "RUN" }), {
  description: message`A run record.`,
}));

const compareOptions = object({
  records,
  format: withDefault(
    option("-f", "--format", choice([...COMPARISON_FORMATS], { metavar: "FORMAT" }), {
      description: message`What to print.`,
    }),
    "human" as const,
  ),
  exitCode: option("--exit-code", { description: message`Ends with status 1 if the runs differ.` }),
});

const importOptions = object({
  records: multiple(argument(string({ metavar: "RUN" }), {
    description: message`A run record, or a folder with some.`,
  })),
  store: withDefault(
    option("--store", string({ metavar: "DIR" }), { description: message`The folder of the history.` }),
    DEFAULT_STORE,
  ),
  rebuild: option("--rebuild", { description: message`Makes the index anew from the records it is of.` }),
});

/** The commands for runs that have been recorded. */
export const reportsCommands = or(
  command("compare", map(compareOptions, (given): Action => (io) => compare(given, io)), {
    description: message`Holds runs side by side, case by case and clause by clause.`,
  }),
  command("import", map(importOptions, (given): Action => (io) => importRecords(given, io)), {
    description: message`Takes run records into the history.`,
  }),
);
