/**
 * An agent that listens for WebSockets.
 *
 * @module
 */
import { type Context, Hono } from "hono";
import { addressOf, hostOf, isLoopback } from "./address.ts";
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

/** An agent would be open to others than it should. */
export class ExposureError extends Error {
  /** What to do about it; a sentence without a final period. */
  readonly hint: string;

  /** Makes an error of what is wrong and what to do. */
  constructor(message: string, hint: string) {
    super(message);
    this.name = "ExposureError";
    this.hint = hint;
  }
}

/**
 * Listens for callers.
 *
 * @param options where, and whom to let in
 * @throws {ExposureError} if it would listen off this machine without TLS or without a token
 */
export function startAgent(options: AgentOptions): Agent {
  const { host = "127.0.0.1", port = 0, tls, tokens } = options;
  refuseExposure(host, options);
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

function refuseExposure(host: string, { tls, tokens }: AgentOptions): void {
  if (isLoopback(host)) return;
  const missing = [
    ...(tls === undefined ? ["a certificate (--tls-cert, --tls-key)"] : []),
    ...(tokens === undefined ? ["a token (--token-file)"] : []),
  ];
  if (missing.length === 0) return;
  throw new ExposureError(
    `Others than this machine could run cases here as this user: "${host}" needs ${missing.join(" and ")}`,
    "Give both, or listen on 127.0.0.1 and let ssh -L bring the runner here",
  );
}

/** Who calls, as far as the request says. */
interface Caller {
  /** The address from which the connection comes. */
  readonly from: string;
  readonly address: string;
  /** The host that the agent listens on. */
  readonly host: string;
  readonly headers: Headers;
}

function callerOf(context: Context): Omit<Caller, "host"> {
  const { from } = context.env ?? {};
  const address = isNetAddr(from) ? from.hostname : "unknown";
  const port = isNetAddr(from) ? from.port : 0;
  return { from: `${address}:${port}`, address, headers: context.req.raw.headers };
}

function isNetAddr(value: unknown): value is Deno.NetAddr {
  return typeof value === "object" && value !== null && "hostname" in value && "port" in value;
}

/** What the doorkeeper says. */
type Door =
  | { readonly kind: "open"; readonly who: string }
  | { readonly kind: "closed"; readonly status: 401 | 403 | 426 | 429 | 503; readonly why: string };

function doorkeeper(caller: Caller, tokens: Tokens | undefined, lobby: Lobby, wrong: WrongTokens): Door {
  const { headers, address, host } = caller;
  if (headers.has("origin")) return { kind: "closed", status: 403, why: "browsers are not let in" };
  if (isLoopback(host) && !isLoopback(hostOf(headers.get("host") ?? ""))) {
    return { kind: "closed", status: 403, why: "it was called by a name that is not this machine's" };
  }
  if (wrong.isTooMany(address)) return { kind: "closed", status: 429, why: "too many wrong tokens" };
  const who = tokens === undefined ? "anyone" : tokens.ownerOf(bearer(headers));
  if (who === undefined) {
    wrong.count(address);
    return { kind: "closed", status: 401, why: "the token is wrong or missing" };
  }
  if (headers.get("upgrade")?.toLowerCase() !== "websocket") {
    return {
      kind: "closed",
      status: 426,
      why: "this is the agent of a conformance suite; it speaks WebSocket",
    };
  }
  if (!lobby.hasRoomForWaiting) {
    return { kind: "closed", status: 503, why: "there is no room for more callers" };
  }
  return { kind: "open", who };
}

function bearer(headers: Headers): string {
  return /^Bearer (\S+)$/.exec(headers.get("authorization") ?? "")?.[1] ?? "";
}

/** Counts wrong tokens of each address within a minute. */
class WrongTokens {
  readonly #most: number;
  #counts = new Map<string, number>();
  #begin = performance.now();

  constructor(most: number) {
    this.#most = most;
  }

  isTooMany(address: string): boolean {
    if (performance.now() - this.#begin >= 60_000) {
      this.#begin = performance.now();
      this.#counts = new Map();
    }
    return (this.#counts.get(address) ?? 0) >= this.#most;
  }

  count(address: string): void {
    this.#counts.set(address, (this.#counts.get(address) ?? 0) + 1);
  }
}
