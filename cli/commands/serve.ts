/**
 * `conform judge`, `conform serve`, `conform schema`.
 *
 * @module
 */
import { writeFormatPage } from "../../cases/format_page.ts";
import { writeSchemas } from "../../cases/schema.ts";
import { exitStatus, resultOf } from "../../reports/result.ts";
import { writeReportSchemas } from "../../reports/schemas.ts";
import { writeProtocolSchemas } from "../../runners/protocol/schemas.ts";
import { writeVocabularyPage } from "../../spec/operations/describe.ts";
import { baselineAt, heldAgainst } from "../baseline_at.ts";
import { textAt } from "../files.ts";
import { type FormatName, writeResult } from "../formats.ts";
import { Failure, type Io } from "../io.ts";
import { recordAt } from "../record_at.ts";
import { loadSuite, VERSION } from "../suite.ts";
import { certifyingIdentity } from "../suite_files.ts";
import { ImportThreads } from "../../reports/store/mod.ts";
import { judgedBy, openStore } from "./import.ts";
import { messageOf } from "../../spec/message_of.ts";

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
  /** The folder of the history; the records in `runs` are shown if it is left out. */
  readonly store?: string | undefined;
  /** A file with the token that whoever brings a record must show. */
  readonly tokenFile?: string | undefined;
  /** How many requests one address may make in a second; 0 stands for as many as it likes. */
  readonly rate?: number | undefined;
}

/** The largest record that can be brought, in bytes. */
const MAX_UPLOAD = 64 * 1024 * 1024;

/** So often one address may ask, over a longer time: a person never does, and a program that does can wait. */
const REQUESTS_PER_SECOND = 100;

/** With a history, pages may be so old: runs come in while many read. */
const MAX_AGE_MS = 1000;

/** Carries out `conform serve`: serves until it is told to stop. */
export async function serve(
  { host, port, runs, store: folder, tokenFile, rate = REQUESTS_PER_SECOND }: ServeArguments,
  io: Io,
): Promise<number> {
  const { createSite, folderHistory, folderShelf } = await import("../../reports/site/mod.ts");
  const suite = loadSuite();
  const { ledger, byId } = suite;
  if (folder === undefined && tokenFile !== undefined) {
    throw new Failure(2, "Only a history can take records in", "Name its folder with --store");
  }
  using store = folder === undefined ? undefined : openStore(folder, suite);
  const token = tokenFile === undefined ? undefined : tokenIn(tokenFile);
  using threads = folder === undefined || token === undefined
    ? undefined
    : new ImportThreads({ folder, judgedBy: judgedBy(suite), threads: 1 });
  const site = createSite({
    history: store ?? folderHistory(runs, byId),
    shelf: folderShelf(folder ?? runs),
    identity: certifyingIdentity(suite),
    ledger,
    cases: byId,
    version: VERSION,
    maxAgeMs: store ? MAX_AGE_MS : 0,
    requestsPerSecond: rate === 0 ? undefined : rate,
    uploads: store && threads && token !== undefined
      ? {
        store: {
          incoming: () => store.incoming(),
          importFile: (path, name) => threads.importFile(path, name),
        },
        token,
        maxBytes: MAX_UPLOAD,
      }
      : undefined,
  });
  const server = listen(host, port, (request, address) => site.fetch(request, address), io);
  /* what cannot be read is told to whoever asks for it */
  const recalled = store?.recall(io.signal).catch(() => undefined);
  await Promise.all([server.finished, recalled]);
  return 0;
}

/** The shortest token that is taken: a shorter one can be guessed. */
const SHORTEST_TOKEN = 16;

function tokenIn(path: string): string {
  const token = textAt(path, "Name a file with a token in it").trim();
  if (token.length >= SHORTEST_TOKEN && /^\S+$/.test(token)) return token;
  throw new Failure(
    2,
    `The token in "${path}" is too short or has spaces`,
    `Take ${SHORTEST_TOKEN} characters or more`,
  );
}

function listen(
  hostname: string,
  port: number,
  answer: (request: Request, address: string) => Response | Promise<Response>,
  io: Io,
): Deno.HttpServer {
  const onListen = (at: { hostname: string; port: number }) =>
    io.out(
      `Listening on http://${at.hostname.includes(":") ? `[${at.hostname}]` : at.hostname}:${at.port}/\n`,
    );
  try {
    return Deno.serve(
      { hostname, port, signal: io.signal, onListen },
      (request, { remoteAddr }) => answer(request, remoteAddr.hostname),
    );
  } catch (error) {
    const reason = messageOf(error);
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
  for (const name of writeProtocolSchemas()) io.out(`runners/protocol/schema/${name}\n`);
  for (const name of writeReportSchemas()) io.out(`reports/schema/${name}\n`);
  writeVocabularyPage();
  writeFormatPage();
  io.out("spec/operations/README.md\ndocs/format.md\n");
  return 0;
}
