import { assertEquals, assertExists, assertRejects } from "@std/assert";
import { judge } from "../../cases/judge/judge.ts";
import { loadCases } from "../../cases/load.ts";
import { programOf } from "../../cases/program.ts";
import { loadLedger } from "../../spec/ledger.ts";
import type { CaseEnd, Observation } from "../../spec/observation.ts";
import { serveTarget } from "../agent/serve_target.ts";
import { runCases } from "../engine.ts";
import { LostError } from "../protocol/errors.ts";
import { remoteTarget } from "./target.ts";
import { caseNamed } from "../testing/cases.ts";
import { helloOf } from "../testing/fake_testees.ts";
import { dies, runAll, slow, stopsWhenTold, wellBehaved } from "../testing/fakes.ts";
import { connectionPair } from "../testing/pipe.ts";
import { DEFAULT_DIALECT, simulator } from "../simulator/mod.ts";
import type { Target } from "../target.ts";
import type { Connection, Listener } from "../transport/connection.ts";

/** Runs cases on a target that is served over a connection, and tells their ends. */
async function runRemotely(ids: readonly string[], served: () => Target, options = {}) {
  const ends: [string, CaseEnd["end"], string | undefined][] = [];
  const seen: Observation[] = [];
  const servers: Promise<void>[] = [];
  const open = () =>
    remoteTarget("test", () => {
      const [here, there] = connectionPair();
      servers.push(serveTarget(served(), there));
      return here;
    }, { answerMs: 200 });
  const summary = await runCases(ids.map(caseNamed), open, { graceMs: 500, ...options }, {
    begin() {},
    step: (_case, _attempt, observation) => seen.push(observation),
    end: ({ id }, _attempt, end) => ends.push([id, end.end, end.reason]),
  });
  await Promise.all(servers);
  return { ends, seen, summary };
}

const MANY = Array.from({ length: 40 }, (_, index) => `case-${index}`);

Deno.test("remoteTarget() runs every case once and in order, with others on their way", async () => {
  for (const target of [wellBehaved, slow]) {
    const programs: string[] = [];
    const { ends, seen, summary } = await runRemotely(MANY, () =>
      target === slow ? slow() : wellBehaved({
        run(program, observe) {
          programs.push(program.case);
          return runAll(program, observe);
        },
      }));
    assertEquals(ends.map(([id, end]) => `${id} ${end}`), MANY.map((id) => `${id} completed`));
    assertEquals(seen.length, 2 * MANY.length);
    assertEquals(summary.notRun, []);
    if (target === wellBehaved) assertEquals(programs, MANY);
  }
});

Deno.test("remoteTarget() runs no case behind one that did not complete before a reset", async () => {
  const done: string[] = [];
  const { ends, summary } = await runRemotely(MANY.slice(0, 5), () =>
    wellBehaved({
      run(program, observe) {
        done.push(program.case);
        if (program.case === "case-1") return { end: "hang", reason: "it hangs" };
        return runAll(program, observe);
      },
      reset: () => void done.push("reset"),
    }));
  assertEquals(done, ["case-0", "case-1", "reset", "case-2", "case-3", "case-4"]);
  assertEquals(ends.map(([, end]) => end), ["completed", "hang", "completed", "completed", "completed"]);
  assertEquals(summary.restarts, 0);
});

Deno.test("remoteTarget() hands on what a target throws, and what it saw before", async () => {
  const { ends, seen } = await runRemotely(["one"], dies);
  assertEquals(ends, [["one", "infra-error", "the target threw: connection reset"]]);
  assertEquals(seen.map(({ step }) => step), ["given.0"]);
});

Deno.test("remoteTarget() aborts a case that takes too long", async () => {
  const { ends } = await runRemotely(["one", "two"], stopsWhenTold, { timeoutMs: 50 });
  assertEquals(ends.map(([id, end]) => `${id} ${end}`), ["one timeout", "two timeout"]);
});

Deno.test("remoteTarget() begins nothing ahead where each end may stop the run", async () => {
  const done: string[] = [];
  const { summary } = await runRemotely(MANY, () =>
    wellBehaved({
      run(program, observe) {
        done.push(program.case);
        return runAll(program, observe);
      },
    }), { next: () => "stop" });
  assertEquals(done, ["case-0"]);
  assertEquals(summary.notRun.length, MANY.length - 1);
});

Deno.test("remoteTarget() adds what the kernel logged last when the target is lost", async () => {
  const target = wellBehaved({
    run(_program, _observe, _signal, log) {
      log?.([{ level: "emerg", text: "Kernel panic - not syncing" }]);
      return new Promise(() => {});
    },
  });
  const [here, there] = connectionPair();
  const server = serveTarget(target, there);
  const remote = remoteTarget("test", () => here, { answerMs: 100, maxReconnects: 0 });
  const controller = new AbortController();
  await remote.describe();
  const end = remote.run({ case: caseNamed("one").id, steps: [] }, () => {}, controller.signal);
  controller.abort("no end");
  assertEquals((await end).reason?.includes("The kernel logged last: Kernel panic - not syncing"), true);
  await remote.close();
  await server;
});

Deno.test("remoteTarget() does not wait for a testee that says hello and goes away", async () => {
  let connections = 0;
  const target = remoteTarget("test", () => {
    connections++;
    let listener: Listener | undefined;
    return {
      peer: "the testee",
      listen: (given) => void (listener = given),
      send: () => {
        listener?.messages([JSON.stringify(helloOf())]);
        listener?.closed(new LostError("The connection ended", "Look at its log"));
      },
      close: () => Promise.resolve(),
    };
  }, { reconnectMs: 100 });
  await assertRejects(async () => await target.describe(), LostError, "The connection ended");
  const end = await target.run(programOf(caseNamed("one")), () => {});
  assertEquals([end.end, connections > 1], ["lost", true]);
  await target.close();
});

Deno.test("remoteTarget() sends nothing before what was under way when the connection was cut", async () => {
  const programs = Array.from({ length: 20 }, (_, index) => programOf(caseNamed(`case-${index}`)));
  const listeners: Listener[] = [];
  const sent: number[][] = [];
  const begun = Promise.withResolvers<void>();
  const all = Promise.withResolvers<void>();
  /* one in each turn, so that some come while the session is being taken up again */
  const announce = async () => {
    for (const program of programs.slice(1)) {
      target.announce?.(program);
      await Promise.resolve();
    }
  };
  const target = remoteTarget("test", () => {
    const runs: number[] = [];
    const connection = sent.push(runs);
    const hello = {
      ...helloOf(),
      ahead: 256,
      session: "one",
      ...(connection === 2 ? { resumedAfter: 0 } : {}),
    };
    return {
      peer: "the testee",
      listen: (listener) => void listeners.push(listener),
      send(messages) {
        for (const message of messages.map((text) => JSON.parse(text))) {
          if (message.type === "hello") listeners.at(-1)?.messages([JSON.stringify(hello)]);
          if (message.type === "hello" && connection === 2) void announce();
          if (message.type === "run") runs.push(message.run);
        }
        if (runs.length > 0) begun.resolve();
        if (runs.length >= programs.length) all.resolve();
      },
      close: () => Promise.resolve(),
    };
  });
  const [first] = programs;
  assertExists(first);
  void target.run(first, () => {});
  await begun.promise;
  listeners[0]?.closed(new LostError("The connection was cut", "Look at the cable"));
  await all.promise;
  assertEquals(sent, [[1], programs.map((_, index) => index + 1)]);
  await target.close();
});

/** A target of which is written down what it sends: the types of the messages, those that leave together in one. */
function recorded(): { readonly target: Target; readonly sent: readonly string[] } {
  const sent: string[] = [];
  const target = remoteTarget("test", () => {
    const [here, there] = connectionPair();
    void serveTarget(wellBehaved(), there);
    return { ...facade(here), send: (texts) => (sent.push(texts.map(typeOf).join("+")), here.send(texts)) };
  });
  return { target, sent };
}

Deno.test("a case costs the runner one message and no answer in between", async () => {
  const { target, sent } = recorded();
  await target.describe();
  for (const id of ["one", "two"]) {
    const end = await target.run(programOf(caseNamed(id)), () => {});
    assertEquals(end.end, "completed");
  }
  assertEquals(sent, ["hello", "run", "run"]);
  await target.close();
});

Deno.test("cases that are announced together are sent together", async () => {
  const { target, sent } = recorded();
  await target.describe();
  const programs = ["one", "two", "three", "four"].map((id) => programOf(caseNamed(id)));
  for (const program of programs) {
    const end = target.run(program, () => {});
    if (program === programs[0]) programs.slice(1).forEach((next) => target.announce?.(next));
    assertEquals((await end).end, "completed");
  }
  assertEquals(sent, ["hello", "run", "run+run+run"]);
  await target.close();
});

Deno.test("cases that are announced one by one do not leave one by one", async () => {
  const { target, sent } = recorded();
  const cases = Array.from({ length: 400 }, (_, index) => caseNamed(`case-${index}`));
  const { finished } = await runCases(cases, () => target, {}, { begin() {}, step() {}, end() {} });
  assertEquals(finished, cases.length);
  const portions = sent.filter((each) => each.startsWith("run")).map((each) => each.split("+").length);
  assertEquals(portions.reduce((sum, runs) => sum + runs), cases.length);
  assertEquals(portions.length < 20, true, portions.join());
});

Deno.test("a testee that gives another error than the kernel would keeps the protocol and fails the case", async () => {
  const { cases } = loadCases(loadLedger());
  const refused = cases.find(({ id }) => id === "vfio/mmap/mmap-after-revoke");
  assertExists(refused);
  const honest = simulator(DEFAULT_DIALECT);
  const lying: Target = {
    ...wellBehaved(),
    describe: () => honest.describe(),
    run: (program, observe) =>
      honest.run(program, (observation) => {
        const { outcome } = observation;
        observe(
          outcome.kind === "failed"
            ? { ...observation, outcome: { ...outcome, errno: "EPERM" } }
            : observation,
        );
      }),
  };
  const verdicts: string[] = [];
  for (const served of [honest, lying]) {
    const observations: Observation[] = [];
    const open = () =>
      remoteTarget("test", () => {
        const [here, there] = connectionPair();
        void serveTarget(served, there);
        return here;
      });
    await runCases([refused], open, {}, {
      begin() {},
      step: (_case, _attempt, observation) => observations.push(observation),
      end: (case_, _attempt, end) => {
        verdicts.push(judge(case_, { observations, end }, { pageSize: 4096 }).verdict);
      },
    });
  }
  assertEquals(verdicts, ["pass", "fail"]);
});

function typeOf(text: string): string {
  return JSON.parse(text).type;
}

function facade(connection: Connection): Connection {
  return {
    peer: connection.peer,
    listen: (listener) => connection.listen(listener),
    send: (messages) => connection.send(messages),
    close: () => connection.close(),
  };
}
