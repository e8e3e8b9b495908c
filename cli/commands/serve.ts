/**
 * `conform judge`, `conform serve`, `conform schema`.
 *
 * @module
 */
import { writeFormatPage } from "../../cases/format_page.ts";
import { writeSchemas } from "../../cases/schema.ts";
import { exitStatus, resultOf } from "../../reports/result.ts";
import { writeReportSchemas } from "../../reports/schemas.ts";
import { writeVocabularyPage } from "../../spec/operations/describe.ts";
import { baselineAt, heldAgainst } from "../baseline_at.ts";
import { type FormatName, writeResult } from "../formats.ts";
import { Failure, type Io } from "../io.ts";
import { recordAt } from "../record_at.ts";
import { loadSuite } from "../suite.ts";

/** Carries out `conform judge` on a record, perhaps against a baseline, and gives the exit status. */
export async function judgeRecord(
  path: string,
  format: FormatName,
  io: Io,
  baseline?: string,
): Promise<number> {
  const suite = loadSuite();
  const known = baseline === undefined ? undefined : baselineAt(baseline);
  const result = heldAgainst(resultOf(recordAt(path), suite.byId), known, suite);
  io.out(await writeResult(format, result, suite, io));
  return exitStatus(result);
}

/** What `conform serve` is given. */
export interface ServeArguments {
  readonly host: string;
  readonly port: number;
  readonly runs: string;
}

/** Carries out `conform serve`: serves until it is told to stop. */
export async function serve({ host, port, runs }: ServeArguments, io: Io): Promise<number> {
  const { createSite } = await import("../../reports/site/mod.ts");
  const { ledger, byId } = loadSuite();
  const site = createSite({ runsFolder: runs, ledger, cases: byId });
  const server = listen(host, port, (request) => site.fetch(request), io);
  await server.finished;
  return 0;
}

function listen(
  hostname: string,
  port: number,
  answer: (request: Request) => Response | Promise<Response>,
  io: Io,
): Deno.HttpServer {
  const onListen = (at: { hostname: string; port: number }) =>
    io.out(
      `Listening on http://${at.hostname.includes(":") ? `[${at.hostname}]` : at.hostname}:${at.port}/\n`,
    );
  try {
    return Deno.serve({ hostname, port, signal: io.signal, onListen }, answer);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Failure(
      3,
      `Cannot listen on ${hostname}:${port}: ${reason}`,
      "Take another --port or --host",
      error,
    );
  }
}

/** Carries out `conform schema`: writes what is derived from the declarations. */
export function schema(io: Io): number {
  for (const name of writeSchemas()) io.out(`spec/schema/${name}\n`);
  for (const name of writeReportSchemas()) io.out(`reports/schema/${name}\n`);
  writeVocabularyPage();
  writeFormatPage();
  io.out("spec/operations/README.md\ndocs/format.md\n");
  return 0;
}
