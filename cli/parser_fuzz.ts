/**
 * The grammar of `conform fuzz`.
 *
 * @module
 */
import { object } from "@optique/core/constructs";
import { message } from "@optique/core/message";
import { map, optional, withDefault } from "@optique/core/modifiers";
import { option } from "@optique/core/primitives";
import { choice, integer, string } from "@optique/core/valueparser";
import { fuzz } from "./commands/fuzz.ts";
import type { Io } from "./io.ts";

type Action = (io: Io) => number | Promise<number>;

const options = object("How to fuzz", {
  target: withDefault(
    option("-t", "--target", string({ metavar: "TARGET" }), {
      description: message`What to play on, as in sim or sim:mainline-7.3.`,
    }),
    "sim",
  ),
  against: withDefault(
    option("--against", string({ metavar: "TARGET" }), {
      description: message`The model: a dialect of the simulator, as in sim:matt-v2.`,
    }),
    "sim",
  ),
  runs: optional(option("--runs", integer({ metavar: "N", min: 1 }), {
    description: message`How many programs to play; 5000 where no time is given.`,
  })),
  time: optional(option("--time", integer({ metavar: "SECONDS", min: 1 }), {
    description: message`How long to go on.`,
  })),
  seed: optional(option("--seed", integer({ metavar: "N", min: 0, max: 2 ** 31 - 1 }), {
    description: message`What decides the programs; random otherwise.`,
  })),
  from: optional(option("--from", integer({ metavar: "N", min: 0 }), {
    description: message`With a seed, the number of the first program to play, from 0.`,
  })),
  record: optional(option("--record", string({ metavar: "FILE" }), {
    description:
      message`Where to note what became of each program; a fuzzing that has one goes on where it ended.`,
  })),
  plays: optional(option("--plays", string({ metavar: "FILE" }), {
    description: message`Where to keep what was seen of each program; what it has is not played again.`,
  })),
  path: optional(option("--path", string({ metavar: "PATH", pattern: /^\d+(:\d+)*$/ }), {
    description: message`With a seed, only the program that a finding names.`,
  })),
  maxSteps: optional(option("--max-steps", integer({ metavar: "N", min: 1, max: 1000 }), {
    description: message`How many steps to draw for a program; 24 unless said otherwise.`,
  })),
  timeout: withDefault(
    option("--timeout", integer({ metavar: "SECONDS", min: 1 }), {
      description: message`The limit for one program.`,
    }),
    60,
  ),
  out: withDefault(
    option("-o", "--out", string({ metavar: "DIR" }), {
      description: message`Where the cases made of findings go.`,
    }),
    "runs/findings",
  ),
  format: withDefault(
    option("-f", "--format", choice(["human", "json"], { metavar: "FORMAT" }), {
      description: message`What to print.`,
    }),
    "human" as const,
  ),
});

/** What stands behind `conform fuzz`. */
export const fuzzOptions = map(options, (given): Action => (io) => fuzz(given, io));
