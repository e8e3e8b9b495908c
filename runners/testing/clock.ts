/**
 * A clock that stands still, for tests of what would do otherwise when a moment takes long.
 *
 * @module
 */

/** Stops the clock while something is done: on a busy machine any moment may be a long one. */
export async function withoutTimePassing(act: () => unknown): Promise<void> {
  const now = performance.now;
  performance.now = () => 0;
  try {
    await act();
  } finally {
    performance.now = now;
  }
}
