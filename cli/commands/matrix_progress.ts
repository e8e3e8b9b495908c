/**
 * Progress of several runs side by side: one line on a terminal, a line now and then where there is none.
 *
 * @module
 */
import type { Io } from "../io.ts";
import { type Progress, progressOn } from "../progress.ts";

/** Where there is no terminal, a run is told of at each of so many parts of it. */
const TOLD = 4;

/** Progress of runs side by side. */
export class SideBySide {
  readonly #io: Io;
  readonly #line: Progress;
  readonly #under = new Map<string, { done: number; total: number }>();
  readonly #targets: number;
  #finished: number;

  /** Begins with so many targets, some of which have been finished already. */
  constructor(io: Io, targets: number, finished: number) {
    this.#io = io;
    this.#line = progressOn(io);
    this.#targets = targets;
    this.#finished = finished;
  }

  /** The progress of one of the runs. */
  of(target: string): Progress {
    return {
      update: (done, total) => this.#update(target, done, total),
      end: () => this.#under.delete(target),
    };
  }

  /** Says something of a run, on a line of its own. */
  tell(text: string): void {
    this.#line.end();
    this.#io.err(`${text}\n`);
  }

  /** A run is over. */
  finish(text: string): void {
    this.#finished++;
    this.tell(text);
  }

  #update(target: string, done: number, total: number): void {
    const before = this.#under.get(target);
    this.#under.set(target, { done, total });
    const each = [...this.#under].map(([name, at]) => `${name} ${at.done}/${at.total}`).join(", ");
    this.#line.update(this.#finished, this.#targets, each);
    if (this.#io.columns !== undefined || !before || quarter(before.done, total) === quarter(done, total)) {
      return;
    }
    this.#io.err(`${target}: ${done} of ${total} cases\n`);
  }
}

function quarter(done: number, total: number): number {
  return Math.floor((done * TOLD) / total);
}
