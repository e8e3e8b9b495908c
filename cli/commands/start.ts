/**
 * `conform start`: shows the suite at work, for somebody who has just got it.
 *
 * @module
 */
import { writeFileSync } from "node:fs";
import { exitStatus } from "../../reports/result.ts";
import { htmlReport } from "../../reports/site/html.tsx";
import type { Io } from "../io.ts";
import { loadSuite, tellDiagnostics } from "../suite.ts";
import { summaryOf } from "../summary.ts";
import { type RunArguments, runToRecord, selected } from "./run.ts";

/** Carries out `conform start` and gives the exit status. */
export async function start(args: RunArguments, io: Io): Promise<number> {
  const suite = loadSuite();
  tellDiagnostics(suite, io);
  const { result, path } = await runToRecord(suite, selected(suite, args, io), args, io);
  const report = path.replace(/\.jsonl$/, ".html");
  writeFileSync(report, await htmlReport(result, { ledger: suite.ledger, cases: suite.byId }));
  io.out(summaryOf(result, suite.ledger, io.colours));
  io.out(`\nRecord: ${path}\nReport: ${report}\nTo look at all runs: npm run conform -- serve\n`);
  return suite.diagnostics.length > 0 ? 4 : exitStatus(result);
}
