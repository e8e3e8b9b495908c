/**
 * The grammar of `conform spec`.
 *
 * @module
 */
import { object, or } from "@optique/core/constructs";
import { message } from "@optique/core/message";
import { map, optional, withDefault } from "@optique/core/modifiers";
import { command, option } from "@optique/core/primitives";
import { choice, string } from "@optique/core/valueparser";
import { document } from "./commands/document.ts";
import { checkSources } from "./commands/spec.ts";
import type { Io } from "./io.ts";

type Action = (io: Io) => number | Promise<number>;

const folder = string({ metavar: "DIR" });

const checkSourcesOptions = object({
  seeds: optional(option("--seeds", folder, {
    description: message`The folder with the mails that the clauses cite.`,
  })),
  kernel: optional(option("--kernel", folder, { description: message`A kernel source tree.` })),
  kernelOld: optional(option("--kernel-old", folder, {
    description: message`An older tree: says which cited functions have changed since.`,
  })),
  accept: option("--accept", {
    description: message`Records what the cited lines say now; for when they were read again.`,
  }),
  format: withDefault(
    option("-f", "--format", choice(["human", "json"], { metavar: "FORMAT" }), {
      description: message`What to print.`,
    }),
    "human" as const,
  ),
});

const documentOptions = object({
  format: withDefault(
    option("-f", "--format", choice(["html", "markdown"], { metavar: "FORMAT" }), {
      description: message`What to write.`,
    }),
    "html" as const,
  ),
  out: optional(option("-o", "--out", string({ metavar: "FILE" }), {
    description: message`Where to write it; to standard output otherwise.`,
  })),
});

/** The commands below `conform spec`. */
export const specCommands = or(
  command("document", map(documentOptions, (given): Action => (io) => document(given, io)), {
    description: message`Writes the specification as one file.`,
  }),
  command("check-sources", map(checkSourcesOptions, (given): Action => (io) => checkSources(given, io)), {
    description: message`Looks up what the clauses cite, in the mails and in kernel sources.`,
  }),
);
