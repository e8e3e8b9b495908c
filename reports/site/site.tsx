/**
 * The site: a hono application that shows the run records of a folder. It only reads.
 *
 * @module
 */
import { type Context, Hono } from "hono";
import type { Child } from "hono/jsx";
import { secureHeaders } from "hono/secure-headers";
import type { Case } from "../../cases/case.ts";
import { clauseIdSchema, profileIdSchema } from "../../spec/ids.ts";
import { DIALECTS } from "../../runners/simulator/mod.ts";
import { loadContradictions } from "../../spec/contradictions.ts";
import type { Ledger } from "../../spec/ledger.ts";
import { type Specification, specificationOf } from "../specification/document.ts";
import { SpecificationBody } from "../specification/html.tsx";
import { SPECIFICATION_STYLE } from "../specification/style.ts";
import { Catalogue } from "./catalogue.ts";
import { page, type Place } from "./layout.tsx";
import { CasePage } from "./pages/case.tsx";
import { ClausePage, ClausesPage } from "./pages/clauses.tsx";
import { OperationsPage } from "./pages/operations.tsx";
import { ProblemPage } from "./pages/problem.tsx";
import { ProfilePage, ProfilesPage } from "./pages/profiles.tsx";
import { RunPage } from "./pages/run.tsx";
import { RunsPage } from "./pages/runs.tsx";
import { STYLE } from "./style.ts";

/** What the site shows. */
export interface SiteOptions {
  /** The folder with the run records, `*.jsonl`. */
  readonly runsFolder: string;
  /** The clauses and profiles. */
  readonly ledger: Ledger;
  /** The suite's cases, by id. */
  readonly cases: ReadonlyMap<string, Case>;
}

/** A site, to be served. */
export interface Site {
  /** Answers a request. */
  fetch(request: Request): Response | Promise<Response>;
}

/** Makes the site. */
export function createSite({ runsFolder, ledger, cases }: SiteOptions): Site {
  const catalogue = new Catalogue(runsFolder, cases);
  const all = [...cases.values()];
  const app = new Hono();
  app.use(secureHeaders({
    contentSecurityPolicy: {
      defaultSrc: ["'none'"],
      styleSrc: ["'self'"],
      imgSrc: ["data:"],
      formAction: ["'self'"],
      baseUri: ["'none'"],
      frameAncestors: ["'none'"],
    },
    referrerPolicy: "no-referrer",
  }));
  app.get(
    "/style.css",
    (c) => c.body(STYLE + SPECIFICATION_STYLE, 200, { "content-type": "text/css; charset=utf-8" }),
  );
  app.get("/", (c) => show(c, "Runs", "runs", <RunsPage {...catalogue.list()} />));
  app.get("/runs/:run", (c) => {
    const run = catalogue.find(c.req.param("run"));
    if (!run) return missing(c, "run", c.req.param("run"));
    if ("reason" in run) return problem(c, 422, "This run cannot be read", run.reason);
    const { verdict, area, clause } = c.req.query();
    const title = `${run.result.profile} on ${run.result.target.id}`;
    return show(c, title, "runs", <RunPage {...run} filter={{ verdict, area, clause }} />);
  });
  app.get("/runs/:run/cases/:case{[^]+}", (c) => {
    const run = catalogue.find(c.req.param("run"));
    if (!run) return missing(c, "run", c.req.param("run"));
    if ("reason" in run) return problem(c, 422, "This run cannot be read", run.reason);
    const id = c.req.param("case");
    const of = run.result.results.find((each) => each.case.toWellFormed() === id);
    if (!of) return missing(c, "case in this run", id);
    const props = { run: run.name, result: run.result, of, case: cases.get(id), ledger };
    return show(c, of.title, "runs", <CasePage {...props} />);
  });
  app.get("/clauses", (c) => show(c, "Clauses", "clauses", <ClausesPage ledger={ledger} cases={all} />));
  app.get("/clauses/:clause", (c) => {
    const id = clauseIdSchema.safeParse(c.req.param("clause"));
    const clause = id.success ? ledger.clauses.get(id.data) : undefined;
    if (!clause) return missing(c, "clause", c.req.param("clause"));
    const { runs } = catalogue.list();
    return show(
      c,
      clause.id,
      "clauses",
      <ClausePage clause={clause} ledger={ledger} cases={all} runs={runs} />,
    );
  });
  app.get("/profiles", (c) => show(c, "Profiles", "profiles", <ProfilesPage ledger={ledger} />));
  app.get("/profiles/:profile", (c) => {
    const id = profileIdSchema.safeParse(c.req.param("profile"));
    const profile = id.success ? ledger.profiles.get(id.data) : undefined;
    if (!profile) return missing(c, "profile", c.req.param("profile"));
    return show(
      c,
      profile.id,
      "profiles",
      <ProfilePage profile={profile} ledger={ledger} cases={all} runs={catalogue.list().runs} />,
    );
  });
  app.get("/operations", (c) => show(c, "Vocabulary", "operations", <OperationsPage />));
  let specification: Specification | undefined;
  app.get("/spec", (c) => {
    specification ??= specificationOf({
      ledger,
      contradictions: loadContradictions(ledger),
      cases: all,
      dialects: [...DIALECTS.values()],
    });
    return show(c, "Specification", "spec", <SpecificationBody specification={specification} />);
  });
  app.notFound((c) => missing(c, "page", c.req.path));
  app.onError((error, c) => problem(c, 500, "Something went wrong", error.message));
  return app;
}

function show(c: Context, title: string, place: Place, body: Child): Response | Promise<Response> {
  return c.html(page(title, place, body));
}

function missing(c: Context, what: string, name: string): Response | Promise<Response> {
  return problem(c, 404, `There is no such ${what}`, `Nothing here is called "${name}".`);
}

function problem(
  c: Context,
  status: 404 | 422 | 500,
  title: string,
  details: string,
): Response | Promise<Response> {
  return c.html(page(title, "none", <ProblemPage title={title} details={details} />), status);
}
