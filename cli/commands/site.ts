/**
 * `conform site`: the pages of the runs as files, for any web host or none.
 *
 * @module
 */
import { recordAt } from "../record_at.ts";
import { Failure, type Io } from "../io.ts";
import { loadSuite, VERSION } from "../suite.ts";
import { openStore } from "./import.ts";

/** What `conform site` is given. */
export interface SiteArguments {
  readonly records: readonly string[];
  readonly store?: string | undefined;
  readonly runs: string;
  readonly out: string;
}

/** Carries out `conform site` and gives the exit status. */
export async function site({ records, store: folder, runs, out }: SiteArguments, io: Io): Promise<number> {
  const { createSite, fileHistory, folderHistory, writeSite } = await import("../../reports/site/mod.ts");
  const suite = loadSuite();
  const { ledger, byId: cases } = suite;
  for (const path of records) recordAt(path);
  using store = records.length === 0 && folder !== undefined ? openStore(folder, suite) : undefined;
  const history = store ?? (records.length > 0 ? fileHistory(records, cases) : folderHistory(runs, cases));
  const made = createSite({ history, ledger, cases, version: VERSION, answers: "no" });
  const badges = history.latest(1).map(({ target, profile }) =>
    `/badges/${encodeURIComponent(target.toWellFormed())}/${encodeURIComponent(profile.toWellFormed())}.svg`
  );
  try {
    const { files, bytes } = await writeSite({ site: made, folder: out, also: badges });
    io.out(`${files} files, ${(bytes / 1e6).toFixed(1)} MB. Open ${out}/index.html\n`);
    return 0;
  } catch (error) {
    if (!(error instanceof Error && "code" in error)) throw error;
    throw new Failure(2, `Cannot write to "${out}": ${error.message}`, "Take another --out", error);
  }
}
