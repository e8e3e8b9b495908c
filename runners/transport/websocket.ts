/**
 * Messages over a WebSocket: each text frame holds one message or several, one per line.
 *
 * @module
 */
import { within } from "../deadline.ts";
import { ConnectError, FramingError, LostError } from "../protocol/errors.ts";
import { MESSAGE_BYTES, tooLong } from "../protocol/lines.ts";
import type { Connection, Listener } from "./connection.ts";

/** How to reach an agent. */
export interface WebSocketOptions {
  /** The token that the agent demands. */
  readonly token?: string | undefined;
  /** Certificates, in PEM, that may have signed that of the agent, beside those that everyone trusts. */
  readonly caCerts?: readonly string[] | undefined;
  /** The longest message to take, in bytes. */
  readonly messageBytes?: number | undefined;
  /** How long the agent may take to let us in, in milliseconds; 5 seconds unless said otherwise. */
  readonly connectMs?: number | undefined;
}

/** How long the other side may take to agree to a close, in milliseconds. */
const CLOSE_MS = 500;

/** What the state of an HTTP answer means that came in place of a WebSocket, and what to do. */
const REFUSALS: ReadonlyMap<string, readonly [string, string]> = new Map([
  ["401", ["it demands another token", "Give the token in the file that CONFORM_AGENT_TOKEN_FILE names"]],
  ["403", [
    "it does not let this caller in",
    "Call it by the address that it prints, and not from a browser",
  ]],
  ["404", ["there is nothing at this path", "Give the address that the agent prints"]],
  ["429", ["there were too many wrong tokens", "Wait a minute and mend the token"]],
  ["503", ["it has as many sessions as it takes", "Use fewer jobs, or allow more with --sessions"]],
]);

/**
 * Connects to an agent.
 *
 * @param address where it listens, as in `ws://127.0.0.1:8018`
 * @param options how to reach it
 * @throws {ConnectError} if it does not listen or does not let us in
 */
export async function connectWebSocket(address: string, options: WebSocketOptions = {}): Promise<Connection> {
  const { token, caCerts, connectMs = 5000 } = options;
  const client = caCerts && Deno.createHttpClient({ caCerts: [...caCerts] });
  const headers = token === undefined ? undefined : { authorization: `Bearer ${token}` };
  const socket = socketTo(address, {
    ...(headers === undefined ? {} : { headers }),
    ...(client === undefined ? {} : { client }),
  });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  socket.onopen = () => resolve();
  socket.onerror = (event) =>
    reject(refusal(address, event instanceof ErrorEvent ? event.message : "", event));
  socket.onclose = () => reject(refusal(address, "", undefined));
  const opened = await within(promise, connectMs);
  if (opened.kind === "value") return socketConnection(socket, address, { ...options, client });
  socket.onerror = null;
  await closed(socket);
  client?.close();
  if (opened.kind === "rejected") throw opened.error;
  throw new ConnectError(
    `${address} did not let us in within ${connectMs} ms`,
    "Look whether the agent there still runs",
  );
}

function socketTo(address: string, options: WebSocketOptionsOfDeno): WebSocket {
  try {
    return new WebSocket(address, options);
  } catch (error) {
    throw new ConnectError(
      `"${address}" is no address of an agent`,
      "Give one such as ws://127.0.0.1:8018",
      error,
    );
  }
}

type WebSocketOptionsOfDeno = NonNullable<
  Exclude<ConstructorParameters<typeof WebSocket>[1], string | string[]>
>;

function refusal(address: string, message: string, cause: unknown): ConnectError {
  const [, status = ""] = /status code: (\d+)/.exec(message) ?? [];
  const [why, hint] = REFUSALS.get(status) ?? [
    message.replace(/^.*failed to connect to WebSocket: /, "") || "the connection ended",
    hintFor(message),
  ];
  return new ConnectError(`Cannot connect to ${address}: ${why}`, hint, cause);
}

function hintFor(message: string): string {
  if (message.includes("UnknownIssuer")) return "Name the agent's certificate in CONFORM_AGENT_CA";
  if (message.includes("certificate")) return "Call the agent by a name that its certificate has";
  return "Start it there with: conform agent";
}

/** How a socket is used as a connection. */
export interface SocketOptions {
  /** The longest message to take, in bytes. */
  readonly messageBytes?: number | undefined;
  /** To be closed with the connection. */
  readonly client?: Deno.HttpClient | undefined;
}

/**
 * A connection over a WebSocket that is open or about to be, of either side.
 *
 * @param socket the socket; it is taken and closed
 * @param peer where it leads
 * @param options how it is used
 */
export function socketConnection(socket: WebSocket, peer: string, options: SocketOptions = {}): Connection {
  return new SocketConnection(socket, peer, options);
}

class SocketConnection implements Connection {
  readonly peer: string;
  readonly #socket: WebSocket;
  readonly #limit: number;
  readonly #client: Deno.HttpClient | undefined;
  #listener: Listener | undefined;
  #early: string[] = [];
  #ended: FramingError | LostError | undefined;
  #closing: Promise<void> | undefined;

  constructor(socket: WebSocket, peer: string, { messageBytes = MESSAGE_BYTES, client }: SocketOptions) {
    this.peer = peer;
    this.#socket = socket;
    this.#limit = messageBytes;
    this.#client = client;
    socket.onmessage = ({ data }) => this.#take(data);
    socket.onerror = (event) => this.#end(this.#lost(event instanceof ErrorEvent ? event.message : ""));
    socket.onclose = ({ reason }) => this.#end(this.#lost(reason));
  }

  listen(listener: Listener): void {
    this.#listener = listener;
    const early = this.#early;
    this.#early = [];
    for (const data of early) this.#take(data);
    const ended = this.#ended;
    if (ended) this.#end(ended);
  }

  send(messages: readonly string[]): void {
    if (messages.length === 0 || this.#socket.readyState !== WebSocket.OPEN) return;
    this.#socket.send(messages.join("\n"));
  }

  close(): Promise<void> {
    this.#listener = undefined;
    this.#closing ??= this.#release();
    return this.#closing;
  }

  async #release(): Promise<void> {
    await closed(this.#socket);
    this.#client?.close();
  }

  #take(data: unknown): void {
    if (!this.#listener) {
      if (typeof data === "string") this.#early.push(data);
      return;
    }
    if (typeof data !== "string") {
      return this.#end(new FramingError("A frame holds bytes", "Send messages as text frames"));
    }
    const messages = data.split("\n").filter((line) => line.trim() !== "");
    if (messages.some((message) => message.length > this.#limit)) return this.#end(tooLong(this.#limit));
    this.#listener.messages(messages);
  }

  #lost(why: string): LostError {
    const reason = why === "" ? "" : `: ${why}`;
    return new LostError(
      `The connection to ${this.peer} ended${reason}`,
      "Look at what the other side wrote before it ended",
    );
  }

  #end(reason: FramingError | LostError): void {
    this.#ended ??= reason;
    const listener = this.#listener;
    this.#listener = undefined;
    listener?.closed(this.#ended);
  }
}

/** Closes a socket; one that does not agree to that is left to the runtime. */
async function closed(socket: WebSocket): Promise<void> {
  if (socket.readyState === WebSocket.CLOSED) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  socket.onclose = () => resolve();
  try {
    socket.close();
  } catch {
    // It is not open yet; the close comes when it is.
  }
  await within(promise, CLOSE_MS);
}
