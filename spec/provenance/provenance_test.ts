import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { loadLedger } from "../ledger.ts";
import { commentsOf, definitionsOf, essenceOf, isComment } from "./c_source.ts";
import { citationsOf, rangesOf, rangeText } from "./citation.ts";
import { compareKernels } from "./compare.ts";
import { type Digests, digestsText, linesOf, mailDigestsOf, readDigests } from "./digests.ts";
import { checkKernel, kernelDigestsOf } from "./kernel.ts";
import { checkMails } from "./mails.ts";
import { FolderError, kernelTree, seedReader } from "./read.ts";

const MAIL = "From: A\nSubject: a patch\n\n+int frob_revoke(void)\n+{\n+ return -ENODEV;\n+}\nIt fails.\n";

function clause(id: string, sources: string, more = ""): string {
  return `
  - id: ${id}
    title: A clause
    requirement: It MUST hold.
    keyword: MUST
    level: code
    status: mainline
    observable: [userspace]
    sources: [${sources}]${more}
`;
}

/** Puts files into a new folder and hands it on. */
function inFolder<T>(files: Readonly<Record<string, string>>, use: (folder: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), "provenance-"));
  try {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), text);
    }
    return use(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function ledgerOf(...clauses: string[]) {
  const files = {
    "sources.yaml":
      'mails:\n  S1: { author: A, seed: a.txt, seen: whole }\n  S2: { author: B, seen: excerpt }\nkernels:\n  "7.3": {}\n',
    "clauses/ab.yaml": `family: AB\ntitle: A family\nsummary: Some.\nclauses:${clauses.join("")}`,
    "profiles/p.yaml": "id: p\ntitle: P\nkind: role\nsummary: Some.\ninclude: [AB-*]\n",
  };
  return inFolder(files, (folder) => loadLedger(pathToFileURL(`${folder}/`)));
}

function read(text: string | undefined) {
  return () => text === undefined ? undefined : linesOf(text);
}

/** What checking a citation of S1 says once the mail has become another text. */
function faults(lines: string, now: string | undefined, before = MAIL): readonly string[] {
  const { mails } = citationsOf(ledgerOf(clause("AB-01", `{ mail: S1, lines: "${lines}" }`)));
  const found = checkMails(mails, { mails: mailDigestsOf(mails, read(before)) }, read(now));
  return found.map(({ fault, message, hint, clauses }) =>
    `${fault}: ${message}. ${hint} [${clauses.join()}]`
  );
}

Deno.test("citationsOf() gives each place once, with its clauses, and takes alternatives too", () => {
  const contested = "\n    contested: [{ holder: B, alternative: No., source: { mail: S1, lines: 8 } }]";
  const ledger = ledgerOf(
    clause("AB-01", "{ mail: S1, lines: 4-5, function: frob_revoke }, { mail: S2, lines: 1 }", contested),
    clause("AB-02", '{ mail: S1, lines: 4-5, function: frob_revoke }, { kernel: "7.3", file: a.c }'),
  );
  const { mails, kernels } = citationsOf(ledger);
  assertEquals(mails.map((each) => [each.lines, each.clauses.join()]), [["4-5", "AB-01,AB-02"], [
    "8",
    "AB-01",
  ]]);
  assertEquals(kernels.map((each) => [each.file, each.clauses.join()]), [["a.c", "AB-02"]]);
});

Deno.test("rangesOf() reads what rangeText() writes and refuses the rest", () => {
  assertEquals(rangesOf("110-111, 118")?.map(rangeText), ["110-111", "118"]);
  for (const wrong of ["", "a", "5-4", "0", "1,", "1-2-3", "-2"]) {
    assertEquals(rangesOf(wrong), undefined, wrong);
  }
});

Deno.test("checkMails() is content with lines that say what they said, whatever is said elsewhere", () => {
  assertEquals(faults("4-5, 8", MAIL), []);
  assertEquals(faults("4-5", MAIL.replace("It fails.", "It works.").replaceAll("\n", " \r\n")), []);
});

Deno.test("checkMails() names every citation that drifts and says where its lines have gone", () => {
  assertEquals(faults("6, 8", MAIL.replace("ENODEV", "EINVAL")), [
    "drifted: S1:6 no longer says what it said when it was last read. Read them again and correct the clause, " +
    "or call this again with --accept if it still holds [AB-01]",
  ]);
  assertStringIncludes(faults("4-7", `X: y\n${MAIL}`).join(), "The same lines now stand at 5-8");
});

Deno.test("checkMails() names a missing mail, lines beyond its end, and lines that are none", () => {
  assertStringIncludes(
    faults("4", undefined).join(),
    "missing-file: The seeds have no file a.txt, which is S1",
  );
  assertStringIncludes(
    faults("7-9", MAIL).join(),
    "beyond-the-end: S1:7-9 lies beyond the end: the mail has 8 lines",
  );
  assertStringIncludes(faults("about 4", MAIL).join(), 'bad-lines: "about 4" does not say lines');
  assertStringIncludes(faults("4", MAIL, "").join(), "not-recorded: Nobody has recorded what S1:4 says");
});

Deno.test("checkMails() names a function that the mail does not mention", () => {
  const { mails } = citationsOf(ledgerOf(clause("AB-01", "{ mail: S1, function: frob_undo }")));
  assertEquals(checkMails(mails, { mails: {} }, read(MAIL)).map(({ fault }) => fault), ["no-function"]);
});

Deno.test("digestsText() is in the order of the lines and says nothing of what they say", () => {
  const { mails } = citationsOf(ledgerOf(clause("AB-01", '{ mail: S1, lines: "8, 4-5, 1, 4" }')));
  const text = digestsText({ mails: mailDigestsOf(mails, read(MAIL)), kernels: {} });
  assertEquals([...text.matchAll(/"([\d-]+)":/g)].map(([, range]) => range), ["1", "4", "4-5", "8"]);
  assert(!text.includes("frob"));
});

Deno.test("the digests of the suite are those of the lines that its clauses cite; --accept writes them", () => {
  const { mails, kernels } = citationsOf(loadLedger());
  const cited = [
    ...mails.flatMap(({ mail, lines }) => rangesIn(lines).map((range) => `${mail}:${range}`)),
    ...kernels.flatMap(({ kernel, file, lines }) =>
      rangesIn(lines).map((range) => `${kernel} ${file}:${range}`)
    ),
  ];
  const recorded = readDigests();
  const known = [
    ...Object.entries(recorded.mails).flatMap(([mail, lines]) =>
      Object.keys(lines).map((range) => `${mail}:${range}`)
    ),
    ...Object.entries(recorded.kernels).flatMap(([kernel, { files }]) =>
      Object.entries(files).flatMap(([file, places]) =>
        places.flatMap(({ lines }) => lines === undefined ? [] : [`${kernel} ${file}:${lines}`])
      )
    ),
  ];
  assertEquals(known.toSorted(), [...new Set(cited)].toSorted());
});

Deno.test("a citation of the suite that leads into a function of a kernel names it", () => {
  const { kernels } = citationsOf(loadLedger());
  const recorded = readDigests().kernels;
  const wrong = kernels.flatMap(({ kernel, file, lines, function: name, clauses }) =>
    rangesIn(lines).flatMap((range) => {
      const place = recorded[kernel]?.files[file]?.find((each) => each.lines === range);
      return name === undefined || place?.of === name ? [] : [`${clauses}: ${file}:${range}, ${name}`];
    })
  );
  assertEquals(wrong, []);
});

function rangesIn(lines: string | undefined): readonly string[] {
  return (rangesOf(lines ?? "") ?? []).map(rangeText);
}

const SOURCE = `// SPDX
static int frob_lock;

struct frob {
	int state;	/* what it is */
};

/* Revokes. */
static int
frob_revoke(struct frob *frob, int (*cb)(void))
{
	if (!frob)
		return -ENODEV;
	return cb();
}
EXPORT_SYMBOL(frob_revoke);

int frob_check(struct frob *frob) {
	return 0;
}

static const struct frob_ops frob_table = {
	.revoke = frob_revoke,
};

#define FROB_LONG(x) \\
	((x) + 1)

TEST_F(frob_suite, revokes)
{
}

#ifdef CONFIG_FROB
static inline void frob_sleep(void) { }
#endif
long __must_check frob_wait(struct frob *frob,
			    long timeout)
{
	return frob_revoke(frob, NULL);
}
`;

Deno.test("definitionsOf() finds functions, structures, tables and macros, and not what only calls them", () => {
  const found = definitionsOf(linesOf(SOURCE)).map(({ name, above, first, last }) =>
    `${name} ${above === first ? "" : `(${above}) `}${first}-${last}`
  );
  assertEquals(found, [
    "frob 4-6",
    "frob_revoke (8) 9-15",
    "frob_check 18-20",
    "frob_table 22-24",
    "FROB_LONG 26-27",
    "frob_suite.revokes 29-31",
    "frob_wait 36-40",
  ]);
});

Deno.test("essenceOf() does not look at comments and white space, and is not taken in by quotes", () => {
  const range = { first: 1, last: 3 };
  assertEquals(
    essenceOf(["int f(void)", "{ /* a", "b */ }"], range),
    essenceOf(["int  f(void) // x", "{", "}"], range),
  );
  const one = { first: 1, last: 1 };
  assert(essenceOf(['say("http://a");'], one) !== essenceOf(['say("http://b");'], one));
});

Deno.test("commentsOf() has the words of comments alone, and isComment() tells where nothing else stands", () => {
  const lines = [
    "/**",
    " * f() - Does it",
    " * twice",
    " */",
    "int f(void) { /* now */",
    '  say("/* no */");',
    "}",
  ];
  assertEquals(commentsOf(lines, { first: 1, last: 7 }), "f() - Does it twice now");
  assertEquals(
    [{ first: 2, last: 3 }, { first: 3, last: 5 }, { first: 6, last: 6 }].map((range) =>
      isComment(lines, range)
    ),
    [true, false, false],
  );
});

const MAKEFILE = "# SPDX\nVERSION = 7\nPATCHLEVEL = 3\nSUBLEVEL = 4\nNAME = x\n";
const CITED = ledgerOf(
  clause("AB-01", '{ kernel: "7.3", file: drivers/frob.c, lines: 12-13, function: frob_revoke }'),
  clause("AB-02", '{ kernel: "7.3", file: drivers/frob.c, lines: 38, function: frob_wait }'),
  clause("AB-03", '{ kernel: "7.3", file: arch/*/frob.h }'),
  clause("AB-04", '{ kernel: "7.3", file: drivers/frob.c, lines: 8, function: frob_revoke }'),
  clause("AB-05", '{ kernel: "7.3", file: drivers/frob.c, lines: 1 }'),
);
const { kernels: KERNELS } = citationsOf(CITED);

function withTrees<T>(
  trees: readonly Readonly<Record<string, string>>[],
  use: (...found: ReturnType<typeof kernelTree>[]) => T,
): T {
  const files = trees.flatMap((tree, index) =>
    Object.entries(tree).map(([name, text]) => [`${index}/${name}`, text] as const)
  );
  return inFolder(
    Object.fromEntries(files),
    (folder) => use(...trees.map((_, index) => kernelTree(join(folder, String(index))))),
  );
}

const TREE = { Makefile: MAKEFILE, "drivers/frob.c": SOURCE, "arch/x86/frob.h": "#define FROB 1\n" };

/** What was recorded of {@linkcode TREE}. */
const RECORDED = withTrees([TREE], (tree) => kernelDigestsOf(KERNELS, tree, {}));

Deno.test("checkKernel() is content with a tree that has what is cited", () => {
  withTrees([TREE], (tree) => {
    assertEquals([tree.version, checkKernel(KERNELS, tree, RECORDED)], ["7.3.4", []]);
  });
});

Deno.test("of what a tree or a folder of mails lacks stays what was recorded", () => {
  const { "drivers/frob.c": _, ...less } = TREE;
  assertEquals(withTrees([less], (tree) => kernelDigestsOf(KERNELS, tree, RECORDED)), RECORDED);
  const { mails } = citationsOf(ledgerOf(clause("AB-01", "{ mail: S1, lines: 4-5 }")));
  const recorded = mailDigestsOf(mails, read(MAIL));
  assertEquals(Object.keys(recorded.S1 ?? {}), ["4-5"]);
  assertEquals(mailDigestsOf(mails, read(undefined), recorded), recorded);
});

function kernelFaults(tree: Readonly<Record<string, string>>, cited = KERNELS): readonly string[] {
  return withTrees(
    [tree],
    (found) =>
      checkKernel(cited, found, RECORDED).map(({ fault, message, hint, clauses }) =>
        `${fault}: ${message}. ${hint} [${clauses}]`
      ),
  );
}

Deno.test("checkKernel() names files, functions and lines that are not there", () => {
  const short = SOURCE.replaceAll("frob_revoke", "frob_end").slice(0, 200);
  const found = kernelFaults({ Makefile: MAKEFILE, "drivers/frob.c": short }).join("\n");
  for (
    const said of [
      "missing-file: Linux 7.3.4 has no file arch/*/frob.h",
      "no-function: drivers/frob.c of Linux 7.3.4 defines no frob_revoke()",
      "beyond-the-end: Line 38 lies beyond the end: drivers/frob.c has 16 lines",
    ]
  ) assertStringIncludes(found, said);
});

Deno.test("checkKernel() names lines that say something else, and where they have gone", () => {
  const changed = { ...TREE, "drivers/frob.c": SOURCE.replace("-ENODEV", "-EINVAL") };
  assertEquals(kernelFaults(changed), [
    "drifted: drivers/frob.c:12-13 no longer says what it said when it was last read. Read them again and " +
    "correct the clause, or call this again with --accept if it still holds [AB-01]",
  ]);
  const shifted = { ...TREE, "drivers/frob.c": SOURCE.replace("// SPDX\n", "// SPDX\n\n") };
  assertStringIncludes(kernelFaults(shifted).join(), "The same lines now stand at 13-14");
});

Deno.test("checkKernel() counts no lines in a tree of another release", () => {
  const older = { ...TREE, Makefile: MAKEFILE.replace("3", "2"), "drivers/frob.c": `\n\n${SOURCE}` };
  assertEquals(kernelFaults(older), []);
});

Deno.test("checkKernel() names lines that are not of the function that is named, or of one that is not", () => {
  const wrong = citationsOf(ledgerOf(
    clause("AB-01", '{ kernel: "7.3", file: drivers/frob.c, lines: 12, function: frob_wait }'),
    clause("AB-02", '{ kernel: "7.3", file: drivers/frob.c, lines: 12-19, function: frob_revoke }'),
    clause("AB-03", '{ kernel: "7.3", file: drivers/frob.c, lines: 37 }'),
    clause("AB-04", '{ kernel: "7.3", file: drivers/frob.c, lines: 23 }'),
    clause("AB-05", '{ kernel: "7.3", file: drivers/frob.c, lines: 2, function: frob_wait }'),
  )).kernels;
  const found = kernelFaults(TREE, wrong).filter((each) => !each.startsWith("not-recorded"));
  assertEquals(found.map((each) => each.replace(/\. (Name|Correct).* \[/, " [")).toSorted(), [
    "unnamed-function: drivers/frob.c:37 lies in frob_wait() [AB-03]",
    "wrong-function: drivers/frob.c:12 does not lie in frob_wait() alone, but in frob_revoke() [AB-01]",
    "wrong-function: drivers/frob.c:12-19 does not lie in frob_revoke() alone, but in frob_revoke() and " +
    "frob_check() [AB-02]",
    "wrong-function: drivers/frob.c:2 does not lie in frob_wait() [AB-05]",
  ]);
});

/** What has become of each place from one tree to another; from what was recorded, where there is no older one. */
function changes(
  older: Readonly<Record<string, string>> | undefined,
  newer: Readonly<Record<string, string>>,
): readonly string[] {
  return withTrees(
    [newer, older ?? newer],
    (now, old) =>
      compareKernels(KERNELS, older && old, now, RECORDED).map((
        { change, function: name, aspect, to, clauses },
      ) =>
        [
          change,
          name ?? "-",
          ...(aspect === "code" ? [] : [aspect]),
          ...(to === undefined ? [] : [to]),
          clauses,
        ]
          .join(" ")
      ),
  );
}

const SAME = [
  "same - AB-03",
  "same - documentation AB-05",
  "same frob_revoke documentation AB-04",
  "same frob_revoke AB-01",
  "same frob_wait AB-02",
];

Deno.test("compareKernels() says that nothing changed where only lines move and layout changes", () => {
  const moved = { ...TREE, "drivers/frob.c": `\n${SOURCE.replace("int state;\t", "int  state;")}` };
  for (const older of [TREE, undefined]) assertEquals(changes(older, moved), SAME);
});

Deno.test("compareKernels() tells changed code from changed comments, with the clauses that each touches", () => {
  for (const older of [TREE, undefined]) {
    const code = { ...TREE, "drivers/frob.c": SOURCE.replace("-ENODEV", "-EINVAL") };
    assertEquals(changes(older, code), SAME.with(3, "changed frob_revoke AB-01"));
    const words = { ...TREE, "drivers/frob.c": SOURCE.replace("/* Revokes. */", "/* Takes back. */") };
    assertEquals(changes(older, words), SAME.with(2, "changed frob_revoke documentation AB-04"));
    const first = { ...TREE, "drivers/frob.c": SOURCE.replace("SPDX", "GPL") };
    assertEquals(changes(older, first), SAME.with(1, "changed - documentation AB-05"));
    assertEquals(
      changes(older, { ...TREE, "arch/arm/frob.h": "#define FROB 2\n" }),
      SAME.with(0, "changed - AB-03"),
    );
  }
});

Deno.test("compareKernels() finds a function that has moved to another file of the folder, changed or not", () => {
  const wait = SOURCE.indexOf("long __must_check");
  const moved = { ...TREE, "drivers/frob.c": SOURCE.slice(0, wait), "drivers/wait.c": SOURCE.slice(wait) };
  for (const older of [TREE, undefined]) {
    assertEquals(changes(older, moved), SAME.with(4, "moved frob_wait drivers/wait.c AB-02"));
    const other = { ...moved, "drivers/wait.c": SOURCE.slice(wait).replace("NULL", "wait") };
    assertEquals(changes(older, other), SAME.with(4, "changed frob_wait drivers/wait.c AB-02"));
  }
});

Deno.test("compareKernels() tells what is new, what is gone, and what neither kernel has", () => {
  const none = { Makefile: MAKEFILE };
  const all = (change: string) => SAME.map((each) => each.replace("same", change));
  assertEquals(changes(none, TREE), all("new"));
  assertEquals(changes(undefined, none), all("gone"));
  const found = changes(TREE, none);
  assertEquals(found.filter((each) => each.startsWith("gone")).length, found.length);
  assert(changes(none, none).every((each) => each.startsWith("in neither")));
});

Deno.test("digestsText() writes of kernels what readDigests() reads", () => {
  inFolder({}, (folder) => {
    const digests: Digests = { mails: { S1: { "1-2": "0123456789abcdef" } }, kernels: RECORDED };
    writeFileSync(join(folder, "citations.yaml"), digestsText(digests));
    const again = readDigests(pathToFileURL(join(folder, "citations.yaml")));
    assertEquals(JSON.stringify(again), JSON.stringify(digests));
  });
});

Deno.test("kernelTree() and seedReader() refuse a folder that is not one", () => {
  inFolder({ "a.txt": MAIL }, (folder) => {
    assertThrows(() => kernelTree(folder), FolderError, "is not a kernel source tree");
    assertThrows(() => seedReader(join(folder, "none")), FolderError, "cannot be read");
    assertEquals([seedReader(folder)("a.txt")?.length, seedReader(folder)("b.txt")], [8, undefined]);
  });
});
