/**
 * `conform bisect`: finds between which two targets the behaviour of one case changed.
 *
 * @module
 */
import type { Case } from "../../cases/case.ts";
import { selectCases, SelectionError } from "../../cases/select.ts";
import { type FinishedAttempt, runCases } from "../../runners/engine.ts";
import { unlessAborted } from "../../runners/deadline.ts";
import { openTarget } from "../../runners/open.ts";
import type { Target, TargetDescription } from "../../runners/target.ts";
import { resultOf } from "../../reports/result.ts";
import { RECORD_SCHEMA } from "../../reports/record.ts";
import { clausesBehind, filesOf } from "../../reports/windows/behind.ts";
import { gitLog } from "../../reports/windows/mod.ts";
import type { Source } from "../../spec/clause.ts";
import { didYouMean } from "../../spec/nearest.ts";
import { Failure, type Io } from "../io.ts";
import { identityOf, loadSuite, type Suite } from "../suite.ts";
import { type TargetsGiven, targetsGiven } from "../target_list.ts";
import { type Lock, lockOf, type Shown, shownIn, sideOf, sightOf } from "./bisect_lock.ts";
import { type Found, search } from "./bisect_search.ts";

/** What `conform bisect` is given. */
export interface BisectArguments extends TargetsGiven {
  /** The id of the case. */
  readonly case: string;
  /** A kernel or a target that shows what is right. */
  readonly good: string;
  /** One that does not. */
  readonly bad: string;
  /** How often the case is run on each target. */
  readonly repeat: number;
  /** Seconds for one case. */
  readonly timeout: number;
  readonly format: "human" | "json";
}

/** What a target showed, and the kernel that it runs. */
interface Tried {
  readonly target: string;
  readonly kernel: string;
  readonly shown: Shown;
}

/** What a bisection found. */
interface Bisected {
  readonly case: Case;
  readonly lock: Lock;
  readonly good: Tried;
  readonly bad: Tried;
  readonly neither: readonly Tried[];
  /** How many targets the case was run on. */
  readonly runs: number;
}

/** Carries out `conform bisect` and gives the exit status: 0 if two neighbours were found, 1 if others stand between them. */
export async function bisect(args: BisectArguments, io: Io): Promise<number> {
  const suite = loadSuite();
  const case_ = caseNamed(args.case, suite);
  if (args.good === args.bad) throw new Failure(2, "The good target is the bad one", "Name two");
  const targets = await targetsToSearch(args);
  const [good, bad] = [placeOf(args.good, "good", targets), placeOf(args.bad, "bad", targets)];
  const tries = new Tries(case_, targets, args, suite, io);
  const lock = lockOf((await tries.at(good)).shown, (await tries.at(bad)).shown);
  if (typeof lock === "string") {
    throw new Failure(
      1,
      `There is nothing to follow: ${lock}`,
      `See what it shows: conform run '${case_.id}'`,
    );
  }
  io.err(
    `Following ${lock.step ?? "the end of the case"}: good ${wordsOf(lock.good)}, bad ${wordsOf(lock.bad)}\n`,
  );
  const found = await search(good, bad, async (place) => {
    const { target, shown } = await tries.at(place);
    const side = sideOf(shown, lock);
    io.err(
      `${target}: ${side === "neither" ? `neither, it shows ${sightOf(shown, lock.step).says}` : side}\n`,
    );
    return side;
  });
  const bisected = await resultFrom(found, { case_, lock, tries });
  io.out(args.format === "json" ? jsonOf(bisected, suite) : textOf(bisected, suite));
  return bisected.neither.length > 0 ? 1 : 0;
}

async function resultFrom(
  { good, bad, neither }: Found,
  { case_, lock, tries }: { readonly case_: Case; readonly lock: Lock; readonly tries: Tries },
): Promise<Bisected> {
  const tried: Tried[] = [];
  for (const place of neither) tried.push(await tries.at(place));
  return {
    case: case_,
    lock,
    good: await tries.at(good),
    bad: await tries.at(bad),
    neither: tried,
    runs: tries.count,
  };
}

function wordsOf({ says, digest }: Lock["good"]): string {
  return `${says} [${digest}]`;
}

function caseNamed(name: string, { cases, byId }: Suite): Case {
  try {
    const chosen = selectCases(cases, [name]);
    const [only] = chosen;
    if (only && chosen.length === 1) return only;
    const some = chosen.slice(0, 3).map(({ id }) => id).join(", ");
    throw new Failure(2, `"${name}" is more than one case: ${some} …`, "Name one of them");
  } catch (error) {
    if (!(error instanceof SelectionError)) throw error;
    throw new Failure(2, error.message, didYouMean(name, byId.keys(), error.hint), error);
  }
}

/** The targets that are named; else the kernels at hand, or the two ends alone where one is not among those. */
async function targetsToSearch(args: BisectArguments): Promise<readonly string[]> {
  const targets = await targetsGiven(args);
  const ends = [args.good, args.bad].map(wholeName);
  const areNamed = args.kernels.length > 0 || args.targets.length > 0;
  return areNamed || ends.every((end) => targets.includes(end))
    ? targets
    : await targetsGiven({ kernels: [], targets: ends });
}

/** The name of a target, which may be that of its kernel alone. */
function wholeName(name: string): string {
  return /^\d/.test(name) ? `vm:${name}` : name;
}

function placeOf(name: string, side: "good" | "bad", targets: readonly string[]): number {
  const place = targets.indexOf(wholeName(name));
  if (place >= 0) return place;
  const all = `The targets are ${targets.join(", ") || "none"}; name others with --kernels or --targets`;
  throw new Failure(2, `The ${side} target "${name}" is not among those to search`, all);
}

/** Runs the case on targets, on each once at most. */
class Tries {
  readonly #case: Case;
  readonly #targets: readonly string[];
  readonly #args: BisectArguments;
  readonly #suite: Suite;
  readonly #io: Io;
  readonly #known = new Map<number, Tried>();

  constructor(case_: Case, targets: readonly string[], args: BisectArguments, suite: Suite, io: Io) {
    this.#case = case_;
    this.#targets = targets;
    this.#args = args;
    this.#suite = suite;
    this.#io = io;
  }

  get count(): number {
    return this.#known.size;
  }

  async at(place: number): Promise<Tried> {
    const known = this.#known.get(place);
    if (known) return known;
    const target = this.#targets[place] ?? "";
    if (this.#io.signal.aborted) throw interrupted();
    this.#io.err(`Running ${this.#case.id} on ${target}\n`);
    const tried = await this.#run(target);
    this.#known.set(place, tried);
    return tried;
  }

  async #run(name: string): Promise<Tried> {
    const open = openTarget(name, (text) => this.#io.err(`${name}: ${text}\n`));
    const description = await this.#describe(open());
    const { repeat, timeout } = this.#args;
    const attempts: FinishedAttempt[] = [];
    const summary = await runCases([this.#case], open, {
      repeat,
      timeoutMs: timeout * 1000,
      signal: this.#io.signal,
      next(finished) {
        attempts.push(finished);
        return "go on";
      },
    }, { begin() {}, step() {}, end() {} });
    if (this.#io.signal.aborted) throw interrupted();
    const result = resultOf({
      header: {
        type: "header",
        schema: RECORD_SCHEMA,
        suite: identityOf(this.#suite.ledger, [this.#case]),
        target: description,
        profile: "",
        selection: [this.#case.id],
        repeat,
        command: [],
        startedAt: new Date().toISOString(),
      },
      attempts: attempts.map(({ case: { id, source }, attempt, observations, end, durationMs }) => ({
        case: id,
        attempt,
        digest: source.digest,
        observations,
        end,
        durationMs,
      })),
      footer: {
        type: "footer",
        finishedAt: new Date().toISOString(),
        attempts: attempts.length,
        notRun: summary.notRun.map(({ case: { id }, attempt, reason }) => ({ case: id, attempt, reason })),
      },
      wholeBytes: 0,
    }, this.#suite.byId).results[0];
    if (!result) throw new Error("A run of one case has no result");
    return { target: name, kernel: description.kernel, shown: shownIn(result) };
  }

  async #describe(target: Target): Promise<TargetDescription> {
    try {
      return await unlessAborted(target.describe(), this.#io.signal);
    } catch (error) {
      throw this.#io.signal.aborted ? interrupted() : error;
    } finally {
      await target.close();
    }
  }
}

function interrupted(): Failure {
  return new Failure(1, "The search was interrupted", "Run the command again");
}

/** What the ledger knows of the clauses of the case, and of those that say otherwise. */
interface Known {
  readonly clause: string;
  readonly title: string;
  readonly since: string | undefined;
  readonly until: string | undefined;
  readonly commits: readonly string[];
  readonly files: readonly string[];
}

function knownOf({ clauses }: Case, { ledger }: Suite): readonly Known[] {
  const known = clauses.flatMap((id) => {
    const clause = ledger.clauses.get(id);
    return clause ? clausesBehind(clause, ledger) : [];
  });
  return [...new Set(known)].map(({ id, title, since, until, sources }) => ({
    clause: id,
    title,
    since,
    until,
    commits: commitsOf(sources),
    files: filesOf(sources),
  }));
}

function commitsOf(sources: readonly Source[]): string[] {
  return sources.flatMap((source) => "commit" in source ? [source.commit] : []);
}

/** The `git log` of the files that the clauses cite, from the older kernel to the newer one. */
function logOf(
  { good, bad }: Bisected,
  known: readonly Known[],
  targets: "good first" | "bad first",
): string | undefined {
  const files = [...new Set(known.flatMap(({ files }) => files))].sort();
  const [older, newer] = targets === "good first" ? [good, bad] : [bad, good];
  return gitLog(older.kernel, newer.kernel, files);
}

const collator = new Intl.Collator("en", { numeric: true });

function orderOf({ good, bad }: Bisected): "good first" | "bad first" {
  return collator.compare(good.kernel, bad.kernel) <= 0 ? "good first" : "bad first";
}

function textOf(bisected: Bisected, suite: Suite): string {
  const { case: { id }, lock, good, bad, neither, runs } = bisected;
  const known = knownOf(bisected.case, suite);
  const order = orderOf(bisected);
  const log = logOf(bisected, known, order);
  const lines = [
    `${id}: ${order === "good first" ? `bad since ${bad.target}` : `good since ${good.target}`}${
      neither.length === 0 ? "" : " at the latest"
    }`,
    "",
    `  good  ${good.target}  ${good.kernel}`,
    `  bad   ${bad.target}  ${bad.kernel}`,
    ...neither.map(({ target, shown }) =>
      `  neither  ${target}: ${
        shown.word === "not-supported"
          ? `it cannot answer the case: ${shown.reason}`
          : `it shows ${sightOf(shown, lock.step).says}, another failure or none at all, not followed`
      }`
    ),
    "",
    `${lock.step ?? "the end of the case"}${lock.operation === undefined ? "" : `, ${lock.operation}`}:`,
    `  good  ${wordsOf(lock.good)}`,
    `  bad   ${wordsOf(lock.bad)}`,
    "",
    ...known.map(({ clause, title, since, until, commits }) => {
      const says = [
        ...(since === undefined ? [] : [`since ${since}`]),
        ...(until === undefined ? [] : [`until ${until}`]),
      ];
      return `${clause}  ${title}${says.length === 0 ? "" : `; the ledger: ${says.join(", ")}`}${
        commits.length === 0 ? "" : `; commits ${commits.join(", ")}`
      }`;
    }),
    ...(log === undefined ? [] : ["", "Look at:", `  ${log}`]),
    "",
    `The case was run on ${runs} targets.`,
  ];
  return `${lines.join("\n")}\n`;
}

function jsonOf(bisected: Bisected, suite: Suite): string {
  const { lock, good, bad, neither, runs } = bisected;
  const known = knownOf(bisected.case, suite);
  const plain = ({ target, kernel, shown }: Tried) => ({
    target,
    kernel,
    word: shown.word,
    shows: sightOf(shown, lock.step),
  });
  return `${
    JSON.stringify(
      {
        schema: "dmabuf-conform/bisection/1",
        case: bisected.case.id,
        lock,
        good: plain(good),
        bad: plain(bad),
        neither: neither.map(plain),
        clauses: known,
        log: logOf(bisected, known, orderOf(bisected)),
        runs,
      },
      undefined,
      2,
    )
  }\n`;
}
