/**
 * `conform site`: the pages of the runs as files, for any web host or none.
 *
 * @module
 */
import { existsSync, statSync } from "node:fs";
import { recordAt } from "../record_at.ts";
import { Failure, type Io } from "../io.ts";
import { loadSuite, VERSION } from "../suite.ts";
import { certifyingIdentity } from "../suite_files.ts";
import { openHistory } from "./import.ts";

/** What `conform site` is given. */
export interface SiteArguments {
  /** Run records, and whatever lies beside them: certificates, public keys, mutation scores, tours. */
  readonly records: readonly string[];
  readonly store?: string | undefined;
  readonly runs: string;
  readonly out: string;
}

/** Carries out `conform site` and gives the exit status. */
export async function site(
  { records: named, store: folder, runs, out }: SiteArguments,
  io: Io,
): Promise<number> {
  const { createSite, fileHistory, fileShelf, folderHistory, folderShelf, writeSite } = await import(
    "../../reports/site/mod.ts"
  );
  const suite = loadSuite();
  const { ledger, byId: cases } = suite;
  const { records, papers } = apart(named);
  for (const path of records) recordAt(path);
  using store = records.length === 0 && folder !== undefined ? openHistory(folder, suite) : undefined;
  if (named.length === 0 && !existsSync(folder ?? runs)) {
    io.err(`There is no folder "${runs}", so that the pages show no run\n`);
  }
  const history = store ?? (records.length > 0 ? fileHistory(records, cases) : folderHistory(runs, cases));
  const made = createSite({
    history,
    shelf: named.length > 0 ? fileShelf(papers) : folderShelf(folder ?? runs),
    ledger,
    cases,
    identity: certifyingIdentity(suite),
    version: VERSION,
    answers: "no",
  });
  try {
    const { files, bytes } = await writeSite({ site: made, folder: out });
    io.out(`${files} files, ${(bytes / 1e6).toFixed(1)} MB. Open ${out}/index.html\n`);
    return 0;
  } catch (error) {
    if (!(error instanceof Error && "code" in error)) throw error;
    throw new Failure(2, `Cannot write to "${out}": ${error.message}`, "Take another --out", error);
  }
}

/** Records, and what lies beside them. */
function apart(
  paths: readonly string[],
): { readonly records: readonly string[]; readonly papers: readonly string[] } {
  const papers = paths.filter((path) => /\.(json|pub)$/.test(path));
  for (const path of papers) {
    if (!statSync(path, { throwIfNoEntry: false })?.isFile()) {
      throw new Failure(2, `There is no file "${path}"`, "Name a certificate, a mutation score or a tour");
    }
  }
  return { records: paths.filter((path) => !papers.includes(path)), papers };
}
