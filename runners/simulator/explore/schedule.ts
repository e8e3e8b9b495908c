/**
 * Schedules: which thread takes the next step, from the beginning to the end.
 *
 * A schedule is written as one letter for each thread, in the order in which the case names them and then in the
 * order in which the kernel started others, each with the number of steps in a row: `a3ba2` lets the first thread
 * take three steps, the second one one, and the first one two.
 *
 * @module
 */

/** The place of a thread among the threads, for each step. */
export type Schedule = readonly number[];

const LETTERS = "abcdefghijklmnopqrstuvwxyz";

/** Writes a schedule as a text; the empty one is `-`. */
export function formatSchedule(schedule: Schedule): string {
  let text = "";
  for (let from = 0; from < schedule.length;) {
    let to = from + 1;
    while (to < schedule.length && schedule[to] === schedule[from]) to++;
    text += letterOf(schedule[from] ?? 0) + (to - from > 1 ? to - from : "");
    from = to;
  }
  return text || "-";
}

/** Reads a schedule, or gives `undefined` if the text is not one. */
export function parseSchedule(text: string): Schedule | undefined {
  if (text === "-") return [];
  if (!/^([a-z]([1-9][0-9]{0,3})?)+$/.test(text)) return undefined;
  return [...text.matchAll(/([a-z])([0-9]*)/g)].flatMap(([, letter = "", count = ""]) =>
    Array.from({ length: count === "" ? 1 : Number(count) }, () => LETTERS.indexOf(letter))
  );
}

function letterOf(thread: number): string {
  const letter = LETTERS[thread];
  if (letter === undefined) throw new Error("Cannot write a schedule of more than 26 threads");
  return letter;
}
