/**
 * The grammar of the commands for baselines and certificates.
 *
 * @module
 */
import { object, or } from "@optique/core/constructs";
import { message } from "@optique/core/message";
import { map, multiple, optional, withDefault } from "@optique/core/modifiers";
import { argument, command, option } from "@optique/core/primitives";
import { choice, string } from "@optique/core/valueparser";
import { updateBaselineFile } from "./commands/baseline.ts";
import { certifyRun, verifyCertificate, writeNewKey } from "./commands/certify.ts";
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

const keyOptions = object({
  out: withDefault(
    option("-o", "--out", string({ metavar: "NAME" }), {
      description: message`How the two files begin; .key and .pub are added.`,
    }),
    "conform",
  ),
});

const certifyOptions = object({
  record: argument(string({ metavar: "RUN" }), {
    description: message`The record of a run that came to its end.`,
  }),
  profile: option("-p", "--profile", string({ metavar: "PROFILE" }), {
    description: message`What the target claims.`,
  }),
  key: option("-k", "--key", string({ metavar: "KEY" }), { description: message`The key to sign with.` }),
  baseline: baselineOption,
  out: optional(option("-o", "--out", string({ metavar: "FILE" }), {
    description: message`Where the certificate goes; beside the record otherwise.`,
  })),
  explain: multiple(option("--explain", string({ metavar: "CLAUSE=WHY" }), {
    description: message`Says in your words why nothing was seen of a clause; may be given more than once.`,
  })),
  html: optional(option("--html", string({ metavar: "FILE" }), {
    description: message`Also writes it as a page for people.`,
  })),
});

const verifyOptions = object({
  certificate: argument(string({ metavar: "CERTIFICATE" }), { description: message`The certificate.` }),
  record: optional(option("-r", "--record", string({ metavar: "RUN" }), {
    description: message`The run record; the one beside the certificate otherwise.`,
  })),
  key: optional(option("-k", "--key", string({ metavar: "KEY" }), {
    description: message`The public key that must have signed it.`,
  })),
});

const baselineCommand = command(
  "baseline",
  command("update", map(updateOptions, (given): Action => (io) => updateBaselineFile(given, io)), {
    description: message`Brings a file with known failures up to a run, and keeps its comments.`,
  }),
  { description: message`Keeps the file with the known failures of a target.` },
);

const keyCommand = command(
  "key",
  command("new", map(keyOptions, ({ out }): Action => (io) => writeNewKey(out, io)), {
    description: message`Makes a pair of keys.`,
  }),
  { description: message`Makes the keys that certificates are signed with.` },
);

/** The commands for baselines and certificates. */
export const certificateCommands = or(
  baselineCommand,
  keyCommand,
  command("certify", map(certifyOptions, (given): Action => (io) => certifyRun(given, io)), {
    description: message`Signs what a run shows of a profile.`,
  }),
  command("verify", map(verifyOptions, (given): Action => (io) => verifyCertificate(given, io)), {
    description: message`Checks a certificate, and judges the observations again.`,
  }),
);
