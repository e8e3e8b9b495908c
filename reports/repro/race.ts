/**
 * Races in C: the whole case again and again, each time in a process of its own.
 *
 * @module
 */
import type { Case } from "../../cases/case.ts";
import { allowedConditions, allText } from "./expectation.ts";
import { cString, fold } from "./c.ts";
import { type Helper, helper } from "./helper.ts";

const c = String.raw;

/** What a race of a case needs to know. */
export interface RaceWords {
  /** Names of the attachments whose callbacks are counted. */
  readonly counted: readonly string[];
  /** How many steps the threads have. */
  readonly steps: number;
  /** How many threads there are. */
  readonly threads: number;
}

/** What a race of a case needs to know; `undefined` where it is none. */
export function raceWords({ race }: Case): RaceWords | undefined {
  if (!race) return undefined;
  const counted = [...new Set(race.allowed.flatMap(({ sees }) => Object.keys(sees ?? {})))];
  return { counted, steps: race.threads.flatMap(({ steps }) => steps).length, threads: race.threads.length };
}

/** The variables of a race, and the gate in front of its threads. */
export function gateHelper({ counted, steps, threads }: RaceWords): Helper {
  return helper(
    c`
#define RUNS	100

/* What one run gave. */
struct race {
	long result[${steps}];	/* of each step of the threads */${
      counted.length > 0
        ? `\n\tlong told[${counted.length}];	/* how often ${counted.join(", ")} ${
          counted.length > 1 ? "were" : "was"
        } told */`
        : ""
    }
	unsigned int failures;	/* of the other steps */
};

static struct race *race;
static pthread_barrier_t gate;
static unsigned int run;

/* Lets the threads begin together; later runs spread them further and further. */
static void pass_gate(void)
{
	unsigned int seed = run * ${threads}u + (unsigned int)(unsigned long)pthread_self();
	struct timespec now;
	long begin, delay = run < 2 ? 0 : rand_r(&seed) % (800 * (run < 50 ? run : 50));

	pthread_barrier_wait(&gate);
	clock_gettime(CLOCK_MONOTONIC, &now);
	begin = now.tv_nsec;
	while ((now.tv_nsec - begin + 1000000000L) % 1000000000L < delay)
		clock_gettime(CLOCK_MONOTONIC, &now);
}
`,
    { headers: ["pthread.h", "stdlib.h", "time.h"] },
  );
}

/** Runs the threads and waits for them. */
export function threadsFunction(case_: Case, hasEvents: boolean): string {
  const { race } = case_;
  const words = raceWords(case_);
  if (!race || !words) return "";
  const names = race.threads.map(({ name }) => name);
  const counts = words.counted.map((name, index) =>
    `\trace->told[${index}] = count_since(events, ${cString(`invalidate of ${name}`)});`
  );
  return [
    "/* Runs the threads at the same time. One that does not return leaves its steps as blocked. */",
    "static void run_threads(void)",
    "{",
    `\tpthread_t thread[${names.length}];`,
    "\tstruct timespec end;",
    ...(counts.length > 0 ? ["\tunsigned int events = events_seen;"] : []),
    "\tunsigned int i;",
    "",
    `\tfor (i = 0; i < ${words.steps}; i++)`,
    "\t\trace->result[i] = BLOCKED;",
    `\tpthread_barrier_init(&gate, NULL, ${names.length});`,
    ...names.map((name, index) => `\tpthread_create(&thread[${index}], NULL, thread_${name}, NULL);`),
    "\tclock_gettime(CLOCK_REALTIME, &end);",
    "\tend.tv_sec += 5;",
    `\tfor (i = 0; i < ${names.length}; i++)`,
    "\t\tpthread_timedjoin_np(thread[i], NULL, &end);",
    ...(hasEvents ? ["\tlook();"] : []),
    ...counts,
    "}",
  ].join("\n");
}

/** Whether a run ended as it may. */
export function allowedFunction(case_: Case): string {
  const { race } = case_;
  const words = raceWords(case_);
  if (!race || !words) return "";
  const rows = race.allowed.flatMap(({ results, sees, holder }) => {
    const conditions = [
      ...results.flatMap((result, index) => allowedConditions(result, `r[${index}]`)),
      ...Object.entries(sees ?? {}).map(([name, count]) =>
        ({
          kind: "equal",
          expected: `${count}`,
          seen: `race->told[${words.counted.indexOf(name)}]`,
        }) as const
      ),
    ];
    const whose = holder === undefined ? [] : [`\t/* as ${holder} has it */`];
    return [...whose, ...fold(`if (${allText(conditions)})`, "\t"), "\t\treturn true;"];
  });
  return [
    "/* Whether a run ended in one of the ways that are allowed. */",
    "static bool allowed(const struct race *race)",
    "{",
    ...(rows.some((row) => row.includes("r[")) ? ["\tconst long *r = race->result;", ""] : []),
    ...(rows.some((row) => row.includes("race->")) || rows.some((row) => row.includes("r["))
      ? []
      : ["\t(void)race;"]),
    ...rows,
    "\treturn false;",
    "}",
  ].join("\n");
}

/** Prints how a run ended, and says how often. */
export function histogramFunction(case_: Case): string {
  const { race } = case_;
  if (!race) return "";
  let index = 0;
  const parts = race.threads.flatMap(({ name, steps }) =>
    steps.map(({ operation }) => ({ label: `${name}: ${operation}`, index: index++ }))
  );
  return [
    "/* Tells in which ways the runs ended, and how often. */",
    "static void print_histogram(const struct race *all)",
    "{",
    "\tbool counted[RUNS] = { false };",
    "\tunsigned int i, j, many;",
    "",
    "\tfor (i = 0; i < RUNS; i++) {",
    "\t\tif (counted[i])",
    "\t\t\tcontinue;",
    "\t\tfor (j = i, many = 0; j < RUNS; j++) {",
    "\t\t\tif (memcmp(&all[i], &all[j], sizeof(*all)))",
    "\t\t\t\tcontinue;",
    "\t\t\tcounted[j] = true;",
    "\t\t\tmany++;",
    "\t\t}",
    '\t\tprintf("# %u times", many);',
    ...parts.map(({ label, index }) =>
      `\t\tprintf("; %s %s", ${cString(label)}, outcome(all[i].result[${index}]));`
    ),
    '\t\tprintf("\\n");',
    "\t}",
    "}",
  ].join("\n");
}

/** The kind of an outcome of a race: numbers of objects do not tell runs apart. */
export const outcomeHelper = helper(c`
/* How a step of a race ended; the numbers of objects do not matter. */
static const char *outcome(long result)
{
	value[0] = 0;
	return describe(result);
}
`);

/** The runs of a race, each in a process of its own. */
export function runsFunction(
  words: RaceWords,
  settings: readonly string[],
  setup: readonly string[],
  calls: readonly string[],
  objects: ReadonlySet<number>,
): string {
  const kept = [...Array(words.steps).keys()].filter((index) => objects.has(index));
  return [
    "/* Runs the case again and again, each time in a process of its own, so that no run finds what another left. */",
    "static struct race *run_all(int *status)",
    "{",
    "\tstruct race *all = mmap(NULL, RUNS * sizeof(*all), PROT_READ | PROT_WRITE,",
    "\t\t\t\tMAP_SHARED | MAP_ANONYMOUS, -1, 0);",
    "\tpid_t pid;",
    "",
    "\tif (all == MAP_FAILED)",
    "\t\tabort();",
    "\t*status = 0;",
    "\tfor (run = 0; run < RUNS && !*status; run++) {",
    "\t\tfflush(stdout);",
    "\t\tpid = fork();",
    "\t\tif (pid < 0)",
    "\t\t\tabort();",
    "\t\tif (!pid) {",
    "\t\t\talarm(60);	/* for a kernel that does not come back */",
    "\t\t\trace = &all[run];",
    "\t\t\tquiet = run > 0;",
    ...settings.map((line) => `\t\t\t${line}`),
    ...setup.map((line) => `\t\t\t${line}`),
    ...calls.map((line) => `\t\t\t${line}`),
    ...kept.flatMap((
      index,
    ) => [`\t\t\tif (race->result[${index}] > 0)`, `\t\t\t\trace->result[${index}] = 0;`]),
    "\t\t\tfflush(stdout);",
    "\t\t\t_exit(0);",
    "\t\t}",
    "\t\twaitpid(pid, status, 0);",
    "\t}",
    "\treturn all;",
    "}",
  ].join("\n");
}
