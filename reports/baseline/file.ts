/**
 * The file with the known failures of a target. It lies outside the cases, and is kept by whoever runs them.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { z } from "zod";
import type { Diagnostic, Position } from "../../spec/diagnostic.ts";
import { formatDiagnostic } from "../../spec/diagnostic.ts";
import { shape } from "../../spec/shape.ts";
import { entryOf, type Tree } from "../../spec/tree.ts";
import { parseYaml, readYamlFile, reporter, type YamlFile, type YamlResult } from "../../spec/yaml_file.ts";
import { type Condition, conditionSchema } from "./condition.ts";

/** Why a failure is let pass, and where that was agreed. */
export interface Waiver {
  /** Where it was agreed; a web address. */
  readonly url: string;
  /** Why, in a sentence. */
  readonly why?: string | undefined;
}

/** A failure that is known. */
export interface KnownFailure {
  /** The case, the begin of a path, or a pattern with `*`. */
  readonly case: string;
  /** What the verdict is; `fail` where it is left out. */
  readonly verdict?: "fail" | "unknown" | undefined;
  /** How the first reason of the verdict begins. */
  readonly message: string;
  /** Where it fails; everywhere where it is left out. */
  readonly when?: Condition | undefined;
  /** Whether the case passes now and then; `never` where it is left out. */
  readonly passes?: "never" | "sometimes" | undefined;
  /** Says that the failure is let pass. */
  readonly waiver?: Waiver | undefined;
  /** What else a reader should know. */
  readonly note?: string | undefined;
}

/** An entry of a baseline, with its place. */
export interface BaselineEntry extends KnownFailure {
  /** Where it stands. */
  readonly at: Position;
}

/** The known failures of a file. */
export interface BaselineFile {
  /** The file. */
  readonly file: string;
  /** Digest of its text, `sha256:` and hexadecimal digits. */
  readonly digest: string;
  /** The entries, in their order. */
  readonly known: readonly BaselineEntry[];
}

/** A baseline that cannot be used; the message names every mistake with its place. */
export class BaselineError extends Error {
  /** The name of the class. */
  override readonly name = "BaselineError";
  /** Every mistake. */
  readonly diagnostics: readonly Diagnostic[];

  /** Makes an error of the mistakes. */
  constructor(diagnostics: readonly Diagnostic[]) {
    super(`The baseline has mistakes:\n${diagnostics.map(formatDiagnostic).join("\n")}`);
    this.diagnostics = diagnostics;
  }
}

const text = z.string().trim().min(1);

/** Schema of {@link Waiver}. */
export const waiverSchema: z.ZodType<Waiver> = z.strictObject({
  url: z.url({
    protocol: /^https?$/,
    hostname: /./,
    error: "expected a web address that begins with https://",
  })
    .meta({ description: "Where it was agreed, a web address." }),
  why: text.optional().meta({ description: "Why the failure is let pass, in a sentence." }),
});

/** Schema of {@link KnownFailure}. */
export const knownFailureSchema: z.ZodType<KnownFailure> = z.strictObject({
  case: text.meta({ description: "The case, the begin of a path, or a pattern with *." }),
  verdict: z.enum(["fail", "unknown"]).optional().meta({
    description: "What the verdict is; fail where it is left out.",
  }),
  message: text.meta({ description: "How the first reason of the verdict begins." }),
  when: conditionSchema.optional().meta({ description: "Where it fails; everywhere where it is left out." }),
  passes: z.enum(["never", "sometimes"]).optional().meta({
    description: "Whether the case passes now and then; never where it is left out.",
  }),
  waiver: waiverSchema.optional().meta({
    description: "Says that the failure is let pass, and where that was agreed.",
  }),
  note: text.optional().meta({ description: "What else a reader should know." }),
});

/** Schema of the file. */
export const baselineSchema: z.ZodType<{ readonly known: readonly KnownFailure[] }> = z.strictObject({
  known: z.array(knownFailureSchema).meta({ description: "The failures that are known." }),
});

/**
 * Reads a baseline from a file.
 *
 * @throws {BaselineError} if it cannot be read or says something wrong
 */
export function readBaseline(path: string): BaselineFile {
  return baselineOf(readYamlFile(path, path));
}

/**
 * Reads a baseline from its text.
 *
 * @param source the text
 * @param file its name in diagnostics
 * @throws {BaselineError} if it says something wrong
 */
export function parseBaseline(source: string, file: string): BaselineFile {
  return baselineOf(parseYaml(source, file));
}

function baselineOf(result: YamlResult): BaselineFile {
  if (!result.ok) throw new BaselineError(result.diagnostics);
  const { yaml } = result;
  const diagnostics: Diagnostic[] = [];
  const value = shape(baselineSchema, yaml.tree, reporter(yaml, diagnostics));
  if (!value) throw new BaselineError(diagnostics);
  const places = placesOf(yaml);
  return {
    file: yaml.file,
    digest: `sha256:${createHash("sha256").update(yaml.text).digest("hex")}`,
    known: value.known.map((each, index) => ({ ...each, at: places[index] ?? yaml.positionOf(0) })),
  };
}

function placesOf(yaml: YamlFile): Position[] {
  const list: Tree | undefined = entryOf(yaml.tree, "known")?.value;
  return list?.kind === "list" ? list.items.map(({ at }) => yaml.positionOf(at)) : [];
}
