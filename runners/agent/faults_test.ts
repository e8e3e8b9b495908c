import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { programOf } from "../../cases/program.ts";
import type { CaseEnd } from "../../spec/observation.ts";
import { runCases } from "../engine.ts";
import { remoteTarget } from "../remote/target.ts";
import { Dialogue } from "../testee/dialogue.ts";
import { caseNamed } from "../testing/cases.ts";
import {
  type AgentProcess,
  type AgentProcessOptions,
  type Cable,
  layCable,
  type Meeting,
  meeting,
  startAgentProcess,
} from "../testing/processes.ts";
import type { Connection } from "../transport/connection.ts";
import { connectWebSocket } from "../transport/websocket.ts";

/** Silence is noticed soon; an agent that is only slow is taken for silent then, so it must be able to come back. */
const WATCHFUL = { heartbeatMs: 100, keptMs: 60_000, killMs: 100 };

/** Silence is noticed so late that a busy machine is never taken for it. */
const CALM = { ...WATCHFUL, heartbeatMs: 20_000 };

/** A caller that is cut off for good gives up soon. */
const BRIEF = { ...CALM, keptMs: 500 };

/** What only a fault takes so long, in milliseconds. */
const PATIENT_MS = 60_000;

interface Told {
  readonly ends: readonly string[];
  readonly reasons: readonly string[];
  readonly steps: readonly string[];
  readonly notRun: number;
}

/** What a test does at certain moments. */
interface Acts {
  /** When the first step of the first case is over. */
  readonly begun: () => void;
  /** When the runner connects again. */
  readonly again?: (() => void) | undefined;
  /** With each message that the runner gets. */
  readonly heard?: ((messages: readonly string[]) => void) | undefined;
}

/** Runs cases on an agent; `connectMs` is for connections after the act. */
async function runOn(
  ids: readonly string[],
  address: string,
  { begun, again, heard }: Acts,
  { connectMs = PATIENT_MS }: { readonly connectMs?: number } = {},
): Promise<Told> {
  const ends: CaseEnd[] = [];
  const steps: string[] = [];
  let acted = false;
  const identity = {};
  let connects = 0;
  const connect = async () => {
    if (connects++ > 0) again?.();
    const ms = acted ? connectMs : PATIENT_MS;
    return overheard(await connectWebSocket(address, { connectMs: ms }), heard);
  };
  const patience = { identity, helloMs: PATIENT_MS, answerMs: PATIENT_MS, reconnectMs: connectMs };
  const { notRun } = await runCases(
    ids.map(caseNamed),
    () => remoteTarget(`agent:${address}`, connect, patience),
    { timeoutMs: 2 * PATIENT_MS },
    {
      begin() {},
      step({ id }, _attempt, { step }) {
        steps.push(`${id} ${step}`);
        if (acted) return;
        acted = true;
        begun();
      },
      end: (_case, _attempt, end) => ends.push(end),
    },
  );
  return {
    ends: ends.map(({ end }) => end),
    reasons: ends.map(({ reason = "" }) => reason),
    steps,
    notRun: notRun.length,
  };
}

/** A connection of which everything that comes is also told to somebody else. */
function overheard(connection: Connection, heard: Acts["heard"]): Connection {
  if (!heard) return connection;
  return {
    peer: connection.peer,
    listen: ({ messages, closed }) =>
      connection.listen({
        messages(texts) {
          messages(texts);
          heard(texts);
        },
        closed,
      }),
    send: (messages) => connection.send(messages),
    close: () => connection.close(),
  };
}

async function withAgent(
  limits: NonNullable<AgentProcessOptions["limits"]>,
  test: (agent: AgentProcess, there: Meeting) => Promise<void>,
  clock: "steady" | "jumps" = "steady",
): Promise<void> {
  const there = meeting();
  const agent = await startAgentProcess({ target: `stdio:${there.command}`, limits, clock });
  try {
    await test(agent, there);
  } finally {
    await agent.stop();
    there.end();
  }
}

async function withCable(
  port: number,
  test: (cable: Cable, address: string) => Promise<void>,
): Promise<void> {
  const cable = layCable(port);
  try {
    await test(cable, `ws://127.0.0.1:${cable.port}`);
  } finally {
    await cable.close();
  }
}

const BOTH_STEPS = ["given.0", "when.0"];

Deno.test("an agent that is killed in mid-case loses that case and no observation", async () => {
  await withAgent(BRIEF, async (agent) => {
    const begun = () => agent.signal("SIGKILL");
    const told = await runOn(["patient-one", "two"], agent.address, { begun }, { connectMs: 500 });
    assertEquals(told.ends[0], "lost");
    assertEquals(told.steps, ["patient-one given.0"]);
    assert(told.ends.every((end) => end === "lost"));
    assertEquals(told.ends.length + told.notRun, 2);
  });
});

/** Kills an agent and starts one of another command, or the same, in its place. */
function replaced(
  agent: AgentProcess,
  command: string,
): { readonly begun: () => void; end(): Promise<void> } {
  const others: Promise<AgentProcess>[] = [];
  const target = `stdio:${command}`;
  return {
    begun: () => {
      others.push(agent.stop().then(() => startAgentProcess({ target, port: agent.port, limits: CALM })));
    },
    end: async () =>
      await Promise.all(others.map(async (other) => await (await other).stop())).then(() => {}),
  };
}

Deno.test("an agent that is killed and started again runs the rest", async () => {
  await withAgent(CALM, async (agent, there) => {
    const other = replaced(agent, there.command);
    const told = await runOn(["patient-one", "two"], agent.address, other);
    await other.end();
    assertEquals(told.ends, ["lost", "completed"]);
    assertEquals(told.steps, ["patient-one given.0", ...BOTH_STEPS.map((step) => `two ${step}`)]);
  });
});

Deno.test("an agent that is replaced by another target gets no further case", async () => {
  const elsewhere = meeting("another");
  await withAgent(CALM, async (agent) => {
    const other = replaced(agent, elsewhere.command);
    const told = await runOn(["patient-one", "two", "three"], agent.address, other);
    await other.end();
    assertEquals(told.ends.filter((end) => end === "completed"), []);
    assertEquals(told.steps, ["patient-one given.0"]);
    assertStringIncludes(told.reasons.join(" "), "its kernel was none and is another");
  });
  elsewhere.end();
});

Deno.test("an agent that stands still for a while and goes on loses nothing", async () => {
  await withAgent(WATCHFUL, async (agent, there) => {
    const told = await runOn(["patient-one", "two"], agent.address, {
      begun: () => agent.signal("SIGSTOP"),
      /* the runner has noticed */
      again() {
        there.go();
        agent.signal("SIGCONT");
      },
    });
    assertEquals(told.ends, ["completed", "completed"]);
    assertEquals(
      told.steps,
      ["patient-one", "two"].flatMap((id) => BOTH_STEPS.map((step) => `${id} ${step}`)),
    );
  });
});

Deno.test("an agent that stands still for good is lost, in bounded time", async () => {
  await withAgent({ ...WATCHFUL, keptMs: 2000 }, async (agent) => {
    const begun = () => agent.signal("SIGSTOP");
    const told = await runOn(["patient-one", "two"], agent.address, { begun }, { connectMs: 500 });
    assertEquals(told.ends[0], "lost");
    assertStringIncludes(told.reasons[0] ?? "", "has gone silent");
    assertEquals(told.steps, ["patient-one given.0"]);
    assertEquals(told.ends.includes("completed"), false);
  });
});

Deno.test("a worker that is killed in mid-case loses that case alone", async () => {
  await withAgent(CALM, async (agent, there) => {
    const begun = () => Deno.kill(there.pid(), "SIGKILL");
    const told = await runOn(["patient-one", "two"], agent.address, { begun });
    assertEquals(told.ends, ["lost", "completed"]);
    assertStringIncludes(told.reasons[0] ?? "", "the worker ended by SIGKILL");
    assertEquals(told.steps, ["patient-one given.0", ...BOTH_STEPS.map((step) => `two ${step}`)]);
  });
});

Deno.test("a worker that hangs is killed when the case has had its time", async () => {
  await withAgent(CALM, async (agent, there) => {
    const { address } = agent;
    const connect = () => connectWebSocket(address, { connectMs: PATIENT_MS });
    const patience = { helloMs: PATIENT_MS, answerMs: PATIENT_MS };
    const target = remoteTarget(`agent:${address}`, connect, patience);
    const time = new AbortController();
    const steps: string[] = [];
    const end = await target.run(programOf(caseNamed("patient-one")), ({ step }) => {
      steps.push(step);
      Deno.kill(there.pid(), "SIGSTOP");
      time.abort("the time is up");
    }, time.signal);
    assertEquals([end.end, steps], ["timeout", BOTH_STEPS.slice(0, 1)]);
    assertStringIncludes(end.reason ?? "", "was killed");
    await target.reset();
    const next = await target.run(programOf(caseNamed("two")), ({ step }) => steps.push(step));
    assertEquals([next.end, steps.slice(1)], ["completed", BOTH_STEPS]);
    await target.close();
  });
});

Deno.test("a case goes on where the connection is cut, and nothing is lost or told twice", async () => {
  await withAgent(CALM, async (agent, there) => {
    await withCable(agent.port, async (cable, address) => {
      const ids = ["patient-one", ...Array.from({ length: 30 }, (_, index) => `case-${index}`)];
      const begun = () => {
        cable.cut("once");
        there.go();
      };
      const told = await runOn(ids, address, { begun });
      assertEquals(told.ends, ids.map(() => "completed"));
      assertEquals(told.steps, ids.flatMap((id) => BOTH_STEPS.map((step) => `${id} ${step}`)));
      assertEquals(cable.connections, 2);
    });
  });
});

Deno.test("what comes with the end of its run is not lost or told twice where the connection is cut", async () => {
  const agent = await startAgentProcess({ target: "sim", limits: CALM });
  try {
    await withCable(agent.port, async (cable, address) => {
      const ids = Array.from({ length: 600 }, (_, index) => `case-${index}`);
      const begun = () => cable.cut("once");
      const told = await runOn(ids, address, { begun });
      assertEquals(told.ends, ids.map(() => "completed"));
      assertEquals(told.steps, ids.flatMap((id) => BOTH_STEPS.map((step) => `${id} ${step}`)));
      assertEquals(cable.connections, 2);
    });
  } finally {
    await agent.stop();
  }
});

Deno.test("a connection that is cut for good ends the case as lost, in bounded time", async () => {
  await withAgent(BRIEF, async (agent) => {
    await withCable(agent.port, async (cable, address) => {
      const begun = () => cable.cut("for good");
      const told = await runOn(["patient-one", "two"], address, { begun }, { connectMs: 500 });
      assertEquals(told.ends[0], "lost");
      assertEquals(told.steps, ["patient-one given.0"]);
      assertEquals(told.ends.includes("completed"), false);
    });
  });
});

Deno.test("clocks that jump on both sides change nothing", async () => {
  const { now } = Date;
  let jumps = 0;
  Date.now = () => now() + (++jumps % 2 === 0 ? 1e10 : -1e10);
  try {
    await withAgent(WATCHFUL, async (agent, there) => {
      let heartbeats = 0;
      const told = await runOn(["patient-one", "two"], agent.address, {
        begun() {},
        heard(messages) {
          heartbeats += messages.filter((text) => text.includes('"heartbeat"')).length;
          if (heartbeats >= 6) there.go();
        },
      });
      assertEquals(told.ends, ["completed", "completed"]);
    }, "jumps");
  } finally {
    Date.now = now;
  }
});

Deno.test("an abort that comes after the end of its run harms no other run", async () => {
  await withAgent(CALM, async (agent, there) => {
    const dialogue = new Dialogue(await connectWebSocket(agent.address));
    const kinds: string[] = [];
    const next = async () => {
      const message = await dialogue.next(PATIENT_MS);
      kinds.push(message.type === "end" ? message.end.end : message.type);
    };
    dialogue.say({ type: "hello", versions: [1], suite: { name: "a test", version: "1" } });
    await next();
    const step = { action: "call", operation: "fence.create", args: {} };
    const steps = [{ ...step, id: "given.0" }, { ...step, id: "when.0" }];
    dialogue.say({ type: "run", run: 1, program: { case: "one", steps } });
    for (let count = 0; count < 3; count++) await next();
    dialogue.say({ type: "abort", run: 1, reason: "too late" });
    dialogue.say({ type: "run", run: 2, program: { case: "patient-two", steps } });
    await next();
    setTimeout(() => there.go(), 4 * CALM.killMs);
    for (let count = 0; count < 2; count++) await next();
    assertEquals(kinds, [
      "hello",
      "observation",
      "observation",
      "completed",
      "observation",
      "observation",
      "completed",
    ]);
    await dialogue.close();
  });
});
