/**
 * Parts of a whole as a bar: a label says the same in words, and the smallest part can be seen.
 *
 * @module
 */

/** A part of the whole. */
export interface Part {
  /** How many. */
  readonly count: number;
  /** Which colour. */
  readonly kind: string;
  /** What they are. */
  readonly words: string;
}

/** The smallest part of a bar, as a share of it: one failure among hundreds must be seen. */
const SMALLEST_PART = 0.012;

/** Parts of a whole as a bar. */
export function ShareBar({ parts }: { readonly parts: readonly Part[] }) {
  const present = parts.filter(({ count }) => count > 0);
  const total = present.reduce((sum, { count }) => sum + count, 0);
  const widths = present.map(({ count }) => Math.max(count / total, SMALLEST_PART));
  const whole = widths.reduce((sum, width) => sum + width, 0);
  let x = 0;
  return (
    <svg
      class="bar"
      role="img"
      aria-label={present.map(({ count, words }) => `${count} ${words}`).join(", ") || "nothing"}
      viewBox="0 0 1000 1"
      preserveAspectRatio="none"
    >
      {present.map(({ kind }, index) => {
        const width = 1000 * (widths[index] ?? 0) / whole;
        const begin = x;
        x += width;
        return <rect class={kind} x={begin.toFixed(2)} y="0" width={width.toFixed(2)} height="1" />;
      })}
    </svg>
  );
}
