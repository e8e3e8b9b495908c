/**
 * How a program tells what it saw: one line for each step, in the words of the runner, so that traces can be compared.
 *
 * @module
 */
import { cString } from "./c.ts";
import { type Helper, helper } from "./helper.ts";
import { countSince, events, orderSince } from "./helpers/importer.ts";
import { results } from "./helpers/results.ts";

const c = String.raw;

/** What a program has to tell of. */
export interface Telling {
  /** Statements that look for what happened by itself; empty where nothing can. */
  readonly looks: readonly string[];
  /** Steps that are started. */
  readonly started: readonly { readonly id: string; readonly variable: string }[];
  /** Whether parties disagree. */
  readonly hasHolders: boolean;
  /** The statements that tell. */
  readonly text: string;
  /** Whether the case is run again and again. */
  readonly isRace: boolean;
}

function lookHelper(looks: readonly string[]): Helper {
  const lines = looks.map((each) => `\t${each}`).join("\n");
  return helper(
    c`
/* Looks for what has happened by itself. */
static void look(void)
{
${lines}
}
`,
    { needs: [events], namesVariables: true },
  );
}

/** How a condition asks for what happened, by the function that answers. */
const QUESTIONS: Readonly<Record<string, string>> = {
  seen: c`
/* How often something has happened since the last step. */
static unsigned int seen(const char *what)
{
	look();
	return count_since(events_told, what);
}
`,
  saw: c`
/* Whether just these things have happened, of some kinds, since the last step. */
static bool saw(const char *kinds, const char *expected)
{
	look();
	return order_since(events_told, kinds, expected);
}
`,
  seen_since: c`
/* How often something has happened since a step was started. */
static unsigned int seen_since(const struct started *started, const char *what)
{
	look();
	return count_since(started->events, what);
}
`,
  saw_since: c`
/* Whether just these things have happened since a step was started. */
static bool saw_since(const struct started *started, const char *kinds, const char *expected)
{
	look();
	return order_since(started->events, kinds, expected);
}
`,
};

/** The functions that the conditions of a program ask. */
function questionsIn(text: string): readonly Helper[] {
  return Object.entries(QUESTIONS)
    .filter(([name]) => new RegExp(`\\b${name}\\(`).test(text))
    .map(([, question]) => {
      const needs = [question.includes("count_since(") ? countSince : orderSince];
      return helper(question, { needs, namesVariables: true });
    });
}

/** Lines of the kernel log. */
export const kernelLog = helper(
  c`
static int kmsg = -1;
static char warnings[4096];

static void open_log(void)
{
	kmsg = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (kmsg < 0)
		skip("/dev/kmsg");
	lseek(kmsg, 0, SEEK_END);
}

/* Whether the kernel has warned of something since the program began; of anything for an empty text. */
static bool warned(const char *text)
{
	char record[2048];
	ssize_t length;

	while ((length = read(kmsg, record, sizeof(record) - 1)) > 0) {
		char *line = strchr(record, ';');

		record[length] = 0;
		if (line && (atoi(record) & 7) <= 4)
			strncat(warnings, line + 1, sizeof(warnings) - strlen(warnings) - 1);
	}
	return text[0] ? strstr(warnings, text) != NULL : warnings[0] != 0;
}
`,
  { headers: ["fcntl.h"], setup: "open_log();" },
);

function pendingText(started: Telling["started"]): string {
  return started.map(({ id, variable }) =>
    `\tif (pending(&${variable})) {\n\t\tprintf("%s %s", comma++ ? "," : "; pending", ${cString(id)});\n\t}`
  ).join("\n").replaceAll(" {\n", "\n").replaceAll(";\n\t}", ";");
}

/** How a line begins. */
function beginning(isSelftest: boolean): string {
  return isSelftest
    ? c`	printf("# %s: %s", step, describe(result));`
    : c`	printf("%s %u - %s: %s", expected ? "ok" : "not ok", ++steps, step, describe(result));`;
}

const EVENTS_TEXT = c`
	for (; events_told < events_seen; events_told++)
		printf("%s %s", event_comma++ ? "," : ";", event[events_told % EVENTS]);`;

/** The function that tells of a step, for a program of its own or for the kernel's harness. */
export function tellHelper(telling: Telling, needs: readonly Helper[], isSelftest: boolean): Helper {
  const { looks, started, hasHolders, isRace, text } = telling;
  const hasEvents = looks.length > 0;
  const locals = [
    ...(hasEvents ? ["event_comma = 0"] : []),
    ...(started.length > 0 ? ["comma = 0"] : []),
  ];
  const lines = [
    ...(locals.length === 0 ? [] : [`\tunsigned int ${locals.join(", ")};`, ""]),
    ...(hasEvents ? ["\tlook();"] : []),
    ...(isSelftest ? [] : ["\tfailures += !expected;"]),
    ...(isRace
      ? [
        `\tif (quiet${isSelftest ? "" : " && expected"}) {`,
        ...(hasEvents ? ["\t\tevents_told = events_seen;"] : []),
        "\t\tvalue[0] = 0;",
        "\t\treturn;",
        "\t}",
      ]
      : []),
    beginning(isSelftest),
    ...(hasEvents ? [EVENTS_TEXT.slice(1)] : []),
    ...(started.length > 0 ? [pendingText(started)] : []),
    ...(hasHolders
      ? [c`	if (follows)
		printf(" # as %s has it", follows);
	follows = NULL;`]
      : []),
    c`	printf("\n");`,
    "\tfflush(stdout);",
    "\tvalue[0] = 0;",
  ];
  const signature = isSelftest
    ? "static void observe(const char *step, long result)"
    : "static void tell(bool expected, const char *step, long result)";
  return helper(
    [
      ...(isSelftest ? [] : ["static unsigned int steps, failures;"]),
      ...(isRace ? ["static bool quiet;"] : []),
      ...(isSelftest && !isRace ? [] : [""]),
      "/* Tells what a step gave, and what else was seen, in the words of dmabuf-conform. */",
      signature,
      "{",
      ...lines,
      "}",
    ].join("\n"),
    {
      namesVariables: true,
      needs: [
        results,
        ...needs,
        ...(hasEvents ? [lookHelper(looks)] : []),
        ...(hasEvents ? questionsIn(text) : []),
      ],
    },
  );
}

/** What a program of its own does when a step that the rest needs is not as expected. */
export const must = helper(
  c`
/* Tells of a step that the rest needs. */
static void must(bool expected, const char *step, long result)
{
	tell(expected, step, result);
	if (expected)
		return;
	printf("Bail out! The case cannot be shown here, since it needs this step\n");
	exit(4);
}
`,
  { namesVariables: true },
);
