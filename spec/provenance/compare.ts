/**
 * Compares what is cited in two kernels: two source trees, or one with what was recorded when the citations were
 * last read.
 *
 * @module
 */
import type { ClauseId } from "../ids.ts";
import { type KernelCitation, type LineRange, rangesOf, rangeText } from "./citation.ts";
import type { Digests, RecordedPlace } from "./digests.ts";
import { isOf, type KernelTree } from "./kernel.ts";
import { type Aspect, type Place, placeDigest, placeKey, placeOfLines } from "./place.ts";

/**
 * What has become of a cited place from one kernel to another:
 *
 * - `same`: it says the same, though perhaps on other lines
 * - `moved`: it says the same in another file
 * - `changed`: it says something else, perhaps in another file
 * - `new`: only the newer kernel has it
 * - `gone`: only the older one has it
 * - `in neither`: neither has it
 */
export type Change = "same" | "moved" | "changed" | "new" | "gone" | "in neither";

/** A cited place in two kernels. */
export interface ComparedPlace {
  /** The path in the tree. */
  readonly file: string;
  /** The function, structure, table or macro; left out where lines outside of them, or a file, are compared. */
  readonly function?: string | undefined;
  /** Whether the code is compared or what its comments say. */
  readonly aspect: Aspect;
  /** What has become of it. */
  readonly change: Change;
  /** The file in which it now is, where that is another one. */
  readonly to?: string | undefined;
  /** The clauses that rest on it. */
  readonly clauses: readonly ClauseId[];
}

/**
 * Compares what is cited in two kernels. White space does not count, and comments count only where they are what is
 * cited.
 *
 * @param older the older tree; where left out, what was recorded takes its place
 */
export function compareKernels(
  citations: readonly KernelCitation[],
  older: KernelTree | undefined,
  newer: KernelTree,
  recorded: Digests["kernels"],
): readonly ComparedPlace[] {
  const places = new Map<string, ComparedPlace>();
  for (const citation of citations) {
    const records = recorded[citation.kernel]?.files[citation.file] ?? [];
    for (const place of placesOf(citation, older ? [newer, older] : [newer], records)) {
      const key = placeKey(place);
      const before = older ? placeDigest(place, older.read(place.file)) : recordedDigest(place, records);
      const clauses = new Set([...places.get(key)?.clauses ?? [], ...citation.clauses]);
      const { file, name, aspect } = place;
      places.set(key, {
        file,
        function: name,
        aspect,
        ...outcome(place, before, newer),
        clauses: [...clauses],
      });
    }
  }
  return [...places.values()];
}

/** The places that a citation is about: as recorded, since lines differ from tree to tree, or by a tree of its release. */
function placesOf(
  { file, lines, function: name, kernel }: KernelCitation,
  trees: readonly KernelTree[],
  records: readonly RecordedPlace[],
): readonly Place[] {
  const ranges = rangesOf(lines ?? "");
  if (!ranges) return [{ file, name, aspect: "code" }];
  const text = trees.filter((tree) => isOf(tree, kernel)).flatMap((tree) => [...tree.read(file).values()])[0];
  return ranges.map((range) => {
    const record = records.find((each) => each.lines === rangeText(range));
    if (record) return recordedPlace(file, range, record);
    return text && range.last <= text.length
      ? placeOfLines(file, text, range)
      : { file, name, aspect: "code" };
  });
}

function recordedPlace(
  file: string,
  { first, last }: LineRange,
  { of, as, text, whole }: RecordedPlace,
): Place {
  const only = text !== undefined && whole === undefined;
  return { file, name: of, aspect: as, text: only ? { count: last - first + 1, digest: text } : undefined };
}

function recordedDigest(
  { name, aspect, text }: Place,
  records: readonly RecordedPlace[],
): string | undefined {
  return text ? text.digest : records.find((each) => each.of === name && each.as === aspect)?.whole;
}

function outcome(
  place: Place,
  before: string | undefined,
  newer: KernelTree,
): Pick<ComparedPlace, "change" | "to"> {
  const after = placeDigest(place, newer.read(place.file));
  if (after === "other" && before === "other") return { change: "in neither" };
  if (before === undefined) return { change: after === undefined ? "in neither" : "new" };
  if (after !== undefined) return { change: before === after ? "same" : "changed" };
  const moved = movedTo(place, newer);
  return moved
    ? { change: before === moved.digest ? "moved" : "changed", to: moved.file }
    : { change: "gone" };
}

/** Where a definition has gone: another file of the same folder that has one of its name. */
function movedTo(
  place: Place,
  tree: KernelTree,
): { readonly file: string; readonly digest: string } | undefined {
  if (place.name === undefined) return undefined;
  for (const file of tree.beside(place.file)) {
    const digest = placeDigest({ ...place, file }, tree.read(file));
    if (digest !== undefined) return { file, digest };
  }
  return undefined;
}
