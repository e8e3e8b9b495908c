import { assert, assertEquals, assertThrows } from "@std/assert";
import { pathToFileURL } from "node:url";
import { formatDiagnostic } from "./diagnostic.ts";
import { clauseIdSchema, profileIdSchema } from "./ids.ts";
import { type Ledger, LedgerError, loadLedger } from "./ledger.ts";

const SOURCES = 'mails:\n  S2: { author: A, seen: whole }\nkernels:\n  "7.3": { read: true }\n';

function clauseText(id: string, more = ""): string {
  return `
  - id: ${id}
    title: A clause
    requirement: It MUST hold.
    keyword: MUST
    level: code
    status: mainline
    observable: [userspace]
    sources: [{ mail: S2, lines: 4-5 }]${more}
`;
}

function familyText(...clauses: string[]): string {
  return `family: AB\ntitle: A family\nsummary: Some clauses.\nclauses:${clauses.join("")}`;
}

function profileText(id: string, more: string): string {
  return `id: ${id}\ntitle: A profile\nkind: role\nsummary: Some clauses.\n${more}\n`;
}

/** Reads a ledger made of these files, and its mistakes with paths relative to the folder. */
function read(files: Record<string, string>): { ledger?: Ledger; mistakes: readonly string[] } {
  const folder = Deno.makeTempDirSync();
  try {
    for (const name of ["clauses", "profiles"]) Deno.mkdirSync(`${folder}/${name}`);
    for (const [name, text] of Object.entries({ "sources.yaml": SOURCES, ...files })) {
      Deno.writeTextFileSync(`${folder}/${name}`, text);
    }
    return { ledger: loadLedger(pathToFileURL(`${folder}/`)), mistakes: [] };
  } catch (error) {
    if (!(error instanceof LedgerError)) throw error;
    return { mistakes: error.diagnostics.map((one) => formatDiagnostic(one).replaceAll(`${folder}/`, "")) };
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

Deno.test("loadLedger() reads the ledger of the suite", () => {
  const ledger = loadLedger();
  const clause = ledger.clauses.get(clauseIdSchema.parse("VREV-10"));
  assertEquals([clause?.family, clause?.keyword], ["VREV", "MUST"]);
  assert(clause && ledger.profiles.get(profileIdSchema.parse("matt-v1-vfio"))?.clauses.has(clause.id));
  assert(ledger.families.get("VREV")?.clauses.includes(clause.id));
  assertEquals(clause.at.file, "spec/clauses/vrev.yaml");
});

Deno.test("loadLedger() gives the same digest for the same files and another one for others", () => {
  const digests = ["", "", "\n    notes: Changed."].map((more) =>
    read({ "clauses/ab.yaml": familyText(clauseText("AB-01", more)) }).ledger?.digest
  );
  assert(/^sha256:[0-9a-f]{64}$/.test(digests[0] ?? ""));
  assertEquals(digests[0], digests[1]);
  assert(digests[0] !== digests[2]);
});

Deno.test("loadLedger() works out what a profile extends, includes and excludes", () => {
  const { ledger } = read({
    "clauses/ab.yaml": familyText(...["AB-01", "AB-02", "AB-03"].map((id) => clauseText(id))),
    "profiles/a-child.yaml": profileText("a-child", "extends: [parent]\nexclude: [AB-01]"),
    "profiles/all.yaml": profileText("all", "include: [AB-*]"),
    "profiles/parent.yaml": profileText("parent", "include: [AB-01, AB-03]"),
  });
  const clauses = [...ledger?.profiles.values() ?? []].map(({ id, clauses }) => [id, ...clauses]);
  assertEquals(clauses, [["a-child", "AB-03"], ["all", "AB-01", "AB-02", "AB-03"], [
    "parent",
    "AB-01",
    "AB-03",
  ]]);
});

Deno.test("loadLedger() says of a broken file what is wrong with it, and not what is missed because of it", () => {
  const profile = profileText("p", "include: [AB-01, AB-02]");
  const broken = familyText(
    clauseText("AB-01"),
    clauseText("AB-02").replace("keyword: MUST", "keyword: MIST"),
  );
  const files = { "clauses/ab.yaml": broken, "profiles/p.yaml": profile };
  const { mistakes } = read(files);
  assertEquals(mistakes.length, 1, mistakes.join("\n"));
  assert(mistakes[0]?.startsWith("clauses/ab.yaml:"), mistakes[0]);
  const mended = { ...files, "clauses/ab.yaml": broken.replace("MIST", "MUST") };
  assertEquals(read(mended).mistakes, []);
});

Deno.test("loadLedger() says where ids and families are wrong", () => {
  const { mistakes } = read({
    "clauses/ab.yaml": familyText(clauseText("AB-01"), clauseText("AB-01"), clauseText("XY-02")),
  });
  assertEquals(mistakes, [
    "clauses/ab.yaml:14:9: AB-01 is already the id of another one, at clauses/ab.yaml:5. Give it the next number that is free",
    "clauses/ab.yaml:23:9: XY-02 stands in the file of the family AB. Let its id begin with AB-, or move it to the file of its family",
  ]);
});

Deno.test("loadLedger() says where a family stands in two files", () => {
  const { mistakes } = read({
    "clauses/ab.yaml": familyText(clauseText("AB-01")),
    "clauses/ac.yaml": familyText(clauseText("AB-02")),
  });
  assertEquals(mistakes, [
    "clauses/ac.yaml:1:9: The family AB has a file already: clauses/ab.yaml. Put its clauses there, or choose another name",
  ]);
});

Deno.test("loadLedger() says where sources are unknown", () => {
  const { mistakes } = read({
    "clauses/ab.yaml": familyText(clauseText(
      "AB-01",
      `
    since: "7.4"
    contested:
      - { holder: B, alternative: Not so., source: { mail: S3 } }
      - { holder: C, alternative: Not so., source: { clause: AB-02 } }
      - { holder: D, alternative: Not so., source: { kernel: "6.1", file: a.c } }`,
    )),
  });
  assertEquals(mistakes, [
    'clauses/ab.yaml:13:12: The kernels of spec/sources.yaml have no "7.4". Use one of: 7.3; or add it there',
    'clauses/ab.yaml:15:60: The mails of spec/sources.yaml have no "S3". Did you mean "S2"?',
    'clauses/ab.yaml:16:62: The ledger has no clause AB-02. Did you mean "AB-01"?',
    'clauses/ab.yaml:17:62: The kernels of spec/sources.yaml have no "6.1". Use one of: 7.3; or add it there',
  ]);
});

Deno.test("loadLedger() wants to know what others hold of a contested clause", () => {
  const text = familyText(clauseText("AB-01")).replace("status: mainline", "status: contested");
  assertEquals(read({ "clauses/ab.yaml": text }).mistakes, [
    'clauses/ab.yaml:10:13: AB-01 is contested and does not say what others hold. Add "contested" with a holder and the alternative, or change the status',
  ]);
});

Deno.test("loadLedger() says where a word or a key is wrong", () => {
  const text = familyText(clauseText("AB-01")).replace("MUST\n", "MUTS\n").replace("level:", "levle:");
  assertEquals(read({ "clauses/ab.yaml": text }).mistakes, [
    'clauses/ab.yaml:5:5: "level" is missing. Add "level". What it rests on',
    'clauses/ab.yaml:8:14: Expected one of MUST, MUST NOT, SHOULD, MAY, found the text "MUTS". Did you mean "MUST"?',
    'clauses/ab.yaml:9:5: "levle" is not known here. Did you mean "level"?',
  ]);
});

Deno.test("loadLedger() says where a profile names what does not exist", () => {
  const { mistakes } = read({
    "clauses/ab.yaml": familyText(clauseText("AB-01"), clauseText("AB-02")),
    "profiles/one.yaml": profileText(
      "one",
      "extends: [tow]\ninclude: [AB-01, AB-03, XY-*]\nexclude: [AB-02]",
    ),
    "profiles/two.yaml": profileText("two", "include: [ab-01]"),
  });
  assertEquals(mistakes, [
    'profiles/one.yaml:5:11: There is no profile "tow". Use one of: one',
    'profiles/one.yaml:6:18: The ledger has no clause AB-03. Did you mean "AB-01"?',
    "profiles/one.yaml:6:25: The ledger has no clause XY-*. Check the name of the family",
    'profiles/one.yaml:7:11: The profile has no clause AB-02 that could be taken out. Did you mean "AB-01"?',
    'profiles/two.yaml:5:11: Found the text "ab-01", which is not right here. Expected a clause such as VREV-10, or VREV-* for all of a family',
  ]);
});

Deno.test("loadLedger() says where profiles extend each other in a circle", () => {
  const { mistakes } = read({
    "clauses/ab.yaml": familyText(clauseText("AB-01")),
    "profiles/one.yaml": profileText("one", "extends: [two]\ninclude: [AB-01]"),
    "profiles/two.yaml": profileText("two", "extends: [one]"),
  });
  assertEquals(mistakes, [
    "profiles/two.yaml:5:11: The profile extends itself: one, which extends two, which extends one. Take one of them out of the circle",
  ]);
});

Deno.test("loadLedger() wants a profile in the file of its name", () => {
  const { mistakes } = read({
    "clauses/ab.yaml": familyText(clauseText("AB-01")),
    "profiles/one.yaml": profileText("two", "include: [AB-01]"),
  });
  assertEquals(mistakes, [
    'profiles/one.yaml:1:5: The profile "two" stands in a file that has another name. Call the profile "one", or the file two.yaml',
  ]);
});

Deno.test("loadLedger() reports every file that cannot be read in one error", () => {
  const error = assertThrows(() => loadLedger(new URL("file:///nowhere/")), LedgerError);
  assertEquals(error.diagnostics.map(({ file, code }) => [file, code]), [
    ["/nowhere/clauses", "unreadable"],
    ["/nowhere/profiles", "unreadable"],
    ["/nowhere/sources.yaml", "unreadable"],
  ]);
});
