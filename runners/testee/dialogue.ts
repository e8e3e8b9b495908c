/**
 * A talk with a testee, message by message, for those who check how it talks.
 *
 * @module
 */
import { within } from "../deadline.ts";
import { decodeTestee, type UnknownMessage } from "../protocol/decode.ts";
import { HelloError, isProtocolFault, type ProtocolFault, SilenceError } from "../protocol/errors.ts";
import type { TesteeMessage } from "../protocol/messages.ts";
import type { Connection } from "../transport/connection.ts";

/** What a testee said: a message, or something that is wrong. */
type Heard = TesteeMessage | UnknownMessage | ProtocolFault;

/** A talk over a connection. */
export class Dialogue {
  readonly #connection: Connection;
  #heard: Heard[] = [];
  #waiting: (() => void) | undefined;
  #over: ProtocolFault | undefined;
  #greeted = false;

  /** Begins to listen. */
  constructor(connection: Connection) {
    this.#connection = connection;
    connection.listen({
      messages: (texts) => texts.forEach((text) => this.#hear(text)),
      closed: (reason) => {
        this.#over = reason;
        this.#waiting?.();
      },
    });
  }

  /** Whether the testee can still be heard. */
  get isOver(): boolean {
    return this.#over !== undefined;
  }

  /** Sends a message. */
  say(message: Readonly<Record<string, unknown>>): void {
    this.#connection.send([JSON.stringify(message)]);
  }

  /** Sends a text as it is, with a line end. */
  print(text: string): void {
    this.#connection.send([text]);
  }

  /**
   * What the testee says next; heartbeats are left out.
   *
   * @throws {ProtocolFault} if it says something wrong, nothing in time, or has gone
   */
  async next(ms: number): Promise<TesteeMessage | UnknownMessage> {
    const begin = performance.now();
    for (;;) {
      const heard = this.#heard.shift();
      if (isProtocolFault(heard)) throw heard;
      if (heard && heard.type !== "heartbeat") return this.#once(heard);
      if (heard) continue;
      if (this.#over) throw this.#over;
      const left = ms - (performance.now() - begin);
      if (left <= 0) {
        throw new SilenceError(`Nothing came within ${ms} ms`, "Answer at once and flush the answer");
      }
      await this.#something(left);
    }
  }

  /** Hello is said once. */
  #once(heard: TesteeMessage | UnknownMessage): TesteeMessage | UnknownMessage {
    if (heard.type !== "hello") return heard;
    if (this.#greeted) {
      throw new HelloError("A second hello came", "Say hello once, as the answer to the runner's");
    }
    this.#greeted = true;
    return heard;
  }

  /** Lets go of the testee. */
  close(): Promise<void> {
    return this.#connection.close();
  }

  #hear(text: string): void {
    try {
      this.#heard.push(decodeTestee(text));
    } catch (error) {
      if (!isProtocolFault(error)) throw error;
      this.#heard.push(error);
    }
    this.#waiting?.();
  }

  async #something(ms: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting = resolve;
    await within(promise, ms);
    this.#waiting = undefined;
  }
}
