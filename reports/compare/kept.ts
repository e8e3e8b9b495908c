/**
 * Keeps what was made of an object for as long as that is there.
 *
 * @module
 */

/** A function that makes the same thing of the same object, once. */
export function kept<K extends object, V extends NonNullable<unknown>>(make: (of: K) => V): (of: K) => V {
  const made = new WeakMap<K, V>();
  return (of) => {
    const known = made.get(of);
    if (known !== undefined) return known;
    const value = make(of);
    made.set(of, value);
    return value;
  };
}
