/**
 * Makes run records for a measurement: what real cases showed on dialects of the simulator, with times of its own for
 * each run.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Case } from "../../cases/case.ts";
import { programOf } from "../../cases/program.ts";
import { type Dialect, DIALECTS, simulator } from "../../runners/simulator/mod.ts";
import type { Observation } from "../../spec/observation.ts";
import { RECORD_SCHEMA, type RecordLine } from "../record.ts";
import type { Imported } from "../store/mod.ts";

/** How many dialects there are runs of. */
export const TARGETS = 8;

/** The text of one run of some cases on each of {@link TARGETS} dialects. */
export function templatesOf(cases: readonly Case[], ledger: string): readonly string[] {
  return [...DIALECTS.values()].slice(-TARGETS).map((dialect) => recordOn(dialect, cases, ledger));
}

function recordOn(dialect: Dialect, cases: readonly Case[], ledger: string): string {
  const target = simulator(dialect);
  const hash = createHash("sha256");
  for (const { id, source } of cases) hash.update(`${id} ${source.digest}\n`);
  const lines: RecordLine[] = [{
    type: "header",
    schema: RECORD_SCHEMA,
    suite: { version: "0", ledger, cases: `sha256:${hash.digest("hex")}` },
    target: target.describe(),
    profile: "load",
    selection: cases.map(({ id }) => id),
    repeat: 1,
    command: ["run"],
    startedAt: new Date(0).toISOString(),
  }];
  for (const each of cases) {
    const tag = { case: each.id, attempt: 1 };
    const seen: Observation[] = [];
    const end = target.run(programOf(each), (observation) => seen.push(observation));
    lines.push({ type: "case", ...tag, digest: each.source.digest });
    lines.push(...seen.map((observation) => ({ type: "step" as const, ...tag, ...observation })));
    lines.push({ type: "end", ...tag, ...end, durationMs: 1 });
  }
  lines.push({ type: "footer", finishedAt: new Date(0).toISOString(), attempts: cases.length, notRun: [] });
  return lines.map((line) => `${JSON.stringify(line)}\n`).join("");
}

/** A step that failed, and how. */
const FAILED = /(?<="kind":"failed","errno":")[A-Z0-9]+/g;

/**
 * A run of its own: the target, the time and how long each step took follow from its number, and one step failed
 * otherwise than in the other runs of that target, so that hardly two runs show the very same.
 */
export function recordNumber(number: number, templates: readonly string[]): string {
  const startedAt = new Date(Date.UTC(2020, 0, 1, 0, 10 * number)).toISOString();
  const template = templates[number % templates.length] ?? "";
  const odd = (37 * number) % Math.max(1, template.match(FAILED)?.length ?? 0);
  let [seed, place] = [number, 0];
  return template
    .replace(/"startedAt":"[^"]*"/, `"startedAt":"${startedAt}"`)
    .replaceAll(FAILED, (errno) => place++ === odd ? "EIO" : errno)
    .replaceAll(/"durationMs":[0-9.]+/g, () => {
      seed = (seed * 1103515245 + 12345) % 2147483648;
      return `"durationMs":${(seed % 5000) / 1000}`;
    });
}

/** What takes records in. */
export interface Taker {
  /** Takes records from files and tells what became of each. */
  importFiles(paths: readonly string[]): Promise<readonly Imported[]>;
}

/** How many records are written before they are taken in. */
const AT_ONCE = 96;

/** How many of them are taken in in one piece, as `conform import` does. */
const IN_ONE_PIECE = 16;

/**
 * Has the runs from one number up to another taken in, and gives the milliseconds that this took without the making of
 * the records. `folder` is emptied.
 */
export async function fill(
  taker: Taker,
  templates: readonly string[],
  { folder, from, to }: { readonly folder: string; readonly from: number; readonly to: number },
): Promise<number> {
  let milliseconds = 0;
  for (let begin = from; begin < to; begin += AT_ONCE) {
    const paths = write(folder, templates, begin, Math.min(to, begin + AT_ONCE));
    const at = performance.now();
    const pieces = Array.from(
      { length: Math.ceil(paths.length / IN_ONE_PIECE) },
      (_, index) => paths.slice(index * IN_ONE_PIECE, (index + 1) * IN_ONE_PIECE),
    );
    const imported = (await Promise.all(pieces.map((piece) => taker.importFiles(piece)))).flat();
    milliseconds += performance.now() - at;
    const refused = imported.find(({ kind }) => kind === "refused");
    if (refused) throw new Error(`A record was not taken: ${JSON.stringify(refused)}`);
    rmSync(folder, { recursive: true });
  }
  return milliseconds;
}

function write(folder: string, templates: readonly string[], begin: number, end: number): readonly string[] {
  mkdirSync(folder, { recursive: true });
  return Array.from({ length: end - begin }, (_, index) => {
    const path = join(folder, `${begin + index}.jsonl`);
    writeFileSync(path, recordNumber(begin + index, templates));
    return path;
  });
}
