/**
 * Writes the steps of a case: variables, functions and statements, in the order in which they are done.
 *
 * @module
 */
import { type Case, type Section, SECTIONS, type Step } from "../../cases/case.ts";
import { describeExpectation } from "../../cases/describe.ts";
import { finishId } from "../../cases/program.ts";
import { operationOf } from "../../spec/operations/mod.ts";
import { DESCRIPTOR_KINDS, kindsOf, type ObjectKind } from "../../spec/operations/operation.ts";
import { comment, fold } from "./c.ts";
import { type CaseFacts, type CObject, type Emission, NoForm, type Scope, type Setting } from "./emit.ts";
import { allText, type Condition, startConditions, stepConditions } from "./expectation.ts";
import type { Helper } from "./helper.ts";
import { EMITTERS } from "./operations/mod.ts";

/** What is known where a step is checked. */
export interface Checked {
  /** What must hold. */
  readonly conditions: readonly Condition[];
  /** The step and its operation. */
  readonly label: string;
  /** The variable with its result. */
  readonly seen: string;
  /** Whether the rest of the case needs it. */
  readonly isNeeded: boolean;
}

/** How a variant writes what is expected of a step. */
export type Check = (checked: Checked) => readonly string[];

/** What a case became. */
export interface Written {
  /** Pieces that the statements need. */
  readonly uses: readonly Helper[];
  /** Declarations of variables. */
  readonly variables: readonly string[];
  /** Functions that do a step elsewhere: in another process or on another thread. */
  readonly functions: readonly string[];
  /** Statements before the first step. */
  readonly setup: readonly string[];
  /** Statements of each section. */
  readonly sections: Readonly<Record<Section, readonly string[]>>;
  /** How many lines are told in each section. */
  readonly told: number;
  /** Names of second processes in which something is imported. */
  readonly importsIn: readonly string[];
  /** Steps that are started, by the variables that stand for them. */
  readonly started: readonly { readonly id: string; readonly variable: string }[];
  /** Whether there is a second process. */
  readonly hasProcess: boolean;
}

/** What stands behind the name of a variable, and tells its type. */
type Suffix = keyof typeof TYPES;

const SUFFIXES: Partial<Record<ObjectKind, Suffix>> = { vma: "vma", process: "process", gem: "gem" };

function suffixOf(kind: ObjectKind): Suffix {
  return SUFFIXES[kind] ?? (DESCRIPTOR_KINDS.some((each) => each === kind) ? "fd" : "id");
}

const TYPES = {
  fd: "int",
  id: "long",
  vma: "struct vma",
  process: "struct process",
  edu: "struct edu",
  gem: "struct gem",
} as const;

/** A step's id as a name of C. */
export function identifier(id: string): string {
  return id.replaceAll(".", "_");
}

/** Writes the steps of a case. */
export class Writer {
  readonly #case: Case;
  readonly #setting: Setting;
  readonly #facts: CaseFacts;
  readonly #check: Check;
  readonly #objects = new Map<string, CObject>();
  readonly #uses: Helper[] = [];
  readonly #variables = new Set<string>();
  readonly #functions: string[] = [];
  readonly #setup = new Set<string>();
  readonly #importsIn = new Set<string>();
  readonly #started: { readonly id: string; readonly variable: string }[] = [];
  #told = 0;
  #hasProcess = false;

  constructor(case_: Case, setting: Setting, facts: CaseFacts, check: Check) {
    this.#case = case_;
    this.#setting = setting;
    this.#facts = facts;
    this.#check = check;
  }

  /**
   * Writes all of them.
   *
   * @throws {NoForm} if there is no C for one
   */
  write(): Written {
    const sections: Record<Section, readonly string[]> = {
      given: [],
      control: [],
      when: [],
      race: [],
      then: [],
    };
    for (const section of SECTIONS) {
      sections[section] = section === "race"
        ? this.#race()
        : this.#case.sections[section].flatMap((step) => this.#step(step, section));
    }
    return {
      uses: this.#uses,
      variables: [...this.#variables],
      functions: this.#functions,
      setup: [...this.#setup],
      sections,
      told: this.#told,
      importsIn: [...this.#importsIn],
      started: this.#started,
      hasProcess: this.#hasProcess,
    };
  }

  /** Writes the threads of the race as functions. */
  #race(): readonly string[] {
    const { race } = this.#case;
    if (!race) return [];
    let index = 0;
    for (const { name, steps } of race.threads) {
      const lines: string[] = [];
      for (const step of steps) {
        lines.push(...describeStep(step));
        const { statements, seen } = this.#do(step, true);
        lines.push(...statements, `\trace->result[${index++}] = ${seen};`);
      }
      this.#functions.push(
        [
          `static void *thread_${name}(void *unused)`,
          "{",
          ...(lines.some((line) => line.includes("result =") && !line.includes("race->"))
            ? ["\tlong result;", ""]
            : []),
          "\t(void)unused;",
          "\tpass_gate();",
          ...lines,
          "\treturn NULL;",
          "}",
        ].join("\n"),
      );
    }
    return [];
  }

  #step(step: Step, section: Section): readonly string[] {
    if (step.until.length > 0) return this.#blocking(step, section);
    const { statements, seen, mayBeSkipped } = this.#do(step, false);
    const conditions = stepConditions(step, seen);
    return [
      ...describeStep(step),
      ...statements,
      ...this.#tell(step, step.id, conditions, seen, section, mayBeSkipped),
      "",
    ];
  }

  /** A step that blocks, what is done meanwhile, and its end. */
  #blocking(step: Step, section: Section): readonly string[] {
    const { emission, process, guard } = this.#emit(step);
    if (process !== undefined) throw new NoForm("a step that blocks in a second process");
    const variable = `${identifier(step.id)}_started`;
    this.#started.push({ id: step.id, variable });
    this.#variables.add(`static struct started ${variable};`);
    this.#function(identifier(step.id), step, emission, guard);
    const isDisputed = step.otherwise.some(({ blocks }) => blocks === false);
    const inner = step.until.flatMap((each, index) => {
      const lines = this.#step(each, section);
      const isLast = index === step.until.length - 1;
      return isLast || isDisputed ? lines : [...lines.slice(0, -1), ...this.#stillPending(variable), ""];
    });
    const start = startConditions(step, "result", variable);
    const end = stepConditions(step, "result", variable);
    return [
      ...describeStep(step, "on a thread of its own"),
      ...fold(`result = start(&${variable}, ${identifier(step.id)});`, "\t"),
      ...this.#tell(step, step.id, start, "result", "when", false),
      "",
      ...inner,
      ...comment(`${step.id}: the end of what has blocked`, "\t"),
      `\tresult = finish(&${variable});`,
      ...this.#tell(step, finishId(step.id), end, "result", "when", false),
      "",
    ];
  }

  #stillPending(variable: string): readonly string[] {
    return [`\tstays_blocked &= pending(&${variable});`];
  }

  #tell(
    step: Step,
    id: string,
    conditions: readonly Condition[],
    seen: string,
    section: Section,
    mayBeSkipped: boolean,
  ): readonly string[] {
    this.#told++;
    const text = allText(conditions);
    const inner = conditions.length > 1 ? `(${text})` : text;
    const skipped = { kind: "any", texts: [`${seen} == SKIPPED`, inner] } as const;
    const stays =
      id !== step.id && step.until.length > 1 && !step.otherwise.some(({ blocks }) => blocks === false)
        ? [{ kind: "true", text: "stays_blocked" } as const]
        : [];
    return this.#check({
      conditions: [...(mayBeSkipped ? [skipped] : conditions), ...stays],
      label: `${id} ${step.operation}`,
      seen,
      isNeeded: section === "given" || section === "control",
    }).flatMap((line) => fold(line, "\t"));
  }

  /** The statements that do a step, and the variable with its result. */
  #do(step: Step, inThread: boolean) {
    const { emission, process, guard, own, assigns } = this.#emit(step);
    const name = identifier(step.id);
    const shown = emission.shows && !inThread ? `${emission.shows}(` : "";
    const show = (call: string) => shown === "" ? call : `${shown}${call})`;
    const mayBeSkipped = guard !== "";
    if (process === undefined) {
      const target = assigns ? own : "result";
      return {
        statements: fold(`${target} = ${guard}${show(guarded(guard, emission.call))};`, "\t"),
        seen: target,
        mayBeSkipped,
      };
    }
    const isSend = emission.there !== undefined;
    const there = isSend ? { ...emission, call: emission.there ?? "", shows: undefined } : emission;
    this.#function(name, step, there, guard);
    const target = assigns ? own : "result";
    const call = isSend ? emission.call : `in_process(&${process}, ${name})`;
    return { statements: fold(`${target} = ${call};`, "\t"), seen: target, mayBeSkipped };
  }

  /** A function that does a step. */
  #function(name: string, step: Step, emission: Emission, guard: string): void {
    const own = this.#ownOf(step);
    const call = emission.shows === undefined ? emission.call : `${emission.shows}(${emission.call})`;
    const whole = `${guard}${guarded(guard, call)}`;
    const body = own !== undefined && emission.writes !== true
      ? [...fold(`${own.c} = ${whole};`, "\t"), `\treturn ${own.c};`]
      : fold(`return ${whole};`, "\t");
    this.#functions.push([`static long ${name}(void)`, "{", ...body, "}"].join("\n"));
  }

  #ownOf(step: Step): CObject | undefined {
    return step.bind === undefined ? undefined : this.#objects.get(step.bind);
  }

  /** Finds the C of a step, and notes the object that it gives. */
  #emit(step: Step) {
    const emitter = EMITTERS.get(step.operation);
    if (!emitter) throw new NoForm(`the operation ${step.operation}`);
    const name = step.bind ?? identifier(step.id);
    const kind = this.#kindOf(step);
    const isEdu = kind === "hwpt" && this.#facts.hasEdu;
    const suffix = isEdu ? "edu" : kind === undefined ? undefined : suffixOf(kind);
    const own = suffix === undefined ? "" : `${name}_${suffix}`;
    const needed: CObject[] = [];
    const scope: Scope = {
      setting: this.#setting,
      facts: this.#facts,
      name,
      told: step.bind ?? step.id,
      own,
      there: identifier(step.id),
      object: (wanted) => {
        const found = this.#objects.get(wanted);
        if (!found) throw new NoForm(`an object "${wanted}" that no step gives`);
        if (found.mayBeAbsent && !needed.includes(found)) needed.push(found);
        return found;
      },
    };
    const emission = emitter(step.args, scope);
    this.#uses.push(...emission.uses);
    for (const each of emission.declares ?? []) this.#variables.add(each);
    for (const each of emission.setup ?? []) this.#setup.add(each);
    const process = this.#processOf(step, emission);
    const writes = emission.writes === true;
    const isKept = kind !== undefined && (step.bind !== undefined || writes);
    if (isKept && suffix !== undefined) this.#declare(own, suffix);
    if (kind !== undefined && step.bind !== undefined) {
      const mayBeAbsent = step.expects.outcome.kind !== "returns" || step.otherwise.length > 0 ||
        step.id.startsWith("when.") || step.id.startsWith("then.") || step.id.startsWith("race.");
      const there = process;
      this.#objects.set(step.bind, { kind, c: own, process: there, mayBeAbsent, ...emission.about });
    }
    if (step.operation === "importer.attach" && process !== undefined) this.#importsIn.add(process);
    const guard = needed.length === 0 ? "" : `${needed.map(absent).join(" || ")} ? SKIPPED : `;
    return { emission, process, guard, own, assigns: isKept && !writes };
  }

  #declare(name: string, suffix: Suffix): void {
    this.#variables.add(
      `static ${TYPES[suffix]} ${name}${suffix === "fd" || suffix === "id" ? " = -1" : ""};`,
    );
    if (suffix === "process") this.#hasProcess = true;
  }

  #kindOf(step: Step): ObjectKind | undefined {
    const { result } = operationOf(step.operation);
    if (result.gives === "object") return result.kind;
    if (result.gives !== "same") return undefined;
    const source = step.args[result.as];
    return typeof source === "string" ? this.#objects.get(source)?.kind : undefined;
  }

  /** The process in which a step is done: that of its objects, or the one that the operation names. */
  #processOf(step: Step, emission: Emission): string | undefined {
    if (emission.process === "own") return undefined;
    if (emission.process !== undefined) return this.#objects.get(emission.process)?.c;
    const processes = new Set<string | undefined>();
    for (const [argument, schema] of Object.entries(operationOf(step.operation).args.shape)) {
      const given = step.args[argument];
      if (typeof given !== "string" || !kindsOf(schema)) continue;
      processes.add(this.#objects.get(given)?.process);
    }
    if (processes.size > 1) throw new NoForm(`${step.operation} with objects of two processes`);
    return [...processes][0];
  }
}

function guarded(guard: string, call: string): string {
  return guard !== "" && call.includes(" ? ") ? `(${call})` : call;
}

function absent({ kind, c }: CObject): string {
  if (kind === "vma") return `!${c}.address`;
  if (kind === "process") return `${c}.pid <= 0`;
  if (kind === "gem") return `!${c}.handle`;
  return c.endsWith("_edu") ? `${c}.device <= 0` : `${c} < 0`;
}

/** What a step does, in a comment. */
function describeStep(step: Step, how?: string): readonly string[] {
  const { summary } = operationOf(step.operation);
  const [, short = summary] = /^(.{24,}?)[,;:] /.exec(summary) ?? [];
  const what = `${short.charAt(0).toLowerCase()}${short.slice(1).replace(/\.$/, "")}`;
  const expected = step.until.length > 0
    ? `${how === undefined ? "" : `${how}; `}blocks, then ${describeExpectation(step.expects)}`
    : describeExpectation(step.expects);
  const note = step.note === undefined ? "" : ` (${step.note})`;
  return comment(`${step.id}: ${what}; ${expected}${note}`, "\t");
}
