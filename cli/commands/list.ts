/**
 * `conform list`: what cases there are.
 *
 * @module
 */
import type { Case } from "../../cases/case.ts";
import { profilesOf, selectCases, SelectionError } from "../../cases/select.ts";
import { clauseIdSchema } from "../../spec/ids.ts";
import { Failure, type Io } from "../io.ts";
import { loadSuite, profileNamed, type Suite, tellDiagnostics } from "../suite.ts";

/** What `conform list` is given. */
export interface ListArguments {
  readonly selectors: readonly string[];
  readonly profile?: string | undefined;
  readonly clause?: string | undefined;
  readonly format: "human" | "json";
}

/** Carries out `conform list` and gives the exit status. */
export function list(args: ListArguments, io: Io): number {
  const suite = loadSuite();
  tellDiagnostics(suite, io);
  const cases = chosen(suite, args);
  if (args.format === "json") {
    const rows = cases.map((case_) => ({
      case: case_.id,
      title: case_.title,
      clauses: case_.clauses,
      profiles: profilesOf(case_, suite.ledger),
    }));
    io.out(JSON.stringify(rows, undefined, 2) + "\n");
  } else {
    io.out(cases.map(({ id, title, clauses }) => `${id}\n  ${title} (${clauses.join(", ")})\n`).join(""));
  }
  return suite.diagnostics.length > 0 ? 4 : 0;
}

function chosen(suite: Suite, { selectors, profile, clause }: ListArguments): readonly Case[] {
  const id = clause === undefined ? undefined : clauseIdSchema.safeParse(clause);
  if (id && !id.success) {
    throw new Failure(2, `"${clause}" is not the id of a clause`, "It looks like VREV-10");
  }
  try {
    return selectCases(suite.cases, selectors, {
      profile: profile === undefined ? undefined : profileNamed(suite.ledger, profile),
      clause: id?.data,
    });
  } catch (error) {
    if (error instanceof SelectionError) throw new Failure(2, error.message, error.hint, error);
    throw error;
  }
}
