/**
 * Runs threads over all schedules, with partial-order reduction: of schedules that differ only in the order of steps
 * that do not touch the same state, one is run.
 *
 * A generator cannot be copied, so the search keeps no states: it runs the threads from the start for each schedule
 * and remembers for each step of the current one what it touched. Where two steps of different threads touch the same
 * state, and the second could have come first, the search comes back and lets it (dynamic partial-order reduction,
 * Flanagan and Godefroid 2005); threads whose step was explored sleep until a step touches what they touch (sleep
 * sets, Godefroid 1996), so that no two schedules that were counted are equivalent.
 *
 * @module
 */
import { observed, type Observer, renumber } from "../kernel/shared.ts";
import type { Thread } from "../kernel/sched.ts";
import { Footprint } from "./footprint.ts";
import { type Held, type Inversion, LockOrder } from "./lock_order.ts";
import { formatSchedule } from "./schedule.ts";

/** Threads that run; made anew for each schedule. */
export interface Execution {
  /** The threads; new ones may join while it runs. Their names tell them apart. */
  threads(): readonly Thread[];
  /** Lets a thread take its next step. */
  step(thread: Thread): void;
  /** Looks at the state before a step; what it gives tells after the step what is wrong with it, if anything is. */
  watch?(): () => readonly string[];
}

/** What to do at the end of each schedule, and when to give up. */
export interface Search<E extends Execution> {
  /** Makes the threads in their first state; must do the same each time. */
  readonly start: () => E;
  /** Is told of each schedule that was run to its end, where no thread can take a step any more. */
  readonly end: (execution: E, schedule: string) => void;
  /** Whether schedules that differ in nothing that matters are run once; yes unless said otherwise. */
  readonly reduce?: boolean | undefined;
  /** How many schedules to run at most; 100,000 unless said otherwise. */
  readonly most?: number | undefined;
  /** How many steps a schedule may have; 2,000 unless said otherwise. */
  readonly longest?: number | undefined;
}

/** Something that must not be, and a schedule that shows it. */
export interface Finding {
  /** What is wrong. */
  readonly what: string;
  /** A schedule that leads there. */
  readonly schedule: string;
}

/** What a search went through. */
export interface Explored {
  /** Schedules that were run to their end; no two of them are equivalent. */
  readonly schedules: number;
  /** Schedules that were given up because an equivalent one had been run. */
  readonly redundant: number;
  /** Distinct states, that is, states that are reached by different steps or in a different order that matters. */
  readonly states: number;
  /** Steps that were taken, without those that only led back to a state. */
  readonly steps: number;
  /** Whether every schedule was run, up to equivalence. */
  readonly exhaustive: boolean;
  /** Broken invariants, each once. */
  readonly findings: readonly Finding[];
  /** Locks that are taken in both orders. */
  readonly inversions: readonly Inversion[];
}

/** Runs threads over all schedules. */
export function explore<E extends Execution>(search: Search<E>): Explored {
  return new Explorer(search).run();
}

/** A step that was taken. */
interface Event {
  /** Number of the thread. */
  readonly thread: number;
  /** Its place among the threads of the execution. */
  readonly place: number;
  readonly footprint: Footprint;
  /** How many steps of each thread come before it or are it, where that order matters. */
  readonly clock: readonly number[];
  /** Tells it from every step that is not the same in an equivalent schedule; two halves. */
  readonly hash: readonly [number, number];
  /** What the thread holds after it. */
  readonly held: Held;
}

/** A state on the way of the current schedule, and what is still to be tried from it. */
interface Node {
  readonly enabled: readonly number[];
  /** Threads that have to be tried. */
  readonly backtrack: Set<number>;
  /** Threads whose step need not be tried, with what it touches. */
  readonly sleep: Map<number, Footprint>;
  /** Tells the state from others; two halves. */
  readonly hash: readonly [number, number];
  /** The step that was taken last. */
  event: Event | undefined;
}

class Explorer<E extends Execution> {
  readonly #search: Search<E>;
  readonly #reduce: boolean;
  readonly #names = new Map<string, number>();
  readonly #path: Node[] = [];
  readonly #states = new Set<number>();
  readonly #findings = new Map<string, Finding>();
  readonly #locks = new LockOrder();
  /** The place of the thread to run next at the last node of the path. */
  #next: number | undefined;
  #schedules = 0;
  #redundant = 0;
  #steps = 0;

  constructor(search: Search<E>) {
    this.#search = search;
    this.#reduce = search.reduce ?? true;
  }

  run(): Explored {
    const most = this.#search.most ?? 100_000;
    let more = true;
    while (more && this.#schedules + this.#redundant < most) {
      this.#runOne();
      more = this.#backtrack();
    }
    return {
      schedules: this.#schedules,
      redundant: this.#redundant,
      states: this.#states.size,
      steps: this.#steps,
      exhaustive: !more,
      findings: [...this.#findings.values()],
      inversions: this.#locks.inversions(),
    };
  }

  /** Runs one schedule: the steps that lead to the last node of the path, and then on to an end. */
  #runOne(): void {
    renumber();
    const execution = this.#search.start();
    const given = this.#next === undefined ? this.#path : this.#path.slice(0, -1);
    for (const { event } of given) {
      const thread = event && execution.threads()[event.place];
      if (thread) execution.step(thread);
    }
    const longest = this.#search.longest ?? 2_000;
    while (this.#advance(execution)) {
      if (this.#path.length < longest) continue;
      this.#find("a schedule does not come to an end");
      return;
    }
  }

  /** Takes one new step; tells whether there was one to take. */
  #advance(execution: E): boolean {
    const threads = execution.threads();
    const node = this.#next === undefined ? this.#arrive(threads) : this.#path.at(-1);
    if (!node) return false;
    const chosen = this.#next ?? node.enabled.find((thread) => !node.sleep.has(thread));
    this.#next = undefined;
    if (chosen === undefined) {
      this.#end(execution, node);
      return false;
    }
    const place = threads.findIndex((thread) => this.#numberOf(thread) === chosen);
    const thread = threads[place];
    if (!thread) throw new Error("Cannot run a thread that is not there: the start is not always the same");
    node.backtrack.add(chosen);
    this.#take(execution, thread, place, node);
    return true;
  }

  #end(execution: E, node: Node): void {
    this.#path.pop();
    if (node.enabled.length > 0) {
      this.#redundant++;
      return;
    }
    if (this.#reduce) {
      for (const thread of execution.threads()) if (!thread.done) this.#raceOfWaiting(thread);
    }
    this.#schedules++;
    this.#search.end(execution, this.#schedule());
  }

  /** The state that the path has come to. */
  #arrive(threads: readonly Thread[]): Node {
    const last = this.#path.at(-1);
    const node: Node = {
      enabled: threads.filter((thread) => thread.canRun()).map((thread) => this.#numberOf(thread)),
      backtrack: new Set(),
      sleep: last ? stillAsleep(last) : new Map(),
      hash: last?.event ? sum(last.hash, last.event.hash) : [0, 0],
      event: undefined,
    };
    if (!this.#reduce) { for (const thread of node.enabled) node.backtrack.add(thread); }
    this.#states.add(numberOf(node.hash));
    this.#path.push(node);
    return node;
  }

  /** Lets a thread take a step and notes what it touched. */
  #take(execution: E, thread: Thread, place: number, node: Node): void {
    const number = this.#numberOf(thread);
    const waits = waitingOf(thread);
    const footprint = new Footprint();
    const locks = new LocksOfStep(this.#heldBy(number));
    const observer: Observer = {
      touched: (location, touch) => footprint.add(location, touch),
      locked: (name, how) => {
        if (how === "waits") this.#locks.note(locks.held, name, () => this.#schedule());
        locks.take(name);
      },
      unlocked: (name) => locks.giveBack(name),
    };
    for (const [index, location] of waits.locations.entries()) {
      footprint.add(location, waits.touches[index] ?? 0);
    }
    const before = this.#lastClock(number);
    const known = execution.threads().length;
    const broken = execution.watch?.();
    observed(observer, () => execution.step(thread));
    const { clock, hash } = this.#order(number, before, footprint, this.#path.length - 1);
    node.event = { thread: number, place, footprint, clock, hash, held: locks.held };
    this.#steps++;
    for (const spawned of execution.threads().slice(known)) this.#spawned.set(this.#numberOf(spawned), clock);
    if (this.#reduce) this.#reverse(node.event, before);
    for (const what of broken?.() ?? []) this.#find(what);
  }

  /** Clocks of the steps that started threads. */
  readonly #spawned = new Map<number, readonly number[]>();

  /** What a step comes after, and what tells it from others. */
  #order(
    number: number,
    before: readonly number[],
    footprint: Footprint,
    steps: number,
  ): Pick<Event, "clock" | "hash"> {
    const clock = [...before];
    const count = (before[number] ?? 0) + 1;
    let [one, two] = [number * 31 + 7, count * 17 + 3];
    for (let index = steps - 1; index >= 0; index--) {
      const event = this.#path[index]?.event;
      if (!event) continue;
      const follows = event.thread === number || event.footprint.conflictsWith(footprint);
      if (!follows) continue;
      one = (one + Math.imul(event.hash[0], 0x9e3779b1)) | 0;
      two = (two + Math.imul(event.hash[1], 0x85ebca6b)) | 0;
      join(clock, event.clock);
    }
    clock[number] = count;
    return { clock, hash: [mix(one ^ 0x51ed27), mix(two ^ Math.imul(one, 3))] };
  }

  /** Notes where the search has to come back so that this step can come before one that it clashes with. */
  #reverse(step: Pick<Event, "thread" | "clock" | "footprint">, before: readonly number[]): void {
    const later: Pick<Event, "thread" | "clock" | "footprint">[] = [step];
    for (let index = this.#path.length - 1; index >= 0; index--) {
      const node = this.#path[index];
      const event = node?.event;
      if (!node || !event || event === step) continue;
      const clashes = event.thread !== step.thread && !isBefore(event, before) &&
        event.footprint.conflictsWith(step.footprint);
      if (clashes) {
        tryFirst(
          node,
          initialsOf(later.filter((each) => each === step || !isBefore(event, each.clock))),
        );
      }
      later.unshift(event);
    }
  }

  /** A thread that waits for ever could perhaps have run earlier. */
  #raceOfWaiting(thread: Thread): void {
    const number = this.#numberOf(thread);
    const before = this.#lastClock(number);
    const footprint = waitingOf(thread);
    const { clock } = this.#order(number, before, footprint, this.#path.length);
    this.#reverse({ thread: number, clock, footprint }, before);
  }

  /** Goes back to the last state from which something is still to be tried; tells whether there is one. */
  #backtrack(): boolean {
    for (let node = this.#path.at(-1); node; node = this.#path.at(-1)) {
      const { event, backtrack, sleep } = node;
      if (event) {
        if (this.#reduce) sleep.set(event.thread, event.footprint);
        else backtrack.delete(event.thread);
        node.event = undefined;
      }
      this.#next = [...backtrack].find((thread) => !sleep.has(thread));
      if (this.#next !== undefined) return true;
      this.#path.pop();
    }
    return false;
  }

  #numberOf(thread: Thread): number {
    const known = this.#names.get(thread.name);
    if (known !== undefined) return known;
    this.#names.set(thread.name, this.#names.size);
    return this.#names.size - 1;
  }

  #lastEvent(number: number): Event | undefined {
    for (let index = this.#path.length - 1; index >= 0; index--) {
      const event = this.#path[index]?.event;
      if (event?.thread === number) return event;
    }
    return undefined;
  }

  #lastClock(number: number): readonly number[] {
    return this.#lastEvent(number)?.clock ?? this.#spawned.get(number) ?? [];
  }

  #heldBy(number: number): Held {
    return this.#lastEvent(number)?.held ?? [];
  }

  #schedule(): string {
    return formatSchedule(this.#path.flatMap(({ event }) => event?.place ?? []));
  }

  #find(what: string): void {
    if (!this.#findings.has(what)) this.#findings.set(what, { what, schedule: this.#schedule() });
  }
}

/** The classes of locks that a thread holds, while it takes a step. */
class LocksOfStep {
  held: Held;

  constructor(held: Held) {
    this.held = held;
  }

  take(name: string): void {
    this.held = [...this.held, name];
  }

  giveBack(name: string): void {
    const index = this.held.lastIndexOf(name);
    this.held = this.held.filter((_, each) => each !== index);
  }
}

/** What it takes for a thread to go on. */
function waitingOf(thread: Thread): Footprint {
  const footprint = new Footprint();
  const observer: Observer = {
    touched: (location, touch) => footprint.add(location, touch),
    locked() {},
    unlocked() {},
  };
  observed(observer, () => thread.canRun());
  return footprint;
}

/** Threads that still need not be tried after the last step of a state. */
function stillAsleep({ sleep, event }: Node): Map<number, Footprint> {
  if (!event) return new Map(sleep);
  return new Map(
    [...sleep].filter(([thread, footprint]) =>
      thread !== event.thread && !event.footprint.conflictsWith(footprint)
    ),
  );
}

/** The threads whose first step comes after no other step: any of them can begin. */
function initialsOf(steps: readonly Pick<Event, "thread" | "clock">[]): readonly number[] {
  return steps
    .filter((step, index) =>
      steps.slice(0, index).every((earlier) =>
        earlier.thread !== step.thread && !isBefore(earlier, step.clock)
      )
    )
    .map(({ thread }) => thread);
}

/** Makes the search try one of some threads from a state, unless it does or need not. */
function tryFirst(node: Node, threads: readonly number[]): void {
  const possible = threads.filter((thread) => node.enabled.includes(thread));
  if (possible.some((thread) => node.backtrack.has(thread) || node.sleep.has(thread))) return;
  const [first] = possible;
  if (first !== undefined) node.backtrack.add(first);
}

/** Whether a step is among those that a clock counts. */
function isBefore(event: Pick<Event, "thread" | "clock">, clock: readonly number[]): boolean {
  return (clock[event.thread] ?? 0) >= (event.clock[event.thread] ?? 0);
}

function join(clock: number[], other: readonly number[]): void {
  other.forEach((count, thread) => {
    if (count > (clock[thread] ?? 0)) clock[thread] = count;
  });
}

function mix(value: number): number {
  let mixed = value | 0;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x7feb352d);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x846ca68b);
  return mixed ^ (mixed >>> 16);
}

/** The order of terms does not matter, as the order of independent steps does not. */
function sum(one: readonly [number, number], other: readonly [number, number]): [number, number] {
  return [(one[0] + other[0]) | 0, (one[1] + other[1]) | 0];
}

/** 53 bits of both halves. */
function numberOf([one, two]: readonly [number, number]): number {
  return (one >>> 0) * 0x200000 + (two >>> 11);
}
