/**
 * Messages over a WebSocket to an agent: each text frame holds one message or several, one per line.
 *
 * The client of the package `ws` is used and not that of Deno, which waits for an acknowledgement of the other side,
 * 40 ms, in the middle of each frame of more than a kilobyte.
 *
 * @module
 */
// @ts-types="./ws.d.ts"
import { WebSocket as Client } from "ws";
import { within } from "../deadline.ts";
import { ConnectError, FramingError, LostError } from "../protocol/errors.ts";
import { MESSAGE_BYTES, tooLong } from "../protocol/lines.ts";
import type { Connection, Listener } from "./connection.ts";

/** How to reach an agent. */
export interface WebSocketOptions {
  /** The token that the agent demands. */
  readonly token?: string | undefined;
  /** Certificates, in PEM, that may have signed that of the agent, in place of those that everyone trusts. */
  readonly caCerts?: readonly string[] | undefined;
  /** A certificate and its key, in PEM, by which the agent knows the caller. */
  readonly own?: { readonly cert: string; readonly key: string } | undefined;
  /** The longest frame to take, in bytes. */
  readonly messageBytes?: number | undefined;
  /** How long the agent may take to let us in, in milliseconds; 5 seconds unless said otherwise. */
  readonly connectMs?: number | undefined;
}

/** How long the other side may take to agree to a close, in milliseconds. */
const CLOSE_MS = 500;

/** What an HTTP status means that came in place of a WebSocket, and what to do. */
const REFUSALS: ReadonlyMap<number, readonly [string, string]> = new Map([
  [401, ["it demands another token", "Give the token in the file that CONFORM_AGENT_TOKEN_FILE names"]],
  [403, ["it does not let this caller in", "Call it by the address that it prints, and not from a browser"]],
  [404, ["there is nothing at this path", "Give the address that the agent prints"]],
  [429, ["there were too many wrong tokens", "Wait a minute and mend the token"]],
  [503, ["it has as many callers as it takes", "Use fewer jobs, or allow more with --sessions"]],
]);

/**
 * Connects to an agent.
 *
 * @param address where it listens, as in `ws://127.0.0.1:8018`
 * @param options how to reach it
 * @throws {ConnectError} if it does not listen or does not let us in
 */
export async function connectWebSocket(address: string, options: WebSocketOptions = {}): Promise<Connection> {
  const { token, caCerts, own, connectMs = 5000, messageBytes = MESSAGE_BYTES } = options;
  const client = clientOf(address, {
    perMessageDeflate: false,
    maxPayload: FRAME_MESSAGES * messageBytes,
    ...(token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } }),
    ...(caCerts === undefined ? {} : { ca: caCerts }),
    ...own,
  });
  const connection = new ClientConnection(client, address, messageBytes);
  const opened = await within(connection.opened, connectMs);
  if (opened.kind === "value") return connection;
  await connection.close();
  if (opened.kind === "rejected") throw opened.error;
  throw new ConnectError(
    `${address} did not let us in within ${connectMs} ms`,
    "Look whether the agent there still runs",
  );
}

/** A frame may hold several messages; so many of the longest. */
export const FRAME_MESSAGES = 4;

/**
 * A connection over a WebSocket that a server has taken.
 *
 * @param client the socket; it is taken and closed
 * @param peer where it leads
 * @param messageBytes the longest message to take
 */
export function acceptClient(client: Client, peer: string, messageBytes: number): Connection {
  return new ClientConnection(client, peer, messageBytes);
}

function clientOf(address: string, options: ConstructorParameters<typeof Client>[1]): Client {
  try {
    return new Client(address, options);
  } catch (error) {
    throw new ConnectError(
      `"${address}" is no address of an agent`,
      "Give one such as ws://127.0.0.1:8018",
      error,
    );
  }
}

class ClientConnection implements Connection {
  readonly peer: string;
  /** Resolves when the other side has let us in. */
  readonly opened: Promise<void>;
  readonly #client: Client;
  readonly #limit: number;
  readonly #gone = Promise.withResolvers<void>();
  #listener: Listener | undefined;
  #early: string[] = [];
  #ended: FramingError | LostError | undefined;
  #closing: Promise<void> | undefined;

  constructor(client: Client, peer: string, limit: number) {
    this.peer = peer;
    this.#client = client;
    this.#limit = limit;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.opened = promise;
    if (client.readyState === Client.OPEN) resolve();
    client.on("open", () => resolve());
    client.on("unexpected-response", (_request, response) => {
      response.resume();
      reject(refusal(peer, response.statusCode ?? 0));
      client.terminate();
    });
    client.on("error", (error) => {
      reject(unreachable(peer, error));
      this.#end(
        error.message.includes("payload size") ? tooLong(this.#limit) : this.#lost(error.message),
      );
    });
    client.on("message", (data, isBinary) => this.#take(isBinary ? undefined : data.toString()));
    client.on("close", (_code, reason) => {
      reject(unreachable(peer, new Error("the connection ended")));
      this.#gone.resolve();
      this.#end(this.#lost(reason.toString()));
    });
  }

  listen(listener: Listener): void {
    this.#listener = listener;
    const early = this.#early;
    this.#early = [];
    for (const data of early) this.#take(data);
    if (this.#ended) this.#end(this.#ended);
  }

  send(messages: readonly string[]): void {
    if (messages.length === 0 || this.#client.readyState !== Client.OPEN) return;
    this.#client.send(messages.join("\n"));
  }

  close(): Promise<void> {
    this.#listener = undefined;
    this.#closing ??= this.#release();
    return this.#closing;
  }

  async #release(): Promise<void> {
    if (this.#client.readyState === Client.OPEN) this.#client.close();
    else this.#client.terminate();
    const agreed = await within(this.#gone.promise, CLOSE_MS);
    if (agreed.kind !== "silent") return;
    this.#client.terminate();
    await within(this.#gone.promise, CLOSE_MS);
  }

  #take(text: string | undefined): void {
    if (text === undefined) {
      return this.#end(new FramingError("A frame holds bytes", "Send messages as text frames"));
    }
    if (!this.#listener) {
      if (!this.#ended) this.#early.push(text);
      return;
    }
    const messages = messagesIn(text, this.#limit);
    if (messages) this.#listener.messages(messages);
    else this.#end(tooLong(this.#limit));
  }

  #lost(why: string): LostError {
    return lost(this.peer, why);
  }

  #end(reason: FramingError | LostError): void {
    this.#ended ??= reason;
    const listener = this.#listener;
    this.#listener = undefined;
    listener?.closed(this.#ended);
  }
}

/** The messages in a frame, or `undefined` where one is too long. */
export function messagesIn(frame: string, limit: number): readonly string[] | undefined {
  const messages = frame.split("\n").filter((line) => line.trim() !== "");
  return messages.some((message) => message.length > limit) ? undefined : messages;
}

/** The end of a connection over a WebSocket. */
export function lost(peer: string, why: string): LostError {
  const reason = why === "" ? "" : `: ${why}`;
  return new LostError(
    `The connection to ${peer} ended${reason}`,
    "Look at what the other side wrote before it ended",
  );
}

function refusal(address: string, status: number): ConnectError {
  const [why, hint] = REFUSALS.get(status) ??
    [`there is no agent: it answered with status ${status}`, "Give the address that the agent prints"];
  return new ConnectError(`Cannot connect to ${address}: ${why}`, hint);
}

function unreachable(address: string, error: Error): ConnectError {
  const { message } = error;
  return new ConnectError(
    `Cannot connect to ${address}: ${message || "it cannot be reached"}`,
    hintFor(address, message),
    error,
  );
}

function hintFor(address: string, message: string): string {
  /* what answers is no HTTP, or no TLS: most often the other one of the two */
  if (/Parse Error/.test(message)) return "If the agent has a certificate, write wss:// in place of ws://";
  if (address.startsWith("wss:") && /wrong.version|InvalidContentType|corrupt/i.test(message)) {
    return "If the agent has no certificate, write ws:// in place of wss://";
  }
  if (address.startsWith("wss:") && /hang up/.test(message)) {
    return "If CONFORM_AGENT_CERT names a certificate, the agent must know who signed it, and it must be of X.509 version 3";
  }
  if (/certificate.?required|no certificates/i.test(message)) {
    return "Name your own certificate in CONFORM_AGENT_CERT and its key in CONFORM_AGENT_KEY";
  }
  if (/self.signed|issuer/i.test(message)) return "Name the agent's certificate in CONFORM_AGENT_CA";
  if (/certificate|altname/i.test(message)) return "Call the agent by a name that its certificate has";
  return "Start it there with: conform agent";
}
