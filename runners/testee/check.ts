/**
 * Says which rules of the protocol a testee breaks, before any case is run on it.
 *
 * @module
 */
import { isProtocolFault, type ProtocolFault } from "../protocol/errors.ts";
import { PROTOCOL_VERSIONS } from "../protocol/version.ts";
import type { Connect } from "../remote/target.ts";
import { Dialogue } from "./dialogue.ts";
import { Broken, RULE_TEXTS, type RuleName, RULES, SHOWN_BY_AN_END, type Talk } from "./rules.ts";

/** What was found of a rule. */
export interface RuleFinding {
  /** The name of the rule, as in `order`. */
  readonly rule: string;
  /** What it asks for. */
  readonly text: string;
  /** Whether the testee keeps it; `open` where that could not be seen. */
  readonly status: "kept" | "broken" | "open";
  /** What happened, where it is broken, or why it is open. */
  readonly what?: string | undefined;
  /** What to do about it, where it is broken. */
  readonly hint?: string | undefined;
}

/** How long a testee may take for an answer, in milliseconds. */
const ANSWER_MS = 5000;

/** How long it may take to start and say hello, in milliseconds; an interpreter on a busy machine is slow to begin. */
const HELLO_MS = 30_000;

/** No version of the protocol. */
const NO_VERSION = 987_654;

/**
 * Checks a testee.
 *
 * @param connect starts it; it is started anew for each rule that needs that
 * @param ms how long an answer may take, in milliseconds; 5 seconds unless said otherwise
 * @param helloMs how long the first one may take, as the testee has to start; 30 seconds or `ms` unless said otherwise
 * @returns what was found of every rule, in a fixed order
 */
export async function checkTestee(
  connect: Connect,
  ms: number = ANSWER_MS,
  helloMs: number = Math.max(ms, HELLO_MS),
): Promise<readonly RuleFinding[]> {
  const check = new Check(connect, ms, helloMs);
  await check.hello();
  for (const [name, rule] of RULES) await check.rule(name, rule.check);
  await check.end();
  return check.findings();
}

class Check {
  readonly #connect: Connect;
  readonly #ms: number;
  readonly #helloMs: number;
  readonly #found = new Map<RuleName, Omit<RuleFinding, "rule" | "text">>();
  #talk: Talk | undefined;
  /** How many runs have come to a right end. */
  #ended = 0;

  constructor(connect: Connect, ms: number, helloMs: number) {
    this.#connect = connect;
    this.#ms = ms;
    this.#helloMs = helloMs;
  }

  /** Checks the hellos: with versions that there are, and with one that there is not. */
  async hello(): Promise<void> {
    await this.#watched("hello", async () => void await this.#greeted());
    if (!this.#talk) return;
    await this.#watched("version", () => this.#refusesVersion());
  }

  async rule(
    name: RuleName,
    check: (talk: Talk) => Promise<void | "nothing to show it with">,
  ): Promise<void> {
    if (this.#found.get("hello")?.status !== "kept") return;
    await this.#watched(name, async () => {
      const outcome = await check(await this.#greeted());
      if (outcome !== undefined) this.#found.set(name, { status: "open", what: outcome });
    });
  }

  async end(): Promise<void> {
    await this.#talk?.dialogue.close();
  }

  findings(): readonly RuleFinding[] {
    return [...RULE_TEXTS].map(([rule, text]) => ({ rule, text, ...this.#findingOf(rule) }));
  }

  /** What was found of a rule; what is watched all the time is kept where there was something to watch. */
  #findingOf(rule: RuleName): Omit<RuleFinding, "rule" | "text"> {
    const found = this.#found.get(rule);
    if (found) return found;
    if (this.#found.get("hello")?.status !== "kept") return { status: "open", what: "there is no talk" };
    if (!SHOWN_BY_AN_END.has(rule) || this.#ended > 0) return { status: "kept" };
    return { status: "open", what: "no run came to its end" };
  }

  /** Does something, and enters what it shows; after something broken, the testee is started anew. */
  async #watched(rule: RuleName, act: () => Promise<void>): Promise<void> {
    try {
      await act();
      if (!this.#found.has(rule)) this.#found.set(rule, { status: "kept" });
    } catch (error) {
      const broken = isProtocolFault(error) || error instanceof Broken ? error : undefined;
      if (!broken) throw error;
      const { message, hint } = broken;
      const which = ruleOf(broken) ?? rule;
      if (this.#found.get(which)?.status !== "broken") {
        this.#found.set(which, { status: "broken", what: message, hint });
      }
      if (which !== rule && !this.#found.has(rule)) {
        this.#found.set(rule, { status: "open", what: `"${which}" is broken` });
      }
      await this.end();
      this.#talk = undefined;
    }
  }

  /** The talk under way, or a new one. */
  async #greeted(): Promise<Talk> {
    if (this.#talk && !this.#talk.dialogue.isOver) return this.#talk;
    await this.end();
    this.#talk = undefined;
    const dialogue = new Dialogue(await this.#connect());
    try {
      dialogue.say(helloWith(PROTOCOL_VERSIONS));
      const hello = await dialogue.next(this.#helloMs);
      if (hello.type !== "hello") {
        throw new Broken(`It answers hello with "${hello.type}"`, "Answer hello with hello", "hello");
      }
      if (!PROTOCOL_VERSIONS.includes(hello.version)) {
        throw new Broken(
          `It takes version ${hello.version}, which was not offered`,
          `Take one of ${PROTOCOL_VERSIONS.join(", ")}`,
          "version",
        );
      }
      let runs = 0;
      this.#talk = { hello, dialogue, ms: this.#ms, nextRun: () => ++runs, ended: () => void this.#ended++ };
      return this.#talk;
    } catch (error) {
      await dialogue.close();
      throw error;
    }
  }

  async #refusesVersion(): Promise<void> {
    const dialogue = new Dialogue(await this.#connect());
    try {
      dialogue.say(helloWith([NO_VERSION]));
      const answer = await dialogue.next(this.#helloMs);
      if (answer.type === "error") return;
      throw new Broken(
        `It answers an offer of version ${NO_VERSION} alone with "${answer.type}"`,
        "Answer with error and the code version where no version is common",
      );
    } finally {
      await dialogue.close();
    }
  }
}

function helloWith(versions: readonly number[]): Readonly<Record<string, unknown>> {
  return { type: "hello", versions, suite: { name: "dmabuf-conform", version: "check" } };
}

/** The rule that a fault breaks, where it is not the one under test. */
function ruleOf(error: ProtocolFault | Broken): RuleName | undefined {
  if (error instanceof Broken) return error.rule;
  if (error.stage === "hello") return "hello";
  return error.stage === "message" || error.stage === "framing" ? "messages" : undefined;
}
