/**
 * The programming interface: everything that a page shows, as JSON, at addresses that stay.
 *
 * @module
 */
import { type Context, Hono } from "hono";
import { z } from "zod";
import type { Case } from "../../../cases/case.ts";
import { clauseIdSchema } from "../../../spec/ids.ts";
import type { Ledger } from "../../../spec/ledger.ts";
import { type CaseFacts, compareRuns, type RunFacts, worstOf } from "../../compare/mod.ts";
import type { History } from "../history.ts";
import { progressOf } from "./live.ts";
import { openApi } from "./openapi.ts";
import {
  caseSchema,
  clauseInRunsSchema,
  clausesSchema,
  comparisonSchema,
  historySchema,
  problemSchema,
  runSchema,
  runsSchema,
  searchSchema,
  uploadedSchema,
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
  /** Takes records in; missing where nobody may bring any. */
  readonly uploads?: Uploads | undefined;
  /** The version of the suite, for the description. */
  readonly version: string;
}

/** An answer and its status. */
export type Answer =
  | { readonly status: 200 | 201; readonly body: unknown }
  | {
    readonly status: 400 | 401 | 404 | 413 | 422 | 429;
    readonly body: { readonly error: string; readonly hint?: string | undefined };
  };

/** One address of the interface, with all that its description needs. */
export interface Route {
  readonly method: "get" | "post";
  /** The path; `{name}` is a part that is asked for, and `{name*}` one with slashes in it. */
  readonly path: string;
  readonly summary: string;
  /** What can stand behind the question mark. */
  readonly query: z.ZodObject;
  /** What a good answer is. */
  readonly answer: z.ZodType;
  /** The other answers, by their status. */
  readonly problems: Readonly<Record<number, string>>;
  readonly secured: boolean;
  /** What is sent along. */
  readonly takes?: { readonly type: string; readonly description: string } | undefined;
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
const historyQuery = z.object({ limit: count });
const searchQuery = z.object({ q: z.string().max(200), limit: count });

function route(path: string, summary: string, answer: z.ZodType, more: Partial<Route> = {}): Route {
  return { method: "get", path, summary, query: none, answer, problems: {}, secured: false, ...more };
}

const NO_RUN = { 404: "There is no such run" };

/** Every address of the interface. */
export const ROUTES: readonly Route[] = [
  route("/api/runs", "The runs, the newest first", runsSchema, {
    query: runsQuery,
    problems: { 400: "A wrong query" },
  }),
  route(
    "/api/runs",
    "Takes a run record: JSON Lines, whole or partial; a longer one of the same run goes on with it",
    uploadedSchema,
    {
      method: "post",
      secured: true,
      takes: { type: "application/x-ndjson", description: "A run record" },
      problems: {
        401: "No token, or another one",
        404: "This server takes no records",
        413: "The record is too large",
        422: "The record is not taken, and why",
        429: "Too many at once",
      },
    },
  ),
  route("/api/runs/{run}", "A run with what each case showed", runSchema, { problems: NO_RUN }),
  route("/api/runs/{run}/cases/{case*}", "A case in a run, with every step", caseSchema, {
    problems: { 404: "There is no such run, or no such case in it" },
  }),
  route("/api/cases/{case*}", "What a case showed in the newest runs that have it", historySchema, {
    query: historyQuery,
    problems: { 400: "A wrong query" },
  }),
  route("/api/clauses", "Every clause and its cases", clausesSchema),
  route(
    "/api/clauses/{clause}",
    "A clause and the worst that the newest runs say of it",
    clauseInRunsSchema,
    {
      problems: { 404: "There is no such clause" },
    },
  ),
  route("/api/compare", "Runs side by side, by case and by clause", comparisonSchema, {
    query: compareQuery,
    problems: { 400: `Fewer than 2 runs, or more than ${MOST_COMPARED}`, ...NO_RUN },
  }),
  route("/api/search", "Runs and kernel log lines with some words in them", searchSchema, {
    query: searchQuery,
    problems: { 400: "A wrong query" },
  }),
];

/** Makes the interface. */
export function createApi(options: ApiOptions): Hono {
  const api = new Hono();
  const { history, uploads } = options;
  api.get("/api/openapi.json", (c) => c.json(openApi(ROUTES, problemSchema, options.version)));
  api.get("/api/runs", (c) => answer(c, runsQuery, (query) => ({ runs: history.runs(query) })));
  api.post("/api/runs", async (c) => {
    const { status, body } = uploads
      ? await uploads.take(c.req.raw)
      : { status: 404 as const, body: { error: "This server takes no records" } };
    return c.json(body, status);
  });
  api.get("/api/runs/:run", (c) => answer(c, none, () => runWithCases(history, c.req.param("run"))));
  api.get("/api/runs/:run/events", (c) => progressOf(c, history, c.req.param("run")));
  api.get(
    "/api/runs/:run/cases/:case{[^]+}",
    (c) =>
      answer(
        c,
        none,
        () =>
          history.result(c.req.param("run"))?.results.find((each) =>
            each.case.toWellFormed() === c.req.param("case")
          ),
      ),
  );
  api.get("/api/cases/:case{[^]+}", (c) =>
    answer(c, historyQuery, ({ limit }) => {
      const id = c.req.param("case");
      const runs = history.history(id, limit);
      return runs.length > 0 || options.cases.has(id) ? { case: id, runs } : undefined;
    }));
  api.get("/api/clauses", (c) => answer(c, none, () => ({ clauses: clausesOf(options) })));
  api.get("/api/clauses/:clause", (c) => answer(c, none, () => clauseInRuns(options, c.req.param("clause"))));
  api.get("/api/compare", (c) => answer(c, compareQuery, ({ run }) => comparisonOf(history, run)));
  api.get(
    "/api/search",
    (c) => answer(c, searchQuery, ({ q, limit }) => ({ hits: history.search(q, limit) })),
  );
  return api;
}

/** Runs side by side; `undefined` if one of them is not there. */
export function comparisonOf(history: History, runs: readonly string[]) {
  const facts = runs.map((run) => history.facts(run)).filter((each) => each !== undefined);
  return facts.length === runs.length ? compareRuns(facts) : undefined;
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
  return [...ledger.clauses.values()].map(({ id, title, requirement, status }) => ({
    id,
    title,
    requirement,
    status,
    cases: [...cases.values()].filter(({ clauses }) => clauses.includes(id)).map((each) => each.id),
  }));
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
