/**
 * The digests of the cited lines, taken when somebody last read them: by these a citation that drifts is found.
 *
 * The texts of the mails are not part of this project; a digest says whether they are the same and nothing else.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { z } from "zod";
import { LedgerError } from "../ledger.ts";
import { shape } from "../shape.ts";
import type { Diagnostic } from "../diagnostic.ts";
import { readYamlFile, reporter } from "../yaml_file.ts";
import { type LineRange, type MailCitation, rangesOf, rangeText } from "./citation.ts";

/** Digests by mail and lines, as in `{ S2: { "271-273": "0123456789abcdef" } }`. */
export interface LineDigests {
  /** The digests. */
  readonly mails: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

/** Schema of `spec/citations.yaml`. */
export const digestsSchema: z.ZodType<LineDigests> = z.strictObject({
  mails: z.record(
    z.string(),
    z.record(
      z.string().regex(/^\d+(-\d+)?$/, "expected lines such as 271-273"),
      z.string().regex(/^[0-9a-f]{16}$/, "expected 16 hexadecimal digits")
        .meta({ description: "The begin of the SHA-256 of the lines." }),
    ).meta({ description: "The digest of each group of lines of the mail that a clause cites." }),
  ).meta({ description: "The mails, by their keys in spec/sources.yaml." }),
});

const OWN_FILE = new URL("../citations.yaml", import.meta.url);

/** The lines of a text; what a mail programme adds at their ends does not count. */
export function linesOf(text: string): readonly string[] {
  const lines = text.split("\n").map((line) => line.trimEnd());
  return lines.at(-1) === "" ? lines.slice(0, -1) : lines;
}

/** The digest of some lines of a text, which must have them. */
export function digestOf(lines: readonly string[], { first, last }: LineRange): string {
  return createHash("sha256").update(lines.slice(first - 1, last).join("\n")).digest("hex").slice(0, 16);
}

/** Takes the digests of all cited lines; what cannot be found is left out. */
export function digestsOf(
  citations: readonly MailCitation[],
  read: (seed: string) => readonly string[] | undefined,
): LineDigests {
  const mails: Record<string, Record<string, string>> = {};
  for (const { mail, seed, lines } of citations) {
    const text = read(seed);
    for (const range of lines === undefined || !text ? [] : rangesOf(lines) ?? []) {
      if (text && range.last <= text.length) (mails[mail] ??= {})[rangeText(range)] = digestOf(text, range);
    }
  }
  return { mails };
}

/**
 * Reads the recorded digests.
 *
 * @param file the file; that of the suite where left out
 * @throws {LedgerError} if it cannot be read or says something wrong
 */
export function readDigests(file: URL = OWN_FILE): LineDigests {
  const result = readYamlFile(file, "spec/citations.yaml");
  if (!result.ok) throw new LedgerError(result.diagnostics);
  const diagnostics: Diagnostic[] = [];
  const value = shape(digestsSchema, result.yaml.tree, reporter(result.yaml, diagnostics));
  if (!value) throw new LedgerError(diagnostics);
  return value;
}

/** Writes digests to a file; to that of the suite where left out. */
export function writeDigests(digests: LineDigests, file: URL = OWN_FILE): void {
  Deno.writeTextFileSync(file, digestsText(digests));
}

/** The text of `spec/citations.yaml`. */
export function digestsText({ mails }: LineDigests): string {
  const begin = "# yaml-language-server: $schema=schema/citations.json\n" +
    "# The digests of the lines that clauses cite, as they were when somebody last read them. Written by\n" +
    "# conform spec check-sources --seeds DIR --accept\nmails:\n";
  return begin +
    Object.entries(mails).map(([mail, lines]) =>
      `  ${mail}:\n${inOrder(lines).map(([range, digest]) => `    "${range}": "${digest}"\n`).join("")}`
    ).join("");
}

/** Digests in the order of the lines, however a JavaScript object orders keys that look like numbers. */
function inOrder(lines: Readonly<Record<string, string>>): readonly (readonly [string, string])[] {
  return Object.entries(lines).map(([range, digest]) => ({ range, digest, at: rangesOf(range)?.[0] }))
    .sort((a, b) => (a.at?.first ?? 0) - (b.at?.first ?? 0) || (a.at?.last ?? 0) - (b.at?.last ?? 0))
    .map(({ range, digest }) => [range, digest] as const);
}
