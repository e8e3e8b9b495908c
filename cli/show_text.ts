/**
 * A clause and a case in words, each with everything that belongs to it, for `conform show`.
 *
 * @module
 */
import type { Case } from "../cases/case.ts";
import { profilesOf } from "../cases/select.ts";
import { targetKindsOf } from "../cases/target_kinds.ts";
import { errorTablesOf } from "../reports/specification/errors.ts";
import { kernelsOf, sourceWords } from "../reports/specification/text.ts";
import { DIALECTS } from "../runners/simulator/mod.ts";
import { MUTANTS } from "../runners/simulator/mutants/mod.ts";
import type { Clause, Source } from "../spec/clause.ts";
import { kernelsWith } from "../spec/clause_kernels.ts";
import { loadContradictions } from "../spec/contradictions.ts";
import type { RunFacts } from "../reports/compare/mod.ts";
import { targetLines } from "./show_targets.ts";
import type { Suite } from "./suite.ts";

type Row = readonly [name: string, text: string];

/**
 * A clause: what must hold, who says so and where, who disagrees, in which kernels, what shows it, and what each target
 * did.
 *
 * @param runs the runs that tell what targets did, the newest first
 */
export function clauseText(clause: Clause, suite: Suite, runs: readonly RunFacts[]): string {
  const { ledger } = suite;
  const cases = suite.cases.filter(({ clauses }) => clauses.includes(clause.id));
  const profiles = [...ledger.profiles.values()].filter((profile) => profile.clauses.has(clause.id));
  const kernels = kernelsOf(clause);
  const rows: readonly Row[] = [
    ["status", `${clause.status}, rests on ${clause.level}${kernels === "" ? "" : `, ${kernels}`}`],
    ["kernels", kernelsWith(clause.id, ledger).join(", ") || "none that was released"],
    ["seen from", clause.observable.join(", ") || "nowhere"],
    ["profiles", profiles.map(({ id }) => id).join(", ") || "none"],
    ["written in", `${clause.at.file}:${clause.at.line}`],
    ...clause.sources.map((source): Row => ["source", sourceText(source, suite)]),
    ...clause.contested.map(({ holder, alternative, source }): Row => [
      "otherwise",
      `${holder}: ${alternative}${source === undefined ? "" : ` [${sourceText(source, suite)}]`}`,
    ]),
    ...loadContradictions(ledger).filter(({ clauses }) => clauses.includes(clause.id)).map((each): Row => [
      "disputed",
      `A.${each.number} ${each.subject}: ${each.resolution}`,
    ]),
    ...(clause.notTested
      ? [["not tested", `${clause.notTested.reason}: ${clause.notTested.details}`] as const]
      : []),
    ...errorTablesOf([...DIALECTS.values()])
      .filter(({ variants }) => variants.some(({ value }) => value.some((row) => row.clause === clause.id)))
      .map(({ title }): Row => ["error of", title]),
    ...cases.map((each): Row => ["case", `${each.id} (${targetKindsOf(each).join(", ")})`]),
    ...MUTANTS.filter(({ breaks }) => breaks.some((id) => id === clause.id)).map(({ id, title }): Row => [
      "mutant",
      `${id}: ${title}`,
    ]),
  ];
  return [
    `${clause.id}: ${clause.title}`,
    "",
    clause.requirement,
    ...(clause.notes === undefined ? [] : [clause.notes]),
    "",
    ...lines(rows),
    "",
    ...targetLines(cases, runs),
    "",
  ].join("\n");
}

/**
 * A case: what it shows and why, under which profiles, on what, what each target did, and its file.
 *
 * @param runs the runs that tell what targets did, the newest first
 */
export function caseText(case_: Case, suite: Suite, runs: readonly RunFacts[]): string {
  const clauses = case_.clauses.flatMap((id) => suite.ledger.clauses.get(id) ?? []);
  const rows: readonly Row[] = [
    ["profiles", profilesOf(case_, suite.ledger).join(", ") || "none"],
    ["targets", targetKindsOf(case_).join(", ")],
    ["written in", case_.source.file],
    ...(case_.noMutant === undefined ? [] : [["no mutant", case_.noMutant] as const]),
    ...(case_.dangerous === undefined ? [] : [["dangerous", case_.dangerous] as const]),
  ];
  return [
    `${case_.id}: ${case_.title}`,
    "",
    case_.why,
    "",
    ...clauses.map(({ id, requirement, contested }) =>
      `${id}: ${requirement}${contested.length === 0 ? "" : " (contested)"}`
    ),
    "",
    ...lines(rows),
    "",
    ...targetLines([case_], runs),
    "",
    case_.source.text,
  ].join("\n");
}

function sourceText(source: Source, { ledger }: Suite): string {
  const { title, mail, clause, place } = sourceWords(source, ledger.sources);
  const id = mail === undefined ? undefined : ledger.sources.mails[mail]?.["message-id"];
  return [
    title,
    ...(clause === undefined ? [] : [` ${clause}`]),
    ...(mail === undefined ? [] : [` (${mail}${id === undefined ? "" : `, <${id}>`})`]),
    ...(place === "" ? [] : [`, ${place}`]),
  ].join("");
}

function lines(rows: readonly Row[]): readonly string[] {
  return rows.map(([name, text]) => `${`${name}:`.padEnd(12)}${text}`);
}
