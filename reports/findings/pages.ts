/**
 * The findings as pages: the figures from the records, the words from the reviews.
 *
 * @module
 */
import { text } from "../formats/markdown.ts";
import type { FindingsData, KernelData, Noted } from "./data.ts";
import { type Cause, nameOf, type Notes, type Place, type Review, reviewOf } from "./review.ts";

/** A page. */
export interface Page {
  /** Its file, beside the others. */
  readonly file: string;
  /** Its Markdown. */
  readonly markdown: string;
}

const COUNTED = ["pass", "fail", "contested", "unknown", "not-supported", "not-run", "total"] as const;

const CAUSES: Readonly<Record<Cause, string>> = {
  kernel: "the kernel",
  seed: "the text that began it",
  ledger: "the ledger",
  case: "our case",
  suite: "our runner, module or machine",
  disputed: "a side in a disagreement",
  known: "the change that the ledger has",
  open: "open",
};

/** Writes all pages: one for each kernel, and one that leads to them. */
export function pagesOf(
  data: FindingsData,
  reviews: readonly Review[],
  notes: Notes = new Map(),
): readonly Page[] {
  return [
    indexPage(data, reviews),
    ...data.kernels.map((kernel) => kernelPage(kernel, reviews, notes.get(nameOf(kernel.kernel)))),
  ];
}

/** The cases that no review speaks of, as `case on kernel`. */
export function unreviewed({ kernels }: FindingsData, reviews: readonly Review[]): readonly string[] {
  return kernels.flatMap((kernel) =>
    kernel.noted.filter((noted) => !reviewOf(noted, kernel, reviews))
      .map((noted) => `${noted.case} on ${nameOf(kernel.kernel)}`)
  );
}

/** The reviews that speak of no case of any kernel. */
export function idle({ kernels }: FindingsData, reviews: readonly Review[]): readonly string[] {
  const used = new Set(
    kernels.flatMap((kernel) => kernel.noted.map((noted) => reviewOf(noted, kernel, reviews)?.id)),
  );
  return reviews.filter(({ id }) => !used.has(id)).map(({ id }) => id);
}

function indexPage(data: FindingsData, reviews: readonly Review[]): Page {
  const { kernels, suite } = data;
  const lines = [
    "# Findings",
    "",
    "What stock kernels of Debian answer to the cases, and what each surprise turned out to be. The figures come from " +
    "the records of one matrix; the reviews were written by hand, with the sources of the kernels at hand. " +
    "[About these pages](ABOUT.md) says how they are made. Clause by clause: [the behaviour windows](windows.md). Beside " +
    "them: [which exporter was tried with which importer](exporters-importers.md), what kernels said to " +
    "[the suite's own exporter that revokes](reference-exporter.md), and to its [seeded bugs](seeded-bugs.md); and what " +
    "[a kernel that watches itself](debug-7.3.md) reported. [Random programs](simulator-against-kernel.md) hold the " +
    "simulator against a kernel. A driver that knows nothing of the suite, and is told of a revocation, is " +
    "[virtio-gpu with blobs](virtio-gpu-with-blobs.md).",
    "",
    ...countsTable(kernels),
    "",
    `Suite ${suite.version}, cases \`${shortDigest(suite.cases)}\`, ledger \`${
      shortDigest(suite.ledger)
    }\`. Each case ` +
    "is counted once. What a kernel lacks is on its page, grouped by the reason.",
    "",
    "## What the surprises are",
    "",
    ...table(
      ["finding", "it is", "clauses", ...kernels.map(({ kernel }) => nameOf(kernel))],
      reviews.filter(({ is }) => is !== "known").map((review) => reviewRow(review, data, reviews)),
    ),
    "",
    "## Changes between the releases, as the ledger has them",
    "",
    ...table(
      ["change", "clauses", ...kernels.map(({ kernel }) => nameOf(kernel))],
      reviews.filter(({ is }) => is === "known").map((review) => {
        const [title = "", , ...rest] = reviewRow(review, data, reviews);
        return [title, ...rest];
      }),
    ),
    "",
    "A figure is how many cases show it on that kernel.",
    ...reviews.flatMap((review) => reviewSection(review, data, reviews)),
    ...openSection(unreviewed(data, reviews)),
  ];
  return { file: "README.md", markdown: `${lines.join("\n")}\n` };
}

function shortDigest(digest: string): string {
  return digest.replace("sha256:", "").slice(0, 12);
}

function countsTable(kernels: readonly KernelData[]): string[] {
  return table(
    ["kernel", ...COUNTED, "minutes"],
    kernels.map(({ kernel, counts, seconds }) => [
      `[${kernel}](${fileOf(kernel)})`,
      ...COUNTED.map((each) => String(counts[each] ?? 0)),
      (seconds / 60).toFixed(1),
    ]),
  );
}

function fileOf(kernel: string): string {
  return `${nameOf(kernel)}.md`;
}

function reviewRow(review: Review, { kernels }: FindingsData, reviews: readonly Review[]): string[] {
  const shown = kernels.map((kernel) => shownBy(review, kernel, reviews).length);
  return [
    `[${text(review.title)}](#${review.id})`,
    CAUSES[review.is],
    review.clauses.join(", "),
    ...shown.map((count) => count === 0 ? "" : String(count)),
  ];
}

function shownBy(review: Review, kernel: KernelData, reviews: readonly Review[]): readonly Noted[] {
  return kernel.noted.filter((noted) => reviewOf(noted, kernel, reviews)?.id === review.id);
}

function reviewSection(review: Review, { kernels }: FindingsData, reviews: readonly Review[]): string[] {
  const shown = kernels.flatMap((kernel) =>
    shownBy(review, kernel, reviews).map(({ case: id }) => ({ id, series: nameOf(kernel.kernel) }))
  );
  if (shown.length === 0) return [];
  const cases = [...Map.groupBy(shown, ({ id }) => id)].map(([id, on]) =>
    `- \`${id}\` on ${on.map(({ series }) => series).join(", ")}`
  );
  return [
    "",
    `<a id="${review.id}"></a>`,
    "",
    `### ${text(review.title)}`,
    "",
    `It is **${CAUSES[review.is]}**.${
      review.clauses.length === 0 ? "" : ` Clauses: ${review.clauses.join(", ")}.`
    }`,
    "",
    review.text,
    ...(review.at.length === 0 ? [] : ["", ...review.at.map(placeText)]),
    "",
    `**Then:** ${review.then}`,
    "",
    ...cases,
  ];
}

function placeText({ kernel, file, function: name }: Place): string {
  return `- ${kernel}: \`${file}\`, \`${name}()\``;
}

function openSection(open: readonly string[]): string[] {
  if (open.length === 0) return [];
  return ["", "## Not reviewed yet", "", ...open.map((each) => `- ${each}`)];
}

function kernelPage(kernel: KernelData, reviews: readonly Review[], note: string | undefined): Page {
  const { kernel: release, name, target, detectors, owes, startedAt, lacking, noted, early } = kernel;
  const owed = noted.filter(({ debt }) => debt === "owed");
  const others = noted.filter(({ debt }) => debt === "not owed");
  const lines = [
    `# Linux ${release}`,
    "",
    `Run as \`${target}\` on ${startedAt.slice(0, 10)}: ${name}. Watched by: ${
      detectors.join(", ") || "nothing"
    }. By the ` +
    `ledger it owes the profile \`${owes}\`. [All findings](README.md).`,
    "",
    ...countsTable([kernel]),
    ...(note === undefined ? [] : ["", note]),
    "",
    "## What it owes and does otherwise",
    "",
    ...(owed.length === 0 ? ["Nothing."] : notedTable(owed, kernel, reviews)),
    "",
    "## What it does otherwise and need not do",
    "",
    ...(others.length === 0 ? ["Nothing."] : notedTable(others, kernel, reviews)),
    "",
    "## What holds although it is not owed",
    "",
    early.length === 0
      ? "Nothing."
      : `${
        early.map(({ clause, cases }) => `${clause} (${cases})`).join(", ")
      }. In brackets: how many cases pass.`,
    "",
    "## What it could not answer",
    "",
    ...(lacking.length === 0 ? ["Nothing."] : table(
      ["cases", "why", "as in"],
      lacking.map((each) => [
        String(each.cases),
        text(each.reason),
        `\`${each.example}\``,
      ]),
    )),
  ];
  return { file: fileOf(release), markdown: `${lines.join("\n")}\n` };
}

function notedTable(noted: readonly Noted[], kernel: KernelData, reviews: readonly Review[]): string[] {
  return table(
    ["case", "clauses", "ended", "what was seen", "review"],
    noted.map((each) => {
      const review = reviewOf(each, kernel, reviews);
      return [
        `\`${each.case}\``,
        each.clauses.join(", "),
        each.end === "completed" ? each.word : `${each.word}, ${each.end}`,
        each.seen.map((line) => text(line)).join("<br>"),
        review ? `${CAUSES[review.is]}: [${text(review.title)}](README.md#${review.id})` : "not reviewed yet",
      ];
    }),
  );
}

function table(header: readonly string[], rows: readonly (readonly string[])[]): string[] {
  return [header, header.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`);
}
