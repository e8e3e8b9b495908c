/**
 * The grammar of `conform module`.
 *
 * @module
 */
import { object, or } from "@optique/core/constructs";
import { message } from "@optique/core/message";
import { map, multiple, optional, withDefault } from "@optique/core/modifiers";
import { argument, command, option } from "@optique/core/primitives";
import { choice, integer, string } from "@optique/core/valueparser";
import { TRIALS } from "../runners/native/module/try.ts";
import { build, table, tryOut } from "./commands/module.ts";
import type { Io } from "./io.ts";

type Action = (io: Io) => number | Promise<number>;

const buildOptions = object({
  kernel: optional(option("-k", "--kernel", string({ metavar: "VERSION" }), {
    description: message`A kernel of Debian's archive, as in 7.3, 6.12.107 or a whole release.`,
  })),
  headers: optional(option("--headers", string({ metavar: "DIR" }), {
    description: message`A folder with headers that are here, as /lib/modules/…/build is one.`,
  })),
  out: optional(option("-o", "--out", string({ metavar: "FILE" }), {
    description: message`Where the module goes; it stays in the cache folder otherwise.`,
  })),
});

const tryOptions = object({
  trial: withDefault(
    argument(choice(TRIALS, { metavar: "PROGRAM" }), {
      description: message`smoke tries everything once, stress hammers it.`,
    }),
    "smoke" as const,
  ),
  kernel: option("-k", "--kernel", string({ metavar: "VERSION" }), {
    description: message`A kernel that is here, as in 7.3.`,
  }),
  seconds: withDefault(
    option("--seconds", integer({ metavar: "N", min: 1 }), { description: message`How long stress lasts.` }),
    60,
  ),
  seed: withDefault(
    option("--seed", integer({ metavar: "N", min: 1 }), { description: message`What stress begins with.` }),
    1,
  ),
  out: optional(option("-o", "--out", string({ metavar: "FILE" }), {
    description: message`Where the console of the machine goes.`,
  })),
});

const tableOptions = object({
  records: multiple(
    argument(string({ metavar: "RUN" }), { description: message`The record of a run.` }),
    { min: 1 },
  ),
  out: optional(option("-o", "--out", string({ metavar: "FILE" }), {
    description: message`Where the table goes; standard output otherwise.`,
  })),
});

/** The command `module`. */
export const moduleCommand = command(
  "module",
  or(
    command("build", map(buildOptions, (given): Action => (io) => build(given, io)), {
      description: message`Builds the module for a kernel; nothing is installed.`,
    }),
    command("try", map(tryOptions, (given): Action => (io) => tryOut(given, io)), {
      description: message`Boots a kernel with the module, and tries what it does.`,
    }),
    command("table", map(tableOptions, (given): Action => (io) => table(given, io)), {
      description: message`Writes which exporter was tried with which importer, from the records of runs.`,
    }),
  ),
  { description: message`Builds the kernel module: a test importer, and a reference exporter that revokes.` },
);
