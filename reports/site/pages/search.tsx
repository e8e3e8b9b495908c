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
  readonly clauses: FoundOf<Clause>;
  /** Cases. */
  readonly cases: FoundOf<Case>;
  /** Runs and lines of the kernel log. */
  readonly hits: readonly SearchHit[];
}

/** What was found of one kind. */
export interface FoundOf<T> {
  /** The first of them. */
  readonly first: readonly T[];
  /** How many there are. */
  readonly total: number;
}

/** What some words lead to. */
export function SearchPage({ words, found }: { readonly words: string; readonly found: Found }) {
  const { clauses, cases, hits } = found;
  const nothing = words.trim() !== "" && clauses.total + cases.total + hits.length === 0;
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
        total={clauses.total}
        hits={clauses.first.map(({ id, requirement }) => ({
          href: clausePath(id),
          name: id,
          text: requirement,
        }))}
      />
      <Hits
        title="Cases"
        total={cases.total}
        hits={cases.first.map(({ id, title }) => ({ href: caseHistoryPath(id), name: id, text: title }))}
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

function Hits(
  { title, hits, total = hits.length }: {
    readonly title: string;
    readonly hits: readonly Hit[];
    /** How many there are, if more than these. */
    readonly total?: number | undefined;
  },
) {
  if (hits.length === 0) return null;
  return (
    <section>
      <h2>
        {title} <span class="soft count">{total}</span>
      </h2>
      {total > hits.length ? <p class="soft">The first {hits.length}; another word makes them fewer.</p> : ""}
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
