/**
 * One session of an agent: it passes messages on between a caller and a worker, which is a process of its own that
 * runs the cases and can be killed.
 *
 * It keeps what it told until the caller has it, so that a caller whose connection was cut can go on; and it ends a
 * run whose worker has died or does not stop.
 *
 * @module
 */
import type { CaseEnd } from "../../spec/observation.ts";
import { isDeepStrictEqual } from "node:util";
import { within } from "../deadline.ts";
import { decodeTestee } from "../protocol/decode.ts";
import type { Resume, TesteeHello, TesteeMessage } from "../protocol/messages.ts";
import type { Connection } from "../transport/connection.ts";
import type { CommandConnection } from "../transport/stdio.ts";
import { type Limits, Rate } from "./limits.ts";
import { Outbox } from "./outbox.ts";
import { peek, type Peeked } from "./peek.ts";
import { messageOf } from "../../spec/message_of.ts";

/** What a session is made of. */
export interface SessionOptions {
  /** Its name, which nobody can guess. */
  readonly id: string;
  /** Starts a worker. */
  readonly startWorker: () => CommandConnection;
  /** Whether cases are run, or the target is only described. */
  readonly mode: "run" | "describe";
  /** What the caller may use. */
  readonly limits: Limits;
  /** Is told what happens, in words. */
  readonly log: (text: string) => void;
  /** Is called when the session is over. */
  readonly over: () => void;
}

/** A run that the worker has and that has not ended. */
interface OpenRun {
  readonly run: number;
  readonly case: string;
  told: number;
}

/** A session. */
export class Session {
  readonly #options: SessionOptions;
  readonly #outbox: Outbox;
  readonly #rate: Rate;
  /** What the caller said first; each new worker is told the same. */
  readonly #callersHello: string;
  #caller: Connection | undefined;
  #worker: CommandConnection | undefined;
  /** What the first worker said of itself. */
  #hello: TesteeHello | undefined;
  #workers = 0;
  #runs: OpenRun[] = [];
  #received = 0;
  #needsReset = false;
  /** What came while a worker was started or killed. */
  #held: string[] | undefined;
  #deadline: ReturnType<typeof setTimeout> | undefined;
  #heartbeat: ReturnType<typeof setInterval> | undefined;
  #patience: ReturnType<typeof setTimeout> | undefined;
  #over: Promise<void> | undefined;

  /** Makes a session of what the caller said first. */
  constructor(callersHello: string, options: SessionOptions) {
    this.#callersHello = callersHello;
    this.#options = options;
    this.#outbox = new Outbox(options.limits.keptBytes);
    this.#rate = new Rate(options.limits.messagesPerSecond);
  }

  /** Whether a caller whose connection was cut can go on with it. */
  get canResume(): boolean {
    return !this.#over && this.#hello !== undefined && this.#outbox.isWhole;
  }

  /** Whether it is ending or has ended. */
  get isOver(): boolean {
    return this.#over !== undefined;
  }

  /** Starts the first worker, as soon as there is room for it, and answers the caller. */
  async begin(caller: Connection, room: Promise<unknown>): Promise<void> {
    this.#attach(caller);
    this.#held = [];
    await room;
    if (this.#over) return;
    const { heartbeatMs, keptMs } = this.#options.limits;
    await this.#withNewWorker(() => {
      if (this.#hello) this.#tell({ ...this.#hello, heartbeatMs, session: this.#options.id, keptMs });
      this.#heartbeat = setInterval(() => this.#tell({ type: "heartbeat" }), heartbeatMs);
    });
  }

  /** Goes on with a caller whose connection was cut. */
  resume(caller: Connection, { run, seen }: Resume): void {
    const { heartbeatMs, keptMs } = this.#options.limits;
    if (!this.#hello) return;
    void this.#caller?.close();
    this.#attach(caller);
    this.#options.log("goes on after its connection was cut");
    this.#tell({
      ...this.#hello,
      heartbeatMs,
      keptMs,
      session: this.#options.id,
      resumedAfter: this.#received,
    });
    caller.send(this.#outbox.after(run, seen));
  }

  /** Takes messages of the caller. */
  fromCaller(texts: readonly string[]): void {
    if (!this.#rate.allows(texts.length)) {
      return void this.#refuse("rate", "There were too many messages in a second", "Send fewer");
    }
    const worth = texts.filter((text) => this.#over === undefined && this.#passes(text));
    if (worth.length > 0) this.#worker?.send(worth);
  }

  /** The connection to the caller has ended; the session waits for it for a while. */
  cut(caller: Connection): void {
    void caller.close();
    if (this.#caller !== caller || this.#over) return;
    this.#caller = undefined;
    this.#options.log("its connection was cut");
    this.#patience = setTimeout(() => void this.end("nobody came back"), this.#options.limits.keptMs);
  }

  /** Lets go of everything. */
  end(why: string): Promise<void> {
    this.#over ??= this.#end(why);
    return this.#over;
  }

  async #end(why: string): Promise<void> {
    clearInterval(this.#heartbeat);
    clearTimeout(this.#deadline);
    clearTimeout(this.#patience);
    const worker = this.#worker;
    this.#worker = undefined;
    worker?.send([BYE]);
    await worker?.close();
    await this.#caller?.close();
    this.#options.log(`is over: ${why}`);
    this.#options.over();
  }

  #attach(caller: Connection): void {
    clearTimeout(this.#patience);
    this.#caller = caller;
  }

  #tell(message: TesteeMessage): void {
    this.#caller?.send([JSON.stringify(message)]);
  }

  async #refuse(code: string, message: string, hint?: string): Promise<void> {
    this.#tell({ type: "error", code, message, hint });
    await this.end(message);
  }

  /** Looks at a message of the caller and tells whether the worker is to get it now. */
  #passes(text: string): boolean {
    if (this.#held) {
      this.#held.push(text);
      return false;
    }
    const message = peek(text);
    switch (message?.type) {
      case "run":
        return this.#mayRun(text, message);
      case "reset":
        return this.#mayReset(text, message);
      case "abort":
        this.#mindAbort(message);
        return true;
      case "bye":
        this.#tell({ type: "bye" });
        void this.end("the caller said good-bye");
        return false;
      case "hello":
        void this.#refuse("order", "A second hello came", "Connect again for another session");
        return false;
      case undefined:
        this.#tell({ type: "error", code: "malformed", message: "What came is no message" });
        return false;
      default:
        return true;
    }
  }

  #mayRun(text: string, { run = 0, ended = 0, program }: Peeked): boolean {
    const name = program?.case ?? "a case without a name";
    if (this.#options.mode === "describe") {
      this.#tell({ type: "error", code: "refused", run, ...DESCRIBES_ONLY });
      return false;
    }
    this.#received = Math.max(this.#received, run);
    this.#outbox.forget(ended);
    if (this.#needsReset) return false;
    if (!this.#worker) {
      void this.#withNewWorker(() => this.fromCaller([text]));
      return false;
    }
    this.#runs.push({ run, case: name, told: 0 });
    this.#options.log(`runs ${name}`);
    return true;
  }

  #mayReset(text: string, { reset = 0 }: Peeked): boolean {
    if (this.#options.mode === "describe") {
      this.#tell({ type: "error", code: "refused", ...DESCRIBES_ONLY });
      return false;
    }
    this.#runs = [];
    this.#needsReset = false;
    const ready = () => this.#tell({ type: "ready", reset });
    if (!this.#worker) {
      void this.#withNewWorker(ready);
      return false;
    }
    clearTimeout(this.#deadline);
    this.#deadline = setTimeout(async () => {
      await this.#killWorker();
      await this.#withNewWorker(ready);
    }, this.#options.limits.killMs);
    this.#worker.send([text]);
    return false;
  }

  /** The worker has some time to stop a run that is under way; an abort that comes too late is nothing to it. */
  #mindAbort({ run }: Peeked): void {
    if (this.#runs[0]?.run !== run) return;
    clearTimeout(this.#deadline);
    const why = `the process did not stop within ${this.#options.limits.killMs} ms`;
    this.#deadline = setTimeout(async () => {
      const killed = await this.#killWorker();
      this.#endRun(
        killed?.kind === "stuck"
          ? { end: "hang", reason: `${why} and cannot be killed; it waits in ${killed.on}` }
          : { end: "timeout", reason: `${why} and was killed` },
      );
      this.#release();
    }, this.#options.limits.killMs);
  }

  /** Kills the worker; what comes meanwhile is held. */
  async #killWorker() {
    const worker = this.#worker;
    this.#worker = undefined;
    this.#held ??= [];
    return await worker?.kill();
  }

  /** Starts a worker, then does what waited for it. */
  async #withNewWorker(then: () => void): Promise<void> {
    this.#held ??= [];
    const trouble = await this.#startWorker();
    if (this.#over) return;
    if (trouble !== undefined) return await this.#refuse("target", trouble);
    const held = this.#held ?? [];
    this.#held = undefined;
    then();
    if (held.length > 0) this.fromCaller(held);
  }

  #release(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    if (held.length > 0) this.fromCaller(held);
  }

  /** Starts a worker and tells what is wrong, if anything. */
  async #startWorker(): Promise<string | undefined> {
    if (++this.#workers > this.#options.limits.workers) return "The worker had to be started too often";
    const { promise, resolve, reject } = Promise.withResolvers<TesteeHello>();
    const worker = this.#started(resolve, reject);
    if (typeof worker === "string") return worker;
    const answer = await within(promise, this.#options.limits.startMs);
    if (this.#over) {
      await worker.kill();
      return undefined;
    }
    if (answer.kind === "value") {
      this.#hello ??= answer.value;
      if (!isDeepStrictEqual(this.#hello.target, answer.value.target)) {
        await worker.kill();
        return "A new worker says that it is another target";
      }
      this.#worker = worker;
      return undefined;
    }
    await worker.kill();
    return answer.kind === "rejected" ? messageOf(answer.error) : "The worker did not say hello";
  }

  #started(
    greeted: (hello: TesteeHello) => void,
    failed: (reason: unknown) => void,
  ): CommandConnection | string {
    let hello: "awaited" | "heard" = "awaited";
    try {
      const worker = this.#options.startWorker();
      worker.listen({
        messages: (texts) => {
          if (hello === "heard") return this.#fromWorker(worker, texts);
          hello = "heard";
          const [first = "", ...rest] = texts;
          try {
            greeted(workersHello(first));
          } catch (error) {
            failed(error);
          }
          if (rest.length > 0) queueMicrotask(() => this.#fromWorker(worker, rest));
        },
        closed: (reason) => {
          failed(new Error(`${reason.message}. ${reason.hint}`));
          this.#workerEnded(worker, `${reason.message}. ${reason.hint}`);
        },
      });
      worker.send([this.#callersHello]);
      return worker;
    } catch (error) {
      return messageOf(error);
    }
  }

  #workerEnded(worker: CommandConnection, reason: string): void {
    void worker.close();
    if (this.#worker !== worker) return;
    this.#worker = undefined;
    clearTimeout(this.#deadline);
    if (this.#runs.length > 0) this.#endRun({ end: "lost", reason });
  }

  /** Ends the run under way in place of the worker. */
  #endRun(end: CaseEnd): void {
    const [open] = this.#runs;
    if (!open) return;
    this.#runs = [];
    this.#needsReset = true;
    this.#options.log(`ended ${open.case}: ${end.end}, ${end.reason}`);
    const text = JSON.stringify({ type: "end", run: open.run, observations: open.told, end });
    this.#outbox.keep(open.run, undefined, text);
    this.#caller?.send([text]);
  }

  /** Passes on what the worker says, as it is. */
  #fromWorker(worker: CommandConnection, texts: readonly string[]): void {
    if (this.#worker !== worker) return;
    const passed = texts.filter((text) => this.#passesOn(text));
    this.#caller?.send(passed);
  }

  #passesOn(text: string): boolean {
    const message = peek(text);
    if (!message) return true;
    const { type, run, seq, end } = message;
    if (type === "bye" || type === "heartbeat" || type === "hello") return false;
    if (type === "ready") clearTimeout(this.#deadline);
    if (run === undefined) return true;
    this.#outbox.keep(run, seq, text);
    const [open] = this.#runs;
    if (open?.run !== run) return true;
    if (type === "observation") open.told++;
    if (type === "end" || type === "error") {
      clearTimeout(this.#deadline);
      this.#runs.shift();
      if (end?.end !== "completed") {
        this.#needsReset = true;
        this.#runs = [];
        this.#options.log(`ended ${open.case}: ${end?.end ?? type}, ${end?.reason ?? "refused"}`);
      }
    }
    return true;
  }
}

const BYE = JSON.stringify({ type: "bye" });

const DESCRIBES_ONLY = {
  message: "This agent describes its target and runs nothing",
  hint: "Start it without --describe-only",
};

function workersHello(text: string): TesteeHello {
  const message = decodeTestee(text);
  if (message.type === "hello") return message;
  throw new Error(
    message.type === "error" ? message.message : `The worker sent "${message.type}" before hello`,
  );
}
