/**
 * Tables with a head, which scroll by themselves where they are too wide.
 *
 * @module
 */
import type { Child } from "hono/jsx";

/** A column: its heading, or its heading and what kind of column it is, for the style sheet. */
export type Column = string | readonly [heading: Child, kind: string];

/** A table; its rows are given as `tbody`. */
export function Table(
  { class: kind, columns, children }: {
    readonly class: string;
    readonly columns: readonly Column[];
    readonly children?: Child;
  },
) {
  return (
    <div class="scroll">
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
