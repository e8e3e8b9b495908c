/**
 * Wrong implementations: how a mutant is made of a dialect.
 *
 * A mutant is a dialect with one rule replaced by a wrong one, named by its bug. The helpers here say what kind of
 * mistake it is: a check that was forgotten, comes too early or answers wrongly; a step that was left out, comes too
 * late or is done twice.
 *
 * @module
 */
import type { ErrnoName } from "../../../spec/errno.ts";
import type { Check, Checks } from "../kernel/check.ts";
import type { Sequence, SequenceStep } from "../kernel/sequence.ts";
import type { CoreRules, Dialect, Rules, VfioRules } from "../rules.ts";

/** A dialect with one realistic bug. */
export interface Mutant {
  /** Its name: the bug, as in `double-revoke-succeeds`. */
  readonly id: string;
  /** The bug in one sentence. */
  readonly title: string;
  /** The dialect that it is a mutant of. */
  readonly dialect: string;
  /** The clauses that it breaks. */
  readonly breaks: readonly string[];
  /** A real bug, version or review comment that did this, where there is one. */
  readonly inspiration?: string | undefined;
  /** Why no step of a case can notice it, as a sentence without a final period, where that is so. */
  readonly survives?: string | undefined;
  /** Puts the bug into a dialect. */
  readonly apply: (dialect: Dialect) => Dialect;
}

/** What a bug changes in the rules. */
export type Bug = (rules: Rules) => Rules;

/** Describes a bug without the dialect it is put into. */
export interface BugText {
  readonly id: string;
  readonly title: string;
  readonly breaks: readonly string[];
  readonly inspiration?: string | undefined;
  readonly survives?: string | undefined;
}

/** Makes a mutant of a dialect. */
export function mutantOf(dialect: string, text: BugText, bug: Bug): Mutant {
  const apply = (original: Dialect) => ({ ...original, rules: bug(original.rules) });
  return { dialect, ...text, apply };
}

/** A bug in the rules of the core. */
export function inCore(bug: (core: CoreRules) => Partial<CoreRules>): Bug {
  return (rules) => ({ ...rules, core: { ...rules.core, ...bug(rules.core) } });
}

/** A bug in the rules of the VFIO exporter. */
export function inVfio(bug: (vfio: VfioRules) => Partial<VfioRules>): Bug {
  return (rules) => ({ ...rules, vfio: { ...rules.vfio, ...bug(rules.vfio) } });
}

/** A bug in what happens at one event. */
export function atEvent(
  event: keyof VfioRules["events"],
  bug: (sequence: VfioRules["events"][typeof event]) => VfioRules["events"][typeof event],
): Bug {
  return inVfio(({ events }) => ({ events: { ...events, [event]: bug(events[event]) } }));
}

/** A bug in every transition that revokes an OK buffer. */
export function inRevoke(bug: (sequence: Sequence<ChangeOf>) => Sequence<ChangeOf>): Bug {
  return inVfio(({ transitions }) => {
    const { TEMP, PERM } = transitions.OK;
    const OK = { ...(TEMP && { TEMP: bug(TEMP) }), ...(PERM && { PERM: bug(PERM) }) };
    return { transitions: { ...transitions, OK } };
  });
}

/** A bug in the transition from TEMP to another state. */
export function fromTemp(to: "OK" | "PERM", bug: (sequence: Sequence<ChangeOf>) => Sequence<ChangeOf>): Bug {
  return inVfio(({ transitions }) => {
    const sequence = transitions.TEMP[to] ?? [];
    return { transitions: { ...transitions, TEMP: { ...transitions.TEMP, [to]: bug(sequence) } } };
  });
}

/** A bug in what the end of a session does to buffers of some states. */
export function atClose(
  states: readonly (keyof VfioRules["closing"])[],
  bug: (sequence: Sequence<ChangeOf>) => Sequence<ChangeOf>,
): Bug {
  return inVfio(({ closing }) => ({
    closing: { ...closing, ...Object.fromEntries(states.map((state) => [state, bug(closing[state])])) },
  }));
}

type ChangeOf = VfioRules["closing"]["OK"] extends Sequence<infer C> ? C : never;

/** The checks without those of a clause: the check was forgotten. */
export function forget<R>(checks: Checks<R>, clause: string, refuses?: string): Checks<R> {
  return checks.filter((check) => !isOf(check, clause, refuses));
}

/** The checks with those of a clause first: they come too early. */
export function tooEarly<R>(checks: Checks<R>, clause: string): Checks<R> {
  return [...checks.filter((check) => check.clause === clause), ...forget(checks, clause)];
}

/** The checks with those of a clause last: they come too late. */
export function tooLate<R>(checks: Checks<R>, clause: string): Checks<R> {
  return [...forget(checks, clause), ...checks.filter((check) => check.clause === clause)];
}

/** The checks with another error for a clause. */
export function answer<R>(checks: Checks<R>, clause: string, errno: ErrnoName, refuses?: string): Checks<R> {
  return checks.map((check) => isOf(check, clause, refuses) ? { ...check, errno } : check);
}

/** The checks with one more. */
export function also<R>(checks: Checks<R>, check: Check<R>): Checks<R> {
  return [...checks, check];
}

function isOf<R>(check: Check<R>, clause: string, refuses: string | undefined): boolean {
  return check.clause === clause && (refuses === undefined || check.refuses === refuses);
}

/** The sequence without a step: the step was left out. */
export function without<C>(sequence: Sequence<C>, ...steps: readonly SequenceStep<C>[]): Sequence<C> {
  return sequence.filter((step) => !steps.includes(step));
}

/** The sequence with a step moved right behind another one. */
export function movedBehind<C>(
  sequence: Sequence<C>,
  step: SequenceStep<C>,
  behind: SequenceStep<C>,
): Sequence<C> {
  return without(sequence, step).flatMap((each) => each === behind ? [each, step] : [each]);
}

/** The sequence with a step done twice. */
export function twice<C>(sequence: Sequence<C>, step: SequenceStep<C>): Sequence<C> {
  return sequence.flatMap((each) => each === step ? [each, each] : [each]);
}

/** The sequence with one step replaced by another one. */
export function replaced<C>(
  sequence: Sequence<C>,
  isStep: (step: SequenceStep<C>) => boolean,
  by: SequenceStep<C>,
): Sequence<C> {
  return sequence.map((step) => isStep(step) ? by : step);
}
