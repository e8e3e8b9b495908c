/**
 * Names of targets that are reached by the protocol: `agent:<address>` and `stdio:<command>`.
 *
 * What opens an agent beside its address is not in the name, which is written into records, but in the environment:
 * `CONFORM_AGENT_TOKEN_FILE` names a file with the token, `CONFORM_AGENT_CA` one with certificates to trust in PEM,
 * `CONFORM_AGENT_CERT` and `CONFORM_AGENT_KEY` name the caller's own certificate and its key.
 *
 * @module
 */
import { readFileSync } from "node:fs";
import config from "../../deno.json" with { type: "json" };
import { readToken, TokenFileError } from "../agent/tokens.ts";
import { ConnectError } from "../protocol/errors.ts";
import { type Connect, type Identity, remoteTarget } from "./target.ts";
import type { Target } from "../target.ts";
import { connectShell } from "../transport/stdio.ts";
import { connectWebSocket } from "../transport/websocket.ts";

/** What the name of a remote target stands for. */
export interface RemoteName {
  /** The whole name. */
  readonly id: string;
  /** How to reach it. */
  readonly kind: "agent" | "stdio";
  /** The address of an agent, or a command. */
  readonly where: string;
}

/** A name of a remote target that cannot be used. */
export interface BadRemoteName {
  /** What is wrong. */
  readonly message: string;
  /** What to do about it. */
  readonly hint: string;
}

/** Reads the name of a remote target; `undefined` if it is the name of another kind of target. */
export function parseRemote(name: string): RemoteName | BadRemoteName | undefined {
  const [, kind, where = ""] = /^(agent|stdio)(?::(.*))?$/s.exec(name) ?? [];
  if (kind === "stdio") {
    if (where.trim() !== "") return { id: name, kind, where };
    return { message: "The target has no command", hint: 'Write it as "stdio:python3 testee.py"' };
  }
  if (kind !== "agent") return undefined;
  const url = URL.canParse(where) ? new URL(where) : undefined;
  if (url && (url.protocol === "ws:" || url.protocol === "wss:")) return { id: name, kind, where };
  return {
    message: `"${where}" is no address of an agent`,
    hint: "Write the target as agent:ws://127.0.0.1:8018, with the address that conform agent prints",
  };
}

/** What the suite calls itself; an agent writes it into its log. */
const SUITE = { name: "dmabuf-conform", version: config.version };

/** What opens a remote target; all that it opens must turn out to be the same one. */
export function openRemote(name: RemoteName): () => Target {
  const identity: Identity = {};
  const connect = connectTo(name);
  return () => remoteTarget(name.id, connect, { identity, suite: SUITE });
}

function connectTo({ kind, where }: RemoteName): Connect {
  if (kind === "stdio") return () => connectShell(where);
  return () =>
    connectWebSocket(where, {
      token: fromFile("CONFORM_AGENT_TOKEN_FILE", readToken),
      caCerts: fromFile("CONFORM_AGENT_CA", (path) => [readText(path)]),
      own: ownCertificate(),
    });
}

function ownCertificate(): { readonly cert: string; readonly key: string } | undefined {
  const [cert, key] = [fromFile("CONFORM_AGENT_CERT", readText), fromFile("CONFORM_AGENT_KEY", readText)];
  if (cert === undefined && key === undefined) return undefined;
  if (cert !== undefined && key !== undefined) return { cert, key };
  throw new ConnectError(
    "A certificate and its key belong together",
    "Give both CONFORM_AGENT_CERT and CONFORM_AGENT_KEY",
  );
}

function readText(path: string): string {
  return readFileSync(path, "utf8");
}

/** What is in the file that a variable of the environment names. */
function fromFile<T>(variable: string, read: (path: string) => T): T | undefined {
  const path = Deno.env.get(variable);
  if (path === undefined || path === "") return undefined;
  try {
    return read(path);
  } catch (error) {
    if (error instanceof TokenFileError) throw new ConnectError(error.message, error.hint, error);
    throw new ConnectError(`Cannot read "${path}"`, `${variable} must name a file`, error);
  }
}
