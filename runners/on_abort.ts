/**
 * What is done when somebody wants to stop.
 *
 * @module
 */

/** Does something when a signal aborts, or at once where it has; until it is disposed of. */
export function onAbort(signal: AbortSignal | undefined, action: () => void): Disposable {
  if (signal?.aborted) action();
  else signal?.addEventListener("abort", action, { once: true });
  return { [Symbol.dispose]: () => signal?.removeEventListener("abort", action) };
}
