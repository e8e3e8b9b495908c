import { assertEquals, assertMatch, assertNotEquals, assertRejects } from "@std/assert";
import { type FinishedAttempt, runCases, type RunOptions, type Sink, type Summary } from "./engine.ts";
import type { Target } from "./target.ts";
import { caseNamed } from "./testing/cases.ts";
import { withoutTimePassing } from "./testing/clock.ts";
import * as fakes from "./testing/fakes.ts";

const CASES = ["a", "b", "c"].map(caseNamed);
const SILENT: Sink = { begin() {}, step() {}, end() {} };

interface Ran {
  readonly summary: Summary;
  readonly finished: readonly FinishedAttempt[];
}

async function run(open: () => Target, options: RunOptions = {}, cases = CASES): Promise<Ran> {
  const finished: FinishedAttempt[] = [];
  const next = (attempt: FinishedAttempt) => {
    finished.push(attempt);
    return options.next?.(attempt) ?? "go on";
  };
  const quick = { timeoutMs: 5, graceMs: 5 };
  const summary = await runCases(cases, open, { ...quick, ...options, next }, SILENT);
  return { summary, finished };
}

function endsOf({ finished }: Ran): string[] {
  return finished.map(({ end }) => end.end);
}

function reasonsOf({ finished }: Ran): (string | undefined)[] {
  return finished.map(({ end }) => end.reason);
}

/** Gives one target after the other, the last one from then on. */
function oneAfterTheOther(...targets: readonly (() => Target)[]): () => Target {
  let index = 0;
  return () => (targets[index++] ?? targets.at(-1) ?? fakes.wellBehaved)();
}

Deno.test("runCases() tells the sink of each attempt in order: begin, steps, end", async () => {
  const told: string[] = [];
  const sink: Sink = {
    begin: (case_, attempt) => told.push(`begin ${case_.id} ${attempt}`),
    step: (case_, attempt, { step }) => told.push(`step ${case_.id} ${attempt} ${step}`),
    end: (case_, attempt, { end }) => told.push(`end ${case_.id} ${attempt} ${end}`),
  };
  const summary = await runCases([caseNamed("a")], fakes.wellBehaved, { repeat: 2 }, sink);
  assertEquals(told, [
    ...["begin a 1", "step a 1 given.0", "step a 1 when.0", "end a 1 completed"],
    ...["begin a 2", "step a 2 given.0", "step a 2 when.0", "end a 2 completed"],
  ]);
  assertEquals([summary.finished, summary.notRun, summary.stopped], [2, [], undefined]);
});

Deno.test("runCases() shares the cases between targets that want to know what comes next", async () => {
  const counts: number[] = [];
  const open = () => {
    const index = counts.push(0) - 1;
    return fakes.wellBehaved({
      async run(program, observe) {
        counts[index] = (counts[index] ?? 0) + 1;
        await new Promise((resolve) => setTimeout(resolve, 0));
        return fakes.runAll(program, observe);
      },
      announce() {},
    });
  };
  const cases = Array.from({ length: 100 }, (_, index) => caseNamed(`case-${index}`));
  await runCases(cases, open, { jobs: 4 }, SILENT);
  assertEquals(counts.reduce((sum, count) => sum + count, 0), cases.length);
  assertEquals(counts.map((count) => count > 10), [true, true, true, true], counts.join());
});

Deno.test("runCases() does not wait for a target that answers at once", async () => {
  let ran = 0;
  let ranBeforeAnythingElse = 0;
  const target = fakes.wellBehaved({
    run(program, observe) {
      if (++ran === 1) queueMicrotask(() => ranBeforeAnythingElse = ran);
      return fakes.runAll(program, observe);
    },
  });
  await withoutTimePassing(() => run(() => target));
  assertEquals(ranBeforeAnythingElse, 3);
});

Deno.test("runCases() runs cases on a target that takes its time", async () => {
  assertEquals(endsOf(await run(fakes.slow, { timeoutMs: 60_000 })), ["completed", "completed", "completed"]);
});

Deno.test("runCases() opens a target anew that answers nothing, and at last gives up", async () => {
  const ran = await run(fakes.neverAnswers, { maxRestarts: 1 });
  assertEquals(endsOf(ran), ["timeout", "timeout"]);
  assertEquals([ran.summary.restarts, ran.summary.stopped], [1, "target"]);
  assertEquals(ran.summary.notRun.map((left) => [left.case.id, left.reason]), [
    ["c", "the target had to be restarted too often"],
  ]);
});

Deno.test("runCases() goes on with the next case after a restart", async () => {
  const ran = await run(oneAfterTheOther(fakes.neverAnswers, fakes.wellBehaved));
  assertEquals(endsOf(ran), ["timeout", "completed", "completed"]);
  assertEquals(ran.summary.restarts, 1);
});

Deno.test("runCases() only resets a target that stops when it is told to", async () => {
  const ran = await run(fakes.stopsWhenTold);
  assertEquals(endsOf(ran), ["timeout", "timeout", "timeout"]);
  assertEquals(ran.summary.restarts, 0);
});

Deno.test("runCases() takes no report that the case cannot have", async (t) => {
  const table = [
    [fakes.answersTwice, 'the target reported step "given.0" twice', 1],
    [fakes.unknownStep, 'the target reported step "then.99", which the case does not have', 0],
    [fakes.backwards, 'the target reported step "when.0" when "given.0" was next', 0],
    [
      fakes.saysNothing,
      'the target says that it completed the case, but it never reported step "given.0"',
      0,
    ],
  ] as const;
  for (const [fake, reason, kept] of table) {
    await t.step(fake.name, async () => {
      const ran = await run(fake, {}, [caseNamed("a")]);
      assertEquals([endsOf(ran), reasonsOf(ran)], [["infra-error"], [reason]]);
      assertEquals(ran.finished[0]?.observations.length, kept);
    });
  }
});

Deno.test("runCases() aborts a slow target that lies", async () => {
  const liar = fakes.wellBehaved({
    run(program, observe, signal) {
      observe(fakes.succeeded("then.99"));
      return fakes.stopsWhenTold().run(program, observe, signal);
    },
  });
  const ran = await run(() => liar, { timeoutMs: 60_000, graceMs: 60_000 }, [caseNamed("a")]);
  assertEquals(endsOf(ran), ["infra-error"]);
});

Deno.test("runCases() does not trust a case in which a report of an earlier case came", async () => {
  const ran = await run(fakes.talksAfterTheEnd);
  assertEquals(endsOf(ran), ["completed", "infra-error", "infra-error"]);
  assertMatch(reasonsOf(ran)[1] ?? "", /of a after that case had ended/);
});

Deno.test("runCases() resets a target that throws, and says what it threw", async () => {
  let resets = 0;
  const target = { ...fakes.throws("no such device"), reset: () => void resets++ };
  const ran = await run(() => target);
  assertEquals(reasonsOf(ran), Array(3).fill("the target threw: no such device"));
  assertEquals([endsOf(ran)[0], resets, ran.summary.restarts], ["infra-error", 3, 0]);
});

Deno.test("runCases() opens a target anew whose reset fails", async () => {
  let closed = 0;
  const target = {
    ...fakes.dies(),
    reset: () => Promise.reject(new Error("gone")),
    close: () => void closed++,
  };
  const ran = await run(oneAfterTheOther(() => target, fakes.wellBehaved));
  assertEquals(endsOf(ran), ["infra-error", "completed", "completed"]);
  assertEquals(ran.finished[0]?.observations.length, 1);
  assertEquals([ran.summary.restarts, closed], [1, 1]);
});

Deno.test("runCases() says why nothing was run where the target cannot be opened", async () => {
  const { summary } = await run(() => {
    throw new Error("permission denied");
  });
  const reason = "the target could not be opened: permission denied";
  assertEquals([summary.finished, summary.stopped], [0, "target"]);
  assertEquals(summary.notRun.map((left) => left.reason), [reason, reason, reason]);
});

Deno.test("runCases() passes on that a target supports nothing", async () => {
  const { finished } = await run(fakes.supportsNothing);
  assertEquals(finished[0]?.observations[0]?.outcome.kind, "unsupported");
});

Deno.test("runCases() runs each case as often as asked and leaves out what is done", async () => {
  const { finished } = await run(fakes.wellBehaved, {
    repeat: 2,
    isDone: (id, attempt) => attempt === 1 && id !== "c",
  });
  assertEquals(finished.map((each) => `${each.case.id}${each.attempt}`), ["c1", "a2", "b2", "c2"]);
});

Deno.test("runCases() runs the same seed in the same order, another one in another", async () => {
  const cases = [..."abcdefghij"].map(caseNamed);
  const order = async (seed?: number) =>
    (await run(fakes.wellBehaved, { seed }, cases)).finished.map((each) => each.case.id).join("");
  assertEquals(await order(), "abcdefghij");
  assertEquals(await order(7), await order(7));
  assertNotEquals(await order(7), await order(8));
  assertEquals([...await order(7)].toSorted().join(""), "abcdefghij");
});

Deno.test("runCases() stops where it is asked to, and says so of the rest", async () => {
  const { summary } = await run(fakes.wellBehaved, {
    next: ({ case: { id } }) => id === "a" ? "stop" : "go on",
  });
  assertEquals([summary.finished, summary.stopped], [1, "asked"]);
  assertEquals(summary.notRun.map((left) => left.reason), Array(2).fill("the run was to stop after a"));
});

Deno.test("runCases() runs on so many targets side by side", async () => {
  let open = 0;
  let most = 0;
  const target = () => {
    most = Math.max(most, ++open);
    return { ...fakes.slow(), close: () => void open-- };
  };
  const { finished } = await run(target, { jobs: 2, timeoutMs: 60_000 });
  assertEquals([finished.length, most, open], [3, 2, 0]);
});

Deno.test("runCases() ends cleanly when it is interrupted", async () => {
  const interrupt = new AbortController();
  const target = fakes.wellBehaved({
    run(program, observe, signal) {
      if (program.case === "a") return fakes.runAll(program, observe);
      queueMicrotask(() => interrupt.abort());
      return fakes.stopsWhenTold().run(program, observe, signal);
    },
  });
  const { summary, finished } = await run(() => target, { timeoutMs: 60_000, signal: interrupt.signal });
  assertEquals(finished.map((each) => each.case.id), ["a"]);
  assertEquals(summary.stopped, "interrupted");
  assertEquals(summary.notRun.map((left) => [left.case.id, left.reason]), [
    ["b", "the run was interrupted while it ran"],
    ["c", "the run was interrupted"],
  ]);
});

Deno.test("runCases() passes on what the sink throws, after it has closed the target", async () => {
  let closed = 0;
  const full: Sink = {
    ...SILENT,
    step() {
      throw new Error("no space left on device");
    },
  };
  const target = { ...fakes.wellBehaved(), close: () => void closed++ };
  await assertRejects(() => runCases(CASES, () => target, {}, full), Error, "no space left");
  assertEquals(closed, 1);
});

Deno.test("runCases() waits before each case until the target is ready, which is no time of the case", async () => {
  const told: string[] = [];
  const target = fakes.wellBehaved({
    async ready() {
      await Promise.resolve();
      told.push("ready");
    },
    run(program, observe) {
      told.push(program.case);
      return fakes.runAll(program, observe);
    },
  });
  await run(() => target);
  assertEquals(told, ["ready", "a", "ready", "b", "ready", "c"]);
});

for (
  const [what, ready] of [
    ["never is", () => new Promise<void>(() => {})],
    ["fails to be", () => Promise.reject(new Error("no machine"))],
  ] as const
) {
  Deno.test(`runCases() leaves it to the case to say why a target that ${what} ready does not answer`, async () => {
    const target = fakes.wellBehaved({ ready, run: () => ({ end: "infra-error", reason: "no machine" }) });
    const ran = await run(() => target, { readyMs: 1 });
    assertEquals(endsOf(ran), Array(3).fill("infra-error"));
  });
}

Deno.test("runCases() begins no case when it is interrupted while a target is made ready", async () => {
  const interrupt = new AbortController();
  const target = fakes.wellBehaved({
    ready: () => {
      interrupt.abort();
      return new Promise<void>(() => {});
    },
  });
  const { summary, finished } = await run(() => target, { signal: interrupt.signal });
  assertEquals([finished.length, summary.stopped, summary.notRun.length], [0, "interrupted", 3]);
});
