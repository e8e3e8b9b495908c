/**
 * The grammar of `conform testee`.
 *
 * @module
 */
import { object } from "@optique/core/constructs";
import { message } from "@optique/core/message";
import { map, withDefault } from "@optique/core/modifiers";
import { argument, command, option } from "@optique/core/primitives";
import { choice, integer, string } from "@optique/core/valueparser";
import { testeeCheck } from "./commands/testee.ts";
import type { Io } from "./io.ts";

const checkOptions = object("What to check", {
  command: argument(string({ metavar: "COMMAND" }), {
    description: message`The command that starts the testee, as one word for the shell.`,
  }),
  timeout: withDefault(
    option("--timeout", integer({ metavar: "SECONDS", min: 1 }), {
      description: message`How long an answer may take.`,
    }),
    5,
  ),
  format: withDefault(
    option("-f", "--format", choice(["human", "json"], { metavar: "FORMAT" }), {
      description: message`What to print.`,
    }),
    "human" as const,
  ),
});

/** The command `testee`. */
export const testeeCommand = command(
  "testee",
  command("check", map(checkOptions, (given) => (io: Io) => testeeCheck(given, io)), {
    description: message`Says which rules of the protocol a testee breaks.`,
  }),
  { description: message`For those who write a testee.` },
);
