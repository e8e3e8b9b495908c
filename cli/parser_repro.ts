/**
 * The grammar of `conform repro`.
 *
 * @module
 */
import { object } from "@optique/core/constructs";
import { message } from "@optique/core/message";
import { map, optional, withDefault } from "@optique/core/modifiers";
import { argument, command, option } from "@optique/core/primitives";
import { choice, string } from "@optique/core/valueparser";
import { repro } from "./commands/repro.ts";
import type { Io } from "./io.ts";

type Action = (io: Io) => number | Promise<number>;

const options = object({
  name: argument(string({ metavar: "CASE" }), { description: message`The case, as conform list shows it.` }),
  language: withDefault(
    option("-l", "--lang", choice(["c", "kselftest"], { metavar: "LANGUAGE" }), {
      description: message`A program of its own, or a test of the harness of the kernel's selftests.`,
    }),
    "c" as const,
  ),
  target: withDefault(
    option("-t", "--target", string({ metavar: "TARGET" }), {
      description:
        message`What it is for: native, with a VFIO device, or native:reference=matt-v1-vfio, with the kernel module.`,
    }),
    "native",
  ),
  out: optional(option("-o", "--out", string({ metavar: "FILE" }), {
    description:
      message`Where it goes; a folder takes it under a name of its own, and the module's header beside it.`,
  })),
});

/** The command `repro`. */
export const reproCommand = command("repro", map(options, (given): Action => (io) => repro(given, io)), {
  description: message`Writes a case as a program in C that shows the same steps.`,
});
