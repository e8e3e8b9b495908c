/**
 * Checks what a target reports while it runs a case, so that a confused target becomes a reason and never a result.
 *
 * @module
 */
import { observedIds, type Program } from "../cases/program.ts";
import type { CaseEnd, Observation } from "../spec/observation.ts";

/** Why a report of a target cannot be used. */
export type Misreport =
  /** The program has no such step. */
  | { readonly kind: "unknown-step"; readonly step: string }
  /** The step was reported before. */
  | { readonly kind: "twice"; readonly step: string }
  /** A step before it has not been reported yet. */
  | { readonly kind: "out-of-order"; readonly step: string; readonly expected: string }
  /** The case had ended. */
  | { readonly kind: "after-the-end"; readonly step: string; readonly case: string }
  /** The target says that it completed the case, but this step was never reported. */
  | { readonly kind: "missing"; readonly step: string };

/** A misreport in words. */
export function describeMisreport(misreport: Misreport): string {
  const { step } = misreport;
  switch (misreport.kind) {
    case "unknown-step":
      return `the target reported step "${step}", which the case does not have`;
    case "twice":
      return `the target reported step "${step}" twice`;
    case "out-of-order":
      return `the target reported step "${step}" when "${misreport.expected}" was next`;
    case "after-the-end":
      return `the target reported step "${step}" of ${misreport.case} after that case had ended`;
    case "missing":
      return `the target says that it completed the case, but it never reported step "${step}"`;
  }
}

/** Takes the reports of one attempt. */
export class Witness {
  /** The reports that could be used, in order. */
  readonly observations: Observation[] = [];
  /** The first report that could not be used. */
  misreport: Misreport | undefined;
  /** To be handed to the target. */
  readonly observe: (observation: Observation) => void;
  readonly #program: Program;
  readonly #ids: readonly string[];
  #ended = false;

  /**
   * @param program what the target was asked to do
   * @param tell is told of each report that can be used
   * @param tellMisreport is told at once of one that cannot
   */
  constructor(
    program: Program,
    tell: (observation: Observation) => void,
    tellMisreport: (misreport: Misreport) => void,
  ) {
    this.#program = program;
    this.#ids = observedIds(program);
    this.observe = (observation) => {
      if (this.misreport && !this.#ended) return;
      const misreport = this.#check(observation.step);
      if (misreport) {
        this.misreport ??= misreport;
        tellMisreport(misreport);
        return;
      }
      this.observations.push(observation);
      tell(observation);
    };
  }

  /** Takes the end that the target gave; a misreport makes it an `infra-error`. */
  end(end: CaseEnd): CaseEnd {
    this.#ended = true;
    if (end.end === "completed") this.misreport ??= this.#missing();
    return this.misreport ? { end: "infra-error", reason: describeMisreport(this.misreport) } : end;
  }

  #missing(): Misreport | undefined {
    const step = this.#ids[this.observations.length];
    return step === undefined ? undefined : { kind: "missing", step };
  }

  #check(step: string): Misreport | undefined {
    if (this.#ended) return { kind: "after-the-end", step, case: this.#program.case };
    const next = this.#ids[this.observations.length];
    if (next === step) return undefined;
    const index = this.#ids.indexOf(step);
    if (index < 0) return { kind: "unknown-step", step };
    if (next === undefined || index < this.observations.length) return { kind: "twice", step };
    return { kind: "out-of-order", step, expected: next };
  }
}
