/**
 * The grammar of the commands for baselines and certificates.
 *
 * @module
 */
import { object } from "@optique/core/constructs";
import { message } from "@optique/core/message";
import { map, optional, withDefault } from "@optique/core/modifiers";
import { argument, command, option } from "@optique/core/primitives";
import { choice, string } from "@optique/core/valueparser";
import { updateBaselineFile } from "./commands/baseline.ts";
import type { Io } from "./io.ts";

type Action = (io: Io) => number | Promise<number>;

/** The option of the commands that hold a run against known failures. */
export const baselineOption = optional(option("-b", "--baseline", string({ metavar: "FILE" }), {
  description: message`The known failures, a YAML file; everything else that fails is unexpected.`,
}));

const updateOptions = object({
  file: argument(string({ metavar: "FILE" }), { description: message`The file with the known failures.` }),
  record: argument(string({ metavar: "RUN" }), {
    description: message`The record of a run that came to its end.`,
  }),
  when: withDefault(
    option("--when", choice(["none", "kernel", "target"], { metavar: "CONDITION" }), {
      description: message`What new entries are bound to.`,
    }),
    "none" as const,
  ),
});

/** The command `baseline`. */
export const baselineCommand = command(
  "baseline",
  command("update", map(updateOptions, (given): Action => (io) => updateBaselineFile(given, io)), {
    description: message`Brings a file with known failures up to a run, and keeps its comments.`,
  }),
  { description: message`Keeps the file with the known failures of a target.` },
);
