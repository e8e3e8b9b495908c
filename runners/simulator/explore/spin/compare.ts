/**
 * Holds the exploration against `spin` on the same small model, in one run on the same machine: states and time, and
 * how both grow with the number of threads. `deno task bench:spin` prints the table.
 *
 * spin keeps every state and merges equal ones; the exploration keeps none and runs one schedule of each class of
 * equivalent ones. So the two count different things, and the table shows both. A tenth of a second of spin is the
 * start of its process.
 *
 * @module
 */
import { execFileSync } from "node:child_process";
import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { explore } from "../explore.ts";
import { smallModel, type ThreadCount } from "./small_model.ts";

const MODEL = new URL("./revoke.pml", import.meta.url);
const THREADS: readonly ThreadCount[] = [2, 3, 4];
const ROUNDS = [1, 2, 4];

/** What one checker went through. */
interface Checked {
  readonly states: number;
  readonly schedules?: number;
  /** Seconds. */
  readonly time: number;
  readonly errors: number;
}

/** Compares for every number of threads and rounds, and prints a table. */
export function compare(print: (line: string) => void): void {
  print("threads  rounds   spin: states   seconds    here: states  schedules   seconds    states/s");
  for (const threads of THREADS) {
    for (const rounds of ROUNDS) {
      const [spin, here] = [runSpin(threads, rounds), runHere(threads, rounds)];
      if (spin.errors + here.errors > 0) throw new Error("The model is wrong: a checker found an error");
      const rate = Math.round(here.states / here.time);
      print([
        String(threads).padStart(7),
        String(rounds).padStart(7),
        String(spin.states).padStart(14),
        spin.time.toFixed(4).padStart(9),
        String(here.states).padStart(15),
        String(here.schedules).padStart(10),
        here.time.toFixed(4).padStart(9),
        String(rate).padStart(11),
      ].join(" "));
    }
  }
}

function runHere(threads: ThreadCount, rounds: number): Checked {
  const run = () => explore({ start: () => smallModel(threads, rounds), end: () => {}, most: 10_000_000 });
  run();
  const begin = performance.now();
  const { states, schedules, findings } = run();
  return { states, schedules, time: (performance.now() - begin) / 1000, errors: findings.length };
}

/** The time is that of the checker's process; the compiler's is not counted. */
function runSpin(threads: ThreadCount, rounds: number): Checked {
  const folder = mkdtempSync(join(tmpdir(), "conform-spin-"));
  try {
    copyFileSync(MODEL, join(folder, "revoke.pml"));
    const options = { cwd: folder, encoding: "utf8" } as const;
    execFileSync("spin", ["-a", `-DTHREADS=${threads}`, `-DROUNDS=${rounds}`, "revoke.pml"], options);
    execFileSync("cc", ["-O2", "-DSAFETY", "-w", "-o", "pan", "pan.c"], options);
    execFileSync("./pan", options);
    const begin = performance.now();
    const said = execFileSync("./pan", options);
    const time = (performance.now() - begin) / 1000;
    return { states: numberIn(said, /(\d+) states, stored/), time, errors: numberIn(said, /errors: (\d+)/) };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function numberIn(said: string, pattern: RegExp): number {
  const found = pattern.exec(said)?.[1];
  if (found === undefined) throw new Error(`spin did not say ${pattern}`);
  return Number(found);
}

function isThere(command: string): boolean {
  try {
    execFileSync("sh", ["-c", `command -v ${command}`]);
    return true;
  } catch {
    return false;
  }
}

if (import.meta.main) {
  const missing = ["spin", "cc"].filter((command) => !isThere(command));
  if (missing.length === 0) compare((line) => process.stdout.write(`${line}\n`));
  else {
    process.stderr.write(
      `Cannot compare without ${missing.join(" and ")}. On Debian: apt-get install spin gcc\n`,
    );
    process.exitCode = 3;
  }
}
