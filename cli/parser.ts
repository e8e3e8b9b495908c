/**
 * The grammar of the command line: every command with its options, each turned into an action.
 *
 * @module
 */
import { object, or } from "@optique/core/constructs";
import { message, text } from "@optique/core/message";
import { map, multiple, optional, withDefault } from "@optique/core/modifiers";
import { argument, command, option } from "@optique/core/primitives";
import type { Usage } from "@optique/core/usage";
import { choice, integer, string } from "@optique/core/valueparser";
import { run as parse } from "@optique/run";
import type { Shard } from "../cases/select.ts";
import { FEATURES } from "../runners/simulator/mod.ts";
import { UNIVERSES } from "../runners/tour/mod.ts";
import { didYouMean } from "../spec/nearest.ts";
import { coverage, lint } from "./commands/check.ts";
import { list } from "./commands/list.ts";
import { show } from "./commands/show.ts";
import { mutants } from "./commands/mutants.ts";
import { run } from "./commands/run.ts";
import { judgeRecord, schema, serve } from "./commands/serve.ts";
import { start } from "./commands/start.ts";
import { tour } from "./commands/tour.ts";
import { FORMAT_NAMES } from "./formats.ts";
import { Failure, type Io } from "./io.ts";
import { baselineOption, certificateCommands } from "./parser_certificates.ts";
import { agentCommand } from "./parser_agent.ts";
import { exploreCommand } from "./parser_explore.ts";
import { fuzzOptions } from "./parser_fuzz.ts";
import { kernelsCommand, machineOptions, machineTarget } from "./parser_kernels.ts";
import { bisectCommand, matrixCommand } from "./parser_matrix.ts";
import { moduleCommand } from "./parser_module.ts";
import { coverageOptions, mutantsOptions } from "./parser_mutants.ts";
import { newCommands } from "./parser_new.ts";
import { reportsCommands, serveStoreOptions } from "./parser_reports.ts";
import { reproCommand } from "./parser_repro.ts";
import { specCommands } from "./parser_spec.ts";
import { testeeCommand } from "./parser_testee.ts";
import { VERSION } from "./suite.ts";

/** What a command line asks for: carries it out and gives the exit status. */
export type Action = (io: Io) => number | Promise<number>;

/** The command line has been answered by the parser itself: help, version, completion or a mistake. */
export class Answered extends Error {
  /** The exit status. */
  readonly status: number;

  constructor(status: number) {
    super("The command line has been answered");
    this.status = status;
  }
}

const selectors = multiple(argument(string({ metavar: "SELECTOR" }), {
  description: message`A case, the begin of a path, or a pattern with * in it.`,
}));

const profile = optional(option("-p", "--profile", string({ metavar: "PROFILE" }), {
  description: message`The profile that the target is held against.`,
}));

const clause = optional(option("-c", "--clause", string({ metavar: "CLAUSE" }), {
  description: message`Only the cases of this clause.`,
}));

const resultFormat = withDefault(
  option("-f", "--format", choice([...FORMAT_NAMES], { metavar: "FORMAT" }), {
    description: message`What to print.`,
  }),
  "human" as const,
);

const plainFormat = withDefault(
  option("-f", "--format", choice(["human", "json"], { metavar: "FORMAT" }), {
    description: message`What to print.`,
  }),
  "human" as const,
);

function shardOf(text: string): Shard {
  const [index = 1, count = 1] = text.split("/").map(Number);
  return { index, count };
}

/** What a target is, with what another build of a simulated kernel can have or lack. */
const targetText =
  "What to run on, as in sim or sim:mainline-7.3, with features of another build behind it: " +
  [...FEATURES.values()].map(({ name, title }) => `+${name} (${title})`).join(", ");

const runOptions = object("How to run", {
  selectors,
  target: withDefault(
    option("-t", "--target", string({ metavar: "TARGET" }), {
      description: message`${text(targetText)}.`,
    }),
    "sim",
  ),
  ...machineOptions,
  profile,
  clause,
  out: optional(option("-o", "--out", string({ metavar: "FILE" }), {
    description: message`Where the record goes; a new file in runs/ otherwise.`,
  })),
  format: resultFormat,
  shard: optional(map(
    option("--shard", string({ metavar: "I/N", pattern: /^[1-9]\d*\/[1-9]\d*$/ }), {
      description: message`Only the I-th of N parts of the cases.`,
    }),
    shardOf,
  )),
  jobs: withDefault(
    option("-j", "--jobs", integer({ metavar: "N", min: 1, max: 256 }), {
      description: message`How many targets to use side by side.`,
    }),
    1,
  ),
  timeout: withDefault(
    option("--timeout", integer({ metavar: "SECONDS", min: 1 }), {
      description: message`The limit for one case.`,
    }),
    60,
  ),
  repeat: withDefault(
    option("--repeat", integer({ metavar: "N", min: 1 }), {
      description: message`How often each case is run.`,
    }),
    1,
  ),
  seed: optional(option("--seed", integer({ metavar: "N" }), { description: message`Shuffles the order.` })),
  baseline: baselineOption,
  resume: optional(option("--resume", string({ metavar: "FILE" }), {
    description: message`Goes on with the run of this record.`,
  })),
  failFast: option("--fail-fast", { description: message`Stops after the first case that fails.` }),
  dryRun: option("--dry-run", { description: message`Only says what would be run.` }),
  dangerous: option("--dangerous", { description: message`Runs cases that can harm the machine, too.` }),
});

function commands(args: readonly string[]) {
  return or(
    command(
      "run",
      map(
        runOptions,
        (given): Action => (io) => run({ ...given, target: machineTarget(given), command: args }, io),
      ),
      { description: message`Runs cases on a target.` },
    ),
    command(
      "list",
      map(
        object({ selectors, profile, clause, format: plainFormat }),
        (given): Action => (io) => list(given, io),
      ),
      {
        description: message`Lists cases.`,
      },
    ),
    command(
      "show",
      map(
        object({
          name: argument(string({ metavar: "CASE-OR-CLAUSE" })),
          records: multiple(argument(string({ metavar: "RUN" }), {
            description: message`Records that tell what targets did; the history in runs/history otherwise.`,
          })),
          store: optional(option("--store", string({ metavar: "DIR" }), {
            description: message`A history that tells what targets did.`,
          })),
        }),
        (given): Action => (io) => show(given, io),
      ),
      { description: message`Shows a case or a clause, with what belongs to it.` },
    ),
    command("lint", map(object({ format: plainFormat }), ({ format }): Action => (io) => lint(format, io)), {
      description: message`Looks for mistakes in the cases and the ledger.`,
    }),
    command(
      "coverage",
      map(
        object({ format: plainFormat, profile, ...coverageOptions }),
        (given): Action => (io) => coverage(given, io),
      ),
      { description: message`Says which clauses have cases.` },
    ),
    command(
      "mutants",
      map(
        mutantsOptions,
        (given): Action => (io) => mutants(given, io),
      ),
      { description: message`Runs the cases on wrong simulators and says which of them are found out.` },
    ),
    or(
      command(
        "judge",
        map(
          object({
            record: argument(string({ metavar: "RECORD" })),
            format: resultFormat,
            baseline: baselineOption,
          }),
          ({ record, format, baseline }): Action => (io) => judgeRecord(record, format, io, baseline),
        ),
        { description: message`Judges the observations of a record again.` },
      ),
      command("serve", map(serveOptions, (given): Action => (io) => serve(given, io)), {
        description: message`Shows the runs of a folder in a browser.`,
      }),
      exploreCommand,
      or(agentCommand, kernelsCommand, moduleCommand, reproCommand, testeeCommand),
      or(bisectCommand, matrixCommand(args)),
      command("fuzz", fuzzOptions, {
        description: message`Plays random programs on a target and on the model until they differ.`,
      }),
      command("tour", map(tourOptions, (given): Action => (io) => tour(given, io)), {
        description: message`Takes every edge of the model on a target, and says where it goes another way.`,
      }),
      command("schema", map(object({}), (): Action => schema), {
        description: message`Writes the schemas for editors and the page of the vocabulary.`,
      }),
      command("new", newCommands, { description: message`Starts a case or a clause.` }),
      or(reportsCommands, certificateCommands),
      command("spec", specCommands, {
        description: message`Checks what the specification rests on, or writes it as a document.`,
      }),
      command("start", map(object({}), (): Action => (io) => start({ ...FIRST_RUN, command: args }, io)), {
        description: message`Shows the suite at work: runs everything on the simulator.`,
      }),
    ),
  );
}

const tourOptions = object("How to tour", {
  target: optional(option("-t", "--target", string({ metavar: "TARGET" }), {
    description: message`What to tour, as in sim:mainline-7.3; the simulator of the dialect otherwise.`,
  })),
  dialect: optional(option("-d", "--dialect", string({ metavar: "DIALECT" }), {
    description: message`The model, as in matt-v2; that of the target otherwise.`,
  })),
  universes: multiple(
    option("-u", "--universe", choice(UNIVERSES.map(({ id }) => id), { metavar: "UNIVERSE" }), {
      description: message`Only this part of the model; may be given more than once.`,
    }),
  ),
  depth: optional(option("--depth", integer({ metavar: "K", min: 1, max: 12 }), {
    description: message`Plays every sequence of up to K operations instead.`,
  })),
  length: withDefault(
    option("--length", integer({ metavar: "N", min: 1, max: 10_000 }), {
      description: message`About how many operations a sequence has.`,
    }),
    40,
  ),
  timeout: withDefault(
    option("--timeout", integer({ metavar: "SECONDS", min: 1 }), {
      description: message`The limit for one sequence.`,
    }),
    60,
  ),
  plays: optional(option("--plays", string({ metavar: "FILE" }), {
    description: message`Where to keep what was seen of each program; what it has is not played again.`,
  })),
  out: optional(option("-o", "--out", string({ metavar: "DIR" }), {
    description: message`Writes what diverges as cases into this folder.`,
  })),
  format: plainFormat,
});

const serveOptions = object({
  port: withDefault(
    option("--port", integer({ metavar: "PORT", min: 0, max: 65535 }), {
      description: message`The port; 0 for a free one.`,
    }),
    8017,
  ),
  host: withDefault(
    option("--host", string({ metavar: "HOST" }), { description: message`The address to listen on.` }),
    "127.0.0.1",
  ),
  runs: withDefault(
    option("--runs", string({ metavar: "DIR" }), { description: message`The folder with the records.` }),
    "runs",
  ),
  ...serveStoreOptions,
});

/** What `conform start` runs. */
const FIRST_RUN = {
  selectors: [],
  target: "sim",
  format: "human",
  jobs: 1,
  timeout: 60,
  repeat: 1,
  failFast: false,
  dryRun: false,
  dangerous: false,
} as const;

/**
 * Parses a command line.
 *
 * @throws {Answered} if the parser has answered it: help, version, completion, or what is wrong with it
 * @throws {Failure} with status 2 where help is asked for of a command that there is not
 */
export function parseCommandLine(args: readonly string[], io: Io): Action {
  const parser = commands(args);
  demandKnown(args, parser.usage);
  return parse(parser, {
    programName: "conform",
    args,
    brief: message`A conformance suite for the revocation of Linux dma-bufs.`,
    help: "both",
    version: { value: VERSION, command: true, option: true },
    completion: "command",
    showDefault: true,
    showChoices: true,
    aboveError: "none",
    errorExitCode: 2,
    colors: io.colours,
    maxWidth: io.columns ?? 100,
    stdout: (text) => io.out(`${text}\n`),
    stderr: (text) => io.err(`${text}\n`),
    onExit: (status) => {
      if (status === 2) io.err(`${whereToLook(args, namesIn(parser.usage))}\n`);
      throw new Answered(status);
    },
  });
}

/**
 * The parser shows the help of a command whatever stands behind its name.
 *
 * @throws {Failure} with status 2 where help is asked for of a command that there is not
 */
function demandKnown([asked, ...words]: readonly string[], usage: Usage): void {
  if (asked !== "help") return;
  const names = words.filter((word) => !word.startsWith("-"));
  let rest: Usage | undefined = usage;
  for (const [place, name] of names.entries()) {
    rest = behind(name, rest);
    if (rest) continue;
    const known = names.slice(0, place).join(" ");
    if (place === 0) return;
    throw new Failure(
      2,
      `There is no command "${known} ${name}"`,
      `See how it is used with: conform help ${known}`,
    );
  }
}

/** What comes behind the name of a command. */
function behind(name: string, [first, ...rest]: Usage): Usage | undefined {
  if (first?.type === "command") return first.name === name ? rest : undefined;
  if (first?.type !== "exclusive") return undefined;
  for (const each of first.terms) {
    const found = behind(name, each);
    if (found) return found;
  }
  return undefined;
}

/** What to do about a command line that is wrong. */
function whereToLook([name = ""]: readonly string[], known: readonly string[]): string {
  return known.includes(name)
    ? `See how it is used with: conform help ${name}`
    : didYouMean(name, known, "See what there is with: conform help");
}

/** The commands that a command line can begin with. */
function namesIn([first]: Usage): readonly string[] {
  if (first?.type === "command") return [first.name];
  return first?.type === "exclusive" ? first.terms.flatMap(namesIn) : [];
}
