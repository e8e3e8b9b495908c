/**
 * Clauses against targets: one table under one head, with a heading for each family.
 *
 * @module
 */
import { raw } from "hono/html";
import type { ComparedWord } from "../../compare/mod.ts";
import { clausePath } from "../links.ts";
import { readable } from "./verdict.tsx";

/** A clause and what every run says of it. */
export interface MatrixRow {
  /** The clause. */
  readonly clause: string;
  /** What it is about, in a few words. */
  readonly title: string;
  /** The worst word of its cases in each run. */
  readonly words: readonly ComparedWord[];
}

/** Clauses of one kind. */
export interface MatrixGroup {
  /** Names it. */
  readonly id: string;
  /** What it is about. */
  readonly title: string;
  /** Its clauses. */
  readonly rows: readonly MatrixRow[];
}

/** Clauses against runs. */
export function Matrix(
  { groups, labels }: { readonly groups: readonly MatrixGroup[]; readonly labels: readonly string[] },
) {
  return (
    <div class="scroll wide-enough">
      <table class="matrix">
        <thead>
          <tr>
            <th scope="col">Clause</th>
            {labels.map((label) => (
              <th scope="col" class="run">
                <span title={label}>{label}</span>
              </th>
            ))}
          </tr>
        </thead>
        {groups.map((group) => (
          <tbody id={group.id}>
            <tr class="section">
              <th scope="rowgroup" colspan={labels.length + 1}>
                <span class="mono">{group.id}</span> {group.title}
              </th>
            </tr>
            {group.rows.map((row) => <Row row={row} />)}
          </tbody>
        ))}
      </table>
    </div>
  );
}

function Row({ row: { clause, title, words } }: { readonly row: MatrixRow }) {
  return (
    <tr>
      <th scope="row">
        <a class="mono" href={clausePath(clause)}>{clause}</a> <span class="title">{title}</span>
      </th>
      {raw(words.map(cellText).join(""))}
    </tr>
  );
}

const SIGNS: Readonly<Partial<Record<ComparedWord, string>>> = { fail: "✗", contested: "≠", unknown: "?" };

/** There are few kinds of cells and very many of them. */
const CELLS = new Map<ComparedWord, string>();

function cellText(word: ComparedWord): string {
  const text = CELLS.get(word) ?? String(<Cell word={word} />);
  CELLS.set(word, text);
  return text;
}

function Cell({ word }: { readonly word: ComparedWord }) {
  return (
    <td>
      <WordBox word={word} />
      <span class="aloud">{word === "absent" ? "not selected" : readable(word)}</span>
    </td>
  );
}

/** A word as a coloured box; what is not a pass has a sign, for colour alone says nothing. */
export function WordBox({ word }: { readonly word: ComparedWord }) {
  return <span class={`box ${word}`} aria-hidden="true">{SIGNS[word] ?? ""}</span>;
}
