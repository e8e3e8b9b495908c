import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { CaseEnd } from "../../spec/observation.ts";
import { runCases } from "../engine.ts";
import { type RemoteOptions, remoteTarget } from "../remote.ts";
import { Dialogue } from "../testee/dialogue.ts";
import { caseNamed } from "../testing/cases.ts";
import { type Cable, layCable, type Meeting, meeting, startAgentProcess } from "../testing/processes.ts";
import { connectWebSocket } from "../transport/websocket.ts";

const QUICK = { heartbeatMs: 100, keptMs: 3000, killMs: 100 };

interface Told {
  readonly ends: readonly string[];
  readonly reasons: readonly string[];
  readonly steps: readonly string[];
  readonly notRun: number;
}

/** Runs cases on an agent; `act` is called once, when the first step of the first case is over. */
async function runOn(
  ids: readonly string[],
  address: string,
  act: () => void,
  options: RemoteOptions & { readonly timeoutMs?: number } = {},
): Promise<Told> {
  const ends: CaseEnd[] = [];
  const steps: string[] = [];
  let acted = false;
  const identity = {};
  let connects = 0;
  const open = () =>
    remoteTarget(
      `agent:${address}`,
      () => connectWebSocket(address, { connectMs: connects++ === 0 ? 10_000 : 500 }),
      {
        identity,
        reconnectMs: 1500,
        ...options,
      },
    );
  const { notRun } = await runCases(ids.map(caseNamed), open, { timeoutMs: 20_000, ...options }, {
    begin() {},
    step({ id }, _attempt, { step }) {
      steps.push(`${id} ${step}`);
      if (!acted) act();
      acted = true;
    },
    end: (_case, _attempt, end) => ends.push(end),
  });
  return {
    ends: ends.map(({ end }) => end),
    reasons: ends.map(({ reason = "" }) => reason),
    steps,
    notRun: notRun.length,
  };
}

async function withAgent(
  test: (agent: Awaited<ReturnType<typeof startAgentProcess>>, there: Meeting) => Promise<void>,
  clock: "steady" | "jumps" = "steady",
): Promise<void> {
  const there = meeting();
  const agent = await startAgentProcess({ target: `stdio:${there.command}`, limits: QUICK, clock });
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
  await withAgent(async (agent) => {
    const told = await runOn(["patient-one", "two"], agent.address, () => agent.signal("SIGKILL"));
    assertEquals(told.ends[0], "lost");
    assertEquals(told.steps, ["patient-one given.0"]);
    assert(told.ends.every((end) => end === "lost"));
    assertEquals(told.ends.length + told.notRun, 2);
  });
});

Deno.test("an agent that is killed and started again runs the rest", async () => {
  await withAgent(async (agent, there) => {
    const again: Promise<{ stop(): Promise<void> }>[] = [];
    const told = await runOn(["patient-one", "two"], agent.address, () => {
      again.push(
        agent.stop().then(() => startAgentProcess({ target: `stdio:${there.command}`, port: agent.port })),
      );
    }, { reconnectMs: 10_000 });
    await Promise.all(again.map(async (each) => await (await each).stop()));
    assertEquals(told.ends, ["lost", "completed"]);
    assertEquals(told.steps, ["patient-one given.0", ...BOTH_STEPS.map((step) => `two ${step}`)]);
  });
});

Deno.test("an agent that is replaced by another target gets no further case", async () => {
  const other = meeting("another");
  await withAgent(async (agent) => {
    const again: Promise<{ stop(): Promise<void> }>[] = [];
    const told = await runOn(["patient-one", "two", "three"], agent.address, () => {
      again.push(
        agent.stop().then(() => startAgentProcess({ target: `stdio:${other.command}`, port: agent.port })),
      );
    }, { reconnectMs: 10_000 });
    await Promise.all(again.map(async (each) => await (await each).stop()));
    assertEquals(told.ends.filter((end) => end === "completed"), []);
    assertEquals(told.steps, ["patient-one given.0"]);
    assertStringIncludes(told.reasons.join(" "), "its kernel was none and is another");
  });
  other.end();
});

Deno.test("an agent that stands still for a while and goes on loses nothing", async () => {
  await withAgent(async (agent, there) => {
    const told = await runOn(["patient-one", "two"], agent.address, () => {
      agent.signal("SIGSTOP");
      setTimeout(() => {
        there.go();
        agent.signal("SIGCONT");
      }, 800);
    });
    assertEquals(told.ends, ["completed", "completed"]);
    assertEquals(
      told.steps,
      ["patient-one", "two"].flatMap((id) => BOTH_STEPS.map((step) => `${id} ${step}`)),
    );
  });
});

Deno.test("an agent that stands still for good is lost, in bounded time", async () => {
  await withAgent(async (agent) => {
    const told = await runOn(["patient-one", "two"], agent.address, () => agent.signal("SIGSTOP"), {
      helloMs: 300,
    });
    assertEquals(told.ends[0], "lost");
    assertStringIncludes(told.reasons[0] ?? "", "has gone silent");
    assertEquals(told.steps, ["patient-one given.0"]);
    assertEquals(told.ends.includes("completed"), false);
  });
});

Deno.test("a worker that is killed in mid-case loses that case alone", async () => {
  await withAgent(async (agent, there) => {
    const told = await runOn(["patient-one", "two"], agent.address, () => Deno.kill(there.pid(), "SIGKILL"));
    assertEquals(told.ends, ["lost", "completed"]);
    assertStringIncludes(told.reasons[0] ?? "", "the worker ended by SIGKILL");
    assertEquals(told.steps, ["patient-one given.0", ...BOTH_STEPS.map((step) => `two ${step}`)]);
  });
});

Deno.test("a worker that hangs is killed when the case has had its time", async () => {
  await withAgent(async (agent, there) => {
    const stop = () => Deno.kill(there.pid(), "SIGSTOP");
    const told = await runOn(["patient-one", "two"], agent.address, stop, { timeoutMs: 500 });
    assertEquals(told.ends[0], "timeout");
    assertStringIncludes(told.reasons[0] ?? "", "was killed");
    assertEquals(told.steps[0], "patient-one given.0");
    assertEquals(told.ends.length, 2);
  });
});

Deno.test("a case goes on where the connection is cut, and nothing is lost or told twice", async () => {
  await withAgent(async (agent, there) => {
    await withCable(agent.port, async (cable, address) => {
      const ids = ["patient-one", ...Array.from({ length: 30 }, (_, index) => `case-${index}`)];
      const told = await runOn(ids, address, () => {
        cable.cut("once");
        there.go();
      });
      assertEquals(told.ends, ids.map(() => "completed"));
      assertEquals(told.steps, ids.flatMap((id) => BOTH_STEPS.map((step) => `${id} ${step}`)));
      assertEquals(cable.connections, 2);
    });
  });
});

Deno.test("a connection that is cut for good ends the case as lost, in bounded time", async () => {
  await withAgent(async (agent) => {
    await withCable(agent.port, async (cable, address) => {
      const told = await runOn(["patient-one", "two"], address, () => cable.cut("for good"));
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
    await withAgent(async (agent, there) => {
      const told = await runOn(
        ["patient-one", "two"],
        agent.address,
        () => setTimeout(() => there.go(), 600),
      );
      assertEquals(told.ends, ["completed", "completed"]);
    }, "jumps");
  } finally {
    Date.now = now;
  }
});

Deno.test("an abort that comes after the end of its run harms no other run", async () => {
  await withAgent(async (agent, there) => {
    const dialogue = new Dialogue(await connectWebSocket(agent.address));
    const kinds: string[] = [];
    const next = async () => {
      const message = await dialogue.next(20_000);
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
    setTimeout(() => there.go(), 4 * QUICK.killMs);
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
