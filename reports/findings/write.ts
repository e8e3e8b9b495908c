/**
 * Writes the pages of the findings. With the folder of a matrix, or records, gathers what they rest on anew.
 *
 * @module
 */
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { loadCases } from "../../cases/load.ts";
import { loadLedger } from "../../spec/ledger.ts";
import { factsOf } from "../compare/mod.ts";
import { readRecordFile } from "../record_reader.ts";
import { countsOf, resultOf, type RunResult } from "../result.ts";
import { compareVersions, windowsOf, writeWindows } from "../windows/mod.ts";
import { type FindingsData, findingsSchema, kernelData } from "./data.ts";
import { idle, pagesOf, unreviewed } from "./pages.ts";
import { nameOf, readNotes, readReviews } from "./review.ts";

const HERE = fileURLToPath(new URL("./", import.meta.url));

/** Where the data of the findings are. */
export const DATA = `${HERE}data.json`;

/** Where the remarks on kernels are. */
export const NOTES = `${HERE}notes.yaml`;

/** Where the reviews are. */
export const REVIEWS = `${HERE}reviews.yaml`;

/** Reads the data beside this file. */
export function readData(): FindingsData {
  return findingsSchema.parse(JSON.parse(readFileSync(DATA, "utf8")));
}

/** What was gathered: the data of the findings, and the behaviour windows as a page. */
interface Gathered {
  readonly data: FindingsData;
  readonly windows: string;
}

/** Gathers what records show. Records of the same kernel are put together; the first one that has a case counts. */
function gather(paths: readonly string[]): Gathered {
  const ledger = loadLedger();
  const cases = new Map(loadCases(ledger).cases.map((each) => [each.id, each]));
  const results = paths.map((path) => resultOf(readRecordFile(path), cases));
  const largest = results.toSorted((one, other) => other.results.length - one.results.length)[0];
  if (!largest) throw new Error("There are no records to gather from");
  const kernels = [...Map.groupBy(results, ({ target }) => target.kernel).values()].map(together)
    .toSorted((one, other) => compareVersions(one.target.kernel, other.target.kernel));
  const whole = kernels.filter((kernel) => kernel.results.length >= largest.results.length);
  const windows = windowsOf(whole.map((kernel) => factsOf(nameOf(kernel.target.kernel), kernel)), ledger);
  return {
    data: { suite: largest.suite, kernels: kernels.map((result) => kernelData(result, ledger)) },
    windows: writeWindows(windows, "markdown"),
  };
}

function together(parts: readonly RunResult[]): RunResult {
  const [first, ...others] = parts.toSorted((one, other) => other.results.length - one.results.length);
  if (!first) throw new Error("A kernel has no record");
  const known = new Set(first.results.map((each) => each.case));
  const more = others.flatMap(({ results }) => results).filter((each) => !known.has(each.case));
  const results = [...first.results, ...more];
  return { ...first, results, counts: countsOf(results) };
}

function recordsIn(path: string): string[] {
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path).filter((file) => file.endsWith(".jsonl") && !file.startsWith("sim-")).map((file) =>
    join(path, file)
  );
}

if (import.meta.main) {
  if (Deno.args.length > 0) {
    const { data, windows } = gather(Deno.args.flatMap(recordsIn));
    writeFileSync(DATA, `${JSON.stringify(data, undefined, 2)}\n`);
    writeFileSync(`${HERE}windows.md`, windows);
  }
  const [data, reviews] = [readData(), readReviews(REVIEWS)];
  for (const { file, markdown } of pagesOf(data, reviews, readNotes(NOTES))) {
    writeFileSync(`${HERE}${file}`, markdown);
  }
  const say = (text: string) => Deno.stderr.writeSync(new TextEncoder().encode(`${text}\n`));
  for (const each of unreviewed(data, reviews)) say(`Not reviewed: ${each}`);
  for (const id of idle(data, reviews)) say(`The review ${id} speaks of nothing that was seen`);
}
