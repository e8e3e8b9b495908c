/**
 * The simulator as a target: each case runs in a kernel of its own, in virtual time.
 *
 * @module
 */
import { type Program, RACE_ID } from "../../cases/program.ts";
import type { CaseEnd, Observation } from "../../spec/observation.ts";
import type { Target, TargetDescription } from "../target.ts";
import { HANDLERS } from "./handlers/mod.ts";
import { PAGE_SIZE } from "./kernel/kernel.ts";
import type { Dialect } from "./rules.ts";
import { runRace } from "./explore/race.ts";
import { Session } from "./session.ts";

/** The version of the model; it changes whenever a case could see a difference. */
const MODEL_VERSION = "14";

/** A simulator of a dialect. It answers at once: nothing in it needs to be waited for. */
export interface Simulator extends Target {
  /** Says what it models, and which operations it has. */
  describe(): TargetDescription;
  /** Runs the steps of a case on a machine of its own. */
  run(program: Program, observe: (observation: Observation) => void): CaseEnd;
  /** Does nothing: each case has its own machine. */
  reset(): void;
  /** Does nothing: there is nothing to let go of. */
  close(): void;
}

/** Runs a race over all schedules; what each of them leaves behind is among the findings. */
function runSchedules(
  program: Program,
  start: () => Session,
  observe: (observation: Observation) => void,
): CaseEnd {
  const { before, outcome } = runRace(program, start);
  for (const observation of before) observe(observation);
  observe({ step: RACE_ID, outcome, events: [], log: [], pending: [], durationMs: 0 });
  return { end: "completed", post: { leaks: [], blocked: [], log: [], tainted: false } };
}

/** A session in a kernel of its own. */
export function newSession(dialect: Dialect): Session {
  return new Session(dialect.rules, HANDLERS);
}

/** Makes a target that simulates a dialect. */
export function simulator(dialect: Dialect): Simulator {
  return {
    describe: () => ({
      id: `sim:${dialect.id}`,
      name: dialect.title,
      version: MODEL_VERSION,
      kernel: dialect.kernel,
      architecture: "generic",
      pageSize: PAGE_SIZE,
      detectors: ["references", "locks", "refcount underflow", "use after free"],
      operations: [...HANDLERS.keys()],
    }),
    run(program, observe) {
      const start = () => newSession(dialect);
      if (program.race) return runSchedules(program, start, observe);
      const session = start();
      for (const step of program.steps) observe(session.perform(step));
      return { end: "completed", post: session.cleanUp() };
    },
    reset() {},
    close() {},
  };
}
