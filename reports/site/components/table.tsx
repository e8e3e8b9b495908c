/**
 * Tables with a head, which scroll by themselves where they are too wide.
 *
 * @module
 */
import type { Child } from "hono/jsx";

/** A column: its heading, or its heading and what kind of column it is, for the style sheet. */
export type Column = string | readonly [heading: Child, kind: string];

/** A table; its rows are given as `tbody`. One that has a label can be scrolled by the keyboard, for nothing in it can be reached so. */
export function Table(
  { class: kind, columns, label, children }: {
    readonly class: string;
    readonly columns: readonly Column[];
    readonly label?: string | undefined;
    readonly children?: Child;
  },
) {
  return (
    <div
      class="scroll"
      tabindex={label === undefined ? undefined : 0}
      role={label === undefined ? undefined : "region"}
      aria-label={label}
    >
      <table class={kind}>
        <thead>
          <tr>
            {columns.map((column) =>
              typeof column === "string"
                ? <th scope="col">{column}</th>
                : <th scope="col" class={column[1]}>{column[0]}</th>
            )}
          </tr>
        </thead>
        {children}
      </table>
    </div>
  );
}
