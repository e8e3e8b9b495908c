import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { loadLedger } from "../ledger.ts";
import { definitionsOf, essenceOf } from "./c_source.ts";
import { citationsOf, rangesOf, rangeText } from "./citation.ts";
import { digestsOf, digestsText, linesOf, readDigests } from "./digests.ts";
import { checkKernel, compareKernels } from "./kernel.ts";
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
  const found = checkMails(mails, digestsOf(mails, read(before)), read(now));
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
  const text = digestsText(digestsOf(mails, read(MAIL)));
  assertEquals([...text.matchAll(/"([\d-]+)":/g)].map(([, range]) => range), ["1", "4", "4-5", "8"]);
  assert(!text.includes("frob"));
});

Deno.test("the digests of the suite are those of the lines that its clauses cite; --accept writes them", () => {
  const { mails } = citationsOf(loadLedger());
  const cited = new Set(
    mails.flatMap(({ mail, lines }) =>
      (rangesOf(lines ?? "") ?? []).map((range) => `${mail}:${rangeText(range)}`)
    ),
  );
  const recorded = Object.entries(readDigests().mails).flatMap(([mail, lines]) =>
    Object.keys(lines).map((range) => `${mail}:${range}`)
  );
  assertEquals(recorded.toSorted(), [...cited].toSorted());
});

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

#ifdef CONFIG_FROB
static inline void frob_sleep(void) { }
#endif
long __must_check frob_wait(struct frob *frob,
			    long timeout)
{
	return frob_revoke(frob, NULL);
}
`;

Deno.test("definitionsOf() finds the functions and structures of a file, and not what only calls them", () => {
  const found = definitionsOf(linesOf(SOURCE)).map(({ name, first, last }) => `${name} ${first}-${last}`);
  assertEquals(found, ["frob 4-6", "frob_revoke 9-15", "frob_check 18-20", "frob_wait 25-29"]);
});

Deno.test("essenceOf() does not look at comments and white space", () => {
  const range = { first: 1, last: 3 };
  assertEquals(
    essenceOf(["int f(void)", "{ /* a", "b */ }"], range),
    essenceOf(["int  f(void) // x", "{", "}"], range),
  );
});

const MAKEFILE = "# SPDX\nVERSION = 7\nPATCHLEVEL = 3\nSUBLEVEL = 4\nNAME = x\n";
const CITED = ledgerOf(
  clause("AB-01", '{ kernel: "7.3", file: drivers/frob.c, function: frob_revoke }'),
  clause("AB-02", '{ kernel: "7.3", file: drivers/frob.c, lines: 25-28 }'),
  clause("AB-03", '{ kernel: "7.3", file: arch/*/frob.h }'),
);

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

Deno.test("checkKernel() is content with a tree that has what is cited", () => {
  withTrees([TREE], (tree) => {
    assertEquals([tree.version, checkKernel(citationsOf(CITED).kernels, tree)], ["7.3.4", []]);
  });
});

Deno.test("checkKernel() names files, functions and lines that are not there", () => {
  const gone = {
    Makefile: MAKEFILE,
    "drivers/frob.c": SOURCE.replaceAll("frob_revoke", "frob_end").slice(0, 200),
  };
  withTrees([gone], (tree) => {
    assertEquals(
      checkKernel(citationsOf(CITED).kernels, tree).map(({ message, clauses }) => `${message} [${clauses}]`),
      [
        "Linux 7.3.4 has no file arch/*/frob.h [AB-03]",
        "drivers/frob.c of Linux 7.3.4 defines no frob_revoke() [AB-01]",
        "Line 28 lies beyond the end: drivers/frob.c has 16 lines [AB-02]",
      ],
    );
  });
});

Deno.test("compareKernels() tells which cited functions changed, went and came, and which clauses that touches", () => {
  const newer = {
    ...TREE,
    "drivers/frob.c": SOURCE.replace("-ENODEV", "-EINVAL").replace("/* Revokes. */", "/* Takes back. */"),
    "arch/arm/frob.h": "#define FROB 2\n",
  };
  withTrees([TREE, newer], (old, now) => {
    const compared = compareKernels(citationsOf(CITED).kernels, old, now);
    assertEquals(
      compared.map((each) => `${each.change} ${each.file} ${each.function} ${each.clauses}`),
      [
        "changed arch/*/frob.h undefined AB-03",
        "changed drivers/frob.c frob_revoke AB-01",
        "same drivers/frob.c frob_wait AB-02",
      ],
    );
  });
  withTrees([{ Makefile: MAKEFILE }, TREE], (old, now) => {
    const changes = (a: typeof old, b: typeof old) =>
      new Set(compareKernels(citationsOf(CITED).kernels, a, b).map(({ change }) => change));
    assertEquals([...changes(old, now)], ["new"]);
    assertEquals([...changes(now, old)], ["gone"]);
    assertEquals([...changes(old, old)], ["in neither"]);
  });
});

Deno.test("kernelTree() and seedReader() refuse a folder that is not one", () => {
  inFolder({ "a.txt": MAIL }, (folder) => {
    assertThrows(() => kernelTree(folder), FolderError, "is not a kernel source tree");
    assertThrows(() => seedReader(join(folder, "none")), FolderError, "cannot be read");
    assertEquals([seedReader(folder)("a.txt")?.length, seedReader(folder)("b.txt")], [8, undefined]);
  });
});
