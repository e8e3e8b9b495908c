/**
 * `conform spec document`: the specification as one file.
 *
 * @module
 */
import type { Specification } from "../../reports/specification/document.ts";
import { specificationOf } from "../../reports/specification/document.ts";
import { DIALECTS } from "../../runners/simulator/mod.ts";
import { loadContradictions } from "../../spec/contradictions.ts";
import { LedgerError } from "../../spec/ledger.ts";
import { writeWhole } from "../files.ts";
import { Failure, type Io } from "../io.ts";
import { loadSuite, type Suite, tellDiagnostics, VERSION } from "../suite.ts";

/** What `conform spec document` is given. */
export interface DocumentArguments {
  readonly format: "html" | "markdown";
  /** The file to write; standard output where left out. */
  readonly out?: string | undefined;
}

/** Carries out `conform spec document` and gives the exit status. */
export async function document({ format, out }: DocumentArguments, io: Io): Promise<number> {
  const suite = loadSuite();
  tellDiagnostics(suite, io);
  const text = await textOf(format, suiteSpecification(suite));
  if (out === undefined) io.out(text);
  else {
    writeWhole(out, text, { hint: "Name a file in a folder that is there" });
    io.err(`Wrote ${out}\n`);
  }
  return suite.diagnostics.length > 0 ? 4 : 0;
}

/** The specification of the suite. */
export function suiteSpecification({ ledger, cases }: Suite): Specification {
  try {
    const contradictions = loadContradictions(ledger);
    return specificationOf({
      ledger,
      contradictions,
      cases,
      dialects: [...DIALECTS.values()],
      version: VERSION,
    });
  } catch (error) {
    if (error instanceof LedgerError) throw new Failure(4, error.message, "Mend the files it names", error);
    throw error;
  }
}

async function textOf(format: "html" | "markdown", specification: Specification): Promise<string> {
  if (format === "markdown") {
    const { specificationMarkdown } = await import("../../reports/specification/markdown.ts");
    return specificationMarkdown(specification);
  }
  const { specificationHtml } = await import("../../reports/specification/html.tsx");
  return await specificationHtml(specification);
}
