/**
 * The part of the package `ws` that is used here.
 *
 * @module
 */
import type { Buffer } from "node:buffer";
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";

/** A WebSocket of a client, or one that a server has taken. */
export class WebSocket {
  constructor(address: string, options: {
    readonly headers?: Readonly<Record<string, string>>;
    readonly ca?: readonly string[];
    readonly cert?: string;
    readonly key?: string;
    readonly maxPayload?: number;
    readonly handshakeTimeout?: number;
    readonly perMessageDeflate?: boolean;
  });
  static readonly OPEN: 1;
  static readonly CLOSED: 3;
  readonly readyState: number;
  on(event: "open" | "pong", listener: () => void): this;
  on(event: "message", listener: (data: Buffer, isBinary: boolean) => void): this;
  on(event: "error", listener: (error: Error) => void): this;
  on(event: "close", listener: (code: number, reason: Buffer) => void): this;
  on(event: "unexpected-response", listener: (request: unknown, response: IncomingMessage) => void): this;
  send(data: string): void;
  ping(): void;
  close(code?: number, reason?: string): void;
  terminate(): void;
}

/** What takes WebSockets from a server. */
export class WebSocketServer {
  constructor(options: {
    readonly noServer: true;
    readonly perMessageDeflate?: boolean;
    readonly maxPayload?: number;
  });
  handleUpgrade(
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    callback: (client: WebSocket) => void,
  ): void;
}
