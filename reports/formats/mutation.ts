/**
 * The kill matrix of a mutation run, for other tools and for people: which case notices which mutant, and how its
 * verdict changes.
 *
 * @module
 */
import type { Kill, MutantResult } from "../../runners/mutation/kills.ts";
import { idleCases, killersOf, type MutationScore } from "../../runners/mutation/score.ts";
import { csvRow } from "./csv.ts";
import { text } from "./markdown.ts";

/** The names of the formats of a kill matrix. */
export type MatrixFormat = "json" | "csv" | "markdown";

/** Writes a kill matrix, by the name of the format. */
export const MATRIX_FORMATS: Readonly<Record<MatrixFormat, (score: MutationScore) => string>> = {
  json: (score) => JSON.stringify(score, undefined, 2) + "\n",
  csv,
  markdown,
};

/** A row for each mutant, a column for each case; a cell says what `pass` became, empty where it stayed. */
function csv({ mutants, cases }: MutationScore): string {
  const ids = cases.map((each) => each.case);
  const rows = mutants.map(({ id, dialect, breaks, fate, kills }) => {
    const byCase = new Map(kills.map((kill) => [kill.case, change(kill)]));
    return [id, dialect, breaks.join(" "), fate, ...ids.map((each) => byCase.get(each) ?? "")];
  });
  return [["mutant", "dialect", "breaks", "fate", ...ids], ...rows].map(csvRow).join("");
}

function change({ to, by }: Kill): string {
  return by === "step" ? to : `${to} (${by})`;
}

function markdown(score: MutationScore): string {
  const { counts, mutants } = score;
  const idle = idleCases(score);
  const lines = [
    "# Mutation score",
    "",
    `${percent(score)} of the mutants are killed by a step of a case.`,
    "",
    "| killed | only a control | only a postcondition | only the harness | survived | total |",
    "|---:|---:|---:|---:|---:|---:|",
    `| ${counts.killed} | ${counts.control} | ${counts.postcondition} | ${counts.harness} | ${counts.survived} ` +
    `| ${mutants.length} |`,
    ...mutants.flatMap(section),
    ...(idle.length === 0
      ? []
      : ["", "## Cases that kill nothing", "", ...idle.map((id) => `- ${text(id)}`)]),
  ];
  return lines.join("\n") + "\n";
}

function section(mutant: MutantResult): string[] {
  const { id, title, dialect, breaks, fate, reason, kills } = mutant;
  const others = kills.filter(({ by }) => by !== "step");
  return [
    "",
    `## ${text(id)}: ${fate}`,
    "",
    `${text(title)} (${text(dialect)}, breaks ${breaks.map(text).join(", ")}).`,
    ...(reason === undefined ? [] : ["", `${text(reason)}.`]),
    ...listed("Killed by", killersOf(mutant)),
    ...listed("Noticed by", others.map((kill) => `${kill.case}: ${change(kill)}`)),
  ];
}

function listed(what: string, items: readonly string[]): string[] {
  return items.length === 0 ? [] : ["", `${what}:`, "", ...items.map((item) => `- ${text(item)}`)];
}

/** The score in per cent, rounded down, so that only a perfect one is 100. */
export function percent({ score }: Pick<MutationScore, "score">): string {
  return `${(Math.floor(score * 1000) / 10).toFixed(1)} %`;
}
