/**
 * `conform show`: a case or a clause, with everything that belongs to it.
 *
 * @module
 */
import { existsSync } from "node:fs";
import { basename, join } from "node:path";
import { factsOf, type RunFacts } from "../../reports/compare/mod.ts";
import { resultOf } from "../../reports/result.ts";
import { clauseIdSchema } from "../../spec/ids.ts";
import { didYouMean } from "../../spec/nearest.ts";
import { Failure, type Io } from "../io.ts";
import { recordAt } from "../record_at.ts";
import { caseText, clauseText } from "../show_text.ts";
import { loadSuite, type Suite, tellDiagnostics } from "../suite.ts";
import { openHistory } from "./import.ts";

/** What `conform show` is given. */
export interface ShowArguments {
  /** The id of a case or a clause. */
  readonly name: string;
  /** Run records that tell what targets did. */
  readonly records: readonly string[];
  /** The folder of a history that tells it, too. */
  readonly store?: string | undefined;
}

/** The history that is looked at where nobody names one. */
const OWN_STORE = join("runs", "history");

/** Carries out `conform show` and gives the exit status. */
export function show(args: ShowArguments, io: Io): number {
  const suite = loadSuite();
  tellDiagnostics(suite, io);
  const { name } = args;
  const id = clauseIdSchema.safeParse(name);
  const clause = id.success ? suite.ledger.clauses.get(id.data) : undefined;
  const case_ = suite.byId.get(name);
  if (!clause && !case_) {
    const all = [...suite.byId.keys(), ...suite.ledger.clauses.keys()];
    const hint = didYouMean(name, all, "conform list shows the cases");
    throw new Failure(2, `There is no case or clause "${name}"`, hint);
  }
  const runs = runsFor(args, suite);
  if (clause) io.out(clauseText(clause, suite, runs));
  else if (case_) io.out(caseText(case_, suite, runs));
  return 0;
}

/** The runs that tell what targets did, the newest first. */
function runsFor({ records, store }: ShowArguments, suite: Suite): readonly RunFacts[] {
  const named = records.map((path) =>
    factsOf(basename(path, ".jsonl"), resultOf(recordAt(path), suite.byId))
  );
  const folder = store ?? (records.length === 0 && existsSync(OWN_STORE) ? OWN_STORE : undefined);
  const kept = folder === undefined ? [] : runsOfStore(folder, suite);
  return [...named, ...kept].toSorted((a, b) => Date.parse(b.startedAt) - Date.parse(a.startedAt));
}

/** How many runs of each target and profile are looked at for one that reached the cases. */
const DEPTH = 5;

function runsOfStore(folder: string, suite: Suite): readonly RunFacts[] {
  using store = openHistory(folder, suite);
  return store.latest(DEPTH).flatMap(({ run }) => store.facts(run) ?? []);
}
