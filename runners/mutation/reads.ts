/**
 * Which rules a case asks for, and which rules a mutant has changed: where the two have nothing in common, the case
 * goes on the mutant as on the dialect, and need not be run.
 *
 * A rule is known by its path in the record of rules, as in `vfio.transitions.OK.TEMP`. Part of the record that is a
 * plain object is looked into; everything else is one rule.
 *
 * @module
 */

/** Makes a copy of a record of rules that notes in `reads` the path of each rule that is asked for. */
export function noting<T extends object>(rules: T, reads: Set<string>, path = ""): T {
  return new Proxy(rules, {
    get(part, key, receiver) {
      const value: unknown = Reflect.get(part, key, receiver);
      if (typeof key === "symbol") return value;
      const below = join(path, key);
      if (isRecord(value)) return noting(value, reads, below);
      reads.add(below);
      return value;
    },
    ownKeys(part) {
      for (const rule of pathsOf(part, path)) reads.add(rule);
      return Reflect.ownKeys(part);
    },
  });
}

/** The paths at which two records of rules differ. */
export function changes(before: object, after: object, path = ""): ReadonlySet<string> {
  const found = new Set<string>();
  if (before === after) return found;
  const [old, now] = [new Map(Object.entries(before)), new Map(Object.entries(after))];
  for (const key of new Set([...old.keys(), ...now.keys()])) {
    for (const rule of changed(old.get(key), now.get(key), join(path, key))) found.add(rule);
  }
  return found;
}

function changed(before: unknown, after: unknown, path: string): Iterable<string> {
  if (before === after) return [];
  if (isRecord(before) && isRecord(after)) return changes(before, after, path);
  return [...pathsOf(before, path), ...pathsOf(after, path)];
}

/** The paths of every rule in a part of a record. */
function pathsOf(part: unknown, path: string): readonly string[] {
  if (!isRecord(part)) return [path];
  return Object.entries(part).flatMap(([key, value]) => pathsOf(value, join(path, key)));
}

function isRecord(value: unknown): value is object {
  return typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}

function join(path: string, key: string): string {
  return path === "" ? key : `${path}.${key}`;
}
