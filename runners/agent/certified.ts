/**
 * An agent that lets in whoever shows a certificate.
 *
 * Deno's own server cannot ask a caller for one, so this one listens with that of Node; all else is the same.
 *
 * @module
 */
import { createServer } from "node:https";
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { TLSSocket } from "node:tls";
// @ts-types="../transport/ws.d.ts"
import { type WebSocket, WebSocketServer } from "ws";
import { acceptClient, FRAME_MESSAGES } from "../transport/websocket.ts";
import { addressOf } from "./address.ts";
import { type Caller, doorkeeper, refuseExposure, WrongTokens } from "./door.ts";
import { Lobby } from "./lobby.ts";
import type { Agent, AgentOptions } from "./server.ts";

/** An agent with certificates on both sides. */
export interface CertifiedAgentOptions extends AgentOptions {
  /** Its own certificate and key, and that which must have signed those of callers, all in PEM. */
  readonly tls: { readonly cert: string; readonly key: string; readonly clientCa: string };
}

/** How often a caller is asked for a sign of life, in milliseconds; one that gives none is taken for gone. */
const PING_MS = 10_000;

/**
 * Listens for callers with certificates; tokens are demanded as well where they are given.
 *
 * @param options where, and whom to let in
 * @throws {ExposureError} if it must not listen there
 */
export async function startCertifiedAgent(options: CertifiedAgentOptions): Promise<Agent> {
  const { host = "127.0.0.1", port = 0, tls, tokens } = options;
  refuseExposure(host, { tls, callers: tls.clientCa });
  const lobby = new Lobby(options);
  const wrong = new WrongTokens(lobby.limits.wrongTokens);
  const { messageBytes } = lobby.limits;
  const sockets = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    maxPayload: FRAME_MESSAGES * messageBytes,
  });
  const server = createServer({
    cert: tls.cert,
    key: tls.key,
    ca: tls.clientCa,
    requestCert: true,
    rejectUnauthorized: true,
  });
  const decide = (request: IncomingMessage) => {
    const caller = callerOf(request, host);
    const door = doorkeeper(caller, tokens, lobby, wrong);
    if (door.kind === "closed") options.log?.(`turned away ${caller.from}: ${door.why}`);
    return { caller, door };
  };
  server.on("request", (request, response) => {
    const { door } = decide(request);
    const { status, why } = door.kind === "closed" ? door : { status: 426, why: "this speaks WebSocket" };
    response.writeHead(status, { connection: "close" }).end(`${why}\n`);
  });
  server.on("upgrade", (request, socket, head) => {
    const { caller, door } = decide(request);
    if (door.kind === "closed") return turnAway(socket, door.status, door.why);
    sockets.handleUpgrade(request, socket, head, (client) => {
      watch(client);
      lobby.admit(acceptClient(client, caller.from, messageBytes), door.who, caller.from);
    });
  });
  server.on("tlsClientError", (error) => options.log?.(`turned away a caller: ${error.message}`));
  const bound = await listening(server, host, port);
  return {
    address: addressOf("wss", host, bound),
    async close() {
      await lobby.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function listening(server: ReturnType<typeof createServer>, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      const address = server.address();
      resolve(typeof address === "object" && address !== null ? address.port : port);
    });
  });
}

function callerOf({ socket, headers }: IncomingMessage, host: string): Caller {
  const address = socket.remoteAddress ?? "unknown";
  return {
    from: `${address}:${socket.remotePort ?? 0}`,
    address,
    host,
    headers: new Headers(
      Object.entries(headers).flatMap(([name, value]) => typeof value === "string" ? [[name, value]] : []),
    ),
    certificate: socket instanceof TLSSocket ? nameOf(socket) : undefined,
  };
}

/** Whom a certificate names, in quotes because whoever asked for it chose the name, and which one it is. */
function nameOf(socket: TLSSocket): string {
  const { subject, fingerprint256 } = socket.getPeerCertificate();
  const { CN: name } = subject;
  return `certificate ${JSON.stringify(name ?? "")} ${fingerprint256}`;
}

function turnAway(socket: Duplex, status: number, why: string): void {
  const head = [`HTTP/1.1 ${status} Refused`, "connection: close", `content-length: ${why.length + 1}`];
  socket.end(`${head.join("\r\n")}\r\n\r\n${why}\n`);
}

/** Ends a connection of whose other side nothing is heard. */
function watch(client: WebSocket): void {
  let alive: "yes" | "asked" = "yes";
  const timer = setInterval(() => {
    if (alive === "asked") return client.terminate();
    alive = "asked";
    client.ping();
  }, PING_MS);
  client.on("pong", () => alive = "yes");
  client.on("close", () => clearInterval(timer));
}
