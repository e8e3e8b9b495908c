/**
 * The grammar of `conform kernels`.
 *
 * @module
 */
import { object, or } from "@optique/core/constructs";
import { message } from "@optique/core/message";
import { map, multiple, withDefault } from "@optique/core/modifiers";
import { argument, command, option } from "@optique/core/primitives";
import { choice, string } from "@optique/core/valueparser";
import { fetch, list } from "./commands/kernels.ts";
import type { Io } from "./io.ts";

type Action = (io: Io) => number | Promise<number>;

const version = string({ metavar: "VERSION" });

const listOptions = object({
  refresh: option("--refresh", { description: message`Asks the archive again, however new its lists are.` }),
  format: withDefault(
    option("-f", "--format", choice(["human", "json"], { metavar: "FORMAT" }), {
      description: message`What to print.`,
    }),
    "human" as const,
  ),
});

const fetchOptions = object({
  versions: multiple(
    argument(version, { description: message`As in 7.3, 6.12.107, 7.3-cloud or a whole release.` }),
    { min: 1 },
  ),
});

const kernelsCommands = or(
  command("list", map(listOptions, (given): Action => (io) => list(given, io)), {
    description: message`Lists the kernels of Debian's archive and those that are here.`,
  }),
  command("fetch", map(fetchOptions, (given): Action => (io) => fetch(given, io)), {
    description: message`Gets kernels from Debian's archive; nothing is installed.`,
  }),
);

/** The command `kernels`. */
export const kernelsCommand = command("kernels", kernelsCommands, {
  description: message`Gets, builds and boots kernels for virtual machines.`,
});
