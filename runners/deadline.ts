/**
 * Waiting for a promise no longer than one wants to.
 *
 * @module
 */
import { onAbort } from "./on_abort.ts";

/** How a wait ended. */
export type Waited<T> =
  | { readonly kind: "value"; readonly value: T }
  | { readonly kind: "rejected"; readonly error: unknown }
  /** Nothing came in time. */
  | { readonly kind: "silent" };

/** Waits for a promise, at most so many milliseconds. A rejection that comes later is taken in silence. */
export async function within<T>(promise: Promise<T>, ms: number): Promise<Waited<T>> {
  const limit = new Limit(ms);
  try {
    return await Promise.race([settled(promise), limit.passed]);
  } finally {
    limit.clear();
  }
}

/** How a promise ended, as a value. */
export function settled<T>(promise: Promise<T>): Promise<Waited<T>> {
  return promise.then(
    (value) => ({ kind: "value", value }),
    (error: unknown) => ({ kind: "rejected", error }),
  );
}

/**
 * Waits for a promise unless somebody wants to stop. What it gives later is taken in silence.
 *
 * @throws the reason of the signal, if it is aborted first; else what the promise is rejected with
 */
export async function unlessAborted<T>(
  promise: T | Promise<T>,
  signal: AbortSignal | undefined,
): Promise<T> {
  if (!signal) return await promise;
  const stopped = Promise.withResolvers<never>();
  using _watched = onAbort(signal, () => stopped.reject(signal.reason));
  return await Promise.race([stopped.promise, promise]);
}

/** A time limit that can be taken back. */
export class Limit {
  /** Resolves when the time is over. */
  readonly passed: Promise<{ readonly kind: "silent" }>;
  readonly #timer: ReturnType<typeof setTimeout>;

  constructor(ms: number) {
    const { promise, resolve } = Promise.withResolvers<{ readonly kind: "silent" }>();
    this.passed = promise;
    this.#timer = setTimeout(() => resolve({ kind: "silent" }), ms);
  }

  /** Takes the limit back. */
  clear(): void {
    clearTimeout(this.#timer);
  }
}
