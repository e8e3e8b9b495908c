/**
 * The steps of a result: each expectation beside what was seen.
 *
 * @module
 */
import { z } from "zod";
import type { Section } from "../../../cases/case.ts";
import { describeEvent } from "../../../cases/describe.ts";
import { operationOf } from "../../../spec/operations/mod.ts";
import type { CaseResult, StepResult } from "../../result.ts";
import { operationPath } from "../links.ts";
import { stepAnchor } from "./anchors.ts";
import { Ref } from "./ref.tsx";

const SECTION_TITLES: Readonly<Record<Section, string>> = {
  given: "Given",
  control: "Control: what works before",
  when: "When",
  race: "At the same time",
  then: "Then",
};

/** The steps of a result, section by section. */
export function Steps({ result, place }: { readonly result: CaseResult; readonly place: string }) {
  const sections = Map.groupBy(result.steps, ({ section }) => section);
  return (
    <table class="steps">
      <thead>
        <tr>
          <th scope="col">Step</th>
          <th scope="col">Expected</th>
          <th scope="col">Seen</th>
        </tr>
      </thead>
      {[...sections].map(([section, steps]) => (
        <tbody>
          <tr class="section">
            <th scope="rowgroup" colspan={3}>{SECTION_TITLES[section]}</th>
          </tr>
          {steps.map((step) => <StepRow step={step} place={place} />)}
        </tbody>
      ))}
    </table>
  );
}

function StepRow({ step, place }: { readonly step: StepResult; readonly place: string }) {
  return (
    <tr class={step.status} id={stepAnchor(place, step.step)}>
      <td class={`call mono depth-${Math.min(step.depth, 3)}`}>
        {step.bind === undefined ? "" : <span class="soft">{`${step.bind} = `}</span>}
        <Ref href={operationPath(step.operation)}>{step.operation}</Ref> {argumentsOf(step)}
        {step.note === undefined ? "" : <div class="note">{step.note}</div>}
      </td>
      <td class="expected">{step.expected}</td>
      <td class="seen">
        <StepMark step={step} /> {step.observed === "" ? "" : step.observed}
        <Remarks step={step} />
      </td>
    </tr>
  );
}

const STEP_WORDS: Readonly<Record<StepResult["status"], readonly [string, string, string]>> = {
  met: ["pass", "✓", "as expected:"],
  unmet: ["fail", "✗", "differs:"],
  alternative: ["contested", "≠", "as others hold:"],
  "not-reached": ["not-run", "·", "not reached"],
};

/** The sign of a step; what is as expected is said aloud only, so that the eye finds what is not. */
function StepMark({ step }: { readonly step: StepResult }) {
  const [kind, sign, words] = STEP_WORDS[step.status];
  return (
    <span class={`word ${kind}`}>
      <span aria-hidden="true">{sign}</span> <span class={step.status === "met" ? "aloud" : ""}>{words}</span>
    </span>
  );
}

/** What happened meanwhile, and what differs. */
function Remarks({ step: { events, log, reason, status } }: { readonly step: StepResult }) {
  const differs = status === "unmet" || status === "alternative" ? reason : undefined;
  if (events.length === 0 && log.length === 0 && differs === undefined) return null;
  return (
    <ul class="remarks">
      {differs === undefined ? "" : <li>{differs}</li>}
      {events.map((event) => <li>event: {describeEvent(event)}</li>)}
      {log.map(({ level, text }) => (
        <li>
          kernel log, {level}: <code>{text}</code>
        </li>
      ))}
    </ul>
  );
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
