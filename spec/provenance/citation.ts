/**
 * What the clauses cite: lines of mails and functions of kernel files, each with the clauses that rest on it.
 *
 * @module
 */
import type { ClauseId } from "../ids.ts";
import type { Ledger } from "../ledger.ts";

/** Lines from the first to the last, both of them included, counted from 1. */
export interface LineRange {
  readonly first: number;
  readonly last: number;
}

/** Lines of a mail that clauses cite. */
export interface MailCitation {
  /** The key of the mail in `spec/sources.yaml`. */
  readonly mail: string;
  /** The file of the mail among the seeds. */
  readonly seed: string;
  /** The lines as the ledger gives them; left out where a clause cites the mail as a whole. */
  readonly lines?: string | undefined;
  /** The function that the lines belong to. */
  readonly function?: string | undefined;
  /** The clauses that rest on it. */
  readonly clauses: readonly ClauseId[];
}

/** A place in a kernel that clauses cite. */
export interface KernelCitation {
  /** The version in `spec/sources.yaml`. */
  readonly kernel: string;
  /** The path in the source tree; `*` stands for any folder. */
  readonly file: string;
  /** The lines as the ledger gives them. */
  readonly lines?: string | undefined;
  /** The function. */
  readonly function?: string | undefined;
  /** The clauses that rest on it. */
  readonly clauses: readonly ClauseId[];
}

/** Everything that can be looked up. */
export interface Citations {
  /** Lines of mails whose text is among the seeds. */
  readonly mails: readonly MailCitation[];
  /** Places in kernels. */
  readonly kernels: readonly KernelCitation[];
}

/** Collects what the clauses of a ledger and those who disagree with them cite; each place once, in order. */
export function citationsOf({ clauses, sources }: Pick<Ledger, "clauses" | "sources">): Citations {
  const mails = new Map<string, MailCitation>();
  const kernels = new Map<string, KernelCitation>();
  for (const { id, sources: own, contested } of clauses.values()) {
    for (const source of [...own, ...contested.flatMap(({ source }) => source ?? [])]) {
      const key = JSON.stringify(source);
      if ("kernel" in source) add(kernels, key, source, id);
      const seed = "mail" in source ? sources.mails[source.mail]?.seed : undefined;
      if ("mail" in source && seed !== undefined) add(mails, key, { ...source, seed }, id);
    }
  }
  return { mails: [...mails.values()].sort(byPlace), kernels: [...kernels.values()].sort(byPlace) };
}

function add<T extends object>(
  into: Map<string, T & { readonly clauses: readonly ClauseId[] }>,
  key: string,
  citation: T,
  clause: ClauseId,
): void {
  const clauses = into.get(key)?.clauses ?? [];
  into.set(key, { ...citation, clauses: clauses.includes(clause) ? clauses : [...clauses, clause] });
}

function byPlace(a: MailCitation | KernelCitation, b: MailCitation | KernelCitation): number {
  const [fileA, fileB] = [a, b].map((each) => "mail" in each ? each.mail : `${each.kernel} ${each.file}`);
  if (fileA !== fileB) return String(fileA) < String(fileB) ? -1 : 1;
  return firstLine(a) - firstLine(b);
}

function firstLine({ lines }: MailCitation | KernelCitation): number {
  return lines === undefined ? 0 : rangesOf(lines)?.[0]?.first ?? 0;
}

/** The lines of a citation such as `110-111, 118`, or `undefined` if it does not say lines, or in a wrong order. */
export function rangesOf(lines: string): readonly LineRange[] | undefined {
  const ranges = lines.split(",").map(rangeOf);
  return ranges.every((range) => range !== undefined) ? ranges : undefined;
}

function rangeOf(text: string): LineRange | undefined {
  const [, begin, end] = /^\s*(\d+)(?:-(\d+))?\s*$/.exec(text) ?? [];
  if (begin === undefined) return undefined;
  const range = { first: Number(begin), last: Number(end ?? begin) };
  return range.first >= 1 && range.last >= range.first ? range : undefined;
}

/** Lines as the ledger writes them. */
export function rangeText({ first, last }: LineRange): string {
  return first === last ? String(first) : `${first}-${last}`;
}

/** Where a citation leads, in words, as in `S2:271-273` or `drivers/dma-buf/dma-buf.c, dma_buf_get()`. */
export function citationText(citation: MailCitation | KernelCitation): string {
  const lines = citation.lines === undefined ? "" : `:${citation.lines}`;
  const place = "mail" in citation ? `${citation.mail}${lines}` : `${citation.file}${lines}`;
  return citation.function === undefined ? place : `${place}, ${citation.function}()`;
}
