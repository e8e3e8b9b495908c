/**
 * The parts that pages are made of.
 *
 * @module
 */
import { z } from "zod";
import { type Child, createContext, useContext } from "hono/jsx";
import { describeEvent } from "../../cases/describe.ts";
import type { Section } from "../../cases/case.ts";
import { operationOf } from "../../spec/operations/mod.ts";
import type { Clause, Source } from "../../spec/clause.ts";
import type { Sources } from "../../spec/sources.ts";
import { type Word, wordOf } from "../formats/format.ts";
import type { CaseResult, Counts, StepResult } from "../result.ts";
import { clausePath, operationPath } from "./links.ts";

/** Whether the other pages are there to be linked to: in a report of a single file they are not. */
export const LinksToPages = createContext(true);

/** A link to another page of the site; only its text where there is no such page. */
export function Ref(
  { href, class: kind, children }: {
    readonly href: string;
    readonly class?: string | undefined;
    readonly children?: Child;
  },
) {
  return useContext(LinksToPages)
    ? <a class={kind} href={href}>{children}</a>
    : <span class={kind}>{children}</span>;
}

/** Words with the sign that stands for them, in the order in which they are counted. */
const SIGNS: Readonly<Record<Word, string>> = {
  pass: "✓",
  fail: "✗",
  contested: "≠",
  unknown: "?",
  "not-supported": "–",
  "not-run": "·",
};

/** The words in the order in which they are counted. */
export const WORDS: readonly Word[] = ["pass", "fail", "contested", "unknown", "not-supported", "not-run"];

/** A word as people read it. */
export function readable(word: Word): string {
  return word.replace("-", " ");
}

/** The verdict of a case, as a sign and a word. */
export function WordMark({ word }: { readonly word: Word }) {
  return (
    <span class={`word ${word}`}>
      <span aria-hidden="true">{SIGNS[word]}</span> {readable(word)}
    </span>
  );
}

/** The counts of a run as a bar; the text says the same. */
export function CountBar({ counts }: { readonly counts: Counts }) {
  const present = WORDS.filter((word) => counts[word] > 0);
  const said = present.map((word) => `${counts[word]} ${readable(word)}`).join(", ");
  let x = 0;
  return (
    <svg
      class="bar"
      role="img"
      aria-label={said}
      viewBox={`0 0 ${Math.max(counts.total, 1)} 1`}
      preserveAspectRatio="none"
    >
      {present.map((word) => {
        const begin = x;
        x += counts[word];
        return <rect class={word} x={begin} y="0" width={counts[word]} height="1" />;
      })}
    </svg>
  );
}

/** The counts of a run in figures. */
export function CountList({ counts }: { readonly counts: Counts }) {
  return (
    <ul class="counts">
      {WORDS.map((word) => (
        <li class={counts[word] === 0 ? "zero" : ""}>
          <b>{counts[word]}</b>
          <WordMark word={word} />
        </li>
      ))}
    </ul>
  );
}

/** Facts, each with its name; facts without a value are left out. */
export function Facts({ facts }: { readonly facts: readonly (readonly [string, Child])[] }) {
  return (
    <dl class="facts">
      {facts.filter(([, value]) => value !== undefined && value !== "").map(([name, value]) => (
        <>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </>
      ))}
    </dl>
  );
}

/** The ids of clauses, each a link. */
export function ClauseLinks({ clauses }: { readonly clauses: readonly string[] }) {
  return (
    <>
      {clauses.map((id, index) => (
        <>
          {index > 0 ? " " : ""}
          <Ref class="mono" href={clausePath(id)}>{id}</Ref>
        </>
      ))}
    </>
  );
}

/** Clauses in words. */
export function ClauseList({ clauses }: { readonly clauses: readonly Clause[] }) {
  return (
    <ul class="clauses">
      {clauses.map(({ id, requirement, status }) => (
        <li>
          <Ref class="mono" href={clausePath(id)}>{id}</Ref>
          {requirement} <span class="soft">({status})</span>
        </li>
      ))}
    </ul>
  );
}

/** A moment as people read it; UTC. */
export function Moment({ at }: { readonly at: string }) {
  return <time datetime={at}>{at.replace("T", " ").replace(/\.\d+Z$/, " UTC")}</time>;
}

/** Milliseconds as people read them. */
export function duration(ms: number): string {
  if (ms >= 1000) return `${(ms / 1000).toFixed(2)} s`;
  return ms >= 1 ? `${ms.toFixed(1)} ms` : `${(ms * 1000).toFixed(0)} µs`;
}

/** What the sections of a case are for. */
const SECTION_TITLES: Readonly<Record<Section, string>> = {
  given: "Given",
  control: "Control: what works before",
  when: "When",
  then: "Then",
};

/** The steps of a result, section by section, each expectation beside what was seen. */
export function Steps({ result }: { readonly result: CaseResult }) {
  const sections = Map.groupBy(result.steps, ({ section }) => section);
  return (
    <>
      {[...sections].map(([section, steps]) => (
        <>
          <h3>{SECTION_TITLES[section]}</h3>
          <ol class="steps">{steps.map((step) => <StepRow step={step} />)}</ol>
        </>
      ))}
    </>
  );
}

function StepRow({ step }: { readonly step: StepResult }) {
  const remarks = [
    ...step.events.map((event) => `event: ${describeEvent(event)}`),
    ...step.log.map(({ level, text }) => `kernel log, ${level}: ${text}`),
    ...(step.note === undefined ? [] : [`note: ${step.note}`]),
    ...(step.status === "unmet" || step.status === "alternative" ? [step.reason ?? ""] : []),
  ];
  return (
    <li class={`${step.status} depth-${Math.min(step.depth, 3)}`} id={step.step}>
      <div class="call mono">
        {step.bind === undefined ? "" : <span class="bind">{`${step.bind} = `}</span>}
        <Ref href={operationPath(step.operation)}>{step.operation}</Ref> {argumentsOf(step)}
      </div>
      <div class="said">
        <dl>
          <dt>expected</dt>
          <dd>{step.expected}</dd>
          <dt>seen</dt>
          <dd>
            {step.observed === "" ? <span class="soft">not reached</span> : step.observed}{" "}
            <StepMark step={step} />
          </dd>
        </dl>
      </div>
      {remarks.length === 0 ? "" : (
        <div class="more">
          <ul>{remarks.map((remark) => <li>{remark}</li>)}</ul>
        </div>
      )}
    </li>
  );
}

const STEP_WORDS: Readonly<Record<StepResult["status"], readonly [string, string]>> = {
  met: ["pass", "✓"],
  unmet: ["fail", "✗ differs"],
  alternative: ["contested", "≠ as others hold"],
  "not-reached": ["none", ""],
};

function StepMark({ step }: { readonly step: StepResult }) {
  const [kind, text] = STEP_WORDS[step.status];
  return <span class={`word ${kind}`}>{text}</span>;
}

/** Arguments as a case would write them: those that are as if left out are left out. */
function argumentsOf({ operation, args }: StepResult): string {
  const { shape } = operationOf(operation).args;
  const written = Object.entries(args)
    .filter(([name, value]) => value !== undefined && !isDefault(shape[name], value))
    .map(([name, value]) => `${name}: ${typeof value === "string" ? value : JSON.stringify(value)}`);
  return written.length === 0 ? "" : `{ ${written.join(", ")} }`;
}

function isDefault(schema: z.core.$ZodType | undefined, value: unknown): boolean {
  return schema instanceof z.ZodDefault && JSON.stringify(schema.def.defaultValue) === JSON.stringify(value);
}

/** Where a clause comes from. */
export function SourceText({ source, sources }: { readonly source: Source; readonly sources: Sources }) {
  if ("mail" in source) {
    const mail = sources.mails[source.mail];
    const where = [source.function, source.lines === undefined ? undefined : `lines ${source.lines}`];
    return (
      <>
        {mail?.author ?? source.mail}
        {mail?.subject === undefined ? "" : <>, “{mail.subject}”</>}
        {mail?.date === undefined ? "" : `, ${mail.date.slice(0, 10)}`}
        {where.map((part) => part === undefined ? "" : `, ${part}`)}
        {mail?.["message-id"] === undefined ? "" : (
          <>
            {" "}
            <code>{mail["message-id"]}</code>
          </>
        )}
      </>
    );
  }
  if ("kernel" in source) {
    const place = `${source.file}${source.lines === undefined ? "" : `:${source.lines}`}`;
    return (
      <>
        Linux {source.kernel}, <code>{place}</code>
        {source.function === undefined ? "" : (
          <>
            <code>{source.function}()</code>
          </>
        )}
      </>
    );
  }
  if ("clause" in source) {
    return (
      <>
        follows from <ClauseLinks clauses={[source.clause]} />
      </>
    );
  }
  if ("commit" in source) {
    return (
      <>
        commit <code>{source.commit}</code>
        {source.note === undefined ? "" : `, ${source.note}`}
      </>
    );
  }
  return <>{source.text}</>;
}

/** How a case ended, as a mark. */
export function ResultMark({ result }: { readonly result: Pick<CaseResult, "verdict" | "end"> }) {
  return <WordMark word={wordOf(result)} />;
}
