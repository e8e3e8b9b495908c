/**
 * The versions of the protocol, and how two sides agree on one.
 *
 * Fields and types of messages may be added without a new version: a side leaves aside what it does not know. A new
 * version is for changes that an older side would misread.
 *
 * @module
 */

/** The versions that this suite speaks. */
export const PROTOCOL_VERSIONS: readonly number[] = [1];

/** The highest version that both sides speak, or `undefined` if there is none. */
export function commonVersion(ours: readonly number[], theirs: readonly number[]): number | undefined {
  const common = ours.filter((version) => theirs.includes(version));
  return common.length === 0 ? undefined : Math.max(...common);
}
