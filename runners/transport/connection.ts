/**
 * What the protocol needs of a connection: whole messages both ways, each a line of text, and the news of its end.
 *
 * @module
 */
import type { FramingError, LostError } from "../protocol/errors.ts";

/** Is told what comes over a connection. */
export interface Listener {
  /** Messages have come, in order; each is the text of one, without a line end. */
  messages(messages: readonly string[]): void;
  /** Nothing will come any more. It is told once, and not after `close()`. */
  closed(reason: FramingError | LostError): void;
}

/** A connection to the other side. */
export interface Connection {
  /** Where it leads, as in `ws://127.0.0.1:8018` or `the command "python3 testee.py"`. */
  readonly peer: string;
  /** Begins to listen; to be called once. What came before has waited. */
  listen(listener: Listener): void;
  /** Sends messages, each without a line end. What is sent into a connection that has ended is lost. */
  send(messages: readonly string[]): void;
  /** Sends what has not left yet, then lets go of everything, within two seconds. Never rejects. */
  close(): Promise<void>;
}
