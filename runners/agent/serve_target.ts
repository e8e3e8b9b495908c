/**
 * The side of the protocol that has the target: takes runs over a connection, runs them, tells what was seen.
 *
 * @module
 */
import { decodeRunner, type UnknownMessage } from "../protocol/decode.ts";
import { isProtocolFault } from "../protocol/errors.ts";
import type {
  ResetMessage,
  RunMessage,
  RunnerHello,
  RunnerMessage,
  TesteeMessage,
} from "../protocol/messages.ts";
import { commonVersion, PROTOCOL_VERSIONS } from "../protocol/version.ts";
import type { CaseEnd } from "../../spec/observation.ts";
import type { Target } from "../target.ts";
import type { Connection } from "../transport/connection.ts";
import { Answers } from "./answers.ts";
import { runIn } from "./peek.ts";
import { interleaved, understand } from "./understand.ts";
import { messageOf } from "../../spec/message_of.ts";

/** How to serve a target. */
export interface ServeTargetOptions {
  /**
   * When observations leave: `each` sends one before the next step begins, so that it survives whatever that step does;
   * `together` sends those that come at once in one piece, which is quicker, for targets that cannot take the machine
   * down. `each` unless said otherwise.
   */
  readonly observations?: "each" | "together" | undefined;
  /** How many runs may wait behind the one under way; 256 unless said otherwise. */
  readonly ahead?: number | undefined;
  /** The versions of the protocol to speak; for tests. */
  readonly versions?: readonly number[] | undefined;
}

/**
 * Serves a target to the runner at the other end of a connection, until that says good-bye or goes away. Closes the
 * target and the connection.
 *
 * @param target what runs the cases
 * @param connection the way to the runner
 * @param options how to serve it
 */
export function serveTarget(
  target: Target,
  connection: Connection,
  options: ServeTargetOptions = {},
): Promise<void> {
  return new Server(target, connection, options).done;
}

/** A run that has not begun; it is read when it does, so that less is kept of those that wait. */
interface WaitingRun {
  readonly type: "run";
  readonly run: number;
  readonly text: string;
}

/** A run that was aborted before it began, in its place: those before it are told first, those behind it are dropped. */
interface AbortedRun {
  readonly type: "aborted";
  readonly run: number;
  readonly reason: string;
}

/** A run under way. */
interface UnderWay {
  readonly run: number;
  readonly controller: AbortController;
}

class Server {
  /** Resolves when everything is over. */
  readonly done: Promise<void>;
  readonly #target: Target;
  readonly #connection: Connection;
  readonly #options: ServeTargetOptions;
  readonly #answers: Answers;
  readonly #finished = Promise.withResolvers<void>();
  #queue: (WaitingRun | AbortedRun | ResetMessage)[] = [];
  #underWay: UnderWay | undefined;
  #working = false;
  #worked: Promise<void> = Promise.resolve();
  /** A run did not complete, so none is begun before the next reset. */
  #needsReset = false;
  #greeted = false;
  #over = false;

  constructor(target: Target, connection: Connection, options: ServeTargetOptions) {
    this.#target = target;
    this.#connection = connection;
    this.#options = options;
    this.#answers = new Answers(connection, options.observations ?? "each");
    this.done = this.#finished.promise;
    connection.listen({
      messages: (texts) => {
        for (const text of texts) this.#take(text);
        this.#pump();
        this.#answers.flush();
      },
      closed: () => void this.#end(),
    });
  }

  #take(text: string): void {
    if (this.#over) return;
    const run = this.#greeted ? runIn(text) : undefined;
    if (run !== undefined) return void this.#queue.push({ type: "run", run, text });
    const message = this.#read(text);
    if (message) this.#handle(message, text);
  }

  /** A message; where it is none, the runner is told. */
  #read(text: string): RunnerMessage | UnknownMessage | undefined {
    try {
      return decodeRunner(text);
    } catch (error) {
      if (!isProtocolFault(error)) throw error;
      this.#answers.tell({ type: "error", code: "malformed", message: error.message, hint: error.hint });
      return undefined;
    }
  }

  #handle(message: RunnerMessage | UnknownMessage, text: string): void {
    if (message.type === "hello") return void this.#greet(message);
    if (message.type === "bye") return void this.#end("bye");
    if (!this.#greeted) {
      this.#answers.tell({
        type: "error",
        code: "order",
        message: `"${message.type}" came before hello`,
        hint: "Say hello first",
      });
      return;
    }
    switch (message.type) {
      case "run":
        this.#queue.push({ type: "run", run: message.run, text });
        return;
      case "reset":
        this.#queue = [message];
        return;
      case "abort":
        this.#abort(message.run, message.reason);
        return;
      case "unknown":
        this.#answers.tell({
          type: "error",
          code: "unknown-type",
          message: `There is no message of type "${message.named}" in this version`,
        });
        return;
      case "error":
        return;
    }
  }

  async #greet({ versions, takes }: RunnerHello): Promise<void> {
    const ours = this.#options.versions ?? PROTOCOL_VERSIONS;
    const version = commonVersion(ours, versions);
    if (version === undefined) {
      this.#send({
        type: "error",
        code: "version",
        message: `This side speaks version ${ours.join(", ")} of the protocol and not ${versions.join(", ")}`,
        hint: "Take the same release of the suite on both sides",
      });
      return this.#end();
    }
    try {
      const target = await this.#target.describe();
      this.#greeted = true;
      if (takes?.includes("rest")) this.#answers.takesRest();
      this.#send({ type: "hello", version, target, ahead: this.#options.ahead ?? 256 });
    } catch (error) {
      this.#send({
        type: "error",
        code: "target",
        message: `The target cannot be used: ${messageOf(error)}`,
      });
      await this.#end();
    }
  }

  #abort(run: number, reason: string): void {
    if (this.#underWay?.run === run) return this.#underWay.controller.abort(reason);
    const at = this.#queue.findIndex((each) => each.type === "run" && each.run === run);
    if (at >= 0) this.#queue = [...this.#queue.slice(0, at), { type: "aborted", run, reason }];
  }

  #pump(): void {
    if (!this.#working) this.#worked = this.#work();
  }

  async #work(): Promise<void> {
    this.#working = true;
    for (let next = this.#queue.shift(); next && !this.#over; next = this.#queue.shift()) {
      if (next.type === "reset") await this.#reset(next.reset);
      else if (!this.#needsReset) {
        const ending = next.type === "run" ? this.#begin(next.text) : this.#neverBegan(next);
        if (ending instanceof Promise) await ending;
      }
      this.#answers.flushUnless(this.#queue.length > 0 ? "more to come" : "nothing to come");
    }
    this.#working = false;
    this.#answers.flush();
  }

  #begin(text: string): void | Promise<void> {
    const message = this.#read(text);
    if (message?.type === "run") return this.#run(message);
  }

  /** Runs one case; a promise only where the target gives one. */
  #run({ run, program: wire }: RunMessage): void | Promise<void> {
    let sent = 0;
    const controller = new AbortController();
    try {
      const understood = understand(wire);
      const { observe, rest } = interleaved(
        understood,
        (observation) => this.#answers.observed(run, sent++, observation),
      );
      const finish = (end: CaseEnd) => {
        if (end.end === "completed") rest();
        this.#ended(run, sent, end);
      };
      this.#underWay = { run, controller };
      const answer = this.#target.run(
        understood.program,
        observe,
        controller.signal,
        (lines) => this.#answers.tell({ type: "log", run, lines }),
      );
      if (!(answer instanceof Promise)) return finish(answer);
      const failed = (error: unknown) => {
        const { aborted, reason } = controller.signal;
        this.#ended(run, sent, aborted ? stopped(reason, error) : thrown(error));
      };
      return answer.then(finish, failed);
    } catch (error) {
      this.#ended(run, sent, thrown(error));
    }
  }

  /** Its time is up, as it is for a run that is aborted under way. */
  #neverBegan({ run, reason }: AbortedRun): void {
    this.#ended(run, 0, { end: "timeout", reason: `the run was aborted before it began: ${reason}` });
  }

  #ended(run: number, observations: number, end: CaseEnd): void {
    this.#underWay = undefined;
    if (end.end !== "completed") this.#needsReset = true;
    this.#answers.ended(run, observations, end);
  }

  async #reset(reset: number): Promise<void> {
    try {
      await this.#target.reset();
      this.#needsReset = false;
      this.#answers.tell({ type: "ready", reset });
    } catch (error) {
      this.#answers.tell({
        type: "error",
        code: "reset",
        message: `The target could not be reset: ${messageOf(error)}`,
      });
    }
  }

  #send(message: TesteeMessage): void {
    this.#answers.tell(message);
    this.#answers.flush();
  }

  async #end(how?: "bye"): Promise<void> {
    if (this.#over) return;
    if (how === "bye") await this.#worked;
    this.#over = true;
    this.#underWay?.controller.abort("the runner has gone away");
    try {
      await this.#target.close();
    } catch {
      // There is nobody left to tell.
    }
    if (how === "bye") this.#send({ type: "bye" });
    await this.#connection.close();
    this.#finished.resolve();
  }
}

function thrown(error: unknown): CaseEnd {
  return { end: "infra-error", reason: `the target threw: ${messageOf(error)}` };
}

function stopped(reason: unknown, error: unknown): CaseEnd {
  return {
    end: "timeout",
    reason: `the run was aborted: ${String(reason)}; the target said: ${messageOf(error)}`,
  };
}
