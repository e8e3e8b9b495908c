/**
 * The agent's end of a WebSocket.
 *
 * @module
 */
import { within } from "../deadline.ts";
import { FramingError, type LostError } from "../protocol/errors.ts";
import { tooLong } from "../protocol/lines.ts";
import type { Connection, Listener } from "../transport/connection.ts";
import { lost, messagesIn } from "../transport/websocket.ts";

/** How long a caller may take to agree to a close, in milliseconds. */
const CLOSE_MS = 500;

/**
 * A connection over a WebSocket that is about to be open.
 *
 * @param socket the socket; it is taken and closed
 * @param peer where it leads
 * @param messageBytes the longest message to take
 */
export function acceptSocket(socket: WebSocket, peer: string, messageBytes: number): Connection {
  return new SocketConnection(socket, peer, messageBytes);
}

class SocketConnection implements Connection {
  readonly peer: string;
  readonly #socket: WebSocket;
  readonly #limit: number;
  readonly #gone = Promise.withResolvers<void>();
  #listener: Listener | undefined;
  #closing: Promise<void> | undefined;

  constructor(socket: WebSocket, peer: string, limit: number) {
    this.peer = peer;
    this.#socket = socket;
    this.#limit = limit;
    socket.onmessage = ({ data }) => this.#take(data);
    socket.onerror = (event) => {
      const message = event instanceof ErrorEvent ? event.message : "";
      this.#end(message.includes("too large") ? tooLong(this.#limit) : lost(this.peer, message));
    };
    socket.onclose = ({ reason }) => {
      this.#gone.resolve();
      this.#end(lost(this.peer, reason));
    };
  }

  listen(listener: Listener): void {
    this.#listener = listener;
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
    if (this.#socket.readyState === WebSocket.CLOSED) return;
    try {
      this.#socket.close();
    } catch {
      // It is not open yet; the runtime closes it with the request.
    }
    await within(this.#gone.promise, CLOSE_MS);
  }

  #take(data: unknown): void {
    if (typeof data !== "string") {
      return this.#end(new FramingError("A frame holds bytes", "Send messages as text frames"));
    }
    const messages = messagesIn(data, this.#limit);
    if (messages) this.#listener?.messages(messages);
    else this.#end(tooLong(this.#limit));
  }

  #end(reason: FramingError | LostError): void {
    const listener = this.#listener;
    this.#listener = undefined;
    listener?.closed(reason);
  }
}
