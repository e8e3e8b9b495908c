/**
 * Messages over any pair of byte streams: a Unix socket, a virtio serial port, vsock, the pipes of a process.
 *
 * @module
 */
import { within } from "../deadline.ts";
import { type FramingError, LostError } from "../protocol/errors.ts";
import { LineSplitter, MESSAGE_BYTES } from "../protocol/lines.ts";
import { type ByteReader, byteReaderOf } from "./bytes.ts";
import type { Connection, Listener } from "./connection.ts";
import { messageOf } from "../../spec/message_of.ts";

/** How to talk over streams. */
export interface StreamOptions {
  /** Where they lead, in words. */
  readonly peer?: string | undefined;
  /** The longest message to take, in bytes. */
  readonly messageBytes?: number | undefined;
  /** Is called when the connection is closed, to let go of what the streams belong to. */
  readonly release?: (() => void | Promise<void>) | undefined;
}

/** How long the other side may take to read what was sent before a close, in milliseconds. */
const DRAIN_MS = 500;

/**
 * A connection over a pair of byte streams, one JSON message per line. It takes both streams and closes them.
 *
 * @param readable what the other side writes
 * @param writable what the other side reads
 */
export function connectStream(
  readable: ReadableStream<Uint8Array>,
  writable: WritableStream<Uint8Array>,
  options: StreamOptions = {},
): Connection {
  return new StreamConnection(readable, sinkOf(writable), options);
}

/** Where bytes go. */
export interface Sink {
  /** Takes bytes; where there is nobody to read them, they are lost. */
  write(bytes: Uint8Array): void;
  /** Waits, within bounds, until everything has left, and closes. Never rejects. */
  close(): Promise<void>;
}

/** A sink that writes into a stream. */
export function sinkOf(writable: WritableStream<Uint8Array>): Sink {
  const writer = writable.getWriter();
  writer.closed.catch(() => {});
  return {
    write(bytes) {
      // A reader that has gone away is noticed where its answers are read.
      writer.write(bytes).catch(() => {});
    },
    async close() {
      const drained = await within(writer.close(), DRAIN_MS);
      if (drained.kind === "silent") await within(writer.abort(), DRAIN_MS);
    },
  };
}

/** A connection over a stream and a sink. */
export class StreamConnection implements Connection {
  readonly peer: string;
  readonly #reader: ByteReader;
  readonly #sink: Sink;
  readonly #splitter: LineSplitter;
  readonly #release: StreamOptions["release"];
  readonly #encoder = new TextEncoder();
  #listener: Listener | undefined;
  #reading: Promise<void> = Promise.resolve();
  #closing: Promise<void> | undefined;

  /** Makes one that reads from one side and writes to the other. */
  constructor(
    readable: ReadableStream<Uint8Array>,
    sink: Sink,
    { peer = "the other end of a stream", messageBytes = MESSAGE_BYTES, release }: StreamOptions,
  ) {
    this.peer = peer;
    this.#reader = byteReaderOf(readable);
    this.#sink = sink;
    this.#splitter = new LineSplitter(messageBytes);
    this.#release = release;
  }

  listen(listener: Listener): void {
    this.#listener = listener;
    this.#reading = this.#read();
  }

  send(messages: readonly string[]): void {
    if (this.#closing || messages.length === 0) return;
    this.#sink.write(this.#encoder.encode(`${messages.join("\n")}\n`));
  }

  close(): Promise<void> {
    this.#listener = undefined;
    this.#closing ??= this.#end();
    return this.#closing;
  }

  async #end(): Promise<void> {
    await this.#sink.close();
    await within(this.#reader.cancel(), DRAIN_MS);
    await this.#release?.();
    await within(this.#reading, DRAIN_MS);
  }

  async #read(): Promise<void> {
    try {
      for (let next = await this.#reader.read(); !next.done;) {
        /* more is read while these bytes are seen to */
        const following = this.#reader.read();
        following.catch(() => {});
        const { lines, fault } = this.#splitter.push(next.value);
        if (lines.length > 0) this.#listener?.messages(lines);
        if (fault) return this.#lost(fault);
        this.#reader.giveBack(next.value);
        next = await following;
      }
      this.#lost(this.#splitter.end() ?? gone(this.peer));
    } catch (error) {
      this.#lost(gone(this.peer, error));
    }
  }

  #lost(reason: FramingError | LostError): void {
    const listener = this.#listener;
    this.#listener = undefined;
    listener?.closed(reason);
  }
}

function gone(peer: string, error?: unknown): LostError {
  const why = error === undefined ? "" : `: ${messageOf(error)}`;
  return new LostError(
    `The connection to ${peer} ended${why}`,
    "Look at what the other side wrote before it ended",
    error,
  );
}
