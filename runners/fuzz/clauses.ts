/**
 * Which clause a difference is about, as far as the cases of the suite can tell.
 *
 * A random program does not know why it must end as it does. The cases that expect the same of the same operation do,
 * so the clause that most of them verify is taken. It is a guess, and a saved case says so.
 *
 * @module
 */
import type { Case, Step } from "../../cases/case.ts";
import type { ClauseId } from "../../spec/ids.ts";
import type { Clause } from "../../spec/clause.ts";
import type { Ledger } from "../../spec/ledger.ts";
import { isOperationName, operationOf } from "../../spec/operations/mod.ts";
import type { Outcome } from "../../spec/observation.ts";
import type { Aspect } from "./differ.ts";

/** What a clause is looked for. */
export interface Question {
  /** The operation that shows the difference. */
  readonly operation: string;
  /** What differs. */
  readonly aspect: Aspect;
  /** How the model says that the operation ends, where the difference is at a step. */
  readonly outcome?: Outcome | undefined;
}

/**
 * The clause that most cases verify which expect the same; else the one of most cases that use the operation; else
 * the first whose sources name a function that the operation stands for; else the first that cases can show at all.
 *
 * @returns `undefined` only if the ledger has no such clause
 */
export function likelyClause(
  question: Question,
  cases: readonly Case[],
  { clauses }: Pick<Ledger, "clauses">,
): ClauseId | undefined {
  const shown = [...clauses.values()].filter((clause) => !clause.notTested);
  const testable = shown.map(({ id }) => id);
  const asked = cases.map((each) => ({ clauses: each.clauses, steps: judgedSteps(each) }));
  const same = asked.filter(({ steps }) => steps.some((step) => expectsSame(step, question)));
  const related = asked.filter(({ steps }) =>
    steps.some(({ operation }) => operation === question.operation)
  );
  const named = shown.find((clause) => isAbout(clause, question.operation))?.id;
  return mostVerified(same, testable) ?? mostVerified(related, testable) ?? named ?? testable[0];
}

function isAbout({ sources }: Clause, operation: string): boolean {
  if (!isOperationName(operation)) return false;
  const { follows } = operationOf(operation);
  return sources.some((source) =>
    "function" in source && source.function !== undefined && follows.includes(source.function)
  );
}

function judgedSteps({ sections }: Case): readonly Step[] {
  return [...sections.when, ...sections.then].flatMap(withInner);
}

function withInner(step: Step): readonly Step[] {
  return [step, ...step.until.flatMap(withInner)];
}

function expectsSame({ operation, expects, until }: Step, question: Question): boolean {
  if (operation !== question.operation) return false;
  const { aspect, outcome } = question;
  if (aspect === "events") return expects.sees !== undefined;
  if (aspect === "warnings") return (expects.warns ?? expects.mayWarn) !== undefined;
  if (aspect === "pending") return until.length > 0;
  if (outcome?.kind === "failed") {
    return expects.outcome.kind === "fails" && expects.outcome.errnos.includes(outcome.errno);
  }
  if (outcome?.kind === "faulted") return expects.outcome.kind === "faults";
  return outcome?.kind === "returned" && expects.outcome.kind === "returns";
}

function mostVerified(
  cases: readonly { readonly clauses: readonly ClauseId[] }[],
  testable: readonly ClauseId[],
): ClauseId | undefined {
  const votes = new Map<ClauseId, number>();
  for (const { clauses } of cases) {
    for (const clause of clauses) votes.set(clause, (votes.get(clause) ?? 0) + 1 / clauses.length);
  }
  const [first] = testable.filter((clause) => votes.has(clause))
    .toSorted((a, b) => (votes.get(b) ?? 0) - (votes.get(a) ?? 0));
  return first;
}
