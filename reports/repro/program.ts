/**
 * A case as a program in C that stands alone: the same steps, the same expectations, the same words.
 *
 * @module
 */
import { type Case, type Section, SECTIONS, type Step } from "../../cases/case.ts";
import { abiText } from "./abi.ts";
import { comment, commentText, cString, fold, wrap } from "./c.ts";
import { type CaseFacts, NoForm, type Setting } from "./emit.ts";
import { allText, type Condition, conditionText } from "./expectation.ts";
import { type Helper, helper, withNeeds } from "./helper.ts";
import { countSince, events as eventsHelper, importers, module } from "./helpers/importer.ts";
import { blockingHelper, killHelper, processHelper, sendHelper, watchdog } from "./helpers/processes.ts";
import { holders } from "./helpers/results.ts";
import { edu } from "./helpers/iommufd.ts";
import { watches } from "./helpers/vfio.ts";
import * as results from "./helpers/results.ts";
import {
  allowedFunction,
  gateHelper,
  histogramFunction,
  outcomeHelper,
  raceWords,
  runsFunction,
  threadsFunction,
} from "./race.ts";
import { kernelLog, must, tellHelper } from "./telling.ts";
import { type Checked, Writer, type Written } from "./writer.ts";

/** What a program can be: one of its own, or a test of the kernel's harness. */
export type ReproLanguage = "c" | "kselftest";

/** A clause in words, for the comment at the top. */
export interface ReproClause {
  /** Its id, as in `VMM-01`. */
  readonly id: string;
  /** What must hold, in a sentence. */
  readonly requirement: string;
  /** Where it comes from, in words. */
  readonly sources: readonly string[];
}

/** What a program is made from. */
export interface ReproOptions {
  /** What it is to be. */
  readonly language: ReproLanguage;
  /** The devices that it is for. */
  readonly setting: Setting;
  /** The clauses that the case shows. */
  readonly clauses: readonly ReproClause[];
  /** How the target is named, as in `native:reference=matt-v1-vfio`. */
  readonly target: string;
}

/** A program, or why there is none. */
export type Repro =
  | {
    readonly kind: "program";
    /** The text of the C file. */
    readonly text: string;
    /** What the file is called. */
    readonly file: string;
    /** Whether the module's header is needed to compile it. */
    readonly needsModuleHeader: boolean;
    /** How many PCI devices it is given. */
    readonly devices: number;
  }
  | { readonly kind: "refused"; readonly reason: string };

function allSteps(case_: Case): readonly Step[] {
  const inner = (step: Step): readonly Step[] => [step, ...step.until.flatMap(inner)];
  return SECTIONS.flatMap((section) => case_.sections[section]).flatMap(inner);
}

/** Operations that only the module can do, whatever stands for devices. */
const OF_MODULE = /^(importer|exporter)\./;
/** Operations that only a real device can do. */
const OF_EDU = /^iommufd\.dma_/;
/** Operations of the self test of iommufd. */
const OF_SELFTEST = /^iommufd\.(mock|access)_/;

function factsOf(case_: Case, setting: Setting): CaseFacts {
  const steps = allSteps(case_);
  const uses = (pattern: RegExp) => steps.some(({ operation }) => pattern.test(operation));
  const needsModuleFence = steps.some(({ operation, args }) =>
    (operation === "fence.add" && args["usage"] !== "READ" && args["usage"] !== "WRITE") ||
    (operation === "fence.signal" && args["error"] !== undefined)
  );
  return {
    hasModule: uses(OF_MODULE) || needsModuleFence || (setting.reference !== undefined && uses(/^vfio\./)),
    hasEdu: uses(OF_EDU) || !uses(OF_SELFTEST),
    hasUnbind: uses(/^vfio\.unbind$/),
  };
}

/** A check in a program of its own. */
function plainCheck({ conditions, label, seen, isNeeded }: Checked): readonly string[] {
  return [`${isNeeded ? "must" : "tell"}(${allText(conditions)}, ${cString(label)}, ${seen});`];
}

/** A check in a test of the kernel's harness. */
function harnessCheck({ conditions, label, seen, isNeeded }: Checked): readonly string[] {
  const kind = isNeeded ? "ASSERT" : "EXPECT";
  return [
    ...conditions.map((condition) => harnessText(kind, condition)),
    `observe(${cString(label)}, ${seen});`,
  ];
}

function harnessText(kind: "ASSERT" | "EXPECT", condition: Condition): string {
  switch (condition.kind) {
    case "equal":
      return `${kind}_EQ(${condition.expected}, ${condition.seen});`;
    case "succeeds":
      return `${kind}_LE(0, ${condition.seen});`;
    case "true":
    case "any":
      return `${kind}_TRUE(${conditionText(condition)});`;
  }
}

/**
 * Writes a case as a program in C.
 *
 * @param case_ the case
 * @param options what it is for
 * @returns the program, or what of the case has no form in C
 */
export function reproducerOf(case_: Case, options: ReproOptions): Repro {
  try {
    return programOf(case_, options);
  } catch (error) {
    if (!(error instanceof NoForm)) throw error;
    return { kind: "refused", reason: `there is no C for ${error.message}` };
  }
}

const SECTION_WORDS: Readonly<Record<Section, string>> = {
  given: "What the case starts from.",
  control: "It works before.",
  when: "What is done.",
  race: "What is done at the same time.",
  then: "What must hold then.",
};

function programOf(case_: Case, options: ReproOptions): Repro {
  const { language, setting } = options;
  const isRace = case_.race !== undefined;
  const isHarness = language === "kselftest";
  const facts = factsOf(case_, setting);
  const check = isHarness && !isRace ? harnessCheck : plainCheck;
  const written = new Writer(case_, setting, facts, check).write();
  const extra = extraHelpers(case_, written, isHarness && !isRace);
  const helpers = withNeeds([...written.uses, ...extra]).filter(({ text, headers, abi }) =>
    text !== "" || headers !== undefined || abi !== undefined
  );
  const setups = helpers.flatMap(({ setup }) => setup ?? []);
  const hasEdu = helpers.includes(edu);
  const devices = written.setup.filter((line) => line.includes("next_address()")).length + (hasEdu ? 1 : 0);
  const needsModuleHeader = helpers.some(({ abi }) => abi?.some(({ header }) => header === "conform.h"));
  const file = `${case_.id.split("/").at(-1)?.replace(/[^a-z0-9]+/gi, "-").replace(/-$/, "") ?? "case"}.c`;
  const requires = [...new Set(helpers.flatMap(({ requires }) => requires ?? []))];
  const abi = abiText(helpers.flatMap(({ abi }) => abi ?? []));
  const setup = [
    ...written.setup.toSorted((one, other) => rank(one) - rank(other)).filter((line) =>
      !line.includes("start_process")
    ),
    ...(hasEdu ? ["edu_address = next_address();"] : []),
    ...written.setup.filter((line) => line.includes("start_process")),
  ];
  const parts = {
    case: case_,
    options,
    written,
    setups,
    setup,
    devices,
    hasLook: hasEvents(helpers),
    module: helpers.includes(module),
  };
  const text = [
    "// SPDX-License-Identifier: GPL-2.0 OR MIT",
    ...topComment({ case_, options, file, requires, devices, needsModuleHeader }),
    ...headersOf(helpers, abi.includes, needsModuleHeader, isHarness),
    "",
    ...abi.definitions.flatMap((each) => [each, ""]),
    ...textsOf(helpers, false),
    ...addressLines(devices, options),
    ...(hasEdu ? ["static const char *edu_address;", ""] : []),
    ...written.variables,
    ...(written.variables.length > 0 ? [""] : []),
    ...textsOf(helpers, true),
    ...written.functions.flatMap((each) => [each, ""]),
    ...(isRace ? raceProgram(parts) : isHarness ? harnessProgram(parts) : plainProgram(parts)),
    "",
  ];
  return {
    kind: "program",
    text: text.join("\n").replace(/\n{3,}/g, "\n\n"),
    file,
    needsModuleHeader,
    devices,
  };
}

/** Pieces of C that stand before the variables of the case, or behind them. */
function textsOf(helpers: readonly Helper[], isBehind: boolean): readonly string[] {
  return helpers.filter(({ text, namesVariables }) => text !== "" && (namesVariables === true) === isBehind)
    .flatMap(({ text }) => [text, ""]);
}

/** Sockets come before the processes that inherit them. */
function rank(line: string): number {
  return ["socketpair", "fit_bars"].findIndex((word) => line.includes(word));
}

function hasEvents(helpers: readonly Helper[]): boolean {
  return helpers.includes(importers) || helpers.includes(watches);
}

/** Pieces that the case needs as a whole. */
function extraHelpers(case_: Case, written: Written, isHarness: boolean): readonly Helper[] {
  const used = withNeeds(written.uses);
  const steps = allSteps(case_);
  const expectations = steps.flatMap((step) => [step.expects, ...step.otherwise]);
  const values = expectations.flatMap(({ outcome }) => outcome.kind === "returns" ? [outcome.value] : []);
  const fields = values.flatMap((value) =>
    typeof value === "object" && value !== null && !Array.isArray(value) ? Object.values(value) : []
  );
  const isNumber = (value: unknown) =>
    typeof value === "number" || (typeof value === "string" && /^[\d^]/.test(value));
  const isWatching = used.includes(watches);
  const isImporting = used.includes(importers);
  const hasSees = expectations.some(({ sees }) => sees !== undefined);
  const events = isImporting || isWatching || hasSees;
  const eventHelper = isImporting ? importers : undefined;
  const process = written.hasProcess ? processHelper(eventHelper, used.includes(module)) : undefined;
  const words = raceWords(case_);
  const warns = expectations.some(({ warns }) => warns !== undefined);
  const looks = [
    ...(isImporting ? ["look_at_importers();"] : []),
    ...(isWatching ? ["look_at_eventfds();"] : []),
    ...written.importsIn.map((each) => `look_into(&${each});`),
    ...(events && !isImporting && !isWatching ? ["/* nothing happens by itself here */"] : []),
  ];
  const hasHolders = steps.some(({ otherwise }) => otherwise.length > 0);
  const telling = {
    looks,
    started: written.started,
    hasHolders,
    text: Object.values(written.sections).flat().join("\n"),
    isRace: words !== undefined,
  };
  const blocking = written.started.length > 0 ? [blockingHelper(events ? eventsHelper : undefined)] : [];
  const intoProcess = written.importsIn.length > 0 && process ? [lookIntoHelper(process)] : [];
  const before = [
    ...(hasHolders ? [holders] : []),
    ...(process ? [process] : []),
    ...intoProcess,
    ...blocking,
    ...(warns ? [results.skip, kernelLog] : []),
  ];
  const shows = new Set(used.flatMap(({ text }) => /static long (number|truth)\(/.exec(text)?.[1] ?? []));
  return [
    ...shownHelpers(written, shows),
    ...(fields.some(isNumber) ? [results.field] : []),
    ...(fields.some((value) => !isNumber(value)) ? [results.fieldIs] : []),
    ...(steps.some(({ operation }) => operation === "process.kill") && process ? [killHelper(process)] : []),
    ...(steps.some(({ operation }) => operation === "fd.send") && process ? [sendHelper(process)] : []),
    ...(words ? [gateHelper(words), outcomeHelper, processHeaders] : []),
    ...(words && words.counted.length > 0 ? [countSince] : []),
    tellHelper(telling, before, isHarness),
    ...(isHarness || !needsMust(case_) ? [] : [must]),
    ...(isHarness || words ? [] : [watchdog]),
  ];
}

const processHeaders = helper("", { headers: ["sys/mman.h", "sys/wait.h"] });

function needsMust({ sections }: Case): boolean {
  return sections.given.length + sections.control.length > 0;
}

/** The pieces that show values, where a statement or a function calls them. */
function shownHelpers({ sections, functions }: Written, known: ReadonlySet<string>): readonly Helper[] {
  const text = [...Object.values(sections).flat(), ...functions].join("\n");
  return [
    ...(/\bnumber\(/.test(text) && !known.has("number") ? [results.number] : []),
    ...(/\btruth\(/.test(text) && !known.has("truth") ? [results.truth] : []),
  ];
}

function lookIntoHelper(process: Helper): Helper {
  return helper(
    String.raw`
static long do_nothing(void)
{
	return 0;
}

/* A second process tells what its importers saw with every step that it does. */
static void look_into(struct process *process)
{
	char kept[sizeof(value)];

	memcpy(kept, value, sizeof(value));
	if (process->pid > 0)
		in_process(process, do_nothing);
	memcpy(value, kept, sizeof(value));
}
`,
    { needs: [process] },
  );
}

interface Top {
  readonly case_: Case;
  readonly options: ReproOptions;
  readonly file: string;
  readonly requires: readonly string[];
  readonly devices: number;
  readonly needsModuleHeader: boolean;
}

function topComment({ case_, options, file, requires, devices, needsModuleHeader }: Top): readonly string[] {
  const { clauses, language, target } = options;
  const program = file.replace(/\.c$/, "");
  const paragraph = (text: string, indent = "") =>
    wrap(commentText(text), 76 - indent.length).map((line) => ` * ${indent}${line}`);
  const row = (name: string, text: string) =>
    wrap(commentText(text), 66).map((line, index) =>
      ` * ${(index === 0 ? `${name}:` : "").padEnd(10)}${line}`
    );
  const isHarness = language === "kselftest";
  const header = needsModuleHeader ? " -I runners/native/module/uapi" : "";
  const flags = isHarness ? " -I LINUX/tools/testing/selftests" : "";
  const addresses = devices === 0 ? "" : isHarness ? `CONFORM_DEVICES="ADDRESS..." ` : "";
  const words = devices === 0 || isHarness ? "" : " ADDRESS".repeat(devices);
  return [
    "/*",
    ...paragraph(case_.title),
    " *",
    ...paragraph(case_.why),
    " *",
    ...clauses.flatMap(({ id, requirement, sources }) => [
      ...paragraph(`${id}: ${requirement}`),
      ...sources.flatMap((source) => paragraph(source, "  ")),
      " *",
    ]),
    ...row("Case", `${case_.id} of dmabuf-conform, for ${target}`),
    ...row("Build", `cc -Wall -pthread${flags}${header} -o ${program} ${file}`),
    ...row("Run", `${addresses}./${program}${words}`),
    ...(devices === 0 ? [] : row("Devices", deviceWords(case_, devices))),
    ...(requires.length === 0 ? [] : row("Needs", requires.join("; "))),
    ...(case_.dangerous === undefined ? [] : row("Danger", case_.dangerous)),
    ...(isHarness ? [] : row("Status", "0 all as expected, 1 something is not, 4 it cannot be shown here")),
    " */",
  ];
}

function deviceWords(case_: Case, devices: number): string {
  const opens = allSteps(case_).filter(({ operation }) => operation === "vfio.open");
  const edu = devices > opens.length ? ", the edu device last" : "";
  return devices === 1
    ? "the address of a PCI device, as in 0000:01:00.0"
    : `the addresses of ${devices} PCI devices, as in 0000:01:00.0${edu}`;
}

function headersOf(
  helpers: readonly Helper[],
  abi: readonly string[],
  needsModuleHeader: boolean,
  isHarness: boolean,
): readonly string[] {
  const all = new Set(helpers.flatMap(({ headers }) => headers ?? []));
  const libc = [...all].filter((name) => !name.startsWith("linux/")).toSorted();
  const kernel = [...all].filter((name) => name.startsWith("linux/")).map((name) => `#include <${name}>`);
  return [
    "#define _GNU_SOURCE",
    ...libc.map((name) => `#include <${name}>`),
    ...new Set([...kernel, ...abi]),
    ...(needsModuleHeader || isHarness ? [""] : []),
    ...(needsModuleHeader ? ['#include "conform.h"'] : []),
    ...(isHarness ? ['#include "kselftest_harness.h"'] : []),
  ];
}

/** How the addresses of devices reach the program. */
function addressLines(devices: number, { language, setting }: ReproOptions): readonly string[] {
  if (devices === 0) return [];
  const known = setting.devices ?? [];
  const list = [...known.map((each) => cString(each)), "NULL"].join(", ");
  const missing = language === "kselftest"
    ? '\t\tskip("CONFORM_DEVICES, with the addresses of PCI devices");'
    : '\t\tskip("the address of a PCI device, as an argument");';
  return [
    `static const char *default_addresses[] = { ${list} };`,
    "static const char **addresses = default_addresses;",
    "",
    "/* The next PCI device that was given. */",
    "static const char *next_address(void)",
    "{",
    "\tif (!*addresses) {",
    "\t\terrno = ENODEV;",
    missing,
    "\t}",
    "\treturn *addresses++;",
    "}",
    "",
    ...(language === "kselftest"
      ? [
        "static void read_addresses(void)",
        "{",
        "\tstatic const char *given[8];",
        '\tchar *list = getenv("CONFORM_DEVICES");',
        "\tunsigned int i;",
        "",
        "\tif (!list)",
        "\t\treturn;",
        "\tlist = strdup(list);",
        '\tfor (i = 0; i < 7 && (given[i] = strtok(i ? NULL : list, " ")); i++)',
        "\t\t;",
        "\taddresses = given;",
        "}",
        "",
      ]
      : []),
  ];
}

interface Parts {
  readonly case: Case;
  readonly options: ReproOptions;
  readonly written: Written;
  readonly setups: readonly string[];
  readonly setup: readonly string[];
  readonly devices: number;
  readonly hasLook: boolean;
  readonly module: boolean;
}

function locals(lines: readonly string[], indent = "\t"): readonly string[] {
  const text = lines.join("\n");
  const needed = [
    ...(/\bresult = /.test(text) ? [`${indent}long result;`] : []),
    ...(text.includes("stays_blocked") ? [`${indent}bool stays_blocked = true;`] : []),
  ];
  return needed.length === 0 ? [] : [...needed, ""];
}

function withoutEnd(lines: readonly string[]): readonly string[] {
  return lines.at(-1) === "" ? lines.slice(0, -1) : lines;
}

/** Sections as functions, one each. */
function sectionFunctions({ written }: Parts): readonly string[] {
  return SECTIONS.filter((section) => written.sections[section].length > 0).flatMap((section) => {
    const lines = written.sections[section];
    return [
      ...comment(SECTION_WORDS[section]),
      `static void ${section}(void)`,
      "{",
      ...locals(lines),
      ...withoutEnd(lines),
      "}",
      "",
    ];
  });
}

function sectionCalls({ written }: Parts, isRace: boolean): readonly string[] {
  return SECTIONS.flatMap((section) => {
    if (section === "race") return isRace ? ["run_threads();"] : [];
    return written.sections[section].length > 0 ? [`${section}();`] : [];
  });
}

function plainProgram(parts: Parts): readonly string[] {
  const { devices, setups, setup, module } = parts;
  return [
    ...sectionFunctions(parts),
    devices > 0 ? "int main(int argc, char **argv)" : "int main(void)",
    "{",
    ...(devices > 0 ? ["\tif (argc > 1)", "\t\taddresses = (const char **)argv + 1;"] : []),
    ...setups.map((line) => `\t${line}`),
    ...setup.flatMap((line) => fold(line, "\t")),
    ...sectionCalls(parts, false).map((line) => `\t${line}`),
    ...(module ? ["\tclose(module_fd);	/* undoes what the case has left */"] : []),
    '\tprintf("1..%u\\n", steps);',
    "\tfflush(stdout);",
    "\t_exit(failures ? 1 : 0);",
    "}",
  ].map((line) => line.includes("_exit") && setup.concat(setups).length >= 0 ? exitLine(parts) : line);
}

/** A device that was unbound is bound again at the end, by what runs at exit. */
function exitLine({ case: case_ }: Parts): string {
  const unbinds = allSteps(case_).some(({ operation }) => operation === "vfio.unbind");
  return unbinds ? "\texit(failures ? 1 : 0);" : "\t_exit(failures ? 1 : 0);";
}

function harnessProgram(parts: Parts): readonly string[] {
  const { written, devices, setups, setup } = parts;
  const lines = SECTIONS.flatMap((section) =>
    written.sections[section].length === 0
      ? []
      : [...comment(SECTION_WORDS[section], "\t"), "", ...written.sections[section]]
  );
  return [
    "FIXTURE(dmabuf)",
    "{",
    "};",
    "",
    "FIXTURE_SETUP(dmabuf)",
    "{",
    ...(devices > 0 ? ["\tread_addresses();"] : []),
    ...setups.map((line) => `\t${line}`),
    ...setup.flatMap((line) => fold(line, "\t")),
    "}",
    "",
    "FIXTURE_TEARDOWN(dmabuf)",
    "{",
    ...(parts.module ? ["\tclose(module_fd);	/* undoes what the case has left */"] : []),
    "}",
    "",
    `TEST_F(dmabuf, ${testName(parts.case.id)})`,
    "{",
    ...locals(lines),
    ...withoutEnd(lines),
    "}",
    "",
    "TEST_HARNESS_MAIN",
  ];
}

function testName(id: string): string {
  return (id.split("/").at(-1) ?? id).replace(/[^A-Za-z0-9]+/g, "_").replace(/^(?=\d)|_$/g, "");
}

/** Which results of a race are numbers of objects, so that they do not tell runs apart. */
function objectResults({ race }: Case): ReadonlySet<number> {
  const steps = race?.threads.flatMap(({ steps }) => steps) ?? [];
  return new Set(steps.flatMap(({ expects, operation }, index) => {
    const hasValue = race?.allowed.some(({ results }) => {
      const allowed = results[index];
      return allowed?.kind === "returns" && allowed.value !== undefined;
    });
    return hasValue || expects.outcome.kind === "faults" || operation === "memory.load" ? [] : [index];
  }));
}

function raceProgram(parts: Parts): readonly string[] {
  const { case: case_, options, devices, setups, setup, hasLook, written, module } = parts;
  const words = raceWords(case_);
  if (!words) return [];
  const isHarness = options.language === "kselftest";
  const calls = [
    ...sectionCalls(parts, true),
    ...(module ? ["close(module_fd);"] : []),
    "race->failures = failures;",
  ];
  const begin = devices > 0
    ? (isHarness ? ["\tread_addresses();"] : ["\tif (argc > 1)", "\t\taddresses = (const char **)argv + 1;"])
    : [];
  const common = [
    ...sectionFunctions(parts),
    threadsFunction(case_, hasLook),
    "",
    allowedFunction(case_),
    "",
    runsFunction(words, setups, setup, calls, objectResults(case_)),
    "",
    histogramFunction(case_),
    "",
  ];
  if (isHarness) {
    return [
      ...common,
      `TEST(${testName(case_.id)})`,
      "{",
      "\tstruct race *all;",
      "\tint status;",
      "",
      ...begin,
      "\tall = run_all(&status);",
      "\tif (WIFEXITED(status) && WEXITSTATUS(status) == 4)",
      '\t\tSKIP(return, "the case cannot be shown here");',
      "\tASSERT_EQ(0, status);",
      "\tprint_histogram(all);",
      "\tfor (run = 0; run < RUNS; run++) {",
      "\t\tEXPECT_TRUE(allowed(&all[run]));",
      "\t\tEXPECT_EQ(0, all[run].failures);",
      "\t}",
      "}",
      "",
      "TEST_HARNESS_MAIN",
    ];
  }
  return [
    ...common,
    devices > 0 ? "int main(int argc, char **argv)" : "int main(void)",
    "{",
    "\tstruct race *all;",
    "\tint status;",
    "",
    ...begin,
    "\tall = run_all(&status);",
    "\tif (status)",
    "\t\treturn WIFEXITED(status) ? WEXITSTATUS(status) : 1;",
    `\tsteps = ${written.told};`,
    "\tprint_histogram(all);",
    "\tfor (run = 0; run < RUNS; run++)",
    "\t\tfailures += !allowed(&all[run]) || all[run].failures;",
    '\tprintf("%s %u - race: %u of %u runs as allowed\\n", failures ? "not ok" : "ok", ++steps,',
    "\t       RUNS - failures, RUNS);",
    '\tprintf("1..%u\\n", steps);',
    "\treturn failures ? 1 : 0;",
    "}",
  ];
}
