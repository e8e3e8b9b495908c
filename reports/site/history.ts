/**
 * Where the pages have their runs from: a folder of records, or a history store.
 *
 * @module
 */
import { readFileSync } from "node:fs";
import type { Case } from "../../cases/case.ts";
import { caseFacts, factsOf, headOf, type RunFacts } from "../compare/mod.ts";
import type { RunResult } from "../result.ts";
import {
  type BehaviourWindow,
  type CaseInRun,
  findingsOf,
  type RunEntry,
  type RunFilter,
  type SearchHit,
  windowsOf,
} from "../store/mod.ts";
import { Catalogue, filesNamed, filesOfFolder, type ListedRun } from "./catalogue.ts";

/** Runs, as the pages ask for them. */
export interface History {
  /** The runs, the newest first. */
  runs(filter?: RunFilter): readonly RunEntry[];
  /** The newest runs of each target and profile, `depth` of each, the newest first. */
  latest(depth: number): readonly RunEntry[];
  /** One run. */
  run(run: string): RunEntry | undefined;
  /** A run, judged from its record. */
  result(run: string): RunResult | undefined;
  /** The bytes of a record. */
  record(run: string): Uint8Array | undefined;
  /** What a comparison needs of a run. */
  facts(run: string): RunFacts | undefined;
  /** What a comparison needs of several runs, all at one moment; `undefined` if one of them is not there. */
  factsOfAll(runs: readonly string[]): readonly RunFacts[] | undefined;
  /** What a case showed in the newest runs that have it, or in the newest of those before a run. */
  history(caseId: string, limit: number, before?: string): readonly CaseInRun[];
  /** Since when a case behaves as it does on each target, the newest first. */
  windows(caseId: string): readonly BehaviourWindow[];
  /** How many runs there are. */
  count(): number;
  /** Where some words are. */
  search(words: string, limit: number): readonly SearchHit[];
  /** What cannot be shown, and why. */
  refused(): readonly { readonly name: string; readonly reason: string }[];
  /** Another text whenever something has changed. */
  stamp(): string;
}

/** The runs of a folder; its records are read again when they change. */
export function folderHistory(folder: string, cases: ReadonlyMap<string, Case>): History {
  return new FileHistory(new Catalogue(filesOfFolder(folder), cases));
}

/** The runs of some records, named one by one. */
export function fileHistory(paths: readonly string[], cases: ReadonlyMap<string, Case>): History {
  return new FileHistory(new Catalogue(filesNamed(paths), cases));
}

class FileHistory implements History {
  readonly #catalogue: Catalogue;
  readonly #facts = new WeakMap<RunResult, RunFacts>();

  constructor(catalogue: Catalogue) {
    this.#catalogue = catalogue;
  }

  runs({ target, profile, before, limit = 100, offset = 0 }: RunFilter = {}): readonly RunEntry[] {
    return this.#catalogue.list().runs.map(entryOf).filter((entry) =>
      (target === undefined || entry.target === target) &&
      (profile === undefined || entry.profile === profile) &&
      (before === undefined || Date.parse(entry.startedAt) < Date.parse(before))
    ).slice(offset, offset + limit);
  }

  latest(depth: number): readonly RunEntry[] {
    const all = this.#catalogue.list().runs.map(entryOf);
    const groups = Map.groupBy(all, ({ target, profile }) => JSON.stringify([target, profile]));
    const newest = new Set([...groups.values()].flatMap((own) => own.slice(0, depth)));
    return all.filter((entry) => newest.has(entry));
  }

  run(run: string): RunEntry | undefined {
    const found = this.#find(run);
    return found && entryOf(found);
  }

  result(run: string): RunResult | undefined {
    return this.#find(run)?.result;
  }

  record(run: string): Uint8Array | undefined {
    const path = this.#find(run) && this.#catalogue.pathOf(run);
    return path === undefined ? undefined : readFileSync(path);
  }

  facts(run: string): RunFacts | undefined {
    const result = this.result(run);
    if (!result) return undefined;
    const known = this.#facts.get(result) ?? factsOf(run, result);
    this.#facts.set(result, known);
    return known;
  }

  factsOfAll(runs: readonly string[]): readonly RunFacts[] | undefined {
    const there = runs.map((run) => this.facts(run)).filter((each) => each !== undefined);
    return there.length === runs.length ? there : undefined;
  }

  history(caseId: string, limit: number, before?: string): readonly CaseInRun[] {
    const all: CaseInRun[] = [];
    const { runs } = this.#catalogue.list();
    const begin = before === undefined ? 0 : runs.findIndex(({ name }) => name === before) + 1;
    if (before !== undefined && begin === 0) return [];
    for (const { name, result } of runs.slice(begin)) {
      const of = result.results.find((each) => each.case === caseId);
      if (!of) continue;
      all.push({ head: { run: name, ...headOf(result) }, facts: caseFacts(of), durationMs: of.durationMs });
      if (all.length === limit) break;
    }
    return all;
  }

  windows(caseId: string): readonly BehaviourWindow[] {
    return windowsOf(this.history(caseId, Infinity).toReversed());
  }

  count(): number {
    return this.#catalogue.list().runs.length;
  }

  search(words: string, limit: number): readonly SearchHit[] {
    const wanted = words.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
    if (wanted.length === 0) return [];
    const has = (text: string) => wanted.every((word) => text.toLowerCase().includes(word));
    return this.#catalogue.list().runs.flatMap((run) => placesIn(run).filter(({ text }) => has(text))).slice(
      0,
      limit,
    );
  }

  refused(): readonly { readonly name: string; readonly reason: string }[] {
    return this.#catalogue.list().unreadable.map(({ name, reason }) => ({ name: `${name}.jsonl`, reason }));
  }

  stamp(): string {
    return this.#catalogue.stamp();
  }

  #find(run: string): ListedRun | undefined {
    const found = this.#catalogue.find(run);
    return found && "result" in found ? found : undefined;
  }
}

function entryOf({ name, result }: ListedRun): RunEntry {
  const { target, finishedAt, counts, results } = result;
  const durationMs = results.reduce((sum, each) => sum + each.durationMs, 0);
  return { run: name, ...headOf(result), targetName: target.name, finishedAt, counts, durationMs };
}

function placesIn({ name, result }: ListedRun): SearchHit[] {
  const { target, profile, command, results } = result;
  const text = [target.id, target.name, target.kernel, profile, ...command].join(" ");
  const logs = findingsOf(results).map((line) => ({ case: line.case, text: line.text }));
  return [
    { kind: "run", run: name, case: "", text },
    ...logs.map((each) => ({ kind: "log" as const, run: name, ...each })),
  ];
}
