import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import fc from "fast-check";
import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { clauseIdSchema, profileIdSchema } from "../../spec/ids.ts";
import { type Case, SECTIONS } from "../../cases/case.ts";
import { targetKindsOf } from "../../cases/target_kinds.ts";
import type { Profile } from "../../spec/profile.ts";
import { parseBaseline } from "../baseline/mod.ts";
import type { RecordLine } from "../record.ts";
import { readRecord, RecordError, type RunRecord } from "../record_reader.ts";
import { attempt, footer, header, HOSTILE, simulated, suite, textOf } from "../testing/runs.ts";
import type { Assessed } from "./assess.ts";
import { CertificateRefused, certify, type Issued } from "./certify.ts";
import { detectorsOf } from "./detectors.ts";
import { type Envelope, envelopeText, seal } from "./dsse.ts";
import { newKey, readCheckingKey, readSigningKey } from "./key.ts";
import { certificatePage } from "./page.tsx";
import type { CertificateStatement } from "./statement.ts";
import { certificateStatementSchema } from "./statement.ts";
import { checkRecord, readCertificate } from "./verify.ts";

const IDS = ["vfio/revoke/double-revoke", "vfio/revoke/waits-for-unmap", "rdma/race/free-against-unbind"];
const NOW = new Date("2026-11-21T12:00:00.000Z");

const pair = await newKey();
const signing = await readSigningKey(pair.privatePem);
const checking = await readCheckingKey(pair.publicPem);

/** A suite of a few cases, and a profile of what they verify. */
function fewCases(ids: readonly string[] = IDS): ReadonlyMap<string, Case> {
  return new Map(ids.map((id) => {
    const case_ = suite().cases.get(id);
    if (!case_) throw new Error(`Cannot test without ${id}`);
    return [id, case_];
  }));
}

function profileOf(cases: ReadonlyMap<string, Case>, more: readonly string[] = []): Profile {
  const clauses = [
    ...[...cases.values()].flatMap((each) => each.clauses),
    ...more.map((id) => clauseIdSchema.parse(id)),
  ];
  return {
    id: profileIdSchema.parse("few"),
    title: "A few clauses",
    kind: "role",
    summary: "A few clauses",
    extends: [],
    clauses: new Set(clauses),
    at: { file: "few.yaml", line: 1, column: 1 },
  };
}

function assessedOf(
  lines: readonly RecordLine[] = simulated(IDS),
  changes: Partial<Assessed> = {},
): Assessed {
  const cases = changes.cases ?? fewCases();
  return {
    record: readRecord(textOf(lines)),
    recordName: "run.jsonl",
    profile: profileOf(cases),
    ledger: suite().ledger,
    cases,
    identity: () => ({ version: "0.1.0", ledger: "sha256:1", cases: "sha256:2", files: "sha256:3" }),
    ...changes,
  };
}

function digestOf(text: string): string {
  return `sha256:${createHash("sha256").update(text).digest("hex")}`;
}

async function issue(
  lines: readonly RecordLine[] = simulated(IDS),
  changes: Partial<Assessed> = {},
): Promise<Issued> {
  return await certify(assessedOf(lines, changes), digestOf(textOf(lines)), signing, NOW);
}

async function objections(lines: readonly RecordLine[], changes: Partial<Assessed> = {}): Promise<string[]> {
  const error = await assertRejects(() => issue(lines, changes), CertificateRefused);
  for (const { message, hint } of error.objections) assert(message !== "" && hint !== "");
  return error.objections.map(({ kind, of }) => of === undefined ? kind : `${kind} ${of}`);
}

function statementOf(envelope: Envelope): CertificateStatement {
  return certificateStatementSchema.parse(JSON.parse(Buffer.from(envelope.payload, "base64").toString()));
}

Deno.test("certify() signs the four facts of every clause and case, and what they rest on", async () => {
  const { certificate, envelope } = await issue();
  assertEquals([certificate.grade, certificate.profile.id], ["model", "few"]);
  assertEquals(certificate.cases.map((each) => each.case).toSorted(), IDS.toSorted());
  assertEquals(certificate.clauses.length, profileOf(fewCases()).clauses.size);
  const [clause] = certificate.clauses;
  assertEquals([clause?.state, clause?.verdict, clause?.end, clause?.baseline], [
    "shown",
    "pass",
    "completed",
    "expected",
  ]);
  assertEquals(clause?.stability.detectors, "alive");
  const { subject } = statementOf(envelope);
  assertEquals(subject.map(({ name }) => name), ["run-record", "ledger", "case-set", "suite"]);
  assertEquals(subject[0]?.digest, { sha256: digestOf(textOf(simulated(IDS))).slice(7) });
});

Deno.test("certify() names the digests of kernel image and configuration where they are known", async () => {
  const [first, ...rest] = simulated(IDS);
  assert(first?.type === "header");
  const target = { ...first.target, image: `sha256:${"a".repeat(64)}`, config: `sha256:${"b".repeat(64)}` };
  const { envelope } = await issue([{ ...first, target }, ...rest]);
  const names = statementOf(envelope).subject.map(({ name }) => name);
  assertEquals(names.slice(0, 3), ["run-record", "kernel-image", "kernel-config"]);
});

Deno.test("certify() grades a kernel by what watched it until the end", async () => {
  const gradeOn = async (detectors: readonly string[], tainted = false) => {
    const lines = simulated(IDS).map((line) => {
      if (line.type === "header") {
        return { ...line, target: { ...line.target, architecture: "x86_64", detectors } };
      }
      if (line.type !== "end" || line.case !== IDS[1] || !line.post) return line;
      return { ...line, post: { ...line.post, tainted } };
    });
    const waived = `known:\n  - { case: ${
      IDS[1]
    }, message: the kernel became tainted, waiver: { url: "https://example.org/1" } }\n`;
    const baseline = tainted ? parseBaseline(waived, "known.yaml") : undefined;
    const { certificate } = await issue(lines, { baseline });
    return [
      certificate.grade,
      certificate.detectors.doubtfulAfter,
      certificate.cases.at(-1)?.stability.detectors,
    ];
  };
  assertEquals(await gradeOn(["KASAN", "lockdep"]), ["instrumented", undefined, "alive"]);
  assertEquals(await gradeOn(["KASAN"]), ["functional", undefined, "alive"]);
  assertEquals(await gradeOn([]), ["functional", undefined, "none"]);
  assertEquals(await gradeOn(["KASAN", "lockdep"], true), ["functional", IDS[1], "doubtful"]);
  const logged = (text: string) => {
    const { header: head, attempts } = readRecord(textOf(simulated(IDS)));
    const [first, ...rest] = attempts;
    assert(first);
    const observations = first.observations.map((each) => ({
      ...each,
      log: [{ level: "err", text } as const],
    }));
    const seen = { header: head, attempts: [{ ...first, observations }, ...rest] };
    return detectorsOf(seen, IDS.map((id) => ({ case: id, verdict: "pass" }))).doubtfulAfter;
  };
  assertEquals(logged("WARNING: CPU: 0 PID: 1 at drivers/dma-buf/dma-buf.c:1"), undefined);
  assertEquals(logged("WARNING: possible circular locking dependency detected"), IDS[0]);
  assertEquals(logged("BUG: KASAN: slab-use-after-free in dma_buf_release"), IDS[0]);
});

Deno.test("certify() refuses a partial run", async () => {
  assertEquals(await objections(simulated(IDS).slice(0, -1)), ["partial"]);
});

Deno.test("certify() refuses a run that leaves out a case which the target claims to support", async () => {
  assertEquals(await objections(simulated(IDS.slice(1))), [`not-run ${IDS[0]}`, ...gapsOf(IDS[0])]);
});

/** Objections for the clauses that only one case shows. */
function gapsOf(id = ""): string[] {
  const cases = fewCases();
  const others = new Set(
    [...cases.values()].filter((each) => each.id !== id).flatMap((each) => each.clauses),
  );
  return cases.get(id)?.clauses.filter((clause) => !others.has(clause)).map((clause) => `gap ${clause}`) ??
    [];
}

Deno.test("certify() refuses a profile with a clause that nothing was seen of, unless there is a reason", async () => {
  const cases = fewCases();
  const ledger = suite().ledger;
  const untested = [...ledger.clauses.values()].find(({ notTested }) => notTested !== undefined);
  const shown = [...ledger.clauses.values()].find(({ id, notTested }) =>
    !notTested && ![...cases.values()].some((each) => each.clauses.includes(id))
  );
  assert(untested && shown);
  assertEquals(await objections(simulated(IDS), { profile: profileOf(cases, [shown.id]) }), [
    `gap ${shown.id}`,
  ]);
  const { certificate } = await issue(simulated(IDS), { profile: profileOf(cases, [untested.id]) });
  assertEquals(certificate.notCovered.map(({ clause, details }) => [clause, details]), [
    [untested.id, untested.notTested?.details],
  ]);
  assertEquals(certificate.clauseCounts["not-covered"], 1);
});

/** A case with other clauses than some, and an operation that they do not use, for certain kinds of targets. */
function caseFor(kinds: readonly string[], ids: readonly string[]): Case {
  const operations = new Set([...fewCases(ids).values()].flatMap(operationsOf));
  const known = profileOf(fewCases(ids)).clauses;
  const found = [...suite().cases.values()].find((each) =>
    targetKindsOf(each).join() === kinds.join() &&
    operationsOf(each).some((operation) => !operations.has(operation)) &&
    each.clauses.every((clause) => !known.has(clause))
  );
  assert(found);
  return found;
}

/** A run of cases on a kernel, which has no operation but those that they use and some more. */
function onKernel(ids: readonly string[], more: readonly string[] = []): RecordLine[] {
  const operations = [...new Set([...fewCases(ids).values()].flatMap(operationsOf)), ...more];
  return simulated(ids).map((line) =>
    line.type === "header"
      ? { ...line, target: { ...line.target, architecture: "x86_64", operations } }
      : line
  );
}

Deno.test("certify() says of a clause that only other kinds of targets can show that it is not observable", async () => {
  const other = caseFor(["sim"], IDS);
  const { certificate } = await issue(onKernel(IDS), { cases: fewCases([...IDS, other.id]) });
  assertEquals(
    certificate.notObservable.map((each) => [each.clause, each.details]),
    other.clauses.map((
      clause,
    ) => [clause, "Only a model can show it, and this target is a kernel with the suite's module"]),
  );
  assertEquals(certificate.notSupported.map((each) => each.case), [other.id]);
});

Deno.test("certify() takes the want of the suite's module for a reason, and nothing less where it is there", async () => {
  const ids = ["vfio/mmap/mmap-after-revoke"];
  const inside = caseFor(["sim", "module"], ids);
  const cases = fewCases([...ids, inside.id]);
  const { certificate } = await issue(onKernel(ids), { cases });
  assertEquals(certificate.notObservable.map((each) => each.details), [
    "Only a model and a kernel with the suite's module can show it, and this target is a kernel",
  ]);
  assertEquals(
    await objections(onKernel(ids, ["importer.attach"]), { cases, profile: profileOf(cases) }),
    inside.clauses.map((clause) => `gap ${clause}`),
  );
});

Deno.test("certify() says of a MAY of which nothing was seen what became of its cases", async () => {
  const [mayId = "", ...ids] = IDS;
  const clause = [...suite().ledger.clauses.values()].find(({ id }) =>
    fewCases([mayId]).get(mayId)?.clauses[0] === id
  );
  assert(clause);
  const clauses = new Map([...suite().ledger.clauses, [clause.id, { ...clause, keyword: "MAY" as const }]]);
  const lines = simulated(ids).map((line) =>
    line.type === "header"
      ? {
        ...line,
        target: {
          ...line.target,
          operations: line.target.operations.filter((each) => each !== "vfio.revoke"),
        },
      }
      : line
  );
  const { certificate } = await issue(lines, { cases: fewCases(), ledger: { clauses } });
  assertEquals(certificate.notCovered, [{
    clause: clause.id,
    reason: "optional",
    details:
      `It allows something and asks for nothing; ${mayId} needs vfio.revoke, which the target does not have`,
  }]);
});

function operationsOf({ sections }: Case): string[] {
  return SECTIONS.flatMap((section) => sections[section].map(({ operation }) => operation));
}

Deno.test("certify() takes the issuer's words for a gap, signs them as such, and refuses them where there is none", async () => {
  const cases = fewCases();
  const gap = [...suite().ledger.clauses.values()].find(({ id, notTested }) =>
    !notTested && ![...cases.values()].some((each) => each.clauses.includes(id))
  );
  assert(gap);
  const profile = profileOf(cases, [gap.id]);
  const { certificate, envelope } = await issue(simulated(IDS), {
    profile,
    explanations: new Map([[gap.id, "The board has no such device"]]),
  });
  assertEquals(certificate.notCovered, [
    { clause: gap.id, reason: "explained-by-issuer", details: "The board has no such device" },
  ]);
  const { statement } = await readCertificate(envelopeText(envelope), checking);
  assert(statement);
  assertEquals(
    checkRecord(statement, digestOf(textOf(simulated(IDS))), assessedOf(simulated(IDS), { profile })),
    [],
  );
  const idle = new Map([["VREV-01", "for no reason"]]);
  assertEquals(await objections(simulated(IDS), { explanations: idle }), ["explanation VREV-01"]);
});

/** A run in which one case fails with an error. */
function failing(): RecordLine[] {
  return simulated(IDS).map((line) =>
    line.type === "step" && line.case === IDS[0] && line.step.startsWith("then")
      ? { ...line, outcome: { kind: "failed", errno: "ENOMEM" } }
      : line
  );
}

Deno.test("certify() refuses a failure, a known failure without a waiver, and takes one with a waiver", async () => {
  assertEquals(await objections(failing()), [`failed ${IDS[0]}`]);
  const entry = (more: string) =>
    parseBaseline(`known:\n  - { case: ${IDS[0]}, message: then${more} }\n`, "known.yaml");
  assertEquals(await objections(failing(), { baseline: entry("") }), [`failed ${IDS[0]}`]);
  const baseline = entry(', waiver: { url: "https://example.org/1", why: Agreed }');
  const { certificate, testResult } = await issue(failing(), { baseline });
  assertEquals(certificate.waived.map(({ case: id, url, why }) => [id, url, why]), [
    [IDS[0], "https://example.org/1", "Agreed"],
  ]);
  assert(
    certificate.clauses.some(({ state, verdict, baseline }) =>
      state === "waived" && verdict === "fail" && baseline === "waived"
    ),
  );
  const plain = JSON.parse(Buffer.from(testResult.payload, "base64").toString());
  assertEquals([plain.predicate.result, plain.predicate.warnedTests], ["WARNED", [IDS[0]]]);
});

Deno.test("certify() refuses a baseline that is not right any more", async () => {
  const baseline = parseBaseline(`known:\n  - { case: ${IDS[0]}, message: then }\n`, "known.yaml");
  assertEquals(await objections(simulated(IDS), { baseline }), [`baseline ${IDS[0]}`]);
});

Deno.test("certify() refuses a run of another suite and a case that has changed", async () => {
  const identity = () => ({ version: "0.1.0", ledger: "sha256:9", cases: "sha256:2", files: "sha256:3" });
  assertEquals(await objections(simulated(IDS), { identity }), ["other-suite"]);
  const changed = simulated(IDS).map((line) =>
    line.type === "case" && line.case === IDS[1] ? { ...line, digest: "sha256:old" } : line
  );
  assertEquals(await objections(changed), [`changed-case ${IDS[1]}`]);
});

Deno.test("certify() refuses a case that shows nothing", async () => {
  const case_ = fewCases().get(IDS[0] ?? "");
  assert(case_);
  const rest = simulated(IDS.slice(1)).slice(1, -1);
  const late = attempt(case_, [], { end: "timeout", reason: "late" });
  assertEquals(await objections([header(IDS), ...late, ...rest, footer(3)]), [`not-shown ${IDS[0]}`]);
});

Deno.test("certify() writes the plain form of in-toto beside it", async () => {
  const { testResult } = await issue();
  const plain = JSON.parse(Buffer.from(testResult.payload, "base64").toString());
  assertEquals([plain._type, plain.predicateType], [
    "https://in-toto.io/Statement/v1",
    "https://in-toto.io/attestation/test-result/v0.1",
  ]);
  assertEquals(plain.predicate.result, "PASSED");
  assertEquals(plain.predicate.passedTests.toSorted(), IDS.toSorted());
  assertEquals(plain.predicate.configuration.map(({ name }: { name: string }) => name), [
    "ledger",
    "case-set",
    "suite",
  ]);
});

/** What is wrong with a certificate and its record, and what is remarked. */
async function check(text: string, lines: readonly RecordLine[] = simulated(IDS)) {
  const { statement, findings, remarks } = await readCertificate(text, checking);
  const record = textOf(lines);
  const more = statement ? checkRecord(statement, digestOf(record), assessedOf(lines)) : [];
  return { messages: [...findings, ...more].map(({ kind, message }) => `${kind}: ${message}`), remarks };
}

Deno.test("a certificate that was not changed is valid", async () => {
  const { envelope } = await issue();
  assertEquals(await check(envelopeText(envelope)), { messages: [], remarks: [] });
});

Deno.test("a certificate with a waiver is judged with its waiver", async () => {
  const source = `known:\n  - { case: ${IDS[0]}, message: then, waiver: { url: "https://example.org/1" } }\n`;
  const { envelope } = await issue(failing(), { baseline: parseBaseline(source, "known.yaml") });
  assertEquals(await check(envelopeText(envelope), failing()), { messages: [], remarks: [] });
});

Deno.test("openssl agrees that a certificate is signed", { ignore: !await has("openssl") }, async () => {
  const { envelope } = await issue();
  const folder = mkdtempSync(join(tmpdir(), "conform-"));
  try {
    const payload = Buffer.from(envelope.payload, "base64");
    const head = `DSSEv1 28 application/vnd.in-toto+json ${payload.length} `;
    writeFileSync(join(folder, "pub"), pair.publicPem);
    writeFileSync(join(folder, "sig"), Buffer.from(envelope.signatures[0]?.sig ?? "", "base64"));
    const verified = async (message: Buffer) => {
      writeFileSync(join(folder, "message"), message);
      const options = ["-verify", "-pubin", "-inkey", "pub", "-rawin", "-in", "message", "-sigfile", "sig"];
      return (await new Deno.Command("openssl", { args: ["pkeyutl", ...options], cwd: folder }).output())
        .success;
    };
    assertEquals(await verified(Buffer.concat([Buffer.from(head), payload])), true);
    assertEquals(await verified(payload), false);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

async function has(command: string): Promise<boolean> {
  try {
    return (await new Deno.Command(command, { args: ["version"], stdout: "null", stderr: "null" }).output())
      .success;
  } catch {
    return false;
  }
}

/** Every value of a JSON value that has no parts, by its path. */
function leavesOf(value: unknown, path: readonly string[] = []): string[][] {
  if (typeof value !== "object" || value === null) return [[...path]];
  return Object.entries(value).flatMap(([key, each]) => leavesOf(each, [...path, key]));
}

/** The same value with one leaf changed. */
function withChanged(value: unknown, [key, ...rest]: readonly string[]): unknown {
  if (key === undefined) {
    if (typeof value === "number") return value + 1;
    if (typeof value === "boolean") return !value;
    return /^\d{4}-/.test(String(value)) ? String(value).replace(/^2026/, "2027") : `${value}0`;
  }
  if (Array.isArray(value)) {
    return value.map((each, index) => String(index) === key ? withChanged(each, rest) : each);
  }
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => [name, name === key ? withChanged(each, rest) : each]),
  );
}

/** Fields that nothing but the signature vouches for. */
const SIGNED_ONLY = ["predicate.issuedAt", "predicate.suite.version", "predicate.run.record"];

Deno.test("each changed field breaks the signature, and is named even if it was signed again", async () => {
  const { envelope } = await issue();
  const statement: unknown = JSON.parse(Buffer.from(envelope.payload, "base64").toString());
  const leaves = leavesOf(statement);
  assert(leaves.length > 150, `only ${leaves.length} fields`);
  for (const path of leaves) {
    const payload = JSON.stringify(withChanged(statement, path));
    const stolen = { ...envelope, payload: Buffer.from(payload).toString("base64") };
    const { messages } = await check(envelopeText(stolen));
    assert(messages.length > 0, `${path.join(".")} can be changed`);
    const signed = await check(envelopeText(await seal(payload, signing)));
    const named = signed.messages.length > 0;
    assertEquals([path.join("."), named], [path.join("."), !SIGNED_ONLY.includes(path.join("."))]);
  }
});

/** A run and a profile with something in every field of a certificate that may be missing. */
function withEverything(): { readonly lines: readonly RecordLine[]; readonly changes: Partial<Assessed> } {
  const known = profileOf(fewCases()).clauses;
  const operations = new Set([...fewCases().values()].flatMap(operationsOf));
  const inside = caseFor(["sim"], IDS);
  const clauses = [...suite().ledger.clauses.values()].filter(({ id }) => !known.has(id));
  const untested = clauses.find(({ notTested }) => notTested !== undefined);
  const contested = clauses.find(({ id, contested, notTested }) =>
    contested.length > 0 && !notTested && !inside.clauses.includes(id)
  );
  assert(untested && contested);
  const cases = fewCases([...IDS, inside.id]);
  const lines = failing().map((line) =>
    line.type === "header"
      ? {
        ...line,
        seed: 7,
        target: {
          ...line.target,
          architecture: "x86_64",
          operations: [...operations],
          detectors: ["KASAN", "lockdep"],
          image: `sha256:${"a".repeat(64)}`,
          config: `sha256:${"b".repeat(64)}`,
          devices: ["0000:00:04.0"],
        },
      }
      : line.type === "end" && line.case === IDS[0] && line.post
      ? {
        ...line,
        post: { ...line.post, log: [{ level: "err" as const, text: "BUG: KASAN: use-after-free" }] },
      }
      : line
  );
  const source = `known:\n  - { case: ${IDS[0]}, message: then, when: { target: "sim:*" }, note: Known, ` +
    `waiver: { url: "https://example.org/1", why: Agreed } }\n`;
  return {
    lines,
    changes: {
      cases,
      profile: profileOf(cases, [untested.id, contested.id]),
      baseline: parseBaseline(source, "known.yaml"),
      explanations: new Map([[contested.id, "The board has no such device"]]),
    },
  };
}

Deno.test("each changed field of a certificate with everything in it is named, but for the issuer's own words", async () => {
  const { lines, changes } = withEverything();
  const { certificate, envelope } = await issue(lines, changes);
  const { notCovered, notObservable, contested, waived, notSupported, detectors, baseline } = certificate;
  for (const list of [notCovered, notObservable, contested, waived, notSupported, baseline?.used ?? []]) {
    assert(list.length > 0);
  }
  assert(detectors.doubtfulAfter);
  const statement: unknown = JSON.parse(Buffer.from(envelope.payload, "base64").toString());
  const record = digestOf(textOf(lines));
  const unnamed: string[] = [];
  for (const path of leavesOf(statement)) {
    const text = envelopeText(await seal(JSON.stringify(withChanged(statement, path)), signing));
    const { statement: said, findings } = await readCertificate(text, checking);
    const more = said ? checkRecord(said, record, assessedOf(lines, changes)) : [];
    if (findings.length + more.length === 0) unnamed.push(path.join("."));
  }
  const own = certificate.notCovered.findIndex(({ reason }) => reason === "explained-by-issuer");
  assertEquals(
    unnamed.toSorted(),
    [
      ...SIGNED_ONLY,
      "predicate.baseline.digest",
      "predicate.baseline.file",
      "predicate.baseline.used.0.note",
      `predicate.notCovered.${own}.details`,
    ].toSorted(),
  );
});

/** DSSE lets this one be missing: it only says which key to try first. */
const HINT = "keyid";

Deno.test("each changed or removed field of the envelope is noticed, and who else signs changes nothing", async () => {
  const { envelope } = await issue();
  const paths = leavesOf(envelope);
  assert(paths.length >= 4, `only ${paths.length} fields`);
  for (const path of paths) {
    const changed = await check(JSON.stringify(withChanged(envelope, path)));
    assert(changed.messages.length > 0, `${path.join(".")} can be changed`);
    const removed = await check(JSON.stringify(without(envelope, path)));
    assertEquals([path.join("."), removed.messages.length > 0], [path.join("."), path.at(-1) !== HINT]);
  }
  const more = [...envelope.signatures, { keyid: "of somebody else", sig: "AA==" }];
  assertEquals(
    (await check(JSON.stringify({ ...envelope, signatures: more }))).messages,
    [],
    "others may sign, too",
  );
  assert((await check(JSON.stringify({ ...envelope, signatures: more.slice(1) }))).messages.length > 0);
});

Deno.test("each field of the statement can be left out only with a word of it", async () => {
  const { envelope } = await issue();
  const statement: unknown = JSON.parse(Buffer.from(envelope.payload, "base64").toString());
  for (const path of leavesOf(statement)) {
    const payload = JSON.stringify(without(statement, path));
    const { messages } = await check(envelopeText(await seal(payload, signing)));
    assert(messages.length > 0, `${path.join(".")} can be left out`);
  }
});

Deno.test("each changed field of the record is named, whether it can still be read or not", async () => {
  const lines = simulated(IDS);
  const { envelope } = await issue(lines);
  const { statement } = await readCertificate(envelopeText(envelope), checking);
  assert(statement);
  let read = 0;
  for (const [index, line] of lines.entries()) {
    for (const path of leavesOf(line)) {
      const text = lines.map((each, place) =>
        `${JSON.stringify(place === index ? withChanged(each, path) : each)}\n`
      ).join("");
      const record = recordIn(text);
      if (!record) continue;
      read++;
      const findings = checkRecord(statement, digestOf(text), { ...assessedOf(lines), record });
      assert(findings.length > 0, `line ${index + 1}, ${path.join(".")} can be changed`);
    }
  }
  assert(read > 100, `only ${read} changes leave a record that can be read`);
});

/** A record, or nothing where a change has made it something that no reader takes. */
function recordIn(text: string): RunRecord | undefined {
  try {
    return readRecord(text);
  } catch (error) {
    assert(error instanceof RecordError);
    return undefined;
  }
}

/** The same value without one leaf. */
function without(value: unknown, [key, ...rest]: readonly string[]): unknown {
  if (Array.isArray(value)) {
    return value.flatMap((each, index) =>
      String(index) !== key ? [each] : rest.length === 0 ? [] : [without(each, rest)]
    );
  }
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, each]) =>
      name !== key ? [[name, each]] : rest.length === 0 ? [] : [[name, without(each, rest)]]
    ),
  );
}

Deno.test("each changed byte of the file is noticed", async () => {
  const { envelope } = await issue();
  const bytes = Buffer.from(envelopeText(envelope));
  const edges = (index: number) => index < 40 || index > bytes.length - 400;
  for (let index = 0; index < bytes.length; index++) {
    if (!edges(index) && index % 97 !== 0) continue;
    for (const flip of [0x01, 0x20, 0x80]) {
      const changed = Buffer.from(bytes);
      changed[index] = (changed[index] ?? 0) ^ flip;
      const { messages, remarks } = await check(changed.toString());
      assert(messages.length + remarks.length > 0, `byte ${index} can be changed by ${flip}`);
    }
  }
});

Deno.test("a file that was cut anywhere is no certificate", async () => {
  const text = envelopeText((await issue()).envelope);
  for (const length of [0, 1, 100, text.length >> 1, text.length - 5]) {
    assert((await check(text.slice(0, length))).messages.length > 0, `cut at ${length}`);
  }
});

Deno.test("a certificate of another key is not valid, and says whose it is", async () => {
  const other = await newKey();
  const text = envelopeText((await issue()).envelope);
  const { findings, signedBy } = await readCertificate(text, await readCheckingKey(other.publicPem));
  assertEquals(signedBy, undefined);
  assertStringIncludes(findings.map(({ message }) => message).join("\n"), other.keyId);
});

Deno.test("a certificate that somebody signed anew is not that of the trusted key", async () => {
  const { envelope } = await issue();
  const thief = await readSigningKey((await newKey()).privatePem);
  const payload = Buffer.from(envelope.payload, "base64").toString();
  const resigned = await seal(payload, thief);
  assert((await check(envelopeText(resigned))).messages.length > 0);
  const { signatures: [signature] } = resigned;
  const both = { ...envelope, signatures: [...envelope.signatures, ...(signature ? [signature] : [])] };
  const { messages, remarks } = await check(envelopeText(both));
  assertEquals([messages, remarks.length], [[], 1]);
});

Deno.test("re-ordered JSON breaks what is signed, and is only remarked on around it", async () => {
  const { envelope } = await issue();
  const statement = statementOf(envelope);
  const { _type, ...rest } = statement;
  const payload = Buffer.from(JSON.stringify({ ...rest, _type })).toString("base64");
  assert((await check(envelopeText({ ...envelope, payload }))).messages.length > 0);
  const { signatures, ...others } = envelope;
  const { messages, remarks } = await check(JSON.stringify({ signatures, ...others }));
  assertEquals([messages, remarks.length], [[], 1]);
});

Deno.test("base 64 that is written in another way is not what was signed", async () => {
  const { envelope } = await issue();
  for (
    const payload of [`${envelope.payload}\n`, envelope.payload.replace(/=*$/, "A"), ` ${envelope.payload}`]
  ) {
    assert((await check(envelopeText({ ...envelope, payload }))).messages.length > 0);
  }
});

Deno.test("a record that was replaced or changed is named, with the verdicts that it gives now", async () => {
  const text = envelopeText((await issue()).envelope);
  const { messages } = await check(text, failing());
  assert(messages.some((each) => each.startsWith("record: The record is another one, or was changed")));
  assert(
    messages.includes(
      `content: cases.${IDS[0]}.verdict: the certificate says "pass", the record shows "fail"`,
    ),
  );
  assert(messages.some((each) => each.startsWith(`record: The target fails ${IDS[0]}`)));
});

Deno.test("a case that is missing from the record or from the certificate is named", async () => {
  const { envelope } = await issue();
  const shorter = await check(envelopeText(envelope), simulated(IDS.slice(1)));
  assert(
    shorter.messages.includes(
      `content: cases: ${IDS[0]} is in the certificate, but the record does not show it`,
    ),
  );
  const statement = statementOf(envelope);
  const cases = statement.predicate.cases.filter((each) => each.case !== IDS[0]);
  const hidden = { ...statement, predicate: { ...statement.predicate, cases } };
  const { messages } = await check(envelopeText(await seal(JSON.stringify(hidden), signing)));
  assertEquals(messages, [`content: cases: ${IDS[0]} is missing from the certificate`]);
});

Deno.test("a certificate that is older than the end of its run is not valid", async () => {
  const lines = simulated(IDS);
  const early = new Date("2026-11-21T09:00:00.000Z");
  const { envelope } = await certify(assessedOf(lines), digestOf(textOf(lines)), signing, early);
  const { messages } = await check(envelopeText(envelope));
  assertEquals(messages, [
    "content: It was issued at 2026-11-21T09:00:00.000Z, before the run came to its end",
  ]);
});

Deno.test("a certificate of another suite says so", async () => {
  const { envelope } = await issue();
  const lines = simulated(IDS);
  const { statement } = await readCertificate(envelopeText(envelope), checking);
  assert(statement);
  const identity = () => ({ version: "0.2.0", ledger: "sha256:1", cases: "sha256:8", files: "sha256:3" });
  const findings = checkRecord(statement, digestOf(textOf(lines)), assessedOf(lines, { identity }));
  assertEquals(findings.map(({ kind }) => kind), ["suite"]);
});

Deno.test("certificatePage() shows what was not shown on its first page and lets no text become markup", async () => {
  const source = `known:\n  - { case: ${IDS[0]}, message: then, waiver: { url: "https://example.org/1" } }\n`;
  const lines = failing().map((line) =>
    line.type === "header" ? { ...line, target: { ...line.target, name: HOSTILE }, command: [HOSTILE] } : line
  );
  const { certificate } = await issue(lines, { baseline: parseBaseline(source, "known.yaml") });
  const page = await certificatePage(certificate, { requirementOf: () => HOSTILE, recordDigest: "sha256:1" });
  assert(page.startsWith("<!DOCTYPE html>"));
  assert(!page.includes("<script"), "there is a script");
  assertStringIncludes(page, '<a href="https://example.org/1">');
  assert(page.indexOf("What this certificate does not say") < page.indexOf("Every clause of the profile"));
  for (const text of ["Not covered (0)", "Waived (1)", "Grade: model.", IDS[1] ?? ""]) {
    assertStringIncludes(page, text);
  }
  assertStringIncludes(page, "@media print");
});

Deno.test("readCertificate() finds fault with whatever is no certificate, and never throws", async () => {
  const envelope = fc.record({
    payload: fc.oneof(
      fc.base64String(),
      fc.json().map((text) => Buffer.from(text).toString("base64")),
      fc.string(),
    ),
    payloadType: fc.oneof(fc.constant("application/vnd.in-toto+json"), fc.string()),
    signatures: fc.array(fc.record({ keyid: fc.string(), sig: fc.oneof(fc.base64String(), fc.string()) })),
  });
  const text = fc.oneof(fc.string(), fc.json(), envelope.map((each) => JSON.stringify(each)));
  await fc.assert(fc.asyncProperty(text, fc.boolean(), async (given, trust) => {
    const { findings, signedBy } = await readCertificate(given, trust ? checking : undefined);
    assert(findings.length > 0);
    assertEquals(signedBy, undefined);
  }));
});

Deno.test("readCertificate() finds fault with a key in a certificate that is none", async () => {
  const { envelope } = await issue();
  const statement = statementOf(envelope);
  for (const publicKey of ["", "AAAA", Buffer.alloc(44).toString("base64"), "not base 64"]) {
    const issuer = { ...statement.predicate.issuer, publicKey };
    const payload = JSON.stringify({ ...statement, predicate: { ...statement.predicate, issuer } });
    const { findings } = await readCertificate(envelopeText(await seal(payload, signing)));
    assertEquals(findings.map(({ kind }) => kind), ["signature"]);
  }
});
