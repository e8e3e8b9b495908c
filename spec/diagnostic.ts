/**
 * What is wrong with a file, and where: the form in which every mistake in a case or in the ledger is reported.
 *
 * @module
 */

/** Where something stands in a file; lines and columns count from 1. */
export interface Position {
  /** The file, as a reader of the message would look for it. */
  readonly file: string;
  /** The line. */
  readonly line: number;
  /** The column, in UTF-16 units. */
  readonly column: number;
}

/**
 * What kind of mistake it is:
 *
 * - of the file: `unreadable` `too-large` `not-utf8` `empty` `syntax` `tab` `duplicate-key` `several-documents`
 *   `alias` `tag` `merge-key` `directive`
 * - of its shape: `unknown-key` `missing-key` `wrong-type` `unknown-word` `bad-value`
 * - of the ledger: `duplicate-id` `wrong-family` `unknown-clause` `unknown-source` `unknown-kernel` `unknown-profile`
 *   `matches-nothing` `cycle` `inconsistent`
 * - of a case: `unknown-operation` `unknown-name` `wrong-kind` `bound-twice` `binds-nothing` `unlisted-errno`
 *   `cannot-fault` `gives-no-value` `contradiction` `step-shape` `empty-section` `matrix` `unknown-variable`
 *   `missing-variable` `unused-variable` `bad-path`
 * - of the case among its fellows: `no-control` `same-steps` `long-title` `passes-nowhere`
 */
export type DiagnosticCode =
  | "unreadable"
  | "too-large"
  | "not-utf8"
  | "empty"
  | "syntax"
  | "tab"
  | "duplicate-key"
  | "several-documents"
  | "alias"
  | "tag"
  | "merge-key"
  | "directive"
  | "unknown-key"
  | "missing-key"
  | "wrong-type"
  | "unknown-word"
  | "bad-value"
  | "duplicate-id"
  | "wrong-family"
  | "unknown-clause"
  | "unknown-source"
  | "unknown-kernel"
  | "unknown-profile"
  | "matches-nothing"
  | "cycle"
  | "inconsistent"
  | "unknown-operation"
  | "unknown-name"
  | "wrong-kind"
  | "bound-twice"
  | "binds-nothing"
  | "unlisted-errno"
  | "cannot-fault"
  | "gives-no-value"
  | "contradiction"
  | "step-shape"
  | "empty-section"
  | "matrix"
  | "unknown-variable"
  | "missing-variable"
  | "unused-variable"
  | "bad-path"
  | "no-control"
  | "same-steps"
  | "long-title"
  | "passes-nowhere";

/** One mistake in a file. */
export interface Diagnostic extends Position {
  /** What kind of mistake it is. */
  readonly code: DiagnosticCode;
  /** What is wrong; a sentence without a final period. */
  readonly message: string;
  /** What to do about it; a sentence without a final period. */
  readonly hint: string;
}

/** A mistake before it is known where it stands. */
export type Finding = Pick<Diagnostic, "code" | "message" | "hint">;

/** Reports a mistake at an offset of a text, counted in UTF-16 units. */
export type Report = (offset: number, finding: Finding) => void;

/** A mistake in one line, as compilers write it: `file:line:column: message (hint)`. */
export function formatDiagnostic({ file, line, column, message, hint }: Diagnostic): string {
  return `${file}:${line}:${column}: ${message}. ${hint}`;
}

/** Puts diagnostics in the order of the files and of the places in them, each of them once. */
export function sortDiagnostics(diagnostics: readonly Diagnostic[]): readonly Diagnostic[] {
  const unique = new Map(diagnostics.map((one) => [formatDiagnostic(one), one]));
  return [...unique.values()].sort(compare);
}

function compare(a: Diagnostic, b: Diagnostic): number {
  if (a.file !== b.file) return a.file < b.file ? -1 : 1;
  return a.line - b.line || a.column - b.column;
}
