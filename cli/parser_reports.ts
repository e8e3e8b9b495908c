/**
 * The grammar of the commands for runs that have been recorded: comparison, history, the site.
 *
 * @module
 */
import { object, or } from "@optique/core/constructs";
import { message } from "@optique/core/message";
import { map, multiple, optional, withDefault } from "@optique/core/modifiers";
import { argument, command, option } from "@optique/core/primitives";
import { choice, integer, string } from "@optique/core/valueparser";
import { COMPARISON_FORMATS } from "../reports/compare/mod.ts";
import { compare } from "./commands/compare.ts";
import { DEFAULT_STORE, importRecords } from "./commands/import.ts";
import { site } from "./commands/site.ts";
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

/** What `conform serve` takes of a history. */
export const serveStoreOptions = {
  store: optional(option("--store", string({ metavar: "DIR" }), {
    description: message`The folder of a history, shown in the place of records.`,
  })),
  tokenFile: optional(option("--token-file", string({ metavar: "FILE" }), {
    description: message`Lets those who show the token in this file bring records to the history.`,
  })),
  rate: optional(option("--rate", integer({ metavar: "N", min: 0 }), {
    description:
      message`How many requests one address may make in a second, 100 if left out; 0 for any number.`,
  })),
};

const siteOptions = object({
  records,
  store: optional(option("--store", string({ metavar: "DIR" }), {
    description: message`The folder of a history, where no records are named.`,
  })),
  runs: withDefault(
    option("--runs", string({ metavar: "DIR" }), {
      description: message`The folder with the records, where none are named.`,
    }),
    "runs",
  ),
  out: option("-o", "--out", string({ metavar: "DIR" }), { description: message`Where the files go.` }),
});

/** The commands for runs that have been recorded. */
export const reportsCommands = or(
  command("compare", map(compareOptions, (given): Action => (io) => compare(given, io)), {
    description: message`Holds runs side by side, case by case and clause by clause.`,
  }),
  command("import", map(importOptions, (given): Action => (io) => importRecords(given, io)), {
    description: message`Takes run records into the history.`,
  }),
  command("site", map(siteOptions, (given): Action => (io) => site(given, io)), {
    description: message`Writes the pages of the runs as files.`,
  }),
);
