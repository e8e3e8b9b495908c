/**
 * The grammar of `conform matrix` and `conform bisect`.
 *
 * @module
 */
import { object } from "@optique/core/constructs";
import { message } from "@optique/core/message";
import { map, multiple, optional, withDefault } from "@optique/core/modifiers";
import { argument, command, option } from "@optique/core/primitives";
import { choice, integer, string } from "@optique/core/valueparser";
import type { Shard } from "../cases/select.ts";
import { bisect } from "./commands/bisect.ts";
import { matrix } from "./commands/matrix.ts";
import { MATRIX_FORMATS } from "./commands/matrix_report.ts";
import type { Io } from "./io.ts";

type Action = (io: Io) => number | Promise<number>;

const targetOptions = {
  kernels: multiple(option("-k", "--kernels", string({ metavar: "LIST" }), {
    description: message`Kernels for virtual machines, the older ones first, as in 6.1,6.12,7.3.`,
  })),
  targets: multiple(option("-t", "--targets", string({ metavar: "LIST" }), {
    description: message`Any targets, the older ones first, as in sim:mainline-7.0,sim:mainline-7.1.`,
  })),
};

const timeout = withDefault(
  option("--timeout", integer({ metavar: "SECONDS", min: 1 }), {
    description: message`The limit for one case.`,
  }),
  60,
);

function shardOf(text: string): Shard {
  const [index = 1, count = 1] = text.split("/").map(Number);
  return { index, count };
}

const matrixOptions = object("What to run on what", {
  selectors: multiple(argument(string({ metavar: "SELECTOR" }), {
    description: message`A case, the begin of a path, or a pattern with * in it.`,
  })),
  ...targetOptions,
  profiles: multiple(option("-p", "--profile", string({ metavar: "PROFILE" }), {
    description:
      message`Whose cases to run; may be given more than once. Those of every release of the kernel otherwise.`,
  })),
  out: withDefault(
    option("-o", "--out", string({ metavar: "DIR" }), {
      description:
        message`The folder of the records and the reports. What is finished in it is not run again.`,
    }),
    "runs/matrix",
  ),
  format: withDefault(
    option("-f", "--format", choice([...MATRIX_FORMATS], { metavar: "FORMAT" }), {
      description: message`What to print.`,
    }),
    "human" as const,
  ),
  shard: optional(map(
    option("--shard", string({ metavar: "I/N", pattern: /^[1-9]\d*\/[1-9]\d*$/ }), {
      description: message`Only the I-th of N parts of the cases.`,
    }),
    shardOf,
  )),
  jobs: withDefault(
    option("-j", "--jobs", integer({ metavar: "N", min: 1, max: 64 }), {
      description: message`How many targets to run side by side.`,
    }),
    1,
  ),
  timeout,
  dangerous: option("--dangerous", {
    description: message`Runs cases that can harm the machine, too; a virtual machine can be thrown away.`,
  }),
  site: map(
    option("--no-site", { description: message`Leaves the pages of all runs unwritten.` }),
    (given): "write" | "leave" => given ? "leave" : "write",
  ),
});

/** The command `matrix`; `args` are the arguments as they were given. */
export function matrixCommand(args: readonly string[]) {
  return command(
    "matrix",
    map(matrixOptions, (given): Action => (io) => matrix({ ...given, command: args }, io)),
    { description: message`Runs cases on several kernels and says what behaves otherwise since when.` },
  );
}

const bisectOptions = object("What to find", {
  case: argument(string({ metavar: "CASE" }), { description: message`The case whose behaviour changed.` }),
  good: option("--good", string({ metavar: "V" }), {
    description: message`A kernel that behaves as it should, as in 7.2, or a whole name of a target.`,
  }),
  bad: option("--bad", string({ metavar: "V" }), { description: message`One that does not.` }),
  ...targetOptions,
  repeat: withDefault(
    option("--repeat", integer({ metavar: "N", min: 1 }), {
      description:
        message`How often the case is run on each target; only what all attempts show is followed.`,
    }),
    1,
  ),
  timeout,
  format: withDefault(
    option("-f", "--format", choice(["human", "json"], { metavar: "FORMAT" }), {
      description: message`What to print.`,
    }),
    "human" as const,
  ),
});

/** The command `bisect`. */
export const bisectCommand = command(
  "bisect",
  map(bisectOptions, (given): Action => (io) => bisect(given, io)),
  {
    description: message`Finds between which two kernels the behaviour of a case changed.`,
  },
);
