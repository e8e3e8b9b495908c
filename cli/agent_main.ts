/**
 * The agent alone: what `deno task build:agent` makes one file of, and what an agent starts as its workers.
 *
 * @module
 */
import { message } from "@optique/core/message";
import { run as parse } from "@optique/run";
import config from "../deno.json" with { type: "json" };
import { Failure, ownIo, wishToStop } from "./io.ts";
import { agentOptions } from "./parser_agent.ts";

const io = ownIo(wishToStop());
const act = parse(agentOptions, {
  programName: "conform-agent",
  brief: message`Serves a target of this machine to runners elsewhere.`,
  help: "option",
  version: config.version,
  showDefault: true,
  aboveError: "none",
  errorExitCode: 2,
  colors: io.colours,
});
try {
  Deno.exit(await act(io));
} catch (error) {
  if (!(error instanceof Failure)) throw error;
  io.err(`${error.message}\n${error.hint === undefined ? "" : `${error.hint}\n`}`);
  Deno.exit(error.status);
}
