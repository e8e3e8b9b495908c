import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { checkRecord, readCertificate, readCheckingKey } from "../certificate/mod.ts";
import type { Certificate } from "../certificate/mod.ts";
import { readRecord } from "../record_reader.ts";
import { resultOf } from "../result.ts";
import { suite } from "../testing/runs.ts";

const FOLDER = new URL("certificates/", import.meta.url);
const KEY = await readCheckingKey(textOf("reference.pub"));
const ENDING = ".certificate.json.gz";
const NAMES = readdirSync(FOLDER).filter((file) => file.endsWith(ENDING)).map((file) =>
  file.slice(0, -ENDING.length)
);

function textOf(file: string): string {
  const bytes = readFileSync(new URL(file, FOLDER));
  return (file.endsWith(".gz") ? gunzipSync(bytes) : bytes).toString();
}

/** A certificate that is kept here, checked with the key beside it. */
async function kept(name: string) {
  const read = await readCertificate(textOf(`${name}${ENDING}`), KEY);
  assert(read.statement, `${name} cannot be read`);
  const text = textOf(`${name}.jsonl.gz`);
  return { ...read, statement: read.statement, text, record: readRecord(text) };
}

function digestOf(text: string): string {
  return `sha256:${createHash("sha256").update(text).digest("hex")}`;
}

/** The ids of the certified cases whose text is today what it was then. */
function unchanged({ cases }: Certificate): ReadonlySet<string> {
  return new Set(
    cases.filter(({ case: id, digest }) => suite().cases.get(id)?.source.digest === digest)
      .map(({ case: id }) => id),
  );
}

Deno.test("a certificate is kept, with the record of which it speaks and a page", () => {
  assertNotEquals(NAMES, []);
  const files = new Set(readdirSync(FOLDER));
  for (const name of NAMES) {
    for (const ending of [".jsonl.gz", ".html.gz"]) assert(files.has(name + ending), name + ending);
  }
});

Deno.test("every certificate is signed with the key beside it, and any change of it is noticed", async () => {
  for (const name of NAMES) {
    const { findings, remarks, signedBy } = await kept(name);
    assertEquals([findings, remarks, signedBy], [[], [], KEY.keyId], name);
    const envelope = textOf(`${name}${ENDING}`);
    const at = envelope.indexOf('"payload": "') + 400;
    const other = envelope[at] === "A" ? "B" : "A";
    const changed = await readCertificate(envelope.slice(0, at) + other + envelope.slice(at + 1), KEY);
    assertNotEquals(changed.findings, [], name);
  }
});

Deno.test("every certificate speaks of the record beside it, byte by byte", async () => {
  for (const name of NAMES) {
    const { statement, text } = await kept(name);
    const signed = statement.subject.find((each) => each.name === "run-record")?.digest["sha256"];
    assertEquals(digestOf(text), `sha256:${signed}`, name);
    assertEquals(statement.predicate.run.record, `${name}.jsonl`);
  }
});

Deno.test("every verdict of a certificate is what the suite makes of the record, where the case is the same", async () => {
  for (const name of NAMES) {
    const { statement: { predicate }, record } = await kept(name);
    const same = unchanged(predicate);
    assert(same.size > 0, `${name}: the suite has none of its cases any more`);
    const judged = new Map(resultOf(record, suite().cases).results.map((each) => [each.case, each]));
    for (const { case: id, verdict, end } of predicate.cases) {
      if (!same.has(id)) continue;
      assertEquals([judged.get(id)?.verdict, judged.get(id)?.end], [verdict, end], `${name}: ${id}`);
    }
  }
});

for (const name of NAMES) {
  const { statement, text, record } = await kept(name);
  const { predicate } = statement;
  const { ledger, cases } = suite();
  const profile = [...ledger.profiles.values()].find(({ id }) => id === predicate.profile.id);
  const today = [...cases.values()].filter(({ clauses }) =>
    clauses.every((each) => profile?.clauses.has(each))
  );
  const moved = ledger.digest !== predicate.suite.ledger ||
    today.some(({ id }) => !unchanged(predicate).has(id));
  /* a suite with another ledger or other cases rightly says so, and nothing more can be held against it */
  Deno.test({
    name: `nothing is found against ${name} by the suite that gave it`,
    ignore: moved || profile === undefined,
    fn: () => {
      if (!profile) throw new Error(`There is no profile ${predicate.profile.id}`);
      const assessed = { record, profile, ledger, cases, identity: () => predicate.suite };
      assertEquals(checkRecord(statement, digestOf(text), assessed), []);
      const worse = { ...statement, predicate: { ...predicate, grade: "instrumented" as const } };
      assertNotEquals(checkRecord(worse, digestOf(text), assessed), []);
    },
  });
}
