/**
 * The programming interface: everything that a page shows, as JSON, at addresses that stay.
 *
 * @module
 */
import { type Context, Hono } from "hono";
import { z } from "zod";
import type { Case } from "../../../cases/case.ts";
import { clauseIdSchema, profileIdSchema } from "../../../spec/ids.ts";
import type { Ledger } from "../../../spec/ledger.ts";
import type { Profile } from "../../../spec/profile.ts";
import { type CaseFacts, compareRuns, type RunFacts, worstOf } from "../../compare/mod.ts";
import { findingsOf, type RunEntry } from "../../store/mod.ts";
import type { History } from "../history.ts";
import type { Shelf, Shelved } from "../papers/shelf.ts";
import { progressOf } from "./live.ts";
import { openApi } from "./openapi.ts";
import {
  caseSchema,
  clauseInRunsSchema,
  clausesSchema,
  comparisonSchema,
  historySchema,
  latestSchema,
  logSchema,
  paperSchema,
  papersSchema,
  problemSchema,
  profileInRunsSchema,
  profilesSchema,
  progressSchema,
  refusedSchema,
  resultSchema,
  runSchema,
  runsSchema,
  searchSchema,
  uploadedSchema,
  windowsSchema,
} from "./schemas.ts";
import type { Uploads } from "./upload.ts";

/** What the interface answers from. */
export interface ApiOptions {
  /** The runs. */
  readonly history: History;
  /** The clauses and profiles. */
  readonly ledger: Ledger;
  /** The suite's cases, by id. */
  readonly cases: ReadonlyMap<string, Case>;
  /** What lies beside the runs; nothing if left out. */
  readonly shelf?: Shelf | undefined;
  /** Takes records in; missing where nobody may bring any. */
  readonly uploads?: Uploads | undefined;
  /** The version of the suite, for the description. */
  readonly version: string;
}

/** An answer and its status. */
export type Answer =
  | { readonly status: 200 | 201; readonly body: unknown }
  | {
    readonly status: 400 | 401 | 404 | 408 | 413 | 422 | 429 | 503;
    readonly body: { readonly error: string; readonly hint?: string | undefined };
  };

/** One address of the interface: what answers it, and all that its description needs. */
export interface Route {
  readonly method: "get" | "post";
  /** The path; `{name}` is a part that is asked for, and `{name*}` one with slashes in it. */
  readonly path: string;
  readonly summary: string;
  /** What can stand behind the question mark. */
  readonly query: z.ZodObject;
  /** The kind of a good answer. */
  readonly type: "application/json" | "text/event-stream";
  /** What a good answer is; of events, what each of them tells. */
  readonly answer: z.ZodType;
  /** The other answers, by their status. */
  readonly problems: Readonly<Record<number, string>>;
  readonly secured: boolean;
  /** What is sent along. */
  readonly takes?: { readonly type: string; readonly description: string } | undefined;
  /** Answers. */
  readonly handle: (c: Context, options: ApiOptions) => Response | Promise<Response>;
}

const none = z.object({});
const count = z.coerce.number().int().min(1).max(1000).default(100);
const names = z.union([z.string(), z.array(z.string())]).transform((given) =>
  typeof given === "string" ? [given] : given
);

/** At most so many runs stand side by side. */
export const MOST_COMPARED = 12;

const runsQuery = z.object({
  target: z.string().optional(),
  profile: z.string().optional(),
  limit: count,
  offset: z.coerce.number().int().min(0).default(0),
});
const compareQuery = z.object({ run: names.pipe(z.array(z.string()).min(2).max(MOST_COMPARED)) });
const historyQuery = z.object({
  limit: count,
  before: z.string().optional().describe("A run: those before it, for the next page"),
});
const searchQuery = z.object({ q: z.string().max(200), limit: count });

/** An address that answers a question with JSON; `undefined` stands for something that is not there. */
function route<Q extends z.ZodObject>(
  path: string,
  summary: string,
  shape: z.ZodType,
  query: Q,
  make: (query: z.output<Q>, options: ApiOptions, part: (name: string) => string) => unknown,
  problems: Route["problems"] = {},
): Route {
  const all = { 429: "Too many requests; wait so many seconds as Retry-After says", ...problems };
  return {
    method: "get",
    path,
    summary,
    query,
    type: "application/json",
    answer: shape,
    problems: query === none ? all : { 400: "A wrong query", ...all },
    secured: false,
    handle: (c, options) =>
      answer(c, query, (asked) => make(asked, options, (name) => c.req.param(name) ?? "")),
  };
}

const NO_RUN = { 404: "There is no such run" };

/** Every address of the interface. */
export const ROUTES: readonly Route[] = [
  {
    ...route(
      "/api/openapi.json",
      "This description",
      z.looseObject({ openapi: z.string() }),
      none,
      () => ({}),
    ),
    handle: (c, { version }) => c.json(openApi(ROUTES, problemSchema, version)),
  },
  route("/api/runs", "The runs, the newest first", runsSchema, runsQuery, (query, { history }) => ({
    runs: history.runs(query),
  })),
  {
    ...route(
      "/api/runs",
      "Takes a run record: JSON Lines, whole or partial; a longer one of the same run goes on with it",
      uploadedSchema,
      none,
      () => ({}),
    ),
    method: "post",
    secured: true,
    takes: { type: "application/x-ndjson", description: "A run record" },
    problems: {
      401: "No token, or another one",
      404: "This server takes no records",
      408: "The record did not come in time",
      413: "The record is too large",
      422: "The record is not taken, and why",
      429: "Too many at once",
      503: "The record cannot be taken now; try again",
    },
    handle: async (c, { uploads }) => {
      const { status, body } = uploads
        ? await uploads.take(c.req.raw)
        : { status: 404 as const, body: { error: "This server takes no records" } };
      return c.json(body, status);
    },
  },
  route(
    "/api/latest",
    "The newest run of each target and profile, and what changed since the one before",
    latestSchema,
    none,
    (_, { history }) => ({ latest: latestOf(history) }),
  ),
  route(
    "/api/runs/{run}",
    "A run with what each case showed",
    runSchema,
    none,
    (_, { history }, part) => runWithCases(history, part("run")),
    NO_RUN,
  ),
  route(
    "/api/runs/{run}/result",
    "A run, judged, with every step of every case: the same as run --format json",
    resultSchema,
    none,
    (_, { history }, part) => history.result(part("run")),
    NO_RUN,
  ),
  route(
    "/api/runs/{run}/log",
    "What the kernel said in a run that a reader must see",
    logSchema,
    none,
    (_, { history }, part) => {
      const result = history.result(part("run"));
      return result && { lines: findingsOf(result.results) };
    },
    NO_RUN,
  ),
  {
    ...route(
      "/api/runs/{run}/events",
      "How far a run has come, until it has ended",
      progressSchema,
      none,
      () => ({}),
    ),
    type: "text/event-stream",
    problems: { ...NO_RUN, 429: "Too many follow runs, or too many requests" },
    handle: (c, { history }) => progressOf(c, history, c.req.param("run") ?? ""),
  },
  route(
    "/api/runs/{run}/cases/{case*}",
    "A case in a run, with every step",
    caseSchema,
    none,
    (_, { history }, part) =>
      history.result(part("run"))?.results.find((each) => each.case.toWellFormed() === part("case")),
    { 404: "There is no such run, or no such case in it" },
  ),
  route(
    "/api/cases/{case*}",
    "What a case showed in the newest runs that have it, or in those before one of them",
    historySchema,
    historyQuery,
    ({ limit, before }, { history, cases }, part) => {
      const id = part("case");
      const runs = history.history(id, limit, before);
      const next = runs.length < limit ? undefined : runs.at(-1)?.head.run;
      return runs.length > 0 || cases.has(id) ? { case: id, runs, next } : undefined;
    },
    { 404: "There is no such case" },
  ),
  route(
    "/api/windows/{case*}",
    "Since when a case behaves as it does: runs of one target and profile in which it behaved alike, the newest first",
    windowsSchema,
    none,
    (_, { history, cases }, part) => {
      const id = part("case");
      const windows = history.windows(id);
      return windows.length > 0 || cases.has(id) ? { case: id, windows } : undefined;
    },
    { 404: "There is no such case" },
  ),
  route("/api/clauses", "Every clause and its cases", clausesSchema, none, (_, options) => ({
    clauses: clausesOf(options),
  })),
  route(
    "/api/clauses/{clause}",
    "A clause and the worst that the newest runs say of it",
    clauseInRunsSchema,
    none,
    (_, options, part) => clauseInRuns(options, part("clause")),
    { 404: "There is no such clause" },
  ),
  route("/api/profiles", "Every profile and its clauses", profilesSchema, none, (_, { ledger }) => ({
    profiles: [...ledger.profiles.values()].map(profileOf),
  })),
  route(
    "/api/profiles/{profile}",
    "A profile and its newest runs",
    profileInRunsSchema,
    none,
    (_, options, part) => profileInRuns(options, part("profile")),
    { 404: "There is no such profile" },
  ),
  route(
    "/api/compare",
    "Runs side by side, by case and by clause",
    comparisonSchema,
    compareQuery,
    ({ run }, { history }) => comparisonOf(history, run),
    { 400: `Fewer than 2 runs, or more than ${MOST_COMPARED}`, ...NO_RUN },
  ),
  route(
    "/api/search",
    "Runs and kernel log lines with some words in them",
    searchSchema,
    searchQuery,
    ({ q, limit }, { history }) => ({ hits: history.search(q, limit) }),
  ),
  route(
    "/api/papers",
    "What lies beside the runs: certificates, mutation scores, tours, races",
    papersSchema,
    none,
    (_, { shelf }) => ({ papers: (shelf?.papers() ?? []).map(paperHead) }),
  ),
  route(
    "/api/papers/{kind}/{name}",
    "What lies beside the runs: one of these",
    paperSchema,
    none,
    (_, { shelf }, part) => paperOf(shelf, part("kind"), part("name")),
    { 404: "There is no such paper" },
  ),
  route(
    "/api/refused",
    "What was not taken and why, the newest first",
    refusedSchema,
    none,
    (_, { history }) => ({ refused: history.refused() }),
  ),
];

/** Makes the interface: each route answers at the address that its description gives. */
export function createApi(options: ApiOptions): Hono {
  const api = new Hono();
  for (const { method, path, handle } of ROUTES) {
    const pattern = path.replaceAll(
      /\{([a-z]+)(\*?)\}/g,
      (_, name: string, rest: string) => `:${name}${rest === "" ? "" : "{[^]+}"}`,
    );
    api.on(method.toUpperCase(), pattern, (c) => handle(c, options));
  }
  return api;
}

/** Runs side by side; `undefined` if one of them is not there. */
export function comparisonOf(history: History, runs: readonly string[]) {
  const facts = history.factsOfAll(runs);
  return facts && compareRuns(facts);
}

/** The newest run of every target and profile. */
export function newestFacts(history: History): readonly RunFacts[] {
  return history.latest(1).flatMap(({ run }) => history.facts(run) ?? []);
}

function answer<Q extends z.ZodObject>(
  c: Context,
  schema: Q,
  make: (query: z.output<Q>) => unknown,
): Response {
  const given = Object.fromEntries(
    Object.entries(c.req.queries()).map(([key, values]) => [key, values.length === 1 ? values[0] : values]),
  );
  const query = schema.safeParse(given);
  if (!query.success) return c.json({ error: z.prettifyError(query.error) }, 400);
  const body = make(query.data);
  return body === undefined ? c.json({ error: "There is no such thing" }, 404) : c.json(body);
}

function runWithCases(
  history: History,
  name: string,
): { run: unknown; cases: readonly CaseFacts[] } | undefined {
  const run = history.run(name);
  const facts = history.facts(name);
  return run && facts && { run, cases: [...facts.cases.values()] };
}

function clausesOf({ ledger, cases }: ApiOptions) {
  const shown = new Map<string, string[]>();
  for (const { id, clauses } of cases.values()) {
    for (const clause of clauses) {
      const own = shown.get(clause);
      if (own) own.push(id);
      else shown.set(clause, [id]);
    }
  }
  return [...ledger.clauses.values()].map(({ at: _at, ...clause }) => ({
    ...clause,
    cases: shown.get(clause.id) ?? [],
  }));
}

function paperHead({ kind, name }: Shelved) {
  return { kind, name };
}

function paperOf(shelf: Shelf | undefined, kind: string, name: string) {
  const paper = shelf?.papers().find((each) => each.kind === kind && each.name === name);
  return paper && { ...paperHead(paper), paper: contentOf(paper) };
}

/** A certificate is given as it was signed. */
function contentOf(paper: Shelved): unknown {
  switch (paper.kind) {
    case "certificate":
      return paper.text;
    case "mutants":
      return paper.score;
    case "tour":
    case "depth":
      return paper.tour;
    case "races":
      return paper.races;
  }
}

function profileOf({ at: _at, clauses, ...profile }: Profile) {
  return { ...profile, clauses: [...clauses] };
}

/** How many runs of a profile are told of. */
const RUNS_OF_PROFILE = 100;

function profileInRuns({ ledger, history }: ApiOptions, name: string) {
  const id = profileIdSchema.safeParse(name);
  const profile = id.success ? ledger.profiles.get(id.data) : undefined;
  if (!profile) return undefined;
  return { profile: profileOf(profile), runs: history.runs({ profile: profile.id, limit: RUNS_OF_PROFILE }) };
}

function latestOf(history: History) {
  const groups = Map.groupBy(history.latest(2), ({ target, profile }) => JSON.stringify([target, profile]));
  return [...groups.values()].flatMap((runs: readonly RunEntry[]) => {
    const [newest, before] = runs;
    if (!newest) return [];
    const comparison = before && comparisonOf(history, [before.run, newest.run]);
    return [{ run: newest, before, changed: comparison?.groups.flatMap(({ cases }) => cases) ?? [] }];
  });
}

function clauseInRuns(options: ApiOptions, name: string) {
  const id = clauseIdSchema.safeParse(name);
  const clause = id.success ? clausesOf(options).find((each) => each.id === id.data) : undefined;
  if (!clause) return undefined;
  const runs = newestFacts(options.history).map(({ cases, ...head }) => ({
    head,
    word: worstOf(clause.cases.map((each) => cases.get(each)?.word)),
  }));
  return { clause, runs };
}
