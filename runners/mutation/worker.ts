/**
 * A worker that runs mutants: it gets the cases once and then one mutant after the other, by name.
 *
 * @module
 */
import type { Case } from "../../cases/case.ts";
import type { CaseId } from "../../spec/ids.ts";
import { type Baseline, type Kill, killsOf, type MutantResult, passingOn, resultOf } from "./kills.ts";
import type { Mutant } from "../simulator/mutants/mod.ts";
import { DIALECTS } from "../simulator/mod.ts";

/** What a worker needs before it can begin. */
export interface WorkerStart {
  /** Where it gets names of mutants, and answers. */
  readonly port: MessagePort;
  /** The module whose `MUTANTS` are run. */
  readonly mutants: string;
  /** Every case. */
  readonly cases: readonly Case[];
  /** The ids of the cases that belong to each dialect. */
  readonly casesOf: ReadonlyMap<string, ReadonlySet<string>>;
  /** A counter that moves whenever a case begins, so that others can see that this worker is alive, and its place. */
  readonly beat: Int32Array<SharedArrayBuffer>;
}

/** What a worker tells: it can begin, a case noticed the mutant, or every case has been run. */
export type WorkerReply =
  | { readonly kind: "ready" }
  | { readonly kind: "kill"; readonly kill: Kill }
  | { readonly kind: "done"; readonly result: MutantResult };

globalThis.addEventListener("message", (event) => {
  if (event instanceof MessageEvent) void work(event.data);
}, { once: true });

async function work(start: WorkerStart): Promise<void> {
  const { MUTANTS }: { MUTANTS: readonly Mutant[] } = await import(start.mutants);
  const mutants = new Map(MUTANTS.map((mutant) => [mutant.id, mutant]));
  const passing = new Map<string, readonly Baseline[]>();
  const places = new Map(start.cases.map(({ id }, place) => [id, place]));
  tell(start.port, { kind: "ready" });
  start.port.onmessage = async ({ data }: MessageEvent<string>) => {
    const mutant = mutants.get(data);
    if (!mutant) throw new Error(`Cannot run ${data}: there is no such mutant`);
    const begin = beating(start, places);
    const baselines = passing.get(mutant.dialect) ?? baselinesOf(start, mutant.dialect, begin);
    passing.set(mutant.dialect, baselines);
    const reply = run(start, mutant, baselines, begin);
    await turn();
    tell(start.port, reply);
  };
}

/** Lets what a mutant left behind come to light before the next one is asked for. */
function turn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve));
}

/** Shows with each case that this worker is alive. */
function beating({ beat }: WorkerStart, places: ReadonlyMap<CaseId, number>): (case_: Case) => void {
  return ({ id }) => {
    Atomics.store(beat, 1, places.get(id) ?? 0);
    Atomics.add(beat, 0, 1);
  };
}

function run(
  { port }: WorkerStart,
  mutant: Mutant,
  baselines: readonly Baseline[],
  begin: (case_: Case) => void,
): WorkerReply {
  const kills = killsOf(mutant, baselines, {
    begin,
    kill: (kill) => tell(port, { kind: "kill", kill }),
  });
  return { kind: "done", result: resultOf(mutant, kills, baselines.map((each) => each.case)) };
}

function baselinesOf(
  { cases, casesOf }: WorkerStart,
  id: string,
  begin: (case_: Case) => void,
): readonly Baseline[] {
  const dialect = DIALECTS.get(id);
  const own = casesOf.get(id);
  return dialect ? passingOn(dialect, own ? cases.filter((each) => own.has(each.id)) : cases, begin) : [];
}

function tell(port: MessagePort, reply: WorkerReply): void {
  port.postMessage(reply);
}
