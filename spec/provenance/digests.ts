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

/** Digests of lines, by the lines, as in `{ "271-273": "0123456789abcdef" }`. */
export type DigestsByLines = Readonly<Record<string, string>>;

/** What a citation of a kernel file led to when somebody last read it. */
export interface RecordedPlace {
  /** The cited lines; left out where the citation gives none. */
  readonly lines?: string | undefined;
  /** The digest of these lines. */
  readonly text?: string | undefined;
  /** The definition in which they lie; left out where they lie in none, or where the whole file is cited. */
  readonly of?: string | undefined;
  /** Whether the code counts or what its comments say. */
  readonly as: "code" | "documentation";
  /** The digest of the definition, or of the file, whatever its layout; left out where only the lines count. */
  readonly whole?: string | undefined;
}

/** What the citations of one kernel release led to. */
export interface RecordedKernel {
  /** The exact version of the tree that was read. */
  readonly version: string;
  /** What was found, by file. */
  readonly files: Readonly<Record<string, readonly RecordedPlace[]>>;
}

/** Everything that was recorded of what is cited. */
export interface Digests {
  /** The lines of mails, by mail. */
  readonly mails: Readonly<Record<string, DigestsByLines>>;
  /** What was found in kernels, by the release that the clauses name. */
  readonly kernels: Readonly<Record<string, RecordedKernel>>;
}

const lines = z.string().regex(/^\d+(-\d+)?$/, "expected lines such as 271-273");
const digest = z.string().regex(/^[0-9a-f]{16}$/, "expected 16 hexadecimal digits");

const placeSchema: z.ZodType<RecordedPlace> = z.strictObject({
  lines: lines.optional().meta({ description: "The cited lines." }),
  text: digest.optional().meta({ description: "The begin of the SHA-256 of these lines." }),
  of: z.string().min(1).optional().meta({ description: "The definition in which they lie." }),
  as: z.enum(["code", "documentation"]).meta({
    description: "Whether the code counts or what its comments say.",
  }),
  whole: digest.optional().meta({
    description: "The begin of the SHA-256 of the definition, without its layout.",
  }),
});

/** Schema of `spec/citations.yaml`. */
export const digestsSchema: z.ZodType<Digests> = z.strictObject({
  mails: z.record(
    z.string(),
    z.record(lines, digest.meta({ description: "The begin of the SHA-256 of the lines." })).meta({
      description: "The digest of each group of lines of the mail that a clause cites.",
    }),
  ).meta({ description: "The mails, by their keys in spec/sources.yaml." }),
  kernels: z.record(
    z.string(),
    z.strictObject({
      version: z.string().min(1).meta({ description: "The exact version of the tree that was read." }),
      files: z.record(z.string(), z.array(placeSchema)).meta({
        description: "What the citations of each file led to.",
      }),
    }),
  ).meta({ description: "The kernels, by their keys in spec/sources.yaml." }),
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

/**
 * Takes the digests of all cited lines of mails. Lines that a mail does not have are left out; of a mail that is not
 * there stays what was recorded.
 */
export function mailDigestsOf(
  citations: readonly MailCitation[],
  read: (seed: string) => readonly string[] | undefined,
  recorded: Digests["mails"] = {},
): Digests["mails"] {
  const mails: Record<string, DigestsByLines> = {};
  for (const { mail, seed, lines } of citations) {
    if (lines === undefined) continue;
    const text = read(seed);
    const digests = text ? digestsOf(lines, text) : recorded[mail] ?? {};
    if (Object.keys(digests).length > 0) mails[mail] = { ...mails[mail], ...digests };
  }
  return mails;
}

function digestsOf(lines: string, text: readonly string[]): DigestsByLines {
  const there = (rangesOf(lines) ?? []).filter(({ last }) => last <= text.length);
  return Object.fromEntries(there.map((range) => [rangeText(range), digestOf(text, range)]));
}

/**
 * Reads the recorded digests.
 *
 * @param file the file; that of the suite where left out
 * @throws {LedgerError} if it cannot be read or says something wrong
 */
export function readDigests(file: URL = OWN_FILE): Digests {
  const result = readYamlFile(file, "spec/citations.yaml");
  if (!result.ok) throw new LedgerError(result.diagnostics);
  const diagnostics: Diagnostic[] = [];
  const value = shape(digestsSchema, result.yaml.tree, reporter(result.yaml, diagnostics));
  if (!value) throw new LedgerError(diagnostics);
  return value;
}

/** Writes digests to a file; to that of the suite where left out. */
export function writeDigests(digests: Digests, file: URL = OWN_FILE): void {
  Deno.writeTextFileSync(file, digestsText(digests));
}

/** The text of `spec/citations.yaml`. */
export function digestsText({ mails, kernels }: Digests): string {
  return "# yaml-language-server: $schema=schema/citations.json\n" +
    "# The digests of what clauses cite, as it was when somebody last read it. Written by\n" +
    "# conform spec check-sources --seeds DIR --kernel TREE --accept\n" +
    `mails:${Object.keys(mails).length === 0 ? " {}" : ""}\n${mailsText(mails)}` +
    `kernels:${Object.keys(kernels).length === 0 ? " {}" : ""}\n${kernelsText(kernels)}`;
}

function mailsText(mails: Digests["mails"]): string {
  return Object.entries(mails).map(([mail, lines]) =>
    `  ${mail}:\n${inOrder(lines).map(([range, digest]) => `    "${range}": "${digest}"\n`).join("")}`
  ).join("");
}

function kernelsText(kernels: Digests["kernels"]): string {
  return Object.entries(kernels).map(([release, { version, files }]) =>
    `  "${release}":\n    version: "${version}"\n    files:\n` +
    Object.entries(files).map(([file, places]) =>
      `      ${JSON.stringify(file)}:\n${places.map((place) => `        - ${placeText(place)}\n`).join("")}`
    ).join("")
  ).join("");
}

function placeText({ lines, text, of, as, whole }: RecordedPlace): string {
  const parts = [
    ...(lines === undefined ? [] : [`lines: "${lines}"`]),
    ...(text === undefined ? [] : [`text: "${text}"`]),
    ...(of === undefined ? [] : [`of: ${JSON.stringify(of)}`]),
    `as: ${as}`,
    ...(whole === undefined ? [] : [`whole: "${whole}"`]),
  ];
  return `{ ${parts.join(", ")} }`;
}

/** Digests in the order of the lines, however a JavaScript object orders keys that look like numbers. */
function inOrder(lines: DigestsByLines): readonly (readonly [string, string])[] {
  return Object.entries(lines).map(([range, digest]) => ({ range, digest, at: rangesOf(range)?.[0] }))
    .sort((a, b) => (a.at?.first ?? 0) - (b.at?.first ?? 0) || (a.at?.last ?? 0) - (b.at?.last ?? 0))
    .map(({ range, digest }) => [range, digest] as const);
}
