/**
 * Names with their values, moments and times.
 *
 * @module
 */
import type { Child } from "hono/jsx";

/** Facts, each with its name; facts without a value are left out. */
export function Facts({ facts }: { readonly facts: readonly (readonly [string, Child])[] }) {
  return (
    <dl class="facts">
      {facts.filter(([, value]) => value !== undefined && value !== "").map(([name, value]) => (
        <>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </>
      ))}
    </dl>
  );
}

/** A moment as people read it; UTC. */
export function Moment({ at }: { readonly at: string }) {
  return <time datetime={at}>{momentText(at)}</time>;
}

/** A moment as records write it. */
const UTC = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/;

/** A moment as people read it, as text. */
export function momentText(at: string): string {
  const utc = UTC.test(at) ? at : new Date(at).toISOString();
  return `${utc.slice(0, 10)} ${utc.slice(11, 19)} UTC`;
}

/** Milliseconds as people read them. */
export function duration(ms: number): string {
  if (ms >= 3_600_000) return `${Math.floor(ms / 3_600_000)} h ${Math.floor(ms % 3_600_000 / 60_000)} min`;
  if (ms >= 120_000) return `${Math.floor(ms / 60_000)} min ${Math.floor(ms % 60_000 / 1000)} s`;
  if (ms >= 1000) return `${(ms / 1000).toFixed(2)} s`;
  return ms >= 1 ? `${ms.toFixed(1)} ms` : `${(ms * 1000).toFixed(0)} µs`;
}
