/**
 * Which clauses are about the same thing as some words, for an author who looks for the one to name.
 *
 * @module
 */
import type { Clause } from "./clause.ts";
import type { Ledger } from "./ledger.ts";

/** Words that say nothing of what a clause is about. */
const EMPTY = new Set(
  "a after again all an and any are as at be been before but by can case do does for from has have how if in into is it its last may more must no not of on once one only or other out shall so such than that the them then there they this to was what when where which while who with without would yet"
    .split(" "),
);

/**
 * The clauses that share the most telling words with a text, the nearest first.
 *
 * @param text what the author has in mind, as in `vfio/revoke/read-only-descriptor`
 * @param ledger the ledger
 * @param limit how many to give at most
 */
export function relatedClauses(
  text: string,
  ledger: Pick<Ledger, "clauses">,
  limit: number = 5,
): readonly Clause[] {
  const clauses = [...ledger.clauses.values()];
  const wordsOfEach = new Map(
    clauses.map((clause) => [clause, wordsOf(`${clause.title} ${clause.requirement}`)]),
  );
  const wanted = [...wordsOf(text)].map((word) => ({
    word,
    weight: rarity(word, wordsOfEach.values(), clauses.length),
  }));
  return clauses
    .map((clause) => ({ clause, score: scoreOf(wanted, wordsOfEach.get(clause) ?? new Set()) }))
    .filter(({ score }) => score > 0)
    .sort((a, b) => b.score - a.score)
    .slice(0, limit)
    .map(({ clause }) => clause);
}

/** The words of a text, cut down to what their forms have in common. */
function wordsOf(text: string): ReadonlySet<string> {
  const words = text.toLowerCase().split(/[^a-z0-9]+/).filter((word) => word.length > 1 && !EMPTY.has(word));
  return new Set(words.map((word) => word.replace(/(ations?|ions?|ings?|ed|es|s|e)$/, "")));
}

/** How telling a word is: the fewer clauses have it, the more. */
function rarity(word: string, texts: Iterable<ReadonlySet<string>>, count: number): number {
  const having = [...texts].filter((words) => words.has(word)).length;
  return having === 0 ? 0 : Math.log(1 + count / having);
}

function scoreOf(
  wanted: readonly { readonly word: string; readonly weight: number }[],
  words: ReadonlySet<string>,
): number {
  return wanted.reduce((sum, { word, weight }) => words.has(word) ? sum + weight : sum, 0);
}
