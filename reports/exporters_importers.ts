/**
 * Which exporter was tried with which importer, on which kernel, and what came of it: a table of run records.
 *
 * @module
 */
import type { Case } from "../cases/case.ts";
import { type Call, programOf } from "../cases/program.ts";
import { type CaseResult, countsOf, isBad, type RunResult } from "./result.ts";
import { compareVersions } from "./windows/mod.ts";

/** Who exports, by an operation that only it takes part in. The first is what `vfio.export` is on most targets. */
const EXPORTERS = [
  ["vfio.export", "VFIO"],
  ["exporter.create", "module's test exporter"],
  ["udmabuf.create", "udmabuf"],
  ["heap.alloc", "system heap"],
] as const;

/** Who imports. */
const IMPORTERS = [
  ["importer.attach", "module's importer"],
  ["iommufd.map_file", "iommufd"],
  ["rdma.register", "RDMA"],
  ["video.queue", "vivid"],
] as const;

/** What a GPU driver is called, where that is not its own name. */
const GPUS: ReadonlyMap<string, string> = new Map([["virtio-gpu-blob", "virtio-gpu with blobs"]]);

/** What no importer takes part in. */
const NOBODY = "processes only";

/** What a run says of one exporter with one importer. */
export interface Pairing {
  /** The kernel, by its release. */
  readonly kernel: string;
  /** The first target that ran it. */
  readonly target: string;
  /** Who exported. */
  readonly exporter: string;
  /** Who imported. */
  readonly importer: string;
  /** The results of the cases with these two. */
  readonly results: readonly CaseResult[];
}

/** The two sides of a case, by their names. */
function sidesOf(
  case_: Case,
): { readonly exporters: readonly string[]; readonly importers: readonly string[] } {
  const { steps, race } = programOf(case_);
  const raced = race ? [...race.threads.flatMap((thread) => thread.steps), ...race.then] : [];
  const calls = [...steps, ...raced].filter((step) => "operation" in step);
  const namesIn = (of: readonly (readonly [string, string])[]) =>
    of.flatMap(([operation, name]) => calls.some((call) => call.operation === operation) ? [name] : []);
  return {
    exporters: [...namesIn(EXPORTERS), ...gpusThat("drm.create", calls)],
    importers: [...namesIn(IMPORTERS), ...gpusThat("drm.import", calls)],
  };
}

/** The GPU drivers that carry out an operation, of which a case can have several. */
function gpusThat(
  operation: "drm.create" | "drm.import",
  calls: readonly Pick<Call, "operation" | "bind" | "args">[],
): readonly string[] {
  const drivers = new Map(
    calls.flatMap(({ operation, bind, args }) =>
      operation === "drm.open" ? [[bind, String(args.driver ?? "vgem")]] : []
    ),
  );
  const found = calls.flatMap((call) => {
    const driver = call.operation === operation ? drivers.get(String(call.args.drm)) : undefined;
    return driver === undefined ? [] : [GPUS.get(driver) ?? driver];
  });
  return [...new Set(found)].toSorted();
}

/** On a target with a reference exporter, its devices stand for those of VFIO. */
function exporterOn(target: string, name: string): string {
  const [, reference] = /\breference=([\w.-]+)/.exec(target) ?? [];
  return name === "VFIO" && reference !== undefined ? `reference exporter (${reference})` : name;
}

/**
 * Sorts the results of runs by who exported and who imported; a case without an exporter is left out. What several runs
 * of a kernel say of the same two is put together: of a case that several of them have, the first run counts whose
 * machine could do it.
 *
 * @param runs the runs
 * @param cases every case, by its id
 */
export function pairingsOf(runs: readonly RunResult[], cases: ReadonlyMap<string, Case>): readonly Pairing[] {
  const pairs = new Map<string, Omit<Pairing, "results"> & { readonly results: CaseResult[] }>();
  for (const { target: { id: target, kernel }, results } of runs) {
    for (const result of results) {
      const case_ = cases.get(result.case);
      if (!case_) continue;
      const sides = sidesOf(case_);
      if (sides.exporters.length === 0) continue;
      const exporter = sides.exporters.map((name) => exporterOn(target, name)).join(" and ");
      const importer = sides.importers.join(" and ") || NOBODY;
      const key = JSON.stringify([kernel, exporter, importer]);
      const pair = pairs.get(key) ?? { kernel, target, exporter, importer, results: [] };
      putInto(pair.results, result);
      pairs.set(key, pair);
    }
  }
  return [...pairs.values()].toSorted((one, other) => compareVersions(other.kernel, one.kernel));
}

/** A result gives way to another one of its case only where the machine could not do the case. */
function putInto(results: CaseResult[], result: CaseResult): void {
  const at = results.findIndex((each) => each.case === result.case);
  if (at < 0) results.push(result);
  else if (results[at]?.end === "not-supported") results[at] = result;
}

function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll("|", "\\|").replaceAll("\n", " ")).join(" | ")} |`;
  return [line(header), line(header.map(() => "---")), ...rows.map(line)].join("\n");
}

/** Writes the table, and below it every result that is not as the clauses demand, with its clauses. */
export function exportersAndImporters(pairings: readonly Pairing[]): string {
  const header = [
    "exporter",
    "importer",
    "kernel",
    "pass",
    "fail",
    "contested",
    "unknown",
    "not supported",
    "not run",
  ];
  const rows = pairings.flatMap(({ exporter, importer, kernel, results }) => {
    const counts = countsOf(results);
    if (counts["not-supported"] === counts.total) return [];
    return [[
      exporter,
      importer,
      kernel,
      ...[
        counts.pass,
        counts.fail,
        counts.contested,
        counts.unknown,
        counts["not-supported"],
        counts["not-run"],
      ]
        .map(String),
    ]];
  });
  const bad = pairings.flatMap(({ exporter, importer, kernel, results }) =>
    results.filter(isBad).map((result) => [
      `\`${result.case}\``,
      `${exporter}, ${importer}`,
      kernel,
      result.clauses.join(", "),
      result.reasons[0] ?? result.verdict,
    ])
  );
  return [
    "# Exporters and importers",
    "",
    "Each row is one exporter with one importer on one kernel; the counts are of verdicts. A case with several exporters",
    "or importers has a row with those. Two of which a target could do nothing together have none.",
    "`conform module table` writes this page from the records of the runs.",
    "",
    table(header, rows),
    "",
    "## What is not as the clauses demand",
    "",
    bad.length === 0
      ? "Nothing."
      : table(["case", "exporter, importer", "kernel", "clauses", "what was seen"], bad),
    "",
  ].join("\n");
}
