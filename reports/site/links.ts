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

/** The cases of a run that a query asks for. */
export function runQueryPath(run: string, query: string): string {
  return `${runPath(run)}?${new URLSearchParams({ q: query.toWellFormed() })}#cases`;
}

/** The address of a run while it is going on. */
export function livePath(run: string): string {
  return `${runPath(run)}/live`;
}

/** The record of a run, as it was written. */
export function recordPath(run: string): string {
  return `${runPath(run)}/record.jsonl`;
}

/** The badge of the newest run of a target and profile. */
export function badgePath(target: string, profile: string): string {
  return `/badges/${encoded(target)}/${encoded(profile)}.svg`;
}

/** What a case has shown over the runs. */
export function caseHistoryPath(caseId: string): string {
  return `/cases/${caseId.split("/").map(encoded).join("/")}`;
}

/** The same in the runs before one of them. */
export function caseHistoryBeforePath(caseId: string, before: string): string {
  return `${caseHistoryPath(caseId)}?${new URLSearchParams({ before: before.toWellFormed() })}`;
}

/** Since when a case behaves as it does, over all runs. */
export function windowsPath(caseId: string): string {
  return `/windows/${caseId.split("/").map(encoded).join("/")}`;
}

/** Runs side by side. */
export function comparePath(runs: readonly string[]): string {
  return `/compare?${new URLSearchParams(runs.map((run) => ["run", run.toWellFormed()]))}`;
}

/** A comparison in another format; `path` is where it is as a page. */
export function compareAsPath(path: string, format: "csv" | "markdown" | "json"): string {
  return `${path}&format=${format}`;
}

/** All runs, or those of a target and a profile. */
export function runsPath(filter: { readonly target?: string; readonly profile?: string } = {}): string {
  const query = new URLSearchParams(
    Object.entries(filter).map(([key, value]) => [key, value.toWellFormed()]),
  );
  return query.size === 0 ? "/runs" : `/runs?${query}`;
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

/** A part of an address. Half of a surrogate pair, which a record can hold, has no encoding of its own. */
export function encoded(part: string): string {
  return encodeURIComponent(part.toWellFormed());
}

/** The address of a certificate. */
export function certificatePath(name: string): string {
  return `/certificates/${encoded(name)}`;
}

/** The file of a certificate, as it was signed. */
export function certificateFilePath(name: string): string {
  return `${certificatePath(name)}/certificate.json`;
}

/** What became of the mutants, of the model's edges, or of the races, as a file tells it. */
export function suitePath(kind: "mutants" | "tours" | "races", name: string): string {
  return `/suite/${kind}/${encoded(name)}`;
}
