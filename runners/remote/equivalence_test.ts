import { assertEquals } from "@std/assert";
import type { Case } from "../../cases/case.ts";
import { loadCases } from "../../cases/load.ts";
import type { CaseEnd, Observation } from "../../spec/observation.ts";
import { loadLedger } from "../../spec/ledger.ts";
import { startAgent } from "../agent/server.ts";
import { workerOf } from "../agent/worker.ts";
import { runCases } from "../engine.ts";
import { type Connect, remoteTarget } from "./target.ts";
import { DIALECTS, simulator } from "../simulator/mod.ts";
import type { Target } from "../target.ts";
import { connectCommand } from "../transport/stdio.ts";
import { connectWebSocket } from "../transport/websocket.ts";

const { cases } = loadCases(loadLedger());

const TESTEE = new URL("../testing/sim_testee.ts", import.meta.url).pathname;

/** Everything that was told of a case, as text. */
type Trace = ReadonlyMap<string, string>;

/** What is seen of every case. */
async function tracesOf(open: () => Target, only: readonly Case[] = cases): Promise<Trace> {
  const seen = new Map<string, (Observation | CaseEnd)[]>();
  await runCases(only, open, {}, {
    begin: ({ id }) => void seen.set(id, []),
    step: ({ id }, _attempt, observation) => seen.get(id)?.push(observation),
    end: ({ id }, _attempt, end) => seen.get(id)?.push(end),
  });
  return new Map([...seen].map(([id, all]) => [id, JSON.stringify(all)]));
}

/** The first case on which two traces differ, with both. */
function difference(one: Trace, other: Trace): readonly (string | undefined)[] {
  const id = [...one.keys()].find((each) => one.get(each) !== other.get(each));
  return id === undefined ? [] : [id, one.get(id), other.get(id)];
}

function overStdio(target: string): Connect {
  return () =>
    connectCommand([
      Deno.execPath(),
      "run",
      "-A",
      "--quiet",
      "--no-check",
      TESTEE,
      "--stdio",
      "--target",
      target,
    ]);
}

for (const dialect of DIALECTS.values()) {
  const id = `sim:${dialect.id}`;
  Deno.test(`every case has the same trace in this process, over stdio and over a WebSocket: ${id}`, async () => {
    const here = await tracesOf(() => simulator(dialect));
    assertEquals(here.size, cases.length);
    const agent = startAgent({ startWorker: workerOf(id, TESTEE) });
    try {
      const [stdio, socket] = await Promise.all([
        tracesOf(() => remoteTarget(id, overStdio(id))),
        tracesOf(() => remoteTarget(id, () => connectWebSocket(agent.address))),
      ]);
      assertEquals(difference(here, stdio), []);
      assertEquals(difference(here, socket), []);
    } finally {
      await agent.close();
    }
  });
}
