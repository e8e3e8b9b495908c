/**
 * `conform spec check-sources`: whether what the clauses cite is there and says what it said.
 *
 * @module
 */
import type { Case } from "../../cases/case.ts";
import type { ClauseId } from "../../spec/ids.ts";
import { LedgerError } from "../../spec/ledger.ts";
import {
  checkKernel,
  checkMails,
  type CitationFinding,
  type Citations,
  citationsOf,
  type ComparedPlace,
  compareKernels,
  FolderError,
  kernelDigestsOf,
  type KernelTree,
  kernelTree,
  mailDigestsOf,
  readDigests,
  seedReader,
  writeDigests,
} from "../../spec/provenance/mod.ts";
import { Failure, type Io } from "../io.ts";
import { loadSuite } from "../suite.ts";

/** What `conform spec check-sources` is given. */
export interface CheckSourcesArguments {
  /** The folder with the mails. */
  readonly seeds?: string | undefined;
  /** A kernel source tree. */
  readonly kernel?: string | undefined;
  /** An older one, to compare with. */
  readonly kernelOld?: string | undefined;
  /** Whether to record what the cited lines say now. */
  readonly accept: boolean;
  readonly format: "human" | "json";
}

/** Carries out `conform spec check-sources` and gives the exit status: 1 if a citation errs. */
export function checkSources(args: CheckSourcesArguments, io: Io): number {
  refuseNothing(args);
  const { ledger, cases } = loadSuite();
  const { mails, kernels } = citationsOf(ledger);
  try {
    const read = args.seeds === undefined ? undefined : seedReader(args.seeds);
    const tree = args.kernel === undefined ? undefined : kernelTree(args.kernel);
    const older = args.kernelOld === undefined ? undefined : kernelTree(args.kernelOld);
    if (args.accept) accept({ mails, kernels }, read, tree, io);
    const recorded = readDigests();
    const findings = [
      ...(read ? checkMails(mails, recorded, read) : []),
      ...(tree ? checkKernel(kernels, tree, recorded.kernels) : []),
    ];
    const compared = tree ? compareKernels(kernels, older, tree, recorded.kernels) : [];
    const checked = { mails: read ? mails.length : 0, kernels: tree ? kernels.length : 0 };
    io.out(
      args.format === "json" ? asJson(checked, findings, compared, cases) : asText(findings, compared, cases),
    );
    io.err(summary(checked, findings, compared, cases));
    return findings.length === 0 ? 0 : 1;
  } catch (error) {
    if (error instanceof FolderError) throw new Failure(2, error.message, error.hint, error);
    if (error instanceof LedgerError) {
      throw new Failure(4, error.message, "Mend spec/citations.yaml, or take it from the last commit", error);
    }
    throw error;
  }
}

type SeedReader = ReturnType<typeof seedReader>;

/** Records what is cited as it is now: that of the mails, that of the kernel, or both. */
function accept(
  { mails, kernels }: Citations,
  read: SeedReader | undefined,
  tree: KernelTree | undefined,
  io: Io,
): void {
  const before = readDigests();
  writeDigests({
    mails: read ? mailDigestsOf(mails, read, before.mails) : before.mails,
    kernels: tree ? kernelDigestsOf(kernels, tree, before.kernels) : before.kernels,
  });
  io.err("Wrote spec/citations.yaml\n");
}

function refuseNothing({ seeds, kernel, kernelOld }: CheckSourcesArguments): void {
  if (seeds === undefined && kernel === undefined) {
    throw new Failure(2, "There is nothing to check against", "Give --seeds DIR, --kernel TREE, or both");
  }
  if (kernelOld !== undefined && kernel === undefined) {
    throw new Failure(2, "--kernel-old has nothing to be compared with", "Give the newer tree with --kernel");
  }
}

/** How many citations were looked up. */
interface Checked {
  readonly mails: number;
  readonly kernels: number;
}

function casesOf(clauses: readonly ClauseId[], cases: readonly Case[]): readonly string[] {
  return cases.filter((each) => each.clauses.some((id) => clauses.includes(id))).map(({ id }) => id);
}

function asJson(
  checked: Checked,
  findings: readonly CitationFinding[],
  compared: readonly ComparedPlace[],
  cases: readonly Case[],
): string {
  const withCases = <T extends { readonly clauses: readonly ClauseId[] }>(each: T) => ({
    ...each,
    cases: casesOf(each.clauses, cases),
  });
  const result = { checked, findings: findings.map(withCases), compared: compared.map(withCases) };
  return JSON.stringify(result, undefined, 2) + "\n";
}

function asText(
  findings: readonly CitationFinding[],
  compared: readonly ComparedPlace[],
  cases: readonly Case[],
): string {
  const wrong = findings.map(({ citation, message, hint, clauses }) =>
    `${citation}: ${message}. ${hint}\n${touched(clauses, cases)}`
  );
  const changed = compared.filter(({ change }) => change !== "same").map((each) =>
    `${each.change}: ${comparedText(each)}\n${touched(each.clauses, cases)}`
  );
  return [...wrong, ...changed].join("");
}

function comparedText({ file, function: name, aspect, to }: ComparedPlace): string {
  const parts = [
    file,
    ...(name === undefined ? [] : [name]),
    ...(aspect === "code" ? [] : ["its words"]),
    ...(to === undefined ? [] : [`now in ${to}`]),
  ];
  return parts.join(", ");
}

function touched(clauses: readonly ClauseId[], cases: readonly Case[]): string {
  const ids = casesOf(clauses, cases);
  const lines = [`  clauses: ${clauses.join(", ")}`, `  cases:   ${ids.join(", ") || "none"}`];
  return lines.join("\n") + "\n";
}

function summary(
  { mails, kernels }: Checked,
  findings: readonly CitationFinding[],
  compared: readonly ComparedPlace[],
  cases: readonly Case[],
): string {
  const changed = compared.filter(({ change }) => change !== "same");
  const clauses = [...new Set(changed.flatMap((each) => each.clauses))];
  const parts = [
    ...(mails > 0 ? [`${mails} citations of mails`] : []),
    ...(kernels > 0 ? [`${kernels} of kernel files`] : []),
    findings.length === 0 ? "none errs" : `${findings.length} to mend`,
    ...(compared.length > 0 ? [`${changed.length} of ${compared.length} cited places changed`] : []),
    ...(clauses.length > 0
      ? [`${clauses.length} clauses and ${casesOf(clauses, cases).length} cases touched`]
      : []),
  ];
  return `${parts.join(", ")}\n`;
}
