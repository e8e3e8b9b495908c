/**
 * The grammar of `conform module`.
 *
 * @module
 */
import { object } from "@optique/core/constructs";
import { message } from "@optique/core/message";
import { map, optional } from "@optique/core/modifiers";
import { command, option } from "@optique/core/primitives";
import { string } from "@optique/core/valueparser";
import { build } from "./commands/module.ts";
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

/** The command `module`. */
export const moduleCommand = command(
  "module",
  command("build", map(buildOptions, (given): Action => (io) => build(given, io)), {
    description: message`Builds the module for a kernel; nothing is installed.`,
  }),
  { description: message`Builds the kernel module: a test importer, and a reference exporter that revokes.` },
);
