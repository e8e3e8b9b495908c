/**
 * `conform agent`: serves a target of this machine to runners elsewhere.
 *
 * @module
 */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { startCertifiedAgent } from "../../runners/agent/certified.ts";
import { ExposureError } from "../../runners/agent/door.ts";
import { startAgent } from "../../runners/agent/server.ts";
import type { LobbyOptions } from "../../runners/agent/lobby.ts";
import { dropPermissions } from "../../runners/agent/permissions.ts";
import { serveTarget } from "../../runners/agent/serve_target.ts";
import { readTokens, TokenFileError } from "../../runners/agent/tokens.ts";
import { workerOf } from "../../runners/agent/worker.ts";
import { messageOf } from "../../spec/message_of.ts";
import { openTarget, parseTarget, TargetNameError } from "../../runners/open.ts";
import { ownStdio } from "../../runners/transport/stdio.ts";
import { Failure, type Io } from "../io.ts";

/** What `conform agent` is given. */
export interface AgentArguments {
  readonly target: string;
  readonly host: string;
  readonly port: number;
  readonly tokenFile?: string | undefined;
  readonly tlsCert?: string | undefined;
  readonly tlsKey?: string | undefined;
  readonly clientCa?: string | undefined;
  readonly stdio: boolean;
  readonly describeOnly: boolean;
  readonly sessions?: number | undefined;
}

/** Carries out `conform agent` until it is told to stop, and gives the exit status. */
export async function agent(args: AgentArguments, io: Io): Promise<number> {
  try {
    if (args.stdio) return await overStdio(args);
    parseTarget(args.target);
    return await overWebSocket(args, io);
  } catch (error) {
    if (
      error instanceof TargetNameError || error instanceof TokenFileError || error instanceof ExposureError
    ) {
      throw new Failure(2, error.message, error.hint, error);
    }
    throw error;
  }
}

/** Serves the target right here: this is what a worker does. */
async function overStdio({ target }: AgentArguments): Promise<number> {
  const { kind } = parseTarget(target);
  const observations = kind === "sim" ? "together" : "each";
  await serveTarget(openTarget(target)(), ownStdio(), { observations });
  return 0;
}

async function overWebSocket(args: AgentArguments, io: Io): Promise<number> {
  const { host, port, tokenFile, clientCa } = args;
  const tls = tlsOf(args);
  const options = {
    ...lobbyOptions(args, io),
    host,
    port,
    tokens: tokenFile === undefined ? undefined : readTokens(tokenFile),
  };
  if (clientCa !== undefined && tls === undefined) {
    throw new Failure(
      2,
      "Certificates of callers need one of the agent",
      "Give --tls-cert and --tls-key too",
    );
  }
  const running = await listening(
    () =>
      tls && clientCa !== undefined
        ? startCertifiedAgent({ ...options, tls: { ...tls, clientCa: read(clientCa) } })
        : startAgent({ ...options, tls }),
    args,
  );
  io.out(`${running.address}\n`);
  const address = calledBy(running.address);
  io.err(`Serving ${args.target}. Run cases on it with: conform run --target agent:${address}\n`);
  await dropPermissions();
  await aborted(io.signal);
  await running.close();
  return 0;
}

/** The address to call: where an agent listens on all of a machine's addresses, the name of the machine stands for them. */
function calledBy(address: string): string {
  return address.replace(/\/\/(0\.0\.0\.0|\[::\]):/, () => `//${Deno.hostname()}:`);
}

async function listening<T>(
  start: () => T | Promise<T>,
  { host, port, tlsCert }: AgentArguments,
): Promise<T> {
  try {
    return await start();
  } catch (error) {
    if (error instanceof ExposureError || error instanceof Failure || error instanceof TokenFileError) {
      throw error;
    }
    throw new Failure(
      3,
      `Cannot listen on ${host}:${port}: ${messageOf(error)}`,
      tlsCert === undefined
        ? "Give another --port"
        : "Give another --port, or look at --tls-cert and --tls-key",
      error,
    );
  }
}

function lobbyOptions({ target, describeOnly, sessions }: AgentArguments, io: Io): LobbyOptions {
  return {
    startWorker: workerOf(target, entry()),
    spare: "one",
    mode: describeOnly ? "describe" : "run",
    limits: sessions === undefined ? {} : { sessions },
    log: (text) => io.err(`${new Date().toISOString()} ${text}\n`),
  };
}

/** The program that a worker runs: this one, or, in a bundle, the bundle. */
function entry(): string {
  const here = new URL(import.meta.url);
  const there = here.pathname.endsWith("/cli/commands/agent.ts") ? new URL("../agent_main.ts", here) : here;
  return fileURLToPath(there);
}

function tlsOf({ tlsCert, tlsKey }: AgentArguments): { cert: string; key: string } | undefined {
  if (tlsCert === undefined && tlsKey === undefined) return undefined;
  if (tlsCert === undefined || tlsKey === undefined) {
    throw new Failure(2, "A certificate and its key belong together", "Give both --tls-cert and --tls-key");
  }
  return { cert: read(tlsCert), key: read(tlsKey) };
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new Failure(2, `Cannot read "${path}": ${messageOf(error)}`, "Name a file in PEM", error);
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}
