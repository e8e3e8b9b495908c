/**
 * What the way to a target costs: 1,000 cases of the default dialect in this process, over stdio and through an agent.
 *
 * The agent and its worker are processes of their own on this machine, so that a run has three processes; with fewer
 * processors than that they wait for each other. The same cases are run with all that a run does beside them, too: the
 * judge and a record. One case alone shows what a round trip costs.
 *
 * @module
 */
import type { Case } from "../../cases/case.ts";
import { judge } from "../../cases/judge/judge.ts";
import { loadCases } from "../../cases/load.ts";
import { loadLedger } from "../../spec/ledger.ts";
import { runCases, type Sink } from "../engine.ts";
import { remoteTarget } from "./target.ts";
import { DEFAULT_DIALECT, simulator } from "../simulator/mod.ts";
import type { Target } from "../target.ts";
import { startAgentProcess } from "../testing/processes.ts";
import { connectCommand } from "../transport/stdio.ts";
import { connectWebSocket } from "../transport/websocket.ts";

const TESTEE = new URL("../testing/sim_testee.ts", import.meta.url).pathname;
const NAME = `sim:${DEFAULT_DIALECT.id}`;

const plain = loadCases(loadLedger()).cases.filter(({ race }) => !race);
const thousand: readonly Case[] = Array.from({ length: 1000 }, (_, index) => plain[index % plain.length])
  .flatMap((each) => each ?? []);
const [one] = plain;
if (!one) throw new Error("There is no case");
const single: readonly Case[] = [one];

const agent = await startAgentProcess({ target: NAME });
globalThis.addEventListener("unload", () => agent.signal("SIGTERM"));
const command = [Deno.execPath(), "run", "-A", "--quiet", "--no-check", TESTEE, "--target", NAME] as const;

/** Targets that stay open from one round to the next. */
const TARGETS: Readonly<Record<string, Target>> = {
  "in this process": simulator(DEFAULT_DIALECT),
  "stdio": remoteTarget(NAME, () => connectCommand(command)),
  "agent": remoteTarget(NAME, () => connectWebSocket(agent.address)),
};

/**
 * How often a thousand cases are run before anything is measured. Each process compiles what it runs often by itself, and
 * on two cores the three of them compile in each other's way; after forty rounds V8 is still at it.
 */
const WARM_UP = 300;

const nobody: Sink = { begin() {}, step() {}, end() {} };

/** Judges what was seen, as text, as a record would hold it. */
function judging(): Sink {
  const seen = new Map<string, Parameters<Sink["step"]>[2][]>();
  let text = "";
  return {
    begin: ({ id }) => void seen.set(id, []),
    step({ id }, _attempt, observation) {
      seen.get(id)?.push(observation);
      text = JSON.stringify(observation);
    },
    end(case_, _attempt, end) {
      judge(case_, { observations: seen.get(case_.id) ?? [], end }, { pageSize: 4096 });
      text = JSON.stringify(end);
      if (text === "") throw new Error("Nothing was written");
    },
  };
}

/** The same target for every run, not closed at the end of it. */
function kept(target: Target): Target {
  return {
    describe: () => target.describe(),
    run: (program, observe, signal) => target.run(program, observe, signal),
    reset: () => target.reset(),
    ...(target.announce ? { announce: (program) => target.announce?.(program) } : {}),
    close() {},
  };
}

for (const [name, target] of Object.entries(TARGETS)) {
  await target.describe();
  const baseline = name === "in this process";
  const open = () => kept(target);
  for (let round = 0; round < WARM_UP; round++) await runCases(thousand, open, {}, nobody);
  Deno.bench(`1,000 cases, ${name}`, { group: "engine", baseline }, async () => {
    await runCases(thousand, open, {}, nobody);
  });
  Deno.bench(`1,000 cases with judge and record, ${name}`, { group: "run", baseline }, async () => {
    await runCases(thousand, open, {}, judging());
  });
  Deno.bench(`one case, ${name}`, { group: "one case", baseline }, async () => {
    await runCases(single, open, {}, nobody);
  });
}
