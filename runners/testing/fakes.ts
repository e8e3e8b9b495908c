/**
 * Targets for the tests of the engine. Each is named by its bug.
 *
 * @module
 */
import type { Program } from "../../cases/program.ts";
import type { CaseEnd, Observation } from "../../spec/observation.ts";
import type { Target } from "../target.ts";

/** The end of a case after which nothing was left over. */
export const CLEAN: CaseEnd = {
  end: "completed",
  post: { leaks: [], blocked: [], log: [], tainted: false },
};

/** What a step that succeeded looks like. */
export function succeeded(step: string): Observation {
  return {
    step,
    outcome: { kind: "returned", value: null },
    events: [],
    log: [],
    pending: [],
    durationMs: 0,
  };
}

/** A target without a bug: every step succeeds at once. Fakes are made of it. */
export function wellBehaved(bug: Partial<Target> = {}): Target {
  return {
    describe: () => ({
      id: "fake",
      name: "A fake",
      version: "1",
      kernel: "none",
      architecture: "generic",
      pageSize: 4096,
      detectors: [],
      operations: [],
    }),
    run: runAll,
    reset() {},
    close() {},
    ...bug,
  };
}

/** Reports every step as succeeded. */
export function runAll(program: Program, observe: (observation: Observation) => void): CaseEnd {
  for (const step of program.steps) observe(succeeded(step.id));
  return CLEAN;
}

/** Behaves well, but answers only in its own time. */
export function slow(): Target {
  return wellBehaved({
    async run(program, observe) {
      await Promise.resolve();
      return runAll(program, observe);
    },
  });
}

/** Never answers, not even an abort. */
export function neverAnswers(): Target {
  return wellBehaved({ run: () => new Promise(() => {}) });
}

/** Answers only when it is told to stop. */
export function stopsWhenTold(): Target {
  return wellBehaved({
    run: (_program, _observe, signal) =>
      new Promise((_resolve, reject) => {
        const stop = () => reject(new Error("told to stop"));
        if (signal?.aborted) stop();
        else signal?.addEventListener("abort", stop, { once: true });
      }),
  });
}

/** Reports the first step twice. */
export function answersTwice(): Target {
  return wellBehaved({
    run(program, observe) {
      for (const step of program.steps.slice(0, 1)) {
        observe(succeeded(step.id));
        observe(succeeded(step.id));
      }
      return CLEAN;
    },
  });
}

/** Reports a step that the case does not have. */
export function unknownStep(): Target {
  return wellBehaved({
    run(_program, observe) {
      observe(succeeded("then.99"));
      return CLEAN;
    },
  });
}

/** Reports the steps in the wrong order. */
export function backwards(): Target {
  return wellBehaved({
    run(program, observe) {
      for (const step of program.steps.toReversed()) observe(succeeded(step.id));
      return CLEAN;
    },
  });
}

/** Says that it completed a case, but keeps the steps to itself. */
export function saysNothing(): Target {
  return wellBehaved({ run: () => CLEAN });
}

/** Reports a step of the case before, long after its end. */
export function talksAfterTheEnd(): Target {
  let before: (() => void) | undefined;
  return wellBehaved({
    run(program, observe) {
      before?.();
      before = () => observe(succeeded("given.0"));
      return runAll(program, observe);
    },
  });
}

/** Throws. */
export function throws(message: string): Target {
  return wellBehaved({
    run() {
      throw new Error(message);
    },
  });
}

/** Rejects in the middle of a case. */
export function dies(): Target {
  return wellBehaved({
    run(program, observe) {
      for (const step of program.steps.slice(0, 1)) observe(succeeded(step.id));
      return Promise.reject(new Error("connection reset"));
    },
  });
}

/** Has no operation at all. */
export function supportsNothing(): Target {
  return wellBehaved({
    run(program, observe) {
      for (const { id } of program.steps) {
        observe({ ...succeeded(id), outcome: { kind: "unsupported", reason: "this target has nothing" } });
      }
      return CLEAN;
    },
  });
}
