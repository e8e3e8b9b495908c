/**
 * Traces: what was seen of each step, a line for each, in the same words whether a runner saw it or a program in C.
 *
 * @module
 */
import { describeEvent, describeOutcome } from "../../cases/describe.ts";
import type { Observation, Outcome } from "../../spec/observation.ts";

/** An outcome without its reasons: what a step waits for or lacks is told in other words by a program. */
function words(outcome: Outcome): string {
  if (outcome.kind === "blocked") return "blocked";
  return outcome.kind === "skipped" ? "was skipped" : describeOutcome(outcome);
}

/** The trace of what a runner saw, a line for each step: its id, how it ended, what happened, what had not returned. */
export function traceOf(observations: readonly Observation[]): readonly string[] {
  return observations.map(({ step, outcome, events, pending }) =>
    [
      `${step}: ${words(outcome)}`,
      ...(events.length > 0 ? [events.map(describeEvent).join(", ")] : []),
      ...(pending.length > 0 ? [`pending ${pending.join(", ")}`] : []),
    ].join("; ")
  );
}

/** A line of a program: `ok 3 - then.0 vfio.revoke: failed with EBADFD`, or `# then.0 …` of the kernel's harness. */
const LINE =
  /^(?:(?:not )?ok \d+ -|#) ((?:given|control|when|then)\.[\w.]+) [a-z_]+\.[a-z_]+: (.*?)(?: # as .* has it)?$/;

/** The trace in what a program has printed. */
export function traceIn(output: string): readonly string[] {
  return output.split("\n").flatMap((line) => {
    const [, step, seen] = LINE.exec(line.trimEnd()) ?? [];
    return step === undefined ? [] : [`${step}: ${seen ?? ""}`];
  });
}
