/**
 * The specification as Markdown, with the state machines as Mermaid, which the usual viewers draw.
 *
 * @module
 */
import type { Clause, Source } from "../../spec/clause.ts";
import type { ClauseId } from "../../spec/ids.ts";
import type { Sources } from "../../spec/sources.ts";
import type { ClauseEntry, Numbered, ProfileEntry, Specification } from "./document.ts";
import type { ErrorTable } from "./errors.ts";
import { type Machine, type NamedSequence, STATE_TEXTS } from "./machines.ts";
import type { Shared, StepRow } from "./rules.ts";
import {
  clausePieces,
  kernelsOf,
  keywordPieces,
  mailAddress,
  rangesOf,
  sourceWords,
  TREATMENTS,
} from "./text.ts";

/** Writes the specification as one Markdown file. */
export function specificationMarkdown(specification: Specification): string {
  const { families, ledger, machinesNumber, errorsNumber } = specification;
  const blocks = [
    "# Revocation of Linux dma-bufs",
    `What must hold when an exporter takes back a buffer that it has already shared: ${ledger.clauses.size} clauses in ` +
    `${families.length} families, who says so and where, who disagrees, and which cases show it.`,
    `${specification.version === undefined ? "Ledger" : `Suite ${specification.version}, ledger`} \`${
      ledger.digest.slice(0, 19)
    }\`.`,
    contents(specification),
    "## 1 How to read this",
    "A clause is one sentence that must hold. MUST, MUST NOT, SHOULD and MAY are meant as in RFC 2119. Its id never " +
    "changes; the number of its chapter may. Where a clause is contested, the suite records which side a target takes, " +
    "and fails it for that only where annex A calls the other side normative.",
    ...families.flatMap(({ number, family, clauses }) => [
      `${anchor(`family-${family.id}`)}\n## ${number} ${family.id}: ${plain(family.title)}`,
      words(family.summary, specification),
      ...clauses.flatMap((entry) => clauseBlocks(entry, specification)),
    ]),
    `${anchor("machines")}\n## ${machinesNumber} State machines and sequences`,
    "Read from the rules that the simulator runs. A VFIO buffer starts usable if memory is enabled when it is exported, " +
    `and temporarily revoked otherwise (${clauseLink("VEXP-19")}, ${clauseLink("VEXP-20")}).`,
    ...specification.machines.flatMap(machineBlocks),
    ...specification.sequences.flatMap(sequenceBlocks),
    `${anchor("errors")}\n## ${errorsNumber} Errors in the order of the checks`,
    "The first row that applies decides. Read from the rules that the simulator runs; where proposals or kernels differ, " +
    "each has a table of its own.",
    ...specification.errors.flatMap(errorBlocks),
    ...contradictionBlocks(specification),
    `${anchor("profiles")}\n## B Profiles`,
    ...specification.profiles.flatMap((entry) => profileBlocks(entry, specification)),
    ...sourceBlocks(ledger.sources),
  ];
  return `${blocks.join("\n\n")}\n`;
}

function contents({ families, machinesNumber, errorsNumber }: Specification): string {
  return [
    ...families.map(({ number, family }) =>
      `- ${number} [${family.id}: ${plain(family.title)}](#family-${family.id})`
    ),
    `- ${machinesNumber} [State machines and sequences](#machines)`,
    `- ${errorsNumber} [Errors in the order of the checks](#errors)`,
    "- A [Contradictions](#contradictions)",
    "- B [Profiles](#profiles)",
    "- C [Sources](#sources)",
  ].join("\n");
}

function anchor(id: string): string {
  return `<a id="${id}"></a>\n`;
}

/** A text in which nothing is taken for markup. */
function plain(text: string): string {
  return text.replaceAll(/[\\`*_[\]<>|#]/g, (sign) => `\\${sign}`);
}

function clauseLink(id: string): string {
  return `[${id}](#${id})`;
}

function words(text: string, { ledger }: Specification): string {
  return clausePieces(text, ledger.clauses)
    .map((piece) => piece.clause ? clauseLink(piece.text) : plain(piece.text)).join("");
}

function clauseBlocks(entry: ClauseEntry, specification: Specification): readonly string[] {
  const { number, clause } = entry;
  const requirement = keywordPieces(clause.requirement)
    .map(({ text, keyword }) => keyword ? `**${text}**` : plain(text)).join("");
  return [
    `${anchor(clause.id)}\n### ${number} ${clause.id}: ${plain(clause.title)}`,
    `> ${requirement}`,
    ...(clause.notes === undefined ? [] : [words(clause.notes, specification)]),
    facts(entry, specification).map((line) => `- ${line}`).join("\n"),
  ];
}

function facts(
  { clause, cases, contradictions, tables, profiles, kernels }: ClauseEntry,
  specification: Specification,
) {
  const { sources } = specification.ledger;
  return [
    standing(clause),
    ...clause.sources.map((source) => `Source: ${sourceLine(source, sources)}`),
    ...clause.contested.map(({ holder, alternative, source }) =>
      `Who disagrees: **${plain(holder)}**: ${words(alternative, specification)}` +
      (source === undefined ? "" : ` (${sourceLine(source, sources)})`)
    ),
    ...(contradictions.length === 0 ? [] : [
      `Contradictions: ${contradictions.map((each) => `[A.${each}](#contradiction-${each})`).join(", ")}`,
    ]),
    ...(tables.length === 0
      ? []
      : [`Errors: ${
        tables.map(({ id, number, title }) => `[${number} ${plain(title)}](#errors-${id})`).join("; ")
      }`]),
    ...cases.map(({ path, title, rows }) =>
      `Shown by: \`${path}\`${rows > 1 ? `, ${rows} rows` : ""}: ${plain(title)}`
    ),
    ...notShown(clause, cases.length, specification),
    `Kernels: ${kernels.join(", ") || "none that was released"}`,
    `Profiles: ${profiles.map((id) => `[${id}](#profile-${id})`).join(", ") || "none"}`,
  ];
}

function standing(clause: Clause): string {
  const kernels = kernelsOf(clause);
  return [
    clause.status,
    `rests on ${clause.level}`,
    ...(kernels === "" ? [] : [kernels]),
    clause.observable.length === 0 ? "seen from nowhere" : `seen from ${clause.observable.join(", ")}`,
  ].join("; ");
}

function notShown({ notTested }: Clause, cases: number, specification: Specification): readonly string[] {
  if (!notTested) return cases === 0 ? ["Shown by: no case yet"] : [];
  return [
    `Shown by: no case (${notTested.reason.replaceAll("-", " ")}): ${
      words(notTested.details, specification)
    }`,
  ];
}

function sourceLine(source: Source, sources: Sources): string {
  const { title, href, mail, clause, place } = sourceWords(source, sources);
  const name = href === undefined ? plain(title) : `[${plain(title)}](${href})`;
  return [
    name,
    ...(mail === undefined ? [] : [` ([${mail}](#mail-${mail}))`]),
    ...(clause === undefined ? [] : [` ${clauseLink(clause)}`]),
    ...(place === "" ? [] : [`, \`${place}\``]),
  ].join("");
}

function who({ dialects, everywhere }: Shared<unknown>): string {
  if (everywhere) return "In every proposal and kernel:";
  return dialects.map(({ id }) => `\`${id}\``).join(", ");
}

function machineBlocks({ number, dialects, value }: Numbered<Shared<Machine>>): readonly string[] {
  return [
    `### ${number} A VFIO buffer in ${dialects.map(({ id }) => id).join(", ")}`,
    mermaid(value),
    table(
      ["No", "From, to, when", "What is done, in order"],
      value.transitions.map(({ from, to, trigger, steps }, index) => [
        String(index + 1),
        `${from} → ${to}: ${trigger}`,
        steps.map((step, position) => `${position + 1}. ${stepText(step)}`).join("<br>"),
      ]),
    ),
  ];
}

function mermaid({ states, transitions }: Machine): string {
  const lines = [
    "stateDiagram-v2",
    "    direction LR",
    ...states.map((state) => `    state "${state}: ${STATE_TEXTS[state]}" as ${state}`),
    ...transitions.map(({ from, to, trigger }, index) => `    ${from} --> ${to}: ${index + 1}, ${trigger}`),
  ];
  return `\`\`\`mermaid\n${lines.join("\n")}\n\`\`\``;
}

function stepText({ name, clause, always }: StepRow): string {
  return `${plain(name)} (${clauseLink(clause)}${always ? ", also after an error" : ""})`;
}

function sequenceBlocks({ number, title, variants }: Numbered<NamedSequence>): readonly string[] {
  return [
    `### ${number} ${plain(title)}`,
    ...variants.flatMap((variant) => [
      ...(variant.everywhere ? [] : [who(variant)]),
      variant.value.map((step, index) => `${index + 1}. ${stepText(step)}`).join("\n"),
    ]),
  ];
}

function errorBlocks({ id, number, title, note, variants }: Numbered<ErrorTable>): readonly string[] {
  return [
    `${anchor(`errors-${id}`)}\n### ${number} ${plain(title)}`,
    ...(note === undefined ? [] : [note]),
    ...variants.flatMap((variant) => [
      who(variant),
      table(
        ["No", "Error", "Refuses", "Clause"],
        variant.value.map(({ errno, refuses, clause, warns }, index) => [
          String(index + 1),
          `\`${errno}\``,
          `${plain(refuses)}${warns === undefined ? "" : ", with a warning in the kernel log"}`,
          clauseLink(clause),
        ]),
      ),
    ]),
  ];
}

function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [line(heads), line(heads.map(() => "---")), ...rows.map(line)].join("\n");
}

function contradictionBlocks(specification: Specification): readonly string[] {
  const contested = [...specification.ledger.clauses.values()].filter((clause) =>
    clause.contested.length > 0
  );
  return [
    `${anchor("contradictions")}\n## A Contradictions`,
    "Where the sources disagree, with each other or with themselves, and what the suite does about it.",
    Object.entries(TREATMENTS).map(([word, text]) => `- ${word}: ${text}`).join("\n"),
    ...specification.contradictions.flatMap(({ number, subject, sides, treatment, resolution, clauses }) => [
      `${anchor(`contradiction-${number}`)}\n### A.${number} ${plain(subject)}`,
      [
        ...sides.map(({ holder, holds }) => `- ${plain(holder)}: ${words(holds, specification)}`),
        `- **The suite** (${treatment.join(", ")}): ${words(resolution, specification)}`,
        `- Clauses: ${ranges(clauses)}`,
      ].join("\n"),
    ]),
    "### Contested clauses",
    ranges(contested.map(({ id }) => id)),
  ];
}

function ranges(ids: readonly ClauseId[]): string {
  return rangesOf(ids).map(([first, last]) =>
    last === undefined ? clauseLink(first) : `${clauseLink(first)} to ${clauseLink(last)}`
  ).join(", ");
}

function profileBlocks({ number, profile, adds, drops }: ProfileEntry, specification: Specification) {
  return [
    `${anchor(`profile-${profile.id}`)}\n### ${number} ${profile.id}: ${plain(profile.title)}`,
    plain(profile.summary),
    ...(profile.notes === undefined ? [] : [words(profile.notes, specification)]),
    [
      `- Kind: ${profile.kind}, ${profile.clauses.size} clauses`,
      ...(profile.extends.length === 0
        ? []
        : [`- Extends: ${profile.extends.map((id) => `[${id}](#profile-${id})`).join(", ")}`]),
      ...(adds.length === 0 ? [] : [`- Adds: ${ranges(adds)}`]),
      ...(drops.length === 0 ? [] : [`- Takes out: ${ranges(drops)}`]),
      ...(profile.oracle === undefined ? [] : [`- Simulated by: \`${profile.oracle}\``]),
    ].join("\n"),
  ];
}

function sourceBlocks({ mails, kernels }: Sources): readonly string[] {
  const rows = Object.entries(mails).map(([key, mail]) => {
    const id = mail["message-id"];
    const link = id === undefined ? "" : `[${plain(id)}](${mailAddress(id)})`;
    return [
      `${anchor(`mail-${key}`).trim()}${key}`,
      [mail.author, mail.subject, mail.date].filter((part) => part !== undefined).map(plain).join(", "),
      mail.inferred === true ? `${link} (inferred from its series)` : link,
      mail.seen,
    ];
  });
  const versions = Object.entries(kernels).map(([key, { version, package: name, read }]) => [
    `Linux ${key}`,
    version === undefined ? "" : `version ${version}`,
    name ?? "",
    read === true ? "whole" : "not read",
  ]);
  return [
    `${anchor("sources")}\n## C Sources`,
    table(["Key", "Mail", "Message-id", "Read"], [...rows, ...versions]),
  ];
}
