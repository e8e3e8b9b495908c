/**
 * The addresses of the pages; every part that comes from a file or a target is encoded.
 *
 * @module
 */

/** The address of a run. */
export function runPath(run: string): string {
  return `/runs/${encodeURIComponent(run)}`;
}

/** The address of a case in a run. */
export function casePath(run: string, caseId: string): string {
  return `${runPath(run)}/cases/${caseId.split("/").map(encodeURIComponent).join("/")}`;
}

/** The address of a clause. */
export function clausePath(clause: string): string {
  return `/clauses/${encodeURIComponent(clause)}`;
}

/** The address of a profile. */
export function profilePath(profile: string): string {
  return `/profiles/${encodeURIComponent(profile)}`;
}

/** The address of an operation in the vocabulary. */
export function operationPath(operation: string): string {
  return `/operations#${encodeURIComponent(operation)}`;
}
