/**
 * State that threads share.
 *
 * What a thread touches between two waits decides whether its step can change places with a step of another thread.
 * Fields that several threads may touch are declared `@shared accessor`; whoever wants to know, as the exploration of
 * all schedules does, observes them with {@link observed}. Nobody else pays for it.
 *
 * @module
 */

/** How a location is touched. Two touches commute if both read, or if both add. */
export const READ = 0;
/** A change that commutes with other changes of its kind, such as taking one more reference. */
export const ADD = 1;
/** Any other change. */
export const WRITE = 2;

/** One of {@link READ}, {@link ADD} and {@link WRITE}. */
export type Touch = typeof READ | typeof ADD | typeof WRITE;

/** Is told of everything that threads do to shared state. */
export interface Observer {
  /** A location was touched; a location is a field of an object. */
  touched(location: number, touch: Touch): void;
  /** A lock of a class was taken by the running thread, which would have waited for it or has only tried. */
  locked(name: string, how: "waits" | "tries"): void;
  /** A lock of a class was given back. */
  unlocked(name: string): void;
}

let observer: Observer | undefined;
let objects = 0;
let fields = 1;

/** Locations per object; the first one is the object as a whole. */
const FIELDS = 128;

/** Runs something while an observer is told of every touch. Objects made in it are numbered alike each time. */
export function observed<T>(by: Observer, run: () => T): T {
  const before = observer;
  observer = by;
  try {
    return run();
  } finally {
    observer = before;
  }
}

/** Starts to number objects anew, so that two runs of the same steps touch the same locations. */
export function renumber(): void {
  objects = 0;
}

/** An object that threads share. */
export class SharedObject {
  /** Its number; the order in which objects were made. */
  readonly location: number = objects++;
}

/** Declares a field that threads share: `@shared accessor status: Status = "OK"`. */
export function shared<C extends SharedObject, V>(
  target: ClassAccessorDecoratorTarget<C, V>,
  _context: ClassAccessorDecoratorContext<C, V>,
): ClassAccessorDecoratorResult<C, V> {
  const field = fields++;
  const { get, set } = target;
  return {
    get(this: C): V {
      if (observer) observer.touched(this.location * FIELDS + field, READ);
      return get.call(this);
    },
    set(this: C, value: V): void {
      if (observer) observer.touched(this.location * FIELDS + field, WRITE);
      set.call(this, value);
    },
  };
}

/** Says that the contents of an object, such as those of a table, are touched. */
export function touch(object: SharedObject, how: Touch): void {
  if (observer) observer.touched(object.location * FIELDS, how);
}

/** Says that the running thread took a lock. */
export function lockTaken(name: string, how: "waits" | "tries" = "waits"): void {
  if (observer) observer.locked(name, how);
}

/** Says that a lock was given back. */
export function lockGivenBack(name: string): void {
  if (observer) observer.unlocked(name);
}

/** A count of references: refcount_t. Far from zero, changes of it commute. */
export class Refcount extends SharedObject {
  #value: number;

  constructor(value: number) {
    super();
    this.#value = value;
  }

  /** How many there are. */
  get value(): number {
    touch(this, READ);
    return this.#value;
  }

  /** Sets it; refcount_set(). */
  set value(value: number) {
    touch(this, WRITE);
    this.#value = value;
  }

  /** Takes references; refcount_add(). */
  get(count = 1): void {
    this.#change(count);
  }

  /** Takes one unless there are none any more, and tells whether it did; refcount_inc_not_zero(). */
  getUnlessZero(): boolean {
    if (this.#value === 0) {
      touch(this, READ);
      return false;
    }
    this.#change(1);
    return true;
  }

  /** Gives one back, and tells whether others remain, it was the last, or there was none to give back. */
  put(): "held" | "last" | "underflow" {
    if (this.#value === 0) {
      touch(this, READ);
      return "underflow";
    }
    this.#change(-1);
    return this.#value === 0 ? "last" : "held";
  }

  /** A swap with a neighbouring change can bring the count to zero only if it is nearly there. */
  #change(by: number): void {
    touch(this, Math.min(this.#value, this.#value + by) >= NEAR_ZERO ? ADD : WRITE);
    this.#value += by;
  }
}

const NEAR_ZERO = 3;
