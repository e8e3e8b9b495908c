import { assertEquals } from "@std/assert";
import { formatDiagnostic } from "../spec/diagnostic.ts";
import { clauseIdSchema } from "../spec/ids.ts";
import { loadLedger } from "../spec/ledger.ts";
import type { Case } from "./case.ts";
import { lint } from "./lint.ts";
import { loadCases } from "./load.ts";
import { parseCases } from "./parse.ts";

const LEDGER = loadLedger();

const GIVEN = `given:
  - dev: { vfio.open: {} }
  - buf: { vfio.export: { device: dev } }
  - other: { vfio.export: { device: dev } }
`;

function casesOf(
  body: string,
  path = "x",
  head = "title: A case\nwhy: It matters.\nclauses: [VMM-01]\n",
): readonly Case[] {
  const { cases, diagnostics } = parseCases(`${head}${GIVEN}${body}`, {
    file: `${path}.yaml`,
    path,
    ledger: LEDGER,
  });
  assertEquals(diagnostics.map(formatDiagnostic), []);
  return cases;
}

function messagesOf(cases: readonly Case[]): readonly string[] {
  return lint(cases, LEDGER).map(formatDiagnostic);
}

/** The lines of the refusals without a control. */
function linesWithoutControl(body: string): readonly number[] {
  return lint(casesOf(body), LEDGER).filter(({ code }) => code === "no-control").map(({ line }) => line);
}

Deno.test("lint() finds nothing wrong with the cases of the suite", () => {
  assertEquals(messagesOf(loadCases(LEDGER).cases), []);
});

Deno.test("lint() refuses a refusal without a control", () => {
  assertEquals(messagesOf(casesOf("then:\n  - buffer.mmap: { buffer: buf }\n    fails: ENODEV\n")), [
    'x.yaml:9:5: The case expects buffer.mmap to be refused and never shows that it works. Add a step under "control" where it succeeds on the same object, or say under "no control" why none can',
  ]);
});

Deno.test("lint() takes an earlier success on the same object for a control, wherever it stands", () => {
  const refusal = "  - buffer.mmap: { buffer: buf }\n    fails: ENODEV\n";
  const success = "  - buffer.mmap: { buffer: buf }\n";
  assertEquals(linesWithoutControl(`control:\n${success}then:\n${refusal}`), []);
  assertEquals(linesWithoutControl(`when:\n${success}then:\n${refusal}`), []);
  assertEquals(linesWithoutControl(`when:\n${refusal}${success}`), [9]);
  assertEquals(linesWithoutControl(`control:\n${success.replace("buf }", "other }")}then:\n${refusal}`), [
    11,
  ]);
  assertEquals(linesWithoutControl(`control:\n  - buffer.poll: { buffer: buf }\nthen:\n${refusal}`), [11]);
});

Deno.test("lint() takes a copy of a descriptor for the descriptor", () => {
  const copy =
    "control:\n  - buffer.mmap: { buffer: buf }\n  - two: { fd.dup: { fd: buf } }\n  - three: { fd.dup: { fd: two } }\n";
  assertEquals(
    linesWithoutControl(`${copy}then:\n  - buffer.mmap: { buffer: three }\n    fails: ENODEV\n`),
    [],
  );
});

Deno.test("lint() looks at what runs while a step blocks", () => {
  const inner = "      - buffer.mmap: { buffer: buf }\n        fails: ENODEV\n";
  const blocking = `when:\n  - vfio.reset: { device: dev }\n    blocks until:\n${inner}`;
  assertEquals(linesWithoutControl(blocking), [11]);
  assertEquals(linesWithoutControl(`control:\n  - buffer.mmap: { buffer: buf }\n${blocking}`), []);
});

Deno.test("lint() asks for no control of an operation without objects but one success", () => {
  const refused = "then:\n  - heap.alloc: { size: 0 }\n    fails: EINVAL\n";
  assertEquals(linesWithoutControl(refused), [9]);
  assertEquals(linesWithoutControl(`control:\n  - heap.alloc: {}\n${refused}`), []);
});

Deno.test("lint() asks for no control of what fails before anything is done, nor where none can exist", () => {
  assertEquals(
    linesWithoutControl(
      "control:\n  - buffer.sync: { buffer: buf, unreadable: true }\n    fails: EFAULT\nwhen:\n  - fd.exhaust:\n",
    ),
    [],
  );
  assertEquals(
    linesWithoutControl(
      "no control: It never works.\nthen:\n  - buffer.mmap: { buffer: buf }\n    fails: ENODEV\n",
    ),
    [],
  );
});

Deno.test("lint() refuses two cases with the same steps, whatever they are called", () => {
  const body = "when:\n  - vfio.reset: { device: dev }\n";
  const noted = "when:\n  - vfio.reset: { device: dev }\n    note: Again.\n";
  assertEquals(
    messagesOf([...casesOf(body, "a"), ...casesOf(noted, "b"), ...casesOf(`${body}    sees: []\n`, "c")]),
    [
      "b.yaml:1:1: The steps of b are those of a. Remove one of the two and let the other name the clauses of both",
    ],
  );
});

Deno.test("lint() refuses a title that does not fit on a line", () => {
  const head = `why: It matters.\ntitle: ${"x".repeat(91)}\nclauses: [VMM-01]\n`;
  assertEquals(messagesOf(casesOf("when: [{ fd.exhaust: {} }]\n", "x", head)), [
    'x.yaml:2:8: The title has 91 characters and no title may have more than 90. Say in the title what the case shows and in "why" the rest',
  ]);
});

Deno.test("lint() refuses a clause that the ledger does not have, and a case without any", () => {
  const [one] = casesOf("when: [{ fd.exhaust: {} }]\n");
  const unknown = one && { ...one, clauses: [clauseIdSchema.parse("VMM-99")] };
  assertEquals(unknown && messagesOf([unknown]), [
    'x.yaml:3:11: The ledger has no clause VMM-99. Did you mean "VMM-09"?',
  ]);
  assertEquals(one && messagesOf([{ ...one, clauses: [] }]), [
    'x.yaml:1:1: The case verifies no clause. Add "clauses" with the clauses that it verifies',
  ]);
});

Deno.test("lint() refuses a case that shows what the ledger says is not tested", () => {
  const clause = [...LEDGER.clauses.values()].find(({ notTested }) => notTested);
  const head = `title: A case\nwhy: It matters.\nclauses: [${clause?.id}]\n`;
  assertEquals(messagesOf(casesOf("when: [{ fd.exhaust: {} }]\n", "x", head)), [
    `x.yaml:3:11: The ledger says that no case shows ${clause?.id}: ${clause?.notTested?.reason}. Remove "not-tested" at ${clause?.at.file}:${clause?.at.line}, or ${clause?.id} here`,
  ]);
});

Deno.test("lint() refuses a case that no simulator passes, if it can ask", () => {
  const cases = casesOf("when: [{ fd.exhaust: {} }]\n");
  assertEquals(lint(cases, LEDGER, { passesSomewhere: () => true }), []);
  assertEquals(lint(cases, LEDGER, { passesSomewhere: () => false }).map(formatDiagnostic), [
    "x.yaml:1:1: No dialect of the simulator passes x. Run it to see why: conform run 'x'",
  ]);
});
