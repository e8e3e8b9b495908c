/**
 * The formats in which a result can be written.
 *
 * @module
 */
import { csv } from "./csv.ts";
import type { Writer } from "./format.ts";
import { json } from "./json.ts";
import { junit } from "./junit.ts";
import { kcidb } from "./kcidb.ts";
import { ktap } from "./ktap.ts";
import { markdown } from "./markdown.ts";
import { sarif } from "./sarif.ts";

export { MATRIX_FORMATS, type MatrixFormat, percent } from "./mutation.ts";
export { commandFor, explain, shellLine, type Word, wordOf, type Writer } from "./format.ts";

/** The names of the formats that are written here. */
export type WrittenFormat = "json" | "ktap" | "junit" | "kcidb" | "sarif" | "markdown" | "csv";

/** The writers, by the name that `--format` takes. HTML is written by the site. */
export const FORMATS: Readonly<Record<WrittenFormat, Writer>> = {
  json,
  ktap,
  junit,
  kcidb,
  sarif,
  markdown,
  csv,
};
