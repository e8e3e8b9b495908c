/**
 * What some words lead to: clauses, cases, runs and lines of the kernel log.
 *
 * @module
 */
import type { Case } from "../../../cases/case.ts";
import type { Clause } from "../../../spec/clause.ts";
import type { SearchHit } from "../../store/mod.ts";
import { caseHistoryPath, casePath, clausePath, runPath } from "../links.ts";

/** What was found. */
export interface Found {
  /** Clauses. */
  readonly clauses: readonly Clause[];
  /** Cases. */
  readonly cases: readonly Case[];
  /** Runs and lines of the kernel log. */
  readonly hits: readonly SearchHit[];
}

/** What some words lead to. */
export function SearchPage({ words, found }: { readonly words: string; readonly found: Found }) {
  const { clauses, cases, hits } = found;
  const nothing = words.trim() !== "" && clauses.length + cases.length + hits.length === 0;
  return (
    <>
      <h1>Search</h1>
      <form class="filter" method="get" action="/search" role="search">
        <label class="grow">
          Words
          <input
            type="search"
            name="q"
            value={words}
            maxlength={200}
            placeholder="revoke ENODEV, KASAN, mainline"
          />
        </label>
        <button type="submit">Search</button>
      </form>
      {nothing ? <p class="notice">Nothing here has all of these words.</p> : ""}
      <Hits
        title="Clauses"
        hits={clauses.map(({ id, requirement }) => ({ href: clausePath(id), name: id, text: requirement }))}
      />
      <Hits
        title="Cases"
        hits={cases.map(({ id, title }) => ({ href: caseHistoryPath(id), name: id, text: title }))}
      />
      <Hits
        title="Kernel log"
        hits={hits.filter(({ kind }) => kind === "log").map((hit) => ({
          href: casePath(hit.run, hit.case),
          name: hit.case,
          text: hit.text,
        }))}
      />
      <Hits
        title="Runs"
        hits={hits.filter(({ kind }) => kind === "run").map(({ run, text }) => ({
          href: runPath(run),
          name: run,
          text,
        }))}
      />
    </>
  );
}

interface Hit {
  readonly href: string;
  readonly name: string;
  readonly text: string;
}

function Hits({ title, hits }: { readonly title: string; readonly hits: readonly Hit[] }) {
  if (hits.length === 0) return null;
  return (
    <section>
      <h2>{title}</h2>
      <dl class="problems">
        {hits.map(({ href, name, text }) => (
          <>
            <dt>
              <a class="mono" href={href}>{name}</a>
            </dt>
            <dd>{text}</dd>
          </>
        ))}
      </dl>
    </section>
  );
}
