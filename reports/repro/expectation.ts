/**
 * What a case expects, as conditions of C.
 *
 * @module
 */
import type { AllowedResult, Expectation, ExpectedOutcome, Sees, Step } from "../../cases/case.ts";
import { describeEvent } from "../../cases/describe.ts";
import { isSize } from "../../spec/size.ts";
import type { Value } from "../../spec/observation.ts";
import { cString, sizeText } from "./c.ts";

/** A condition: that two values are the same, that a step succeeds, that one of several things is so, or any other. */
export type Condition =
  | { readonly kind: "equal"; readonly expected: string; readonly seen: string }
  | { readonly kind: "succeeds"; readonly seen: string }
  | { readonly kind: "true"; readonly text: string }
  | { readonly kind: "any"; readonly texts: readonly string[] };

/** A condition in C. */
export function conditionText(condition: Condition): string {
  switch (condition.kind) {
    case "equal":
      return `${condition.seen} == ${condition.expected}`;
    case "succeeds":
      return `${condition.seen} >= 0`;
    case "true":
      return condition.text;
    case "any":
      return condition.texts.join(" || ");
  }
}

/** Conditions that must all hold. */
export function allText(conditions: readonly Condition[]): string {
  const isAlone = conditions.length === 1;
  const texts = conditions.map((each) =>
    each.kind === "any" && !isAlone ? `(${conditionText(each)})` : conditionText(each)
  );
  return texts.join(" && ") || "true";
}

function isTrue(text: string): Condition {
  return { kind: "true", text };
}

function valueConditions(value: Value | undefined, seen: string): readonly Condition[] {
  if (value === undefined || value === null) return [{ kind: "succeeds", seen }];
  if (typeof value === "number") return [{ kind: "equal", expected: `${value}`, seen }];
  if (typeof value === "boolean") return [{ kind: "equal", expected: value ? "1" : "0", seen }];
  if (isSize(value)) return [{ kind: "equal", expected: `(long)(${sizeText(value)})`, seen }];
  if (typeof value !== "object" || Array.isArray(value)) return [isTrue("false")];
  const fields = Object.entries(value).map(([name, field]) => fieldCondition(name, field));
  return [{ kind: "succeeds", seen }, ...fields];
}

function fieldCondition(name: string, value: Value): Condition {
  if (isSize(value)) {
    return { kind: "equal", expected: `(long long)(${sizeText(value)})`, seen: `field(${cString(name)})` };
  }
  if (typeof value === "number") {
    return { kind: "equal", expected: `${value}`, seen: `field(${cString(name)})` };
  }
  return isTrue(`field_is(${cString(name)}, ${cString(JSON.stringify(value))})`);
}

/** An outcome that is expected, as conditions on a result. */
export function outcomeConditions(expected: ExpectedOutcome, seen: string): readonly Condition[] {
  switch (expected.kind) {
    case "returns":
      return valueConditions(expected.value, seen);
    case "fails": {
      const [only, ...others] = expected.errnos;
      if (only !== undefined && others.length === 0) return [{ kind: "equal", expected: `-${only}`, seen }];
      return [{ kind: "any", texts: expected.errnos.map((errno) => `${seen} == -${errno}`) }];
    }
    case "faults":
      return [{ kind: "equal", expected: `FAULTED(${expected.signal})`, seen }];
    case "any":
      return [];
  }
}

/** What may become of a step of a race, as conditions on its result. */
export function allowedConditions(allowed: AllowedResult, seen: string): readonly Condition[] {
  if (allowed.kind === "skipped") return [{ kind: "equal", expected: "SKIPPED", seen }];
  if (allowed.kind === "blocked") return [{ kind: "equal", expected: "BLOCKED", seen }];
  return outcomeConditions(allowed, seen);
}

/** What importers must see; `since` names the started step from whose begin on it counts. */
function seesConditions(sees: Sees | undefined, since: string | undefined): readonly Condition[] {
  if (!sees) return [];
  const [count, order] = since === undefined
    ? ["seen(", "saw("]
    : [`seen_since(&${since}, `, `saw_since(&${since}, `];
  if (sees.kind === "count") {
    return Object.entries(sees.counts).map(([name, times]) => ({
      kind: "equal",
      expected: `${times}u`,
      seen: `${count}${cString(`invalidate of ${name}`)})`,
    }));
  }
  const kinds = [...new Set(["invalidate", "stop", ...sees.events.map(({ event }) => event)])];
  const words = sees.events.map(describeEvent).join(", ");
  return [isTrue(`${order}${cString(`${kinds.join(" ")} `)}, ${cString(words)})`)];
}

function warnsConditions(warns: Expectation["warns"]): readonly Condition[] {
  if (warns === undefined) return [];
  return [isTrue(typeof warns === "string" ? `warned(${cString(warns)})` : '!warned("")')];
}

/** An expectation as conditions. */
export function conditionsOf(expects: Expectation, seen: string, since?: string): readonly Condition[] {
  return [
    ...outcomeConditions(expects.outcome, seen),
    ...seesConditions(expects.sees, since),
    ...warnsConditions(expects.warns),
  ];
}

/** What others hold, each as a condition that notes who does. */
function alternatives(holders: Step["otherwise"], seen: string, since?: string): readonly string[] {
  return holders.map(({ holder, ...expects }) =>
    `as(${cString(holder)}, ${allText(conditionsOf(expects, seen, since))})`
  );
}

/** What is expected of a step that has returned: its expectation, or what others hold. */
export function stepConditions(step: Step, seen: string, since?: string): readonly Condition[] {
  const own = conditionsOf(step.expects, seen, since);
  const others = step.otherwise.filter(({ blocks }) => since !== undefined || blocks !== false);
  if (others.length === 0) return own;
  const first = own.length > 1 ? `(${allText(own)})` : allText(own);
  return [{ kind: "any", texts: [first, ...alternatives(others, seen, since)] }];
}

/** What is expected of a step that must block: that it does, or that it returns at once as others hold. */
export function startConditions(step: Step, seen: string, since: string): readonly Condition[] {
  const blocks = { kind: "equal", expected: "BLOCKED", seen } as const;
  const others = step.otherwise.filter(({ blocks }) => blocks === false);
  if (others.length === 0) return [blocks];
  return [{ kind: "any", texts: [conditionText(blocks), ...alternatives(others, seen, since)] }];
}
