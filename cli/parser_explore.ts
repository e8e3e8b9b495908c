/**
 * The grammar of `conform explore`.
 *
 * @module
 */
import { object } from "@optique/core/constructs";
import { message } from "@optique/core/message";
import { map, multiple, optional, withDefault } from "@optique/core/modifiers";
import { argument, command, option } from "@optique/core/primitives";
import { choice, integer, string } from "@optique/core/valueparser";
import { explore } from "./commands/explore.ts";
import type { Io } from "./io.ts";

const options = object("What to explore", {
  selectors: multiple(argument(string({ metavar: "CASE" }), {
    description: message`A case with a race, the begin of a path, or a pattern; all races otherwise.`,
  })),
  target: withDefault(
    option("-t", "--target", string({ metavar: "TARGET" }), {
      description: message`The dialect of the simulator, as in sim:mainline-7.3.`,
    }),
    "sim",
  ),
  schedule: optional(option("--schedule", string({ metavar: "ID" }), {
    description: message`Plays this schedule step by step.`,
  })),
  most: optional(option("--most", integer({ metavar: "N", min: 1 }), {
    description: message`How many schedules of a case to run at most; 100000 unless said otherwise.`,
  })),
  format: withDefault(
    option("-f", "--format", choice(["human", "json"], { metavar: "FORMAT" }), {
      description: message`What to print.`,
    }),
    "human" as const,
  ),
});

/** The command `explore`. */
export const exploreCommand = command(
  "explore",
  map(options, (given) => (io: Io) => explore(given, io)),
  { description: message`Runs races over all schedules of the simulator.` },
);
