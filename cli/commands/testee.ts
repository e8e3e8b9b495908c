/**
 * `conform testee check`: says which rules of the protocol a testee breaks.
 *
 * @module
 */
import { checkTestee, type RuleFinding } from "../../runners/testee/check.ts";
import { connectShell } from "../../runners/transport/stdio.ts";
import type { Io } from "../io.ts";

/** What `conform testee check` is given. */
export interface TesteeCheckArguments {
  readonly command: string;
  /** Seconds for an answer. */
  readonly timeout: number;
  readonly format: "human" | "json";
}

/** Carries out `conform testee check` and gives the exit status: 1 if a rule is broken. */
export async function testeeCheck(
  { command, timeout, format }: TesteeCheckArguments,
  io: Io,
): Promise<number> {
  const findings = await checkTestee(() => connectShell(command), timeout * 1000);
  io.out(format === "json" ? `${JSON.stringify(findings, undefined, 2)}\n` : findings.map(lineOf).join(""));
  const count = (status: RuleFinding["status"]) => findings.filter((each) => each.status === status).length;
  io.err(`${count("kept")} rules kept, ${count("broken")} broken, ${count("open")} open\n`);
  return count("broken") > 0 ? 1 : 0;
}

function lineOf({ rule, text, status, what, hint }: RuleFinding): string {
  const more = what === undefined ? [] : [`${what}.${hint === undefined ? "" : ` ${hint}.`}`];
  return [`${status.padEnd(6)}  ${rule.padEnd(15)}  ${text}`, ...more.map((line) => `        ${line}`)]
    .map((line) => `${line}\n`).join("");
}
