/**
 * A case as the rest of the suite sees it: parsed, checked, one matrix row.
 *
 * @module
 */
import type { AnyArgs, OperationName } from "../spec/operations/mod.ts";
import type { ErrnoName } from "../spec/errno.ts";
import type { Position } from "../spec/diagnostic.ts";
import type { CaseId, ClauseId } from "../spec/ids.ts";
import type { Event, Signal, Value } from "../spec/observation.ts";

/** The sections of a case, in the order in which they run; the threads of `race` run at the same time. */
export const SECTIONS = ["given", "control", "when", "race", "then"] as const;

/** A section of a case. */
export type Section = typeof SECTIONS[number];

/** What importers must see during a step. */
export type Sees =
  /** Exactly these events, in this order; events of kinds that are not named, other than `invalidate` and `stop`, are free. */
  | { readonly kind: "order"; readonly events: readonly Event[] }
  /** So many `invalidate` callbacks for each named attachment; others are free. */
  | { readonly kind: "count"; readonly counts: Readonly<Record<string, number>> };

/** How a step must end. */
export type ExpectedOutcome =
  /** Succeed; where `value` is given, with this value: objects are compared by the keys that are named. */
  | { readonly kind: "returns"; readonly value?: Value | undefined }
  /** Fail with one of these errors. */
  | { readonly kind: "fails"; readonly errnos: readonly ErrnoName[] }
  /** Raise this signal. */
  | { readonly kind: "faults"; readonly signal: Signal }
  /** End somehow: in a race, the allowed outcomes say how. */
  | { readonly kind: "any" };

/** What is expected of a step. */
export interface Expectation {
  /** How it must end. */
  readonly outcome: ExpectedOutcome;
  /** What importers must see. Nothing is asked where it is left out. */
  readonly sees?: Sees | undefined;
  /**
   * A text that a warning of the kernel must contain, or an empty list where the point of the step is that there is
   * none. Where it is left out, none is allowed either, but as after every case, not as what this step shows.
   */
  readonly warns?: string | readonly [] | undefined;
  /**
   * A text of a warning that may come while the step runs and need not: because the kernel gives it once after each
   * boot, or because only some kernels do. It never stands beside `warns`.
   */
  readonly mayWarn?: string | undefined;
}

/** What somebody else holds instead, where a clause is contested. */
export interface Alternative extends Expectation {
  /** Who holds it: a profile, a mail, a kernel. */
  readonly holder: string;
  /** That a step which must block returns at once instead. */
  readonly blocks?: false | undefined;
}

/** One step of a case. */
export interface Step {
  /** Its id: the section and index, as in `then.0` or `when.0.until.1`. */
  readonly id: string;
  /** The operation. */
  readonly operation: OperationName;
  /** Its arguments, defaults filled in. */
  readonly args: AnyArgs;
  /** The name that its result gets. */
  readonly bind?: string | undefined;
  /** What is expected of it. */
  readonly expects: Expectation;
  /** What others expect of it; a match makes the verdict `contested`. */
  readonly otherwise: readonly Alternative[];
  /** Steps that run while this one blocks; it must stay blocked until the last of them and then return. */
  readonly until: readonly Step[];
  /** A remark for readers. */
  readonly note?: string | undefined;
  /** Where it stands. */
  readonly at: Position;
}

/** How one step of a race may end. */
export type AllowedResult =
  | ExpectedOutcome
  /** Not be done, because the object that it needs was not given. */
  | { readonly kind: "skipped" }
  /** Not return before the race is over. */
  | { readonly kind: "blocked" };

/** One outcome that a race may have. */
export interface AllowedEnd {
  /** How each step ends, in the order of the section `race`. */
  readonly results: readonly AllowedResult[];
  /** How often each attachment is told in all, where that matters. */
  readonly sees?: Readonly<Record<string, number>> | undefined;
  /** Who allows it, where that is not the clause. */
  readonly holder?: string | undefined;
}

/** A thread of a race. */
export interface RaceThread {
  /** Its name. */
  readonly name: string;
  /** What it does, in order. */
  readonly steps: readonly Step[];
}

/** Threads that run at the same time, and how that may end. */
export interface Race {
  /** The threads; their steps are the section `race`. */
  readonly threads: readonly RaceThread[];
  /** The outcomes that are allowed, each of which some schedule must reach. */
  readonly allowed: readonly AllowedEnd[];
}

/** A case, one matrix row of it. */
export interface Case {
  /** Its path, and the row. */
  readonly id: CaseId;
  /** One line: what it shows. */
  readonly title: string;
  /** One or two sentences: why it matters, in plain words. */
  readonly why: string;
  /** The clauses it verifies. */
  readonly clauses: readonly ClauseId[];
  /** The steps, by section. */
  readonly sections: Readonly<Record<Section, readonly Step[]>>;
  /** What runs at the same time, where something does. */
  readonly race?: Race | undefined;
  /** Why no control can exist, where the case expects a refusal without one. */
  readonly noControl?: string | undefined;
  /** Why no wrong implementation can fail it, where that is so. */
  readonly noMutant?: string | undefined;
  /** Why it must not run on a machine that matters, where that is so. */
  readonly dangerous?: string | undefined;
  /** The file, its text, and a digest of the text and the row (`sha256:<hex>`). */
  readonly source: { readonly file: string; readonly text: string; readonly digest: string };
}
