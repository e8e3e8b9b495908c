/**
 * A target on the other side of a connection.
 *
 * Whatever comes from there is checked. What is malformed, out of order or missing ends the case under way as
 * `infra-error` or `lost`, with the reason; what was seen before stays. After that, `reset()` connects anew.
 *
 * @module
 */
import type { Program } from "../../cases/program.ts";
import type { CaseEnd, Observation } from "../../spec/observation.ts";
import { isOperationName } from "../../spec/operations/mod.ts";
import { within } from "../deadline.ts";
import { onAbort } from "../on_abort.ts";
import { decodeTestee } from "../protocol/decode.ts";
import {
  ConnectError,
  endOf,
  HelloError,
  isProtocolFault,
  MessageError,
  type ProtocolFault,
  SilenceError,
} from "../protocol/errors.ts";
import type { ErrorMessage, Resume, RunnerHello, RunnerMessage, TesteeHello } from "../protocol/messages.ts";
import { PROTOCOL_VERSIONS } from "../protocol/version.ts";
import { Greeting, refusal } from "./hello.ts";
import { type SentRun, SentRuns } from "./runs.ts";
import type { Target, TargetDescription } from "../target.ts";
import type { Connection } from "../transport/connection.ts";
import { messageOf } from "../../spec/message_of.ts";

/** How patient a remote target is; times are in milliseconds. */
export interface RemoteOptions {
  /** How long the other side may take to start and say hello; 30 seconds unless said otherwise. */
  readonly helloMs?: number | undefined;
  /** How long it may take to answer a reset, or the end of an abort; 4 seconds unless said otherwise. */
  readonly answerMs?: number | undefined;
  /** How long to try to connect again after a connection was lost; 4 seconds unless said otherwise. */
  readonly reconnectMs?: number | undefined;
  /** How often to connect again without a case that completes in between; 3 unless said otherwise. */
  readonly maxReconnects?: number | undefined;
  /** What the suite calls itself. */
  readonly suite?: { readonly name: string; readonly version: string } | undefined;
  /** The versions of the protocol to speak; for tests. */
  readonly versions?: readonly number[] | undefined;
  /** Holds what the target said of itself first, so that it cannot be replaced by another one in mid-run. */
  readonly identity?: Identity | undefined;
}

/** What a target said of itself when it was first met. */
export interface Identity {
  /** The description, once it is known. */
  first?: TargetDescription | undefined;
}

/** Opens a connection. */
export type Connect = () => Connection | Promise<Connection>;

/** How long the other side may take to say hello, in milliseconds: on a busy machine a process is slow to start. */
const HELLO_MS = 30_000;

/** The first wait before connecting again, in milliseconds; each further one is twice as long. */
const BACKOFF_MS = 25;

/** How many runs are sent ahead at a time: about as many as a pipe holds, since each piece costs every process on the way. */
const PORTION = 48;

/**
 * Makes a target of whatever speaks the protocol.
 *
 * @param id the name of the target, as in `agent:ws://127.0.0.1:8018`
 * @param connect opens a connection to it; throws a fault of the protocol if it cannot
 * @param options how patient to be
 */
export function remoteTarget(id: string, connect: Connect, options: RemoteOptions = {}): Target {
  return new RemoteTarget(id, connect, options);
}

/** A connection on which hello has been said. */
interface Link {
  readonly connection: Connection;
  readonly hello: TesteeHello;
  readonly description: TargetDescription;
  readonly greeting: Greeting;
}

/** A reset that has not been answered. */
interface Resetting {
  readonly reset: number;
  readonly answer: PromiseWithResolvers<void>;
}

class RemoteTarget implements Target {
  readonly #id: string;
  readonly #connect: Connect;
  readonly #options: RemoteOptions;
  readonly #runs = new SentRuns();
  readonly #identity: Identity;
  readonly #closings = new Set<Promise<void>>();
  #link: Link | undefined;
  /** A session whose connection was cut. */
  #cut: TesteeHello | undefined;
  /** What came between two cases and must not be believed; the next case pays for it. */
  #suspect: ProtocolFault | undefined;
  #linking: Promise<Link> | undefined;
  /** The hello that is waited for. */
  #greeting: Greeting | undefined;
  #resetting: Resetting | undefined;
  #resets = 0;
  #connections = 0;
  /** Connections since the last case that completed. */
  #inVain = 0;
  #closed = false;
  /** What was announced and has not been sent. */
  #coming: Program[] = [];
  #sending: "not yet" | "soon" = "not yet";
  /** Is over when a session goes on: until then nothing may be sent, since what was sent before comes first. */
  #resuming: Promise<void> | undefined;

  constructor(id: string, connect: Connect, options: RemoteOptions) {
    this.#id = id;
    this.#connect = connect;
    this.#options = options;
    this.#identity = options.identity ?? {};
  }

  async describe(): Promise<TargetDescription> {
    return (await this.#linked()).description;
  }

  announce(program: Program): void {
    this.#coming.push(program);
    this.#sendPortions();
    this.#sendSoon();
  }

  run(
    program: Program,
    observe: (observation: Observation) => void,
    signal?: AbortSignal,
  ): CaseEnd | Promise<CaseEnd> {
    this.#coming.splice(0, this.#coming.indexOf(program) + 1);
    const suspect = this.#suspect;
    this.#suspect = undefined;
    if (suspect) return endOf(suspect);
    const end = this.#begun(program, observe, signal);
    this.#sendSoon();
    return end;
  }

  #begun(
    program: Program,
    observe: (observation: Observation) => void,
    signal: AbortSignal | undefined,
  ): CaseEnd | Promise<CaseEnd> {
    const announced = this.#runs.announced(program);
    if (!announced) return this.#start(program, observe, signal);
    this.#runs.take(announced, observe);
    if (!announced.end) return this.#wait(announced, signal);
    if (announced.end.end === "completed") this.#inVain = 0;
    return announced.end;
  }

  async reset(): Promise<void> {
    this.#suspect = undefined;
    this.#coming = [];
    this.#runs.drop();
    for (let tries = 0; tries < 2; tries++) {
      const before = this.#link;
      const link = before ?? await this.#linked();
      if (!before && link.hello.resumedAfter === undefined) return;
      if (await this.#resetOver(link)) return;
    }
    throw noAnswer("a reset");
  }

  /** Asks for a reset and tells whether it was done; where there is no answer, the connection is given up. */
  async #resetOver(link: Link): Promise<boolean> {
    const resetting = { reset: ++this.#resets, answer: Promise.withResolvers<void>() };
    this.#resetting = resetting;
    this.#say(link, { type: "reset", reset: resetting.reset });
    const answered = await within(resetting.answer.promise, this.#answerMs);
    this.#resetting = undefined;
    if (answered.kind !== "value" && this.#link === link) this.#unlink(link);
    return answered.kind === "value";
  }

  async close(): Promise<void> {
    this.#closed = true;
    const link = this.#link;
    if (link) {
      this.#say(link, { type: "bye" });
      this.#unlink(link);
    }
    this.#runs.drop();
    this.#greeting?.giveUp(this.#wasClosed());
    await within(Promise.allSettled([this.#linking]), this.#answerMs);
    await Promise.all(this.#closings);
  }

  get #answerMs(): number {
    return this.#options.answerMs ?? 4000;
  }

  async #start(
    program: Program,
    observe: (observation: Observation) => void,
    signal: AbortSignal | undefined,
  ): Promise<CaseEnd> {
    try {
      await this.#resuming;
      const link = this.#link ?? await this.#linked();
      const suspect = this.#suspect;
      this.#suspect = undefined;
      if (suspect) return endOf(suspect);
      const run = this.#send(link, program);
      this.#runs.take(run, observe);
      this.#sendSoon();
      return await this.#wait(run, signal);
    } catch (error) {
      return endOf(faultOf(error));
    }
  }

  /** Sends whole portions of what was announced, as far as the testee lets runs wait. */
  #sendPortions(): void {
    const size = this.#portion;
    while (this.#coming.length >= size && this.#hasRoomFor(size)) this.#sendAhead(size);
  }

  /** Sends less than a portion too when this turn is over, unless the testee has enough to do until it becomes one. */
  #sendSoon(): void {
    if (this.#sending === "soon" || this.#coming.length === 0) return;
    this.#sending = "soon";
    queueMicrotask(() => {
      this.#sending = "not yet";
      this.#sendPortions();
      const rest = this.#coming.length;
      if (this.#hasRoomFor(this.#runs.open.length + rest)) this.#sendAhead(rest);
    });
  }

  #sendAhead(size: number): void {
    const messages = this.#coming.splice(0, size).map((program) => this.#runMessage(this.#runs.add(program)));
    this.#link?.connection.send(messages);
  }

  /** How many runs make a portion: the testee runs one while it is sent the next. */
  get #portion(): number {
    return Math.min(PORTION, Math.ceil((this.#link?.hello.ahead ?? 0) / 2));
  }

  #hasRoomFor(runs: number): boolean {
    if (!this.#link || this.#suspect || this.#resuming) return false;
    return runs > 0 && this.#runs.open.length + runs <= (this.#link.hello.ahead ?? 0);
  }

  #send(link: Link, program: Program): SentRun {
    const run = this.#runs.add(program);
    link.connection.send([this.#runMessage(run)]);
    return run;
  }

  #runMessage({ id, program }: SentRun): string {
    const message: RunnerMessage = { type: "run", run: id, ended: this.#runs.ended, program };
    return JSON.stringify(message);
  }

  async #wait(run: SentRun, signal: AbortSignal | undefined): Promise<CaseEnd> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const abort = () => {
      const reason = String(signal?.reason);
      if (!this.#link) {
        this.#runs.fail(
          new SilenceError(`The case was aborted while the connection was cut: ${reason}`, "Run it again"),
        );
        return;
      }
      this.#say(this.#link, { type: "abort", run: run.id, reason });
      timer = setTimeout(() => this.#fail(noAnswer(`the abort of ${run.program.case}`)), this.#answerMs);
    };
    using _watched = onAbort(signal, abort);
    try {
      const end = await run.over;
      if (end.end === "completed") this.#inVain = 0;
      return end;
    } finally {
      clearTimeout(timer);
    }
  }

  #say(link: Link, message: RunnerMessage): void {
    link.connection.send([JSON.stringify(message)]);
  }

  /** The link, or a new one. */
  async #linked(): Promise<Link> {
    if (this.#link) return this.#link;
    this.#linking ??= this.#newLink();
    try {
      return await this.#linking;
    } finally {
      this.#linking = undefined;
    }
  }

  async #newLink(): Promise<Link> {
    if (this.#connections === 0) return await this.#opened();
    if (this.#inVain >= (this.#options.maxReconnects ?? 3)) {
      throw new ConnectError(
        `${this.#id} was connected to ${this.#inVain} times again and no case completed`,
        "Look at what it wrote before it went away",
      );
    }
    this.#inVain++;
    return await this.#reopened();
  }

  /** Connects again, for as long as that may take. */
  async #reopened(): Promise<Link> {
    const begin = performance.now();
    const patience = this.#cut?.keptMs ?? this.#options.reconnectMs ?? 4000;
    for (let wait = BACKOFF_MS;; wait *= 2) {
      try {
        return await this.#opened();
      } catch (error) {
        const fault = faultOf(error);
        const hopeless = fault.stage !== "connect" && fault.stage !== "lost";
        if (hopeless || this.#closed || performance.now() - begin + wait > patience) throw fault;
      }
      await new Promise((resolve) => setTimeout(resolve, wait));
    }
  }

  async #opened(): Promise<Link> {
    const connection = await this.#connect();
    this.#connections++;
    if (this.#closed) {
      await connection.close();
      throw this.#wasClosed();
    }
    const greeting = new Greeting(connection, {
      take: (text) => this.#take(connection, text),
      lost: (fault) => this.#lost(connection, fault),
    });
    this.#greeting = greeting;
    try {
      const hello = this.#accepted(
        await greeting.exchange(this.#ownHello(), this.#options.helloMs ?? HELLO_MS),
        connection,
      );
      const description = this.#identified(hello);
      /* it may have ended right behind its hello, when there was no link yet to be told lost */
      if (greeting.fault) throw greeting.fault;
      const link = { connection, hello, description, greeting };
      this.#link = link;
      this.#cut = undefined;
      return link;
    } catch (error) {
      greeting.stop();
      this.#letGo(connection);
      throw error;
    } finally {
      this.#greeting = undefined;
    }
  }

  #wasClosed(): ConnectError {
    return new ConnectError(`${this.#id} has been closed`, "Open it anew");
  }

  #ownHello(): RunnerHello {
    const session = this.#cut?.session;
    const resume: Resume | undefined = session === undefined ? undefined : {
      session,
      run: this.#runs.underWay?.id ?? this.#runs.next,
      seen: this.#runs.underWay?.seen ?? 0,
    };
    return {
      type: "hello",
      versions: this.#options.versions ?? PROTOCOL_VERSIONS,
      suite: this.#options.suite ?? { name: "dmabuf-conform", version: "0" },
      takes: ["rest"],
      resume,
    };
  }

  #accepted(hello: TesteeHello, { peer }: Connection): TesteeHello {
    const versions = this.#options.versions ?? PROTOCOL_VERSIONS;
    if (versions.includes(hello.version)) return hello;
    throw new HelloError(
      `${peer} chose version ${hello.version} of the protocol, which was not offered`,
      `Choose one of "versions" in the runner's hello: ${versions.join(", ")}`,
    );
  }

  #identified({ target }: TesteeHello): TargetDescription {
    const description = {
      ...target,
      id: this.#id,
      name: `${target.name} (${target.id})`,
      operations: target.operations.filter(isOperationName),
    };
    this.#identity.first ??= description;
    const before = JSON.stringify(this.#identity.first);
    if (before === JSON.stringify(description)) return description;
    throw new HelloError(
      `${this.#id} is another target than before: ${differenceOf(this.#identity.first, description)}`,
      "Start a new run; one record cannot hold two targets",
    );
  }

  /** Takes one message. */
  #take(connection: Connection, text: string): void {
    if (this.#link && this.#link.connection !== connection) return;
    try {
      this.#handle(text);
    } catch (error) {
      this.#fail(faultOf(error));
    }
  }

  #handle(text: string): void {
    const message = decodeTestee(text);
    switch (message.type) {
      case "observation":
        return this.#runs.observation(message);
      case "log":
        return this.#runs.log(message);
      case "end":
        return this.#runs.end(message);
      case "ready":
        if (this.#resetting?.reset === message.reset) this.#resetting.answer.resolve();
        return;
      case "error":
        return this.#refused(message);
      case "hello":
        throw new HelloError("A second hello came", "Say hello once, as the answer to the runner's");
      case "heartbeat":
      case "bye":
      case "unknown":
        return;
    }
  }

  #refused(message: ErrorMessage): void {
    const fault = refusal(message);
    if (message.run !== undefined) return this.#runs.refused(message.run, fault);
    if (this.#resetting) return this.#resetting.answer.reject(fault);
    throw fault;
  }

  /** The connection is of no use any more; where the testee has kept the session, the run goes on with it. */
  #lost(connection: Connection, fault: ProtocolFault): void {
    const link = this.#link;
    if (link?.connection !== connection) return;
    const { hello } = link;
    this.#unlink(link);
    const kept = hello.session !== undefined && fault.stage !== "framing";
    if (kept) this.#cut = hello;
    if (kept && this.#runs.underWay) this.#resumeAfter(fault);
    else this.#concede(fault);
  }

  #resumeAfter(fault: ProtocolFault): void {
    const resuming = this.#resume(fault).finally(() => {
      if (this.#resuming !== resuming) return;
      this.#resuming = undefined;
      this.#sendSoon();
    });
    this.#resuming = resuming;
  }

  async #resume(fault: ProtocolFault): Promise<void> {
    this.#runs.rewind();
    const sent = this.#runs.open;
    try {
      const link = await this.#linked();
      const after = link.hello.resumedAfter;
      if (after === undefined) return this.#concede(fault);
      link.connection.send(sent.filter((run) => run.id > after).map((run) => this.#runMessage(run)));
    } catch (error) {
      const { message } = faultOf(error);
      this.#concede(
        new SilenceError(`${fault.message}; connecting again did not help: ${message}`, fault.hint),
      );
    }
  }

  /** What came cannot be used: lets go of the connection. */
  #fail(fault: ProtocolFault): void {
    const link = this.#link;
    if (link) this.#unlink(link);
    this.#concede(fault);
  }

  /** Ends what is under way. */
  #concede(fault: ProtocolFault): void {
    this.#resetting?.answer.reject(fault);
    const taken = this.#runs.fail(fault);
    if (!taken && fault.stage !== "lost" && fault.stage !== "silence") this.#suspect = fault;
  }

  #unlink({ connection, greeting }: Link): void {
    this.#link = undefined;
    greeting.stop();
    this.#letGo(connection);
  }

  #letGo(connection: Connection): void {
    const closing = connection.close().then(() => void this.#closings.delete(closing));
    this.#closings.add(closing);
  }
}

function noAnswer(what: string): SilenceError {
  return new SilenceError(
    `There was no answer to ${what}`,
    "A run that is aborted must end, and a reset must be answered with ready",
  );
}

/** What was thrown, as a fault; anything else is a mistake on this side and not hidden. */
function faultOf(error: unknown): ProtocolFault {
  if (isProtocolFault(error)) return error;
  return new MessageError(`The runner cannot go on: ${messageOf(error)}`, "Please report this", error);
}

function differenceOf(before: TargetDescription, now: TargetDescription): string {
  const keys = ["version", "kernel", "config", "architecture", "pageSize", "name"] as const;
  const key = keys.find((each) => before[each] !== now[each]);
  if (key === undefined) return "it has other operations or detectors";
  return `its ${key} was ${before[key]} and is ${now[key]}`;
}
