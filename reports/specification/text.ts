/**
 * Words that the document uses in every form: sources, kernels, ranges of clauses.
 *
 * @module
 */
import type { Clause, Source } from "../../spec/clause.ts";
import type { Treatment } from "../../spec/contradictions.ts";
import type { ClauseId } from "../../spec/ids.ts";
import type { Sources } from "../../spec/sources.ts";

/** A source in words. */
export interface SourceWords {
  /** The mail or the kernel; where it can be opened, `href` says where. */
  readonly title: string;
  readonly href?: string | undefined;
  /** The key of the mail in the annex of sources. */
  readonly mail?: string | undefined;
  /** The clause that it follows from. */
  readonly clause?: ClauseId | undefined;
  /** Where in it. */
  readonly place: string;
}

/** Where a mail can be read, by its message-id. */
export function mailAddress(messageId: string): string {
  return `https://lore.kernel.org/all/${encodeURIComponent(messageId).replaceAll("%40", "@")}/`;
}

/** Says where a clause comes from. */
export function sourceWords(source: Source, { mails, kernels }: Sources): SourceWords {
  if ("mail" in source) {
    const mail = mails[source.mail];
    const id = mail?.["message-id"];
    return {
      title: [mail?.author ?? source.mail, mail?.subject].filter((part) => part !== undefined).join(", "),
      href: id === undefined ? undefined : mailAddress(id),
      mail: source.mail,
      place: placeOf(source),
    };
  }
  if ("kernel" in source) {
    const version = kernels[source.kernel]?.version ?? source.kernel;
    return { title: `Linux ${version}`, place: placeOf(source) };
  }
  if ("clause" in source) return { title: "follows from", clause: source.clause, place: "" };
  if ("commit" in source) return { title: `commit ${source.commit}`, place: source.note ?? "" };
  return { title: source.text, place: "" };
}

function placeOf(
  source: {
    readonly file?: string | undefined;
    readonly lines?: string | undefined;
    readonly function?: string | undefined;
  },
): string {
  const lines = source.lines === undefined
    ? []
    : [/^\d+$/.test(source.lines) ? "line" : "lines", source.lines];
  const parts = [
    ...(source.file === undefined ? [] : [source.file]),
    ...(source.function === undefined ? [] : [`${source.function}()`]),
    ...(lines.length === 0 ? [] : [lines.join(" ")]),
  ];
  return parts.join(", ");
}

/** The kernels in which a clause holds, in words; empty where the ledger does not say. */
export function kernelsOf({ since, until }: Pick<Clause, "since" | "until">): string {
  if (since !== undefined && until !== undefined) return `Linux ${since} to ${until}`;
  if (since !== undefined) return `since Linux ${since}`;
  return until === undefined ? "" : `up to Linux ${until}`;
}

/** What each treatment of a contradiction means. */
export const TREATMENTS: Readonly<Record<Treatment, string>> = {
  normative: "one side holds, and a target that does otherwise fails",
  profiles: "each side holds in the profiles that have its clauses",
  alternatives: "each side is accepted, and which one a target follows is recorded",
  informative: "what a target does is recorded, and nothing is expected",
  guarded: "nothing is tried unless it is asked for, since it can do harm",
};

/** Clauses as a list in which three and more in a row are the first and the last of them. */
export function rangesOf(ids: readonly ClauseId[]): readonly (readonly [ClauseId, ClauseId?])[] {
  const runs: ClauseId[][] = [];
  for (const id of ids) {
    const run = runs.at(-1);
    const last = run?.at(-1);
    if (run && last !== undefined && follows(last, id)) run.push(id);
    else runs.push([id]);
  }
  return runs.flatMap((run): (readonly [ClauseId, ClauseId?])[] => {
    const [first, last] = [run[0], run.at(-1)];
    return run.length < 3 || first === undefined || last === undefined
      ? run.map((id) => [id])
      : [[first, last]];
  });
}

function follows(a: ClauseId, b: ClauseId): boolean {
  const [familyA, numberA] = split(a);
  const [familyB, numberB] = split(b);
  return familyA === familyB && numberB === numberA + 1;
}

function split(id: ClauseId): readonly [string, number] {
  const dash = id.lastIndexOf("-");
  return [id.slice(0, dash), Number(id.slice(dash + 1))];
}

/** A requirement in pieces: its keywords and what stands between them. */
export function keywordPieces(
  requirement: string,
): readonly { readonly text: string; readonly keyword: boolean }[] {
  return requirement.split(/\b(MUST NOT|MUST|SHOULD NOT|SHOULD|MAY)\b/).map((text, index) => ({
    text,
    keyword: index % 2 === 1,
  }));
}

/** A text in pieces: clauses that it names and what stands between them. */
export function clausePieces(
  text: string,
  clauses: ReadonlyMap<string, unknown>,
): readonly { readonly text: string; readonly clause: boolean }[] {
  return text.split(/\b([A-Z][A-Z0-9]*-\d{2,3})\b/).map((piece) => ({
    text: piece,
    clause: clauses.has(piece),
  }));
}
