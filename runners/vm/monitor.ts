/**
 * QEMU's own protocol (QMP), as far as a machine needs it: a line of JSON for each command, answer and event.
 *
 * @module
 */
import { z } from "zod";
import { within } from "../deadline.ts";
import { VmError } from "./failure.ts";
import type { Connection } from "../transport/connection.ts";

/** What QEMU tells by itself. */
export interface MonitorEvent {
  /** As in `GUEST_PANICKED` or `SHUTDOWN`. */
  readonly name: string;
  /** Why, where it says so. */
  readonly reason: string | undefined;
}

const messageSchema = z.looseObject({
  QMP: z.looseObject({}).optional(),
  event: z.string().optional(),
  data: z.looseObject({ reason: z.string().optional() }).optional(),
  return: z.unknown().optional(),
  error: z.looseObject({ desc: z.string() }).optional(),
});

/** Nothing that it is asked for takes so long, in milliseconds; a machine that is very busy is slow to begin. */
const ANSWER_MS = 60_000;

interface Asked {
  readonly command: string;
  readonly answer: PromiseWithResolvers<unknown>;
}

/** Talks to the QEMU of one machine. */
export class Monitor {
  readonly #connection: Connection;
  readonly #hear: (event: MonitorEvent) => void;
  readonly #answerMs: number;
  #asked: Asked[] = [];
  #gone = false;

  /**
   * Begins to listen.
   *
   * @param answerMs how long an answer may take, in milliseconds
   */
  constructor(connection: Connection, hear: (event: MonitorEvent) => void, answerMs: number = ANSWER_MS) {
    this.#connection = connection;
    this.#hear = hear;
    this.#answerMs = answerMs;
    connection.listen({
      messages: (texts) => texts.forEach((text) => this.#take(text)),
      closed: (reason) => this.#end(reason.message),
    });
    this.ask("qmp_capabilities").catch(() => undefined);
  }

  /**
   * Gives a command and waits for the answer.
   *
   * @throws {VmError} if QEMU refuses it, does not answer or has ended
   */
  async ask(command: string, args?: Readonly<Record<string, unknown>>): Promise<unknown> {
    if (this.#gone) throw gone(command, "it has ended");
    const answer = Promise.withResolvers<unknown>();
    /* one that is given up keeps its turn, since answers have no names */
    this.#asked.push({ command, answer });
    this.#connection.send([JSON.stringify({ execute: command, ...(args ? { arguments: args } : {}) })]);
    const answered = await within(answer.promise, this.#answerMs);
    if (answered.kind === "value") return answered.value;
    if (answered.kind === "rejected") throw answered.error;
    throw new VmError(
      `QEMU has not answered "${command}" within ${this.#answerMs / 1000} s`,
      "Look whether this machine has a moment for it, and the memory",
    );
  }

  /** Lets go of the connection. */
  async close(): Promise<void> {
    this.#end("it was closed");
    await this.#connection.close();
  }

  #take(text: string): void {
    const message = messageSchema.parse(JSON.parse(text));
    if (message.event !== undefined) {
      return this.#hear({ name: message.event, reason: message.data?.reason });
    }
    if (message.QMP) return;
    const asked = this.#asked.shift();
    if (message.error) asked?.answer.reject(gone(asked.command, message.error.desc));
    else asked?.answer.resolve(message.return);
  }

  #end(reason: string): void {
    this.#gone = true;
    for (const { command, answer } of this.#asked) answer.reject(gone(command, reason));
    this.#asked = [];
  }
}

function gone(command: string, why: string): VmError {
  return new VmError(`QEMU did not do "${command}": ${why}`, "Look at the version of QEMU; it needs 7.2");
}
