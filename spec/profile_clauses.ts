/**
 * Works out the clauses of a profile from what it extends, includes and excludes.
 *
 * @module
 */
import type { ClauseId, ProfileId } from "./ids.ts";
import { offsetOf, type SourceFile } from "./ledger_check.ts";
import { didYouMean } from "./nearest.ts";
import type { Profile, ProfileText } from "./profile.ts";

type ProfileFile = SourceFile<ProfileText>;

interface Resolving {
  readonly files: ReadonlyMap<ProfileId, ProfileFile>;
  /** Every clause of the ledger. */
  readonly all: readonly ClauseId[];
  /** What is worked out already. */
  readonly done: Map<ProfileId, ReadonlySet<ClauseId>>;
}

/** Works out the clauses of every profile; mistakes are reported in their files. */
export function resolveProfiles(
  files: readonly ProfileFile[],
  clauses: ReadonlyMap<ClauseId, unknown>,
): ReadonlyMap<ProfileId, Profile> {
  const byId = new Map<ProfileId, ProfileFile>();
  for (const file of files) addFile(file, byId);
  const resolving: Resolving = { files: byId, all: [...clauses.keys()], done: new Map() };
  return new Map([...byId].map(([id, file]) => [id, profileOf(file, clausesOf(id, [], resolving))]));
}

function addFile(file: ProfileFile, byId: Map<ProfileId, ProfileFile>): void {
  const { value: { id }, yaml, report } = file;
  const expected = yaml.file.replace(/^.*\//, "").replace(/\.yaml$/, "");
  if (id === expected) {
    byId.set(id, file);
    return;
  }
  report(offsetOf(yaml, ["id"]), {
    code: "inconsistent",
    message: `The profile "${id}" stands in a file that has another name`,
    hint: `Call the profile "${expected}", or the file ${id}.yaml`,
  });
}

function profileOf({ value, yaml }: ProfileFile, clauses: ReadonlySet<ClauseId>): Profile {
  const { id, title, kind, summary, oracle, notes } = value;
  const at = yaml.positionOf(yaml.tree.at);
  return { id, title, kind, summary, oracle, notes, extends: value.extends ?? [], clauses, at };
}

/** The clauses of a profile; `path` holds the profiles whose clauses are being worked out and lead here. */
function clausesOf(id: ProfileId, path: readonly ProfileId[], resolving: Resolving): ReadonlySet<ClauseId> {
  const known = resolving.done.get(id);
  if (known) return known;
  const file = resolving.files.get(id);
  if (!file) return new Set();
  const clauses = new Set<ClauseId>();
  file.value.extends?.forEach((parent, index) => {
    for (const clause of inherited(parent, index, file, [...path, id], resolving)) clauses.add(clause);
  });
  for (const clause of matched("include", file, resolving.all)) clauses.add(clause);
  for (const clause of matched("exclude", file, [...clauses])) clauses.delete(clause);
  resolving.done.set(id, clauses);
  return clauses;
}

function inherited(
  parent: ProfileId,
  index: number,
  { yaml, report }: ProfileFile,
  path: readonly ProfileId[],
  resolving: Resolving,
): Iterable<ClauseId> {
  const at = offsetOf(yaml, ["extends", index]);
  if (path.includes(parent)) {
    const circle = [...path.slice(path.indexOf(parent)), parent].join(", which extends ");
    report(at, {
      code: "cycle",
      message: `The profile extends itself: ${circle}`,
      hint: "Take one of them out of the circle",
    });
    return [];
  }
  if (!resolving.files.has(parent)) {
    report(at, {
      code: "unknown-profile",
      message: `There is no profile "${parent}"`,
      hint: didYouMean(
        parent,
        resolving.files.keys(),
        `Use one of: ${[...resolving.files.keys()].join(", ")}`,
      ),
    });
    return [];
  }
  return clausesOf(parent, path, resolving);
}

function matched(
  key: "include" | "exclude",
  { value, yaml, report }: ProfileFile,
  from: readonly ClauseId[],
): readonly ClauseId[] {
  const patterns = value[key] ?? [];
  return patterns.flatMap((pattern, index) => {
    const found = from.filter((id) => matches(id, pattern));
    if (found.length === 0) {
      report(offsetOf(yaml, [key, index]), {
        code: "matches-nothing",
        message: key === "include"
          ? `The ledger has no clause ${pattern}`
          : `The profile has no clause ${pattern} that could be taken out`,
        hint: pattern.endsWith("*")
          ? "Check the name of the family"
          : didYouMean(pattern, from, "Remove it, or correct it"),
      });
    }
    return found;
  });
}

function matches(id: ClauseId, pattern: string): boolean {
  return pattern.endsWith("*") ? id.startsWith(pattern.slice(0, -1)) : id === pattern;
}
