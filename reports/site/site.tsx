/**
 * The site: a hono application that shows runs. It only reads, unless it is given somebody who takes records in.
 *
 * @module
 */
import { type Context, Hono } from "hono";
import { secureHeaders } from "hono/secure-headers";
import type { Case } from "../../cases/case.ts";
import { loadContradictions } from "../../spec/contradictions.ts";
import { clauseIdSchema, profileIdSchema } from "../../spec/ids.ts";
import type { Ledger } from "../../spec/ledger.ts";
import { DIALECTS } from "../../runners/simulator/mod.ts";
import type { Certificate } from "../certificate/mod.ts";
import { compareRuns, kept, labelsOf, type RunFacts, type RunHead, writeComparison } from "../compare/mod.ts";
import { SpecificationBody } from "../specification/html.tsx";
import { specificationOf } from "../specification/document.ts";
import { SPECIFICATION_STYLE } from "../specification/style.ts";
import type { RunEntry } from "../store/mod.ts";
import { comparisonOf, createApi, MOST_COMPARED, newestFacts } from "./api/api.ts";
import { lastCase } from "./api/live.ts";
import { type UploadOptions, Uploads } from "./api/upload.ts";
import { badge, badgeAnswer } from "./badge.tsx";
import type { History } from "./history.ts";
import type { PageKind } from "./layout.tsx";
import { comparePath } from "./links.ts";
import { LIVE_SCRIPT } from "./live_script.ts";
import { BadgesPage } from "./pages/badges.tsx";
import { CasePage } from "./pages/case.tsx";
import { ClausePage, ClausesPage, CoveragePage } from "./pages/clauses.tsx";
import { ComparePage } from "./pages/compare.tsx";
import { CaseHistoryPage, type HistoryPart, RUNS_FOLLOWED, WindowsPage } from "./pages/history.tsx";
import { HomePage, type Newest } from "./pages/home.tsx";
import { LivePage } from "./pages/live.tsx";
import { OperationsPage } from "./pages/operations.tsx";
import { ProfilePage, ProfilesPage, RUNS_OF_PROFILE, UnknownProfilePage } from "./pages/profiles.tsx";
import { RunPage } from "./pages/run.tsx";
import { RUNS_ON_A_PAGE, RunsPage } from "./pages/runs.tsx";
import { type Found, SearchPage } from "./pages/search.tsx";
import { queryFor } from "./query.ts";
import { RateLimit } from "./rate.ts";
import { pagesOfPapers } from "./papers/routes.tsx";
import type { Shelf } from "./papers/shelf.ts";
import { missing, Pages, type Problem, type Shown } from "./shown.tsx";
import { STYLE } from "./style.ts";

/** What the site shows. */
export interface SiteOptions {
  /** The runs. */
  readonly history: History;
  /** The clauses and profiles. */
  readonly ledger: Ledger;
  /** The suite's cases, by id. */
  readonly cases: ReadonlyMap<string, Case>;
  /** The certificates, mutation scores and tours beside the runs; none if left out. */
  readonly shelf?: Shelf | undefined;
  /** The identity that certificates have of the suite; without it none is judged again. */
  readonly identity?: ((cases: readonly Case[]) => Certificate["suite"]) | undefined;
  /** The version of the suite. */
  readonly version?: string | undefined;
  /** Who may bring records; nobody if left out. */
  readonly uploads?: UploadOptions | undefined;
  /** How old a page may be, in milliseconds, before it is looked at whether runs have come in; 0 if left out. */
  readonly maxAgeMs?: number | undefined;
  /** How many requests one address may make in a second, over a longer time; as many as it likes if left out. */
  readonly requestsPerSecond?: number | undefined;
  /** Whether requests are answered, so that forms make sense; pages that are files answer nothing. */
  readonly answers?: PageKind["answers"] | undefined;
}

/** A site, to be served. */
export interface Site {
  /** Answers a request; `address` is where it comes from, as far as that is known. */
  fetch(request: Request, address?: string): Response | Promise<Response>;
}

/** The longest address that is looked at, in characters. */
const MAX_ADDRESS = 8192;

/** Makes the site. */
export function createSite(options: SiteOptions): Site {
  const app = new Hono();
  protect(app);
  const pages = new Pages(options);
  app.get("/style.css", (c) => file(c, STYLE + SPECIFICATION_STYLE, "text/css; charset=utf-8"));
  app.get("/live.js", (c) => file(c, LIVE_SCRIPT, "text/javascript; charset=utf-8"));
  pagesOfRuns(app, options, pages);
  pagesOfSpecification(app, options, pages);
  pagesOfPapers(app, options, pages);
  const { history, ledger, cases, shelf, uploads, version = "" } = options;
  app.route(
    "/",
    createApi({ history, ledger, cases, shelf, version, uploads: uploads && new Uploads(uploads) }),
  );
  app.notFound((c) =>
    c.req.path.startsWith("/api/")
      ? c.json({ error: "There is no such address" }, 404)
      : pages.problem(c, missing("page", c.req.path))
  );
  app.onError((error, c) =>
    pages.problem(c, { status: 500, title: "Something went wrong", details: error.message })
  );
  return limited((request) => app.fetch(request), options);
}

/** Answers nobody more often than is agreed. */
function limited(answer: (request: Request) => Response | Promise<Response>, options: SiteOptions): Site {
  const { requestsPerSecond: perSecond } = options;
  const limit = perSecond === undefined ? undefined : new RateLimit({ perSecond });
  return {
    fetch: (request, address = "") => {
      const wait = limit?.wait(address) ?? 0;
      if (wait === 0) return answer(request);
      const headers = { "retry-after": String(wait), "x-content-type-options": "nosniff" };
      return Response.json({ error: `Too many requests; wait ${wait} s` }, { status: 429, headers });
    },
  };
}

/** Nothing from elsewhere is loaded, no script but the site's own file runs, and nobody can put it in a frame. */
function protect(app: Hono): void {
  app.use(secureHeaders({
    contentSecurityPolicy: {
      defaultSrc: ["'none'"],
      styleSrc: ["'self'"],
      scriptSrc: ["'self'"],
      connectSrc: ["'self'"],
      imgSrc: ["'self'", "data:"],
      formAction: ["'self'"],
      baseUri: ["'none'"],
      frameAncestors: ["'none'"],
    },
    referrerPolicy: "no-referrer",
  }));
  app.use(async (c, next) => {
    if (c.req.url.length > MAX_ADDRESS) return c.text("The address is too long", 414);
    return await next();
  });
}

function file(c: Context, body: string, type: string): Response {
  return c.body(body, 200, { "content-type": type, "cache-control": "max-age=300" });
}

function pagesOfRuns(app: Hono, { history, ledger, cases, shelf }: SiteOptions, pages: Pages): void {
  app.get("/", (c) =>
    pages.show(c, () => ({
      title: "Start",
      place: "start",
      body: (
        <HomePage
          newest={newestRuns(history)}
          refused={[...history.refused(), ...shelf?.refused() ?? []]}
          total={history.count()}
        />
      ),
    })));
  app.get("/runs", (c) =>
    pages.show(c, () => {
      const { target, profile } = c.req.query();
      const offset = Math.max(0, Math.trunc(Number(c.req.query("offset") ?? 0)) || 0);
      const runs = history.runs({ target, profile, offset, limit: RUNS_ON_A_PAGE });
      return {
        title: "Runs",
        place: "runs",
        body: <RunsPage runs={runs} target={target} profile={profile} offset={offset} />,
      };
    }));
  app.get("/runs/:run", (c) => pages.show(c, () => runPage(c, history)));
  app.get("/runs/:run/record.jsonl", (c) => {
    const bytes = history.record(c.req.param("run"));
    if (!bytes) return pages.problem(c, noRun(history, c.req.param("run")));
    return c.body(new Uint8Array(bytes), 200, {
      "content-type": "application/x-ndjson",
      "content-disposition": "attachment",
    });
  });
  app.get("/runs/:run/live", (c) =>
    pages.show(c, () => {
      const name = c.req.param("run");
      const entry = history.run(name);
      if (!entry) return noRun(history, name);
      const body = <LivePage entry={entry} last={lastCase(history.result(name))} />;
      return { title: "Live", place: "runs", body, script: "live" };
    }));
  app.get("/runs/:run/cases/:case{[^]+}", (c) =>
    pages.show(c, () => {
      const [run, id] = [c.req.param("run"), c.req.param("case")];
      const result = history.result(run);
      if (!result) return noRun(history, run);
      const of = result.results.find((each) => each.case.toWellFormed() === id);
      if (!of) return missing("case in this run", id);
      const props = {
        run,
        result,
        of,
        case: cases.get(id),
        ledger,
        history: history.history(of.case, RUNS_FOLLOWED),
      };
      return { title: of.title, place: "runs", body: <CasePage {...props} /> };
    }));
  app.get("/cases/:case{[^]+}", (c) =>
    pages.show(c, () => {
      const id = c.req.param("case");
      const part = historyPart(history, id, c.req.query("before"));
      if (part.runs.length === 0 && !cases.has(id)) return missing("case", id);
      const body = <CaseHistoryPage id={id} case={cases.get(id)} ledger={ledger} part={part} />;
      return { title: id, place: "runs", body };
    }));
  app.get("/windows/:case{[^]+}", (c) =>
    pages.show(c, () => {
      const id = c.req.param("case");
      const windows = history.windows(id);
      if (windows.length === 0 && !cases.has(id)) return missing("case", id);
      const body = <WindowsPage id={id} case={cases.get(id)} windows={windows} />;
      return { title: `Since when: ${id}`, place: "runs", body };
    }));
  app.get("/compare", (c) => compare(c, history, pages));
  app.get("/badges", (c) =>
    pages.show(c, () => ({
      title: "Badges",
      place: "runs",
      body: <BadgesPage newest={history.latest(1)} />,
    })));
  app.get("/badges/:target/:file{.+\\.svg}", (c) => {
    const [target, profile] = [c.req.param("target"), c.req.param("file").slice(0, -".svg".length)];
    const [run] = history.runs({ target, profile, limit: 1 });
    return badgeAnswer(c, badge(profile, run), run ? 200 : 404);
  });
  app.get("/search", (c) =>
    pages.show(c, () => {
      const words = (c.req.query("q") ?? "").slice(0, 200);
      return {
        title: "Search",
        place: "search",
        body: <SearchPage words={words} found={find(words, { history, ledger, cases })} />,
      };
    }));
}

/** A page of the runs that a case was in; one run more is asked for, to know whether there is another page. */
function historyPart(history: History, id: string, before: string | undefined): HistoryPart {
  const found = history.history(id, RUNS_FOLLOWED + 1, before);
  const runs = found.slice(0, RUNS_FOLLOWED);
  const next = found.length > RUNS_FOLLOWED ? runs.at(-1)?.head.run : undefined;
  return { runs, newer: before === undefined ? "no" : "yes", next };
}

/** A run that is not there, or that cannot be read. */
function noRun(history: History, name: string): Problem {
  const refused = history.refused().find((each) => each.name === `${name}.jsonl`);
  if (refused) return { status: 422, title: "This run cannot be read", details: refused.reason };
  return missing("run", name);
}

function runPage(c: Context, history: History): Shown | Problem {
  const name = c.req.param("run") ?? "";
  const [result, entry] = [history.result(name), history.run(name)];
  if (!result || !entry) return noRun(history, name);
  const { q, verdict, area, clause } = c.req.query();
  const query = q ?? queryFor({ verdict, area, clause });
  const before = runBefore(history, entry);
  const comparison = before && comparisonOf(history, [before.run, name]);
  const changed = new Set(
    comparison?.groups.flatMap(({ at, cases }) => at.length > 0 ? cases.map((each) => each.case) : []),
  );
  const body = <RunPage name={name} result={result} query={query} before={before} changed={changed} />;
  return { title: `${result.profile} on ${result.target.id}`, place: "runs", body };
}

function runBefore(history: History, { target, profile, startedAt }: RunEntry): RunEntry | undefined {
  return history.runs({ target, profile, before: startedAt, limit: 1 })[0];
}

/** How many runs of each target and profile the first page follows. */
const RUNS_IN_A_STRIP = 20;

function newestRuns(history: History): readonly Newest[] {
  const groups = Map.groupBy(
    history.latest(RUNS_IN_A_STRIP),
    ({ target, profile }) => JSON.stringify([target, profile]),
  );
  return [...groups.values()].map((runs) => {
    const [newest, before] = runs;
    return { runs, since: newest && before && comparisonOf(history, [before.run, newest.run]) };
  });
}

async function compare(c: Context, history: History, pages: Pages): Promise<Response> {
  const runs = c.req.queries("run") ?? [];
  if (runs.length < 2 || runs.length > MOST_COMPARED) {
    const details = `Choose from 2 to ${MOST_COMPARED} runs in the list of runs.`;
    return await pages.problem(c, { status: 400, title: "These runs cannot be compared", details });
  }
  const facts = history.factsOfAll(runs);
  if (!facts) return await pages.problem(c, noRun(history, runs.find((run) => !history.run(run)) ?? ""));
  if (c.req.query("order") === "time") return c.redirect(comparePath(inOrder(facts)));
  const format = c.req.query("format");
  if (format === "csv" || format === "markdown" || format === "json") return compareAs(c, facts, format);
  return await pages.show(c, () => ({
    title: labelsOf(facts).join(" · "),
    place: "runs",
    body: <ComparePage runs={facts} />,
  }), facts.map(numberOf).join());
}

/** Another number for a run as soon as it shows something else. */
let lastNumber = 0;
const numberOf = kept((_run: RunFacts) => ++lastNumber);

function inOrder(runs: readonly RunHead[]): readonly string[] {
  return runs.toSorted((one, other) => Date.parse(one.startedAt) - Date.parse(other.startedAt))
    .map(({ run }) => run);
}

const COMPARISON_TYPES = { csv: "text/csv", markdown: "text/markdown", json: "application/json" } as const;

function compareAs(c: Context, runs: readonly RunFacts[], format: keyof typeof COMPARISON_TYPES): Response {
  return c.body(writeComparison(compareRuns(runs), format), 200, {
    "content-type": `${COMPARISON_TYPES[format]}; charset=utf-8`,
  });
}

/** How much of each kind a search shows. */
const FOUND = 25;

function find(words: string, { history, ledger, cases }: SiteOptions): Found {
  const wanted = words.toLowerCase().match(/\S+/g) ?? [];
  if (wanted.length === 0) return { clauses: NOTHING, cases: NOTHING, hits: [] };
  return {
    clauses: firstOf([...ledger.clauses.values()], wanted, ({ id, title, requirement }) => [
      `${id} ${title}`,
      requirement,
    ]),
    cases: firstOf([...cases.values()], wanted, ({ id, title, why, clauses }) => [
      `${id} ${title}`,
      `${why} ${clauses.join(" ")}`,
    ]),
    hits: history.search(words, FOUND),
  };
}

const NOTHING = { first: [], total: 0 };

/** Those that have all the words; first those that have them in their names. */
function firstOf<T>(
  all: readonly T[],
  wanted: readonly string[],
  textsOf: (each: T) => readonly [string, string],
): { readonly first: readonly T[]; readonly total: number } {
  const has = (text: string) => wanted.every((word) => text.toLowerCase().includes(word));
  const found = all.filter((each) => has(textsOf(each).join(" ")));
  const named = new Set(found.filter((each) => has(textsOf(each)[0])));
  const first = [...named, ...found.filter((each) => !named.has(each))].slice(0, FOUND);
  return { first, total: found.length };
}

function pagesOfSpecification(
  app: Hono,
  { history, ledger, cases }: SiteOptions,
  pages: Pages,
): void {
  const all = [...cases.values()];
  const contradictions = loadContradictions(ledger);
  app.get(
    "/clauses",
    (c) =>
      pages.show(
        c,
        () => ({ title: "Clauses", place: "clauses", body: <ClausesPage ledger={ledger} cases={all} /> }),
        "",
      ),
  );
  app.get("/clauses/:clause", (c) =>
    pages.show(c, () => {
      const id = clauseIdSchema.safeParse(c.req.param("clause"));
      const clause = id.success ? ledger.clauses.get(id.data) : undefined;
      if (!clause) return missing("clause", c.req.param("clause"));
      const body = (
        <ClausePage
          clause={clause}
          ledger={ledger}
          contradictions={contradictions}
          cases={all}
          runs={newestFacts(history)}
        />
      );
      return { title: clause.id, place: "clauses", body };
    }));
  app.get("/coverage", (c) =>
    pages.show(c, () => ({
      title: "Coverage",
      place: "clauses",
      body: <CoveragePage ledger={ledger} cases={all} runs={newestFacts(history)} />,
    })));
  app.get(
    "/profiles",
    (c) =>
      pages.show(
        c,
        () => ({ title: "Profiles", place: "profiles", body: <ProfilesPage ledger={ledger} /> }),
        "",
      ),
  );
  app.get("/profiles/:profile", (c) =>
    pages.show(c, () => {
      const id = profileIdSchema.safeParse(c.req.param("profile"));
      const profile = id.success ? ledger.profiles.get(id.data) : undefined;
      const name = c.req.param("profile");
      const runs = history.runs({ profile: name, limit: RUNS_OF_PROFILE });
      if (!profile && runs.length === 0) return missing("profile", name);
      if (!profile) {
        return { title: name, place: "profiles", body: <UnknownProfilePage id={name} runs={runs} /> };
      }
      const body = <ProfilePage profile={profile} ledger={ledger} cases={all} runs={runs} />;
      return { title: profile.id, place: "profiles", body };
    }));
  app.get(
    "/operations",
    (c) => pages.show(c, () => ({ title: "Vocabulary", place: "operations", body: <OperationsPage /> }), ""),
  );
  app.get("/spec", (c) =>
    pages.show(c, () => {
      const sources = {
        ledger,
        contradictions,
        cases: all,
        dialects: [...DIALECTS.values()],
      };
      return {
        title: "Specification",
        place: "spec",
        body: <SpecificationBody specification={specificationOf(sources)} />,
      };
    }, ""));
}
