/**
 * The first exchange with a testee, and what is heard after it.
 *
 * @module
 */
import { within } from "../deadline.ts";
import { decodeTestee } from "../protocol/decode.ts";
import { HelloError, type ProtocolFault, RefusedError, SilenceError } from "../protocol/errors.ts";
import type { ErrorMessage, RunnerHello, TesteeHello } from "../protocol/messages.ts";
import type { Connection } from "../transport/connection.ts";
import { Watchdog } from "../transport/watchdog.ts";

/** Is told what is heard after the hello. */
export interface Ear {
  /** A message. */
  take(text: string): void;
  /** The connection ended, or has gone silent. */
  lost(fault: ProtocolFault): void;
}

/** Listens to a connection: the first message is the hello, the others go to the ear. */
export class Greeting {
  readonly #connection: Connection;
  readonly #ear: Ear;
  readonly #hello = Promise.withResolvers<TesteeHello>();
  #watchdog: Watchdog | undefined;
  #heard: "nothing" | "hello" = "nothing";
  /** What ended the connection. */
  #fault: ProtocolFault | undefined;

  /** Begins to listen. */
  constructor(connection: Connection, ear: Ear) {
    this.#connection = connection;
    this.#ear = ear;
    connection.listen({
      messages: (texts) => this.#messages(texts),
      closed: (reason) => this.#closed(reason),
    });
  }

  /**
   * Says hello and waits for the answer.
   *
   * @throws {ProtocolFault} if there is none, or none that can be used
   */
  async exchange(own: RunnerHello, ms: number): Promise<TesteeHello> {
    this.#connection.send([JSON.stringify(own)]);
    const answer = await within(this.#hello.promise, ms);
    if (answer.kind === "value") return answer.value;
    if (answer.kind === "rejected") throw answer.error;
    throw new HelloError(
      `${this.#connection.peer} did not say hello within ${ms} ms`,
      "Answer the runner's hello with a hello of your own, on one line, and flush it",
    );
  }

  /** Nobody waits for the hello any more. */
  giveUp(fault: ProtocolFault): void {
    this.#hello.reject(fault);
  }

  /** What has ended the connection, if anything. */
  get fault(): ProtocolFault | undefined {
    return this.#fault;
  }

  /** Stops waiting for signs of life. */
  stop(): void {
    this.#watchdog?.stop();
  }

  #messages(texts: readonly string[]): void {
    this.#watchdog?.alive();
    for (const text of texts) {
      if (this.#heard === "nothing") this.#first(text);
      else this.#ear.take(text);
    }
  }

  #first(text: string): void {
    this.#heard = "hello";
    try {
      const hello = helloOf(text, this.#connection.peer);
      if (hello.heartbeatMs !== undefined) {
        this.#watchdog = new Watchdog(hello.heartbeatMs, () => this.#silent());
      }
      this.#hello.resolve(hello);
    } catch (error) {
      this.#hello.reject(error);
    }
  }

  #silent(): void {
    const { peer } = this.#connection;
    this.#closed(
      new SilenceError(`${peer} has gone silent`, "It hangs, was stopped, or the way to it is cut"),
    );
  }

  #closed(fault: ProtocolFault): void {
    this.stop();
    this.#fault = fault;
    this.#hello.reject(fault);
    this.#ear.lost(fault);
  }
}

/** The hello of a testee. */
function helloOf(text: string, peer: string): TesteeHello {
  const message = decodeTestee(text);
  if (message.type === "hello") return message;
  if (message.type === "error") throw refusal(message);
  throw new HelloError(
    `${peer} sent "${message.type}" before hello`,
    "Send nothing before the answer to the runner's hello",
  );
}

/** What the other side said that it does not do, as a fault. */
export function refusal({ code, message, hint }: ErrorMessage): RefusedError {
  return new RefusedError(
    code,
    `The other side refused (${code}): ${message}`,
    hint ?? "Look at its own log for more",
  );
}
