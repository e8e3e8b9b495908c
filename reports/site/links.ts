/**
 * The addresses of the pages; every part that comes from a file or a target is encoded.
 *
 * @module
 */

/** The address of a run. */
export function runPath(run: string): string {
  return `/runs/${encoded(run)}`;
}

/** The address of a case in a run. */
export function casePath(run: string, caseId: string): string {
  return `${runPath(run)}/cases/${caseId.split("/").map(encoded).join("/")}`;
}

/** The address of a clause. */
export function clausePath(clause: string): string {
  return `/clauses/${encoded(clause)}`;
}

/** The address of a profile. */
export function profilePath(profile: string): string {
  return `/profiles/${encoded(profile)}`;
}

/** The address of an operation in the vocabulary. */
export function operationPath(operation: string): string {
  return `/operations#${encoded(operation)}`;
}

/** Half of a surrogate pair, which a record can hold, has no encoding of its own. */
function encoded(part: string): string {
  return encodeURIComponent(part.toWellFormed());
}
