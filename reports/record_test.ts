import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import fc from "fast-check";
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { caseNamed } from "../runners/testing/cases.ts";
import type { CaseEnd, Observation } from "../spec/observation.ts";
import { readRecord, readRecordFile, RecordError, type RunRecord } from "./record_reader.ts";
import { RecordWriteError, RecordWriter } from "./record_writer.ts";
import { attempt, footer, header, mishaps, simulated, textOf } from "./testing/runs.ts";

const DONE: CaseEnd = { end: "completed", post: { leaks: [], blocked: [], log: [], tainted: false } };
const SEEN: Observation = {
  step: "given.0",
  outcome: { kind: "returned", value: "ü – 𝄞" },
  events: [],
  log: [],
  pending: [],
  durationMs: 0,
};

function inFolder(test: (folder: string) => void): void {
  const folder = mkdtempSync(join(tmpdir(), "record-"));
  try {
    test(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** An attempt at a case. */
type Attempt = readonly [caseId: string, attempt: number];

/** Writes the attempts of a run that a record does not have yet, as a run that goes on would. */
function writeRun(writer: RecordWriter, attempts: readonly Attempt[], done: readonly Attempt[] = []): void {
  const has = new Set(done.map(String));
  for (const [id, attempt] of attempts.filter((each) => !has.has(String(each)))) {
    writer.begin(id, attempt, `sha256:${id}`);
    writer.step(id, attempt, SEEN);
    writer.end(id, attempt, DONE, 2);
  }
  writer.footer(new Date(0), [], done.length);
  writer.close();
}

Deno.test("RecordWriter writes what readRecord() reads", () => {
  inFolder((folder) => {
    const path = join(folder, "deep", "run.jsonl");
    const writer = RecordWriter.open(path);
    writer.header(header(["a", "b"]));
    writeRun(writer, [["a", 1], ["b", 1]]);
    const record = readRecordFile(path);
    assertEquals(record.attempts.map(({ case: id, observations, end }) => [id, observations, end]), [
      ["a", [SEEN], DONE],
      ["b", [SEEN], DONE],
    ]);
    assertEquals([record.footer?.attempts, record.header.profile], [2, "matt-v1-vfio"]);
  });
});

Deno.test("RecordWriter keeps interleaved attempts apart and puts each into the file in one piece", () => {
  inFolder((folder) => {
    const path = join(folder, "run.jsonl");
    const writer = RecordWriter.open(path);
    writer.header(header(["a", "b"]));
    writer.begin("a", 1, "sha256:a");
    writer.begin("b", 1, "sha256:b");
    writer.step("a", 1, SEEN);
    writer.step("b", 1, SEEN);
    writer.end("b", 1, DONE, 1);
    assertEquals(readRecordFile(path).attempts.map(({ case: id }) => id), ["b"]);
    writer.end("a", 1, DONE, 1);
    writer.close();
    assertEquals(
      readRecordFile(path).attempts.map(({ case: id, observations }) => [id, observations.length]),
      [
        ["b", 1],
        ["a", 1],
      ],
    );
  });
});

Deno.test("RecordWriter refuses a file that is there and says what to do", () => {
  inFolder((folder) => {
    const path = join(folder, "run.jsonl");
    writeFileSync(path, "precious");
    const error = assertThrows(() => RecordWriter.open(path), RecordWriteError);
    assertStringIncludes(error.message, "there already");
    assertStringIncludes(error.message, "--resume");
    assertEquals(readFileSync(path, "utf8"), "precious");
  });
});

Deno.test("RecordWriter says why a folder cannot be written", () => {
  inFolder((folder) => {
    writeFileSync(join(folder, "file"), "");
    const error = assertThrows(() => RecordWriter.open(join(folder, "file", "run.jsonl")), RecordWriteError);
    assertStringIncludes(error.message, "--out");
  });
});

function endedIn(record: RunRecord): Attempt[] {
  return record.attempts.filter(({ end }) => end).map(({ case: id, attempt }) => [id, attempt]);
}

Deno.test("a record that is cut at any byte goes on without losing or doubling a finished attempt", () => {
  inFolder((folder) => {
    const caseIds = fc.uniqueArray(fc.constantFrom("a", "vfio/ü", "c[x=𝄞]"), { minLength: 1 });
    fc.assert(
      fc.property(caseIds, fc.integer({ min: 1, max: 2 }), (ids, repeat) => {
        const attempts = ids.flatMap((id) => Array.from({ length: repeat }, (_, i): Attempt => [id, i + 1]));
        const path = join(folder, "whole.jsonl");
        rmSync(path, { force: true });
        const writer = RecordWriter.open(path);
        writer.header(header(ids, { repeat }));
        writeRun(writer, attempts);
        const whole = readFileSync(path);
        for (let cut = whole.indexOf("\n") + 1; cut <= whole.length; cut++) {
          goesOn(join(folder, "part.jsonl"), whole.subarray(0, cut), attempts);
        }
      }),
      { numRuns: 4 },
    );
  });
});

/** Whether a run whose record was cut can go on to a record with each attempt once. */
function goesOn(path: string, part: Uint8Array, attempts: readonly Attempt[]): void {
  writeFileSync(path, part);
  const before = readRecordFile(path);
  const done = endedIn(before);
  const wholeLines = new TextDecoder().decode(part).split("\n").slice(0, -1);
  assertEquals(done, attempts.slice(0, wholeLines.filter((line) => line.includes('"type":"end"')).length));
  writeRun(RecordWriter.open(path, { mode: "continue", length: before.wholeBytes }), attempts, done);
  const after = readRecordFile(path);
  assertEquals(endedIn(after), attempts);
  assertEquals([after.attempts.length, after.footer?.attempts], [attempts.length, attempts.length]);
}

Deno.test("a record that is cut in its header says that nothing was recorded", () => {
  const text = textOf([header(["a"])]);
  for (let cut = 0; cut < text.length; cut++) {
    const error = assertThrows(() => readRecord(text.slice(0, cut)), RecordError);
    assertEquals(error.fault, "no-header");
  }
});

Deno.test("readRecord() drops a cut last line and keeps what is before it", () => {
  const text = textOf(simulated(["vfio/revoke/double-revoke"]));
  const cut = readRecord(text.slice(0, -5));
  assertEquals([cut.footer, cut.attempts.length], [undefined, 1]);
});

Deno.test("readRecord() refuses everything else that is wrong and names the line", () => {
  const a = caseNamed("a");
  const [begin, step, end] = attempt(a, [SEEN], DONE);
  const head = header(["a"]);
  assert(begin && step && end);
  const wrong: readonly (readonly [string, number, string])[] = [
    ["", 1, "no header"],
    [textOf([begin]), 1, "must be the header"],
    [textOf([head]) + "not json\n" + textOf([begin]), 2, "not JSON"],
    [textOf([head]) + '{"type":"strange"}\n', 2, 'unknown type "strange"'],
    [textOf([head]) + "[]\n", 2, "not an object"],
    [textOf([head, head]), 2, "second header"],
    [textOf([header(["a"], { schema: "dmabuf-conform/run/9" })]), 1, "dmabuf-conform/run/9"],
    [textOf([head, step]), 2, "has not begun"],
    [textOf([head, begin, begin]), 3, "begins twice"],
    [textOf([header(["b"]), begin]), 2, "not in the selection"],
    [textOf([head, begin, end, end]), 4, "is over already"],
    [textOf([head, footer(0), begin]), 3, "after the footer"],
    [textOf([head, begin, end, footer(2)]), 4, "2 attempts, but 1"],
    [textOf([head, begin]) + '{"type":"step","case":"a","attempt":1,"step":7}\n', 3, "step"],
  ];
  for (const [text, line, reason] of wrong) {
    const error = assertThrows(() => readRecord(text), RecordError);
    assertEquals(error.line, line, reason);
    assertStringIncludes(error.message, reason);
    assert(error.hint.length > 0, reason);
  }
});

Deno.test("readRecord() says of each record that cannot be used what to do next", () => {
  const hintOf = (text: string) => assertThrows(() => readRecord(text), RecordError).hint;
  assertStringIncludes(hintOf(""), "start the run again");
  assertStringIncludes(hintOf("a letter whose line was cut"), "that a run has written");
  assertStringIncludes(hintOf("a letter\n"), "that a run has written");
  assertStringIncludes(
    hintOf(textOf([header(["a"], { schema: "dmabuf-conform/run/9" })])),
    "version of the suite",
  );
  assertStringIncludes(hintOf(textOf([header(["a"])]) + "x\n"), "unharmed copy");
});

Deno.test("readRecordFile() refuses bytes that are no text, but not in a last line that was cut", () => {
  inFolder((folder) => {
    const path = join(folder, "run.jsonl");
    const [begin] = attempt(caseNamed("a"), []);
    assert(begin);
    const head = Buffer.from(textOf([header(["a"])]));
    const harmed = Buffer.from(textOf([begin]).replace("sha256", "sha\u00ff"), "latin1");
    writeFileSync(path, Buffer.concat([head, harmed]));
    const error = assertThrows(() => readRecordFile(path), RecordError);
    assertEquals([error.line, error.fault], [2, "not-text"]);
    writeFileSync(path, Buffer.concat([head, harmed.subarray(0, -1)]));
    assertEquals(readRecordFile(path).wholeBytes, head.length);
  });
});

Deno.test("readRecord() reads whatever a target can put into a record", () => {
  const { lines } = mishaps();
  const record = readRecord(textOf(lines));
  assertEquals(record.attempts.length, 13);
  assertEquals(record.footer?.notRun.length, 2);
});

Deno.test("readRecord() never throws anything but a RecordError", () => {
  const text = textOf(simulated(["vfio/revoke/double-revoke"]));
  fc.assert(
    fc.property(fc.nat(text.length - 1), fc.string({ maxLength: 3 }), fc.nat(5), (at, put, remove) => {
      try {
        readRecord(text.slice(0, at) + put + text.slice(at + remove));
      } catch (error) {
        assert(error instanceof RecordError, String(error));
      }
    }),
    { numRuns: 300 },
  );
});

Deno.test("a footer is not taken for the end of a file that goes on", () => {
  inFolder((folder) => {
    const path = join(folder, "run.jsonl");
    writeFileSync(path, textOf(simulated(["vfio/revoke/double-revoke"])));
    appendFileSync(path, '{"type":"case"');
    assertEquals(readRecordFile(path).footer?.attempts, 1);
  });
});
