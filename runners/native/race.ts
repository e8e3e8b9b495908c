/**
 * Races: the threads of a case on real threads, again and again, each time with other small delays.
 *
 * @module
 */
import { type Program, type ProgramRace, RACE_ID } from "../../cases/program.ts";
import type { CaseEnd, Event, Observation, Outcome, RaceEnd, RaceFinding } from "../../spec/observation.ts";
import type { Call } from "../../cases/program.ts";
import { Session, type Setting } from "./session.ts";
import type { Strand } from "./strand.ts";

/** The longest delay of a thread behind the gate, in nanoseconds; revoking a buffer takes some microseconds. */
const MAX_DELAY_NS = 40_000;

/** All runs of a race end after this time, in milliseconds. */
const TIME_MS = 10_000;

/** What one run gave. */
interface Run {
  readonly before: readonly Observation[];
  readonly end: Omit<RaceEnd, "count">;
  readonly cleanUp: Awaited<ReturnType<Session["cleanUp"]>>;
}

/**
 * Runs a race some times and tells what was seen of all of them: a histogram of outcomes. It is never exhaustive.
 *
 * @param program the case
 * @param setting what it runs with
 * @param runs how often at most
 * @param observe is told of the steps before the race, once, and of the race
 * @param signal ends the runs
 */
export async function runRace(
  program: Program,
  setting: Setting,
  runs: number,
  observe: (observation: Observation) => void,
  signal: AbortSignal | undefined,
): Promise<CaseEnd> {
  const begin = performance.now();
  const first = await runOnce(program, setting, 0, observe);
  const ran = [first];
  const seen = [...first.before, ...first.end.then].map(({ outcome }) => outcome);
  const isWorthwhile = ![...seen, ...Object.values(first.end.results)].some(({ kind }) =>
    IS_NO_RACE.has(kind)
  );
  while (isWorthwhile && ran.length < runs && performance.now() - begin < TIME_MS) {
    if (signal?.aborted || ran.at(-1)?.cleanUp.stuck !== undefined) break;
    ran.push(await runOnce(program, setting, ran.length));
  }
  observe({
    step: RACE_ID,
    outcome: {
      kind: "raced",
      ends: histogram(ran.map(({ end }) => end)),
      runs: ran.length,
      exhaustive: false,
      findings: ran.flatMap(findingsOf),
    },
    events: [],
    log: ran.flatMap(({ cleanUp }) => cleanUp.post.log),
    pending: [],
    durationMs: performance.now() - begin,
  });
  const stuck = ran.at(-1)?.cleanUp.stuck;
  if (stuck !== undefined) return { end: "hang", reason: stuck };
  if (signal?.aborted) return { end: "timeout", reason: `the run was stopped: ${signal.reason}` };
  const tainted = ran.some(({ cleanUp }) => cleanUp.post.tainted);
  return { end: "completed", post: { leaks: [], blocked: [], log: [], tainted } };
}

/** Outcomes that every further run would have as well. */
const IS_NO_RACE: ReadonlySet<Outcome["kind"]> = new Set(["unsupported", "error"]);

async function runOnce(
  program: Program,
  setting: Setting,
  run: number,
  observe: (observation: Observation) => void = () => {},
): Promise<Run> {
  const session = new Session(setting);
  const before: Observation[] = [];
  for (const step of program.steps) {
    const observation = await session.perform(step);
    observe(observation);
    before.push(observation);
  }
  const race = program.race ?? { threads: [], then: [] };
  const results = await raceThreads(session, race, run);
  const told = toldIn(await session.events());
  const then: Observation[] = [];
  for (const step of race.then) then.push(await session.perform(step));
  return { before, end: { results, told, then }, cleanUp: await session.cleanUp() };
}

/** How often each attachment was told. */
function toldIn(events: readonly Event[]): Record<string, number> {
  const told: Record<string, number> = {};
  for (const each of events) {
    if (each.event === "invalidate") told[each.attachment] = (told[each.attachment] ?? 0) + 1;
  }
  return told;
}

/** Lets every thread wait behind a gate, opens it, and waits until all have returned or block. */
async function raceThreads(
  session: Session,
  { threads }: ProgramRace,
  run: number,
): Promise<Record<string, Outcome>> {
  const results: Record<string, Outcome> = {};
  const strands = threads.map(() => session.ownStrand());
  await Promise.all(strands.map((strand) => session.process.threadId(strand.thread)));
  const gates = strands.map(({ thread }) =>
    session.process.call(thread, { do: "gate", args: [0, delay(run)] })
  );
  for (const gate of gates) gate.catch(() => undefined);
  const works = threads.map(({ steps }, index) => callAll(session, steps, strands[index], results));
  await session.process.call(0, { do: "open_gate", args: [0] });
  await Promise.all(gates);
  const { limits } = session.setting;
  const deadline = performance.now() + limits.step;
  for (const [index, work] of works.entries()) {
    const settled = await strands[index]?.settle(work, limits.call, deadline);
    if (settled?.kind !== "blocked") continue;
    for (const { id } of threads[index]?.steps ?? []) results[id] ??= { kind: "blocked", on: settled.on };
  }
  return results;
}

async function callAll(
  session: Session,
  steps: readonly Call[],
  strand: Strand | undefined,
  results: Record<string, Outcome>,
): Promise<void> {
  for (const step of steps) {
    const started = session.start(step, strand);
    if ("kind" in started) {
      results[step.id] = started;
      continue;
    }
    await started.work;
    results[step.id] ??= started.outcome ?? { kind: "error", message: "the step ended without an outcome" };
  }
}

/** The first runs have no delay, which is where most races are; later ones spread further and further. */
function delay(run: number): number {
  const reach = MAX_DELAY_NS * Math.min(1, run / 50);
  return Math.floor(Math.random() * reach);
}

function findingsOf({ cleanUp: { post } }: Run, run: number): RaceFinding[] {
  const schedule = `run ${run + 1}`;
  return [
    ...post.leaks.map((what) => ({ kind: "leak" as const, what, schedule })),
    ...post.blocked.map((what) => ({ kind: "lost-wake-up" as const, what, schedule })),
  ];
}

/** Counts the runs that ended alike; times do not tell them apart. */
function histogram(ends: readonly Omit<RaceEnd, "count">[]): RaceEnd[] {
  const counted = new Map<string, RaceEnd>();
  for (const end of ends) {
    const then = end.then.map(({ step, outcome }) => [step, outcome]);
    const key = JSON.stringify([Object.entries(end.results).toSorted(), end.told, then]);
    counted.set(key, { ...end, count: (counted.get(key)?.count ?? 0) + 1 });
  }
  return [...counted.values()];
}
