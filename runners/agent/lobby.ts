/**
 * Where callers of an agent arrive: it waits for their hello, and gives them a session, a new one or the one that they
 * were cut off from.
 *
 * @module
 */
import { decodeRunner } from "../protocol/decode.ts";
import { isProtocolFault, type ProtocolFault } from "../protocol/errors.ts";
import type { RunnerHello, TesteeMessage } from "../protocol/messages.ts";
import { commonVersion, PROTOCOL_VERSIONS } from "../protocol/version.ts";
import type { Connection } from "../transport/connection.ts";
import type { CommandConnection } from "../transport/stdio.ts";
import { LIMITS, type Limits } from "./limits.ts";
import { Session } from "./session.ts";
import { SpareWorker } from "./spare.ts";

/** What an agent serves, to whom it tells what, and its limits. */
export interface LobbyOptions {
  /** Starts a worker: a process that serves the target over its standard streams. */
  readonly startWorker: () => CommandConnection;
  /** Whether a worker is started before it is asked for; `none` unless said otherwise. */
  readonly spare?: "one" | "none" | undefined;
  /** Whether cases are run, or the target is only described; `run` unless said otherwise. */
  readonly mode?: "run" | "describe" | undefined;
  /** Limits other than the usual ones. */
  readonly limits?: Partial<Limits> | undefined;
  /** Is told who does what. */
  readonly log?: ((text: string) => void) | undefined;
}

/** The sessions of an agent. */
export class Lobby {
  /** What callers may use. */
  readonly limits: Limits;
  readonly #options: LobbyOptions;
  readonly #sessions = new Map<string, { readonly session: Session; readonly who: string }>();
  readonly #waiting = new Set<Connection>();
  readonly #spare: SpareWorker | undefined;
  #count = 0;

  /** Makes an empty one. */
  constructor(options: LobbyOptions) {
    this.#options = options;
    this.#spare = options.spare === "one" ? new SpareWorker(options.startWorker) : undefined;
    this.limits = { ...LIMITS, ...options.limits };
  }

  /** Whether there is room for one more session. */
  get hasRoom(): boolean {
    return this.#sessions.size - this.#ending.length < this.limits.sessions;
  }

  /** The sessions whose callers have gone and whose workers have not. */
  get #ending(): readonly Session[] {
    return [...this.#sessions.values()].flatMap(({ session }) => session.isOver ? [session] : []);
  }

  /** Whether one more may come in and say hello; it may want to go on with a session that is there. */
  get hasRoomForWaiting(): boolean {
    return this.#waiting.size < 2 * this.limits.sessions;
  }

  /**
   * Takes a caller in.
   *
   * @param connection the way to the caller
   * @param who who it is, as far as the agent has made sure; a session is resumed by nobody else
   * @param from where it calls from
   * @param hello whether it must say hello in time; over a stream that is always there, it may come at any time
   */
  admit(
    connection: Connection,
    who: string,
    from: string,
    hello: "in time" | "at any time" = "in time",
  ): void {
    this.#waiting.add(connection);
    let session: Session | undefined;
    const tooLate = hello === "in time"
      ? setTimeout(() => this.#turnAway(connection, NO_HELLO), this.limits.helloMs)
      : undefined;
    const greeted = (text: string): Session | undefined => {
      clearTimeout(tooLate);
      if (!this.#waiting.delete(connection)) return undefined;
      return this.#greeted(connection, text, who, from);
    };
    connection.listen({
      messages: (texts) => {
        const rest = session ? texts : texts.slice(1);
        session ??= greeted(texts[0] ?? "");
        if (rest.length > 0) session?.fromCaller(rest);
      },
      closed: (reason) => {
        clearTimeout(tooLate);
        this.#waiting.delete(connection);
        if (session) session.cut(connection);
        else void connection.close();
        if (reason.stage === "framing") void session?.end(reason.message);
      },
    });
  }

  /** Ends all sessions. */
  async close(): Promise<void> {
    const ends = [...this.#sessions.values()].map(({ session }) => session.end("the agent ends"));
    await this.#spare?.close();
    await Promise.all([...ends, ...[...this.#waiting].map((connection) => connection.close())]);
  }

  #greeted(connection: Connection, text: string, who: string, from: string): Session | undefined {
    try {
      const hello = decodeRunner(text);
      if (hello.type !== "hello") {
        this.#turnAway(connection, {
          code: "order",
          message: `"${hello.type}" came before hello`,
          hint: "Say hello first",
        });
        return undefined;
      }
      return this.#resumed(connection, hello, who) ?? this.#begun(connection, hello, text, who, from);
    } catch (error) {
      if (!isProtocolFault(error)) throw error;
      this.#turnAway(connection, malformed(error));
      return undefined;
    }
  }

  #resumed(connection: Connection, { resume }: RunnerHello, who: string): Session | undefined {
    const kept = resume && this.#sessions.get(resume.session);
    if (!resume || kept?.who !== who || !kept.session.canResume) return undefined;
    kept.session.resume(connection, resume);
    return kept.session;
  }

  #begun(
    connection: Connection,
    { versions, suite }: RunnerHello,
    text: string,
    who: string,
    from: string,
  ): Session | undefined {
    if (commonVersion(PROTOCOL_VERSIONS, versions) === undefined) {
      this.#turnAway(connection, {
        code: "version",
        message: `This agent speaks version ${PROTOCOL_VERSIONS.join(", ")} of the protocol and not ${
          versions.join(", ")
        }`,
        hint: "Take the same release of the suite on both sides",
      });
      return undefined;
    }
    if (!this.hasRoom) {
      this.#turnAway(connection, {
        code: "busy",
        message: `This agent has its ${this.limits.sessions} sessions`,
        hint: "Use fewer jobs, or allow more with --sessions",
      });
      return undefined;
    }
    /* a caller that comes right after another one waits for that one's worker, which may still hold the devices */
    const room = this.#sessions.size < this.limits.sessions
      ? Promise.resolve()
      : Promise.all(this.#ending.map((each) => each.end("it was over")));
    const id = crypto.randomUUID();
    const number = ++this.#count;
    const log = (what: string) => this.#options.log?.(`session ${number} of ${who} at ${from} ${what}`);
    const session = new Session(text, {
      id,
      startWorker: () => this.#spare?.take() ?? this.#options.startWorker(),
      mode: this.#options.mode ?? "run",
      limits: this.limits,
      log,
      over: () => this.#sessions.delete(id),
    });
    this.#sessions.set(id, { session, who });
    log(`begins, with ${suite.name} ${suite.version}`);
    void session.begin(connection, room);
    return session;
  }

  #turnAway(connection: Connection, error: Refusal): void {
    this.#waiting.delete(connection);
    const message: TesteeMessage = { type: "error", ...error };
    connection.send([JSON.stringify(message)]);
    void connection.close();
  }
}

interface Refusal {
  readonly code: string;
  readonly message: string;
  readonly hint: string;
}

const NO_HELLO: Refusal = {
  code: "order",
  message: "There was no hello in time",
  hint: "Say hello first",
};

function malformed({ message, hint }: ProtocolFault): Refusal {
  return { code: "malformed", message, hint };
}
