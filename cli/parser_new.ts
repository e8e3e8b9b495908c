/**
 * The grammar of `conform new`.
 *
 * @module
 */
import { object, or } from "@optique/core/constructs";
import { message } from "@optique/core/message";
import { map, multiple } from "@optique/core/modifiers";
import { argument, command, option } from "@optique/core/primitives";
import { string } from "@optique/core/valueparser";
import { newCase, newClause } from "./commands/new.ts";
import type { Io } from "./io.ts";

type Action = (io: Io) => number | Promise<number>;

const newCaseOptions = object({
  path: argument(string({ metavar: "PATH" }), {
    description: message`The id that the case will have, as in vfio/revoke/double-revoke.`,
  }),
  clauses: multiple(option("-c", "--clause", string({ metavar: "CLAUSE" }), {
    description: message`A clause that it verifies; can be given several times.`,
  })),
});

const newClauseOptions = object({
  name: argument(string({ metavar: "FAMILY" }), { description: message`The family, as in VREV.` }),
});

/** The commands below `conform new`. */
export const newCommands = or(
  command("case", map(newCaseOptions, (given): Action => (io) => newCase(given, io)), {
    description: message`Starts the file of a case.`,
  }),
  command("clause", map(newClauseOptions, ({ name }): Action => (io) => newClause(name, io)), {
    description: message`Starts the entry of a clause.`,
  }),
);
