/**
 * The grammar of `conform agent`.
 *
 * @module
 */
import { object } from "@optique/core/constructs";
import { message } from "@optique/core/message";
import { map, optional, withDefault } from "@optique/core/modifiers";
import { command, option } from "@optique/core/primitives";
import { integer, string } from "@optique/core/valueparser";
import { agent } from "./commands/agent.ts";
import type { Io } from "./io.ts";

const file = string({ metavar: "FILE" });

/** The options of `conform agent`, carried out. */
export const agentOptions = map(
  object("What to serve, and to whom", {
    target: withDefault(
      option("-t", "--target", string({ metavar: "TARGET" }), {
        description: message`What to serve, as in native or sim:mainline-7.3.`,
      }),
      "native",
    ),
    host: withDefault(
      option("--host", string({ metavar: "HOST" }), {
        description: message`The address to listen on; off this machine with TLS and a token only.`,
      }),
      "127.0.0.1",
    ),
    port: withDefault(
      option("--port", integer({ metavar: "PORT", min: 0, max: 65535 }), {
        description: message`The port; 0 for a free one.`,
      }),
      8018,
    ),
    tokenFile: optional(option("--token-file", file, {
      description: message`A file with a token on each line, perhaps with its owner's name before it.`,
    })),
    tlsCert: optional(option("--tls-cert", file, { description: message`The certificate, in PEM.` })),
    tlsKey: optional(option("--tls-key", file, { description: message`Its key, in PEM.` })),
    clientCa: optional(option("--client-ca", file, {
      description: message`Lets in callers whose certificate these certificates have signed, in PEM.`,
    })),
    stdio: option("--stdio", {
      description:
        message`Serves over standard input and output instead, as below socat in a virtual machine.`,
    }),
    describeOnly: option("--describe-only", {
      description: message`Only says what the target is, and runs nothing.`,
    }),
    sessions: optional(option("--sessions", integer({ metavar: "N", min: 1, max: 256 }), {
      description: message`How many sessions there may be at the same time; 8 unless said otherwise.`,
    })),
  }),
  (given) => (io: Io) => agent(given, io),
);

/** The command `agent`. */
export const agentCommand = command("agent", agentOptions, {
  description: message`Serves a target of this machine to runners elsewhere.`,
});
