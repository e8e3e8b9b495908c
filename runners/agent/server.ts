/**
 * An agent that listens for WebSockets.
 *
 * @module
 */
import { type Context, Hono } from "hono";
import { addressOf } from "./address.ts";
import { type Caller, doorkeeper, refuseExposure, WrongTokens } from "./door.ts";
import { Lobby, type LobbyOptions } from "./lobby.ts";
import { acceptSocket } from "./socket.ts";
import type { Tokens } from "./tokens.ts";

/** Where an agent listens, and whom it lets in. */
export interface AgentOptions extends LobbyOptions {
  /** The host to listen on; `127.0.0.1` unless said otherwise. */
  readonly host?: string | undefined;
  /** The port; a free one unless said otherwise. */
  readonly port?: number | undefined;
  /** Who may call. Off this machine it must be said. */
  readonly tokens?: Tokens | undefined;
  /** Certificate and key, in PEM. Off this machine they must be there. */
  readonly tls?: { readonly cert: string; readonly key: string } | undefined;
}

/** An agent that listens. */
export interface Agent {
  /** Where, as in `ws://127.0.0.1:8018`. */
  readonly address: string;
  /** Ends all sessions and listens no more. */
  close(): Promise<void>;
}

/**
 * Listens for callers. Certificates of callers need `startCertifiedAgent()`.
 *
 * @param options where, and whom to let in
 * @throws {ExposureError} if it would listen off this machine without TLS or without a token
 */
export function startAgent(options: AgentOptions): Agent {
  const { host = "127.0.0.1", port = 0, tls, tokens } = options;
  refuseExposure(host, { tls, callers: tokens });
  const lobby = new Lobby(options);
  const app = new Hono();
  app.get("/", (context) => {
    const caller = { ...callerOf(context), host };
    const door = doorkeeper(caller, tokens, lobby, wrong);
    if (door.kind === "closed") {
      options.log?.(`turned away ${caller.from}: ${door.why}`);
      return context.text(`${door.why}\n`, door.status);
    }
    const { socket, response } = Deno.upgradeWebSocket(context.req.raw, { idleTimeout: IDLE_SECONDS });
    const connection = acceptSocket(socket, caller.from, lobby.limits.messageBytes);
    lobby.admit(connection, door.who, caller.from);
    return response;
  });
  const wrong = new WrongTokens(lobby.limits.wrongTokens);
  const server = Deno.serve({
    hostname: host,
    port,
    ...(tls === undefined ? {} : { cert: tls.cert, key: tls.key }),
    onListen() {},
  }, (request, { remoteAddr }) => app.fetch(request, { from: remoteAddr }));
  return {
    address: addressOf(tls === undefined ? "ws" : "wss", host, server.addr.port),
    async close() {
      await lobby.close();
      await server.shutdown();
    },
  };
}

/** After so many seconds without a sign of life a caller is taken for gone. */
const IDLE_SECONDS = 10;

function callerOf(context: Context): Omit<Caller, "host"> {
  const { from } = context.env ?? {};
  const address = isNetAddr(from) ? from.hostname : "unknown";
  const port = isNetAddr(from) ? from.port : 0;
  return { from: `${address}:${port}`, address, headers: context.req.raw.headers };
}

function isNetAddr(value: unknown): value is Deno.NetAddr {
  return typeof value === "object" && value !== null && "hostname" in value && "port" in value;
}
