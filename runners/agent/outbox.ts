/**
 * What was told to a caller and may be needed again, should the connection be cut on the way.
 *
 * @module
 */

interface Kept {
  readonly run: number;
  /** The place of an observation in its run; `undefined` for all else. */
  readonly seq: number | undefined;
  readonly text: string;
}

/** The answers to the runs whose end the caller has perhaps not got. */
export class Outbox {
  readonly #limit: number;
  #kept: Kept[] = [];
  #size = 0;
  /** Answers were thrown away because they became too many: nothing can be told again. */
  #overflown = false;

  /** Makes one that keeps so many characters. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Whether everything that may be needed is there. */
  get isWhole(): boolean {
    return !this.#overflown;
  }

  /** Keeps an answer. */
  keep(run: number, seq: number | undefined, text: string): void {
    this.#size += text.length;
    if (this.#size > this.#limit) {
      this.#overflown = true;
      this.#kept = [];
      this.#size = 0;
      return;
    }
    this.#kept.push({ run, seq, text });
  }

  /** The caller has everything up to the end of this run. */
  forget(run: number): void {
    const first = this.#kept.findIndex((each) => each.run > run);
    const gone = this.#kept.splice(0, first < 0 ? this.#kept.length : first);
    this.#size -= gone.reduce((sum, { text }) => sum + text.length, 0);
    if (this.#kept.length === 0) this.#overflown = false;
  }

  /** What a caller has not got that has got so many observations of a run and nothing of later ones. */
  after(run: number, seen: number): readonly string[] {
    return this.#kept
      .filter((each) => each.run > run || (each.run === run && (each.seq ?? Infinity) >= seen))
      .map(({ text }) => text);
  }
}
