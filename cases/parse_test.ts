import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { formatDiagnostic } from "../spec/diagnostic.ts";
import { loadLedger } from "../spec/ledger.ts";
import { isSize } from "../spec/size.ts";
import { parseCases, type ParsedFile } from "./parse.ts";

const LEDGER = loadLedger();

const HEAD = "title: A case\nwhy: It matters.\nclauses: [VMM-01]\n";
const GIVEN = `given:
  - dev: { vfio.open: {} }
  - buf: { vfio.export: { device: dev } }
  - imp: { importer.attach: { buffer: buf } }
`;

function parse(text: string): ParsedFile {
  return parseCases(text, { file: "x.yaml", path: "area/x", ledger: LEDGER });
}

function messagesOf(text: string): readonly string[] {
  const { cases, diagnostics } = parse(text);
  assertEquals(cases.length === 0, diagnostics.length > 0, "a file has either cases or mistakes");
  return diagnostics.map(formatDiagnostic);
}

/** The mistakes of a case with these steps under `when`, which begins in line 9. */
function whenMessages(steps: string): readonly string[] {
  return messagesOf(`${HEAD}${GIVEN}when:\n${steps}\n`);
}

Deno.test("parseCases() reads the whole of a case", () => {
  const { cases, diagnostics } = parse(`title: A case
why: >-
  It matters
  a lot.
clauses: [VMM-01, VREV-10]
no control: There is none.
dangerous: It takes the machine down.
${GIVEN}when:
  - vfio.revoke: { device: dev, buffer: buf }
    returns: 0
    sees: { imp: 1 }
    note: Once.
    otherwise:
      - { holder: somebody, fails: EBADFD, sees: [] }
    may warn: once
    blocks until:
      - m: { importer.map: { attachment: imp } }
      - importer.unmap: { mapping: m }
then:
  - vfio.revoke: { device: dev, buffer: buf }
    fails: [EBADFD, ENODEV]
    warns: already
    sees: [{ invalidate: imp }, { remap: imp, fails: ENODEV }, { remap: imp }, { unmap: imp }, { wakeup: dev }, { release-request: dev }]
  - fd.exhaust:
`);
  assertEquals(diagnostics, []);
  const [one] = cases;
  assert(one);
  assertEquals(one.id, "area/x");
  assertEquals([one.why, one.noControl, one.dangerous], [
    "It matters a lot.",
    "There is none.",
    "It takes the machine down.",
  ]);
  assertEquals(one.clauses.map(String), ["VMM-01", "VREV-10"]);
  const [revoke] = one.sections.when;
  assert(revoke);
  assertEquals(revoke.expects, {
    outcome: { kind: "returns", value: 0 },
    sees: { kind: "count", counts: { imp: 1 } },
    warns: undefined,
    mayWarn: "once",
  });
  assertEquals(revoke.otherwise, [{
    holder: "somebody",
    blocks: undefined,
    outcome: { kind: "fails", errnos: ["EBADFD"] },
    sees: { kind: "order", events: [] },
    warns: undefined,
  }]);
  assertEquals(revoke.until.map(({ id, bind, operation }) => [id, bind, operation]), [
    ["when.0.until.0", "m", "importer.map"],
    ["when.0.until.1", undefined, "importer.unmap"],
  ]);
  assertEquals([revoke.note, revoke.at], ["Once.", { file: "x.yaml", line: 13, column: 5 }]);
  const [again, exhaust] = one.sections.then;
  assertEquals(again?.expects, {
    outcome: { kind: "fails", errnos: ["EBADFD", "ENODEV"] },
    warns: "already",
    sees: {
      kind: "order",
      events: [
        { event: "invalidate", attachment: "imp" },
        { event: "remap", attachment: "imp", errno: "ENODEV" },
        { event: "remap", attachment: "imp", errno: null },
        { event: "unmap", attachment: "imp" },
        { event: "wakeup", device: "dev" },
        { event: "release-request", device: "dev" },
      ],
    },
  });
  assertEquals([exhaust?.operation, exhaust?.args], ["fd.exhaust", {}]);
});

Deno.test("parseCases() fills in the defaults of the arguments", () => {
  const [one] = parse(`${HEAD}${GIVEN}when: [{ fd.close: { fd: dev } }]`).cases;
  const open = one?.sections.given[0];
  assertEquals(open?.args["bars"], ["1MiB"]);
  assertEquals(open?.args["driver"], "vfio-pci");
});

Deno.test("parseCases() gives every row of a matrix an id and its values", () => {
  const { cases } = parse(`title: A case of \${usage}
why: It matters.
clauses: [VMM-01]
matrix:
  - { usage: READ, size: 4096, wait: true }
  - { usage: WRITE, size: 2 pages, wait: false }
given:
  - buf: { heap.alloc: { size: "\${size}" } }
  - job: { fence.create: {} }
when:
  - fence.add: { buffer: buf, fence: job, usage: "\${usage}" }
    note: Of \${size}, \${wait}.
`);
  assertEquals(cases.map(({ id }) => String(id)), [
    "area/x[usage=READ,size=4096,wait=true]",
    "area/x[usage=WRITE,size=2 pages,wait=false]",
  ]);
  assertEquals(cases.map(({ title }) => title), ["A case of READ", "A case of WRITE"]);
  assertEquals(cases.map(({ sections }) => sections.when[0]?.args["usage"]), ["READ", "WRITE"]);
  assertEquals(cases.map(({ sections }) => sections.given[0]?.args["size"]).map(isSize), [true, true]);
  assertEquals(cases.map(({ sections }) => sections.when[0]?.note), ["Of 4096, true.", "Of 2 pages, false."]);
  assertEquals(new Set(cases.map(({ source }) => source.digest)).size, 2);
});

Deno.test("parseCases() makes every combination of a matrix of lists, whatever the values are", () => {
  const { cases } = parse(`${HEAD}matrix:
  op: [vfio.reset, vfio.flr]
  access: [[read], [read, write]]
  close: [{ fd: dev }]
${GIVEN}when:
  - "\${op}": { device: dev }
  - buffer.mmap: { buffer: buf, access: "\${access}" }
  - fd.close: "\${close}"
`);
  assertEquals(cases.map(({ id }) => String(id)), [
    "area/x[op=vfio.reset,access=read,close=#1]",
    "area/x[op=vfio.reset,access=read+write,close=#2]",
    "area/x[op=vfio.flr,access=read,close=#3]",
    "area/x[op=vfio.flr,access=read+write,close=#4]",
  ]);
  assertEquals(cases.map(({ sections }) => sections.when.map(({ operation }) => operation)[0]), [
    "vfio.reset",
    "vfio.reset",
    "vfio.flr",
    "vfio.flr",
  ]);
  assertEquals(cases[1]?.sections.when[1]?.args["access"], ["read", "write"]);
});

Deno.test("parseCases() says what is wrong with the names of the matrix", () => {
  const body = `${GIVEN}when:\n  - vfio.power: { device: dev, state: "\${state}" }\n`;
  assertEquals(messagesOf(`${HEAD}${body}`), [
    'x.yaml:9:39: The matrix has no "state". Add a "matrix" that gives it values',
  ]);
  assertEquals(messagesOf(`${HEAD}matrix:\n  - { state: D0 }\n  - { stat: D0 }\n${body}`), [
    'x.yaml:6:5: The row lacks "state", which the case uses. Add "state" to the row',
    'x.yaml:6:7: Nothing in the case uses "stat". Write "${stat}" where it belongs, or remove it',
  ]);
  assertEquals(messagesOf(`${HEAD}matrix:\n  - { stat: D0 }\n${body}`), [
    'x.yaml:5:7: Nothing in the case uses "stat". Write "${stat}" where it belongs, or remove it',
    'x.yaml:11:39: The matrix has no "state". Did you mean "stat"?',
  ]);
  assertEquals(messagesOf(`${HEAD}matrix:\n  - { state: D0 }\n  - { state: D0 }\n${body}`), [
    "x.yaml:6:5: Two rows of the matrix have the name [state=D0]. Remove one of them, or make their values differ",
  ]);
  assertEquals(messagesOf(`${HEAD}matrix: []\n${body}`), [
    "x.yaml:4:9: Found a list, which is empty. Change the value",
  ]);
});

Deno.test("parseCases() refuses a matrix of more rows than anybody would read", () => {
  const lists = ["a", "b", "c", "d"].map((name) => `  ${name}: [1, 2, 3, 4, 5, 6]`).join("\n");
  assertEquals(
    messagesOf(`${HEAD}matrix:\n${lists}\n${GIVEN}when: [{ fd.exhaust: {} }]`)[0],
    "x.yaml:5:3: The matrix has more than 1000 rows. Write the rows that matter as a list",
  );
});

Deno.test("parseCases() names the row where only some rows are wrong", () => {
  const body = `${GIVEN}when:\n  - vfio.power: { device: dev, state: "\${state}" }\n`;
  assertEquals(messagesOf(`${HEAD}matrix: [{ state: D0 }, { state: D3 }]\n${body}`), [
    'x.yaml:10:39: Expected one of D0, D3hot, found the text "D3", in the row [state=D3]. Did you mean "D0"?',
  ]);
});

Deno.test("parseCases() says what is wrong with an operation", () => {
  assertEquals(whenMessages("  - vfio.revok: { device: dev, buffer: buf }"), [
    'x.yaml:9:5: "vfio.revok" is not an operation. Did you mean "vfio.revoke"?',
  ]);
  assertEquals(whenMessages("  - fence.xxxxxxxxxx: {}"), [
    'x.yaml:9:5: "fence.xxxxxxxxxx" is not an operation. Use one of: fence.create, fence.signal, fence.add',
  ]);
  assertEquals(whenMessages("  - job: { fence.creat: {} }"), [
    'x.yaml:9:12: "fence.creat" is not an operation. Did you mean "fence.create"?',
  ]);
  assertEquals(whenMessages("  - vfio_revoke: { device: dev, buffer: buf }"), [
    'x.yaml:9:5: "vfio_revoke" is not an operation, and not a name that an operation gives something to. Did you mean "vfio.revoke"?',
  ]);
  assertEquals(whenMessages("  - job: fence.create"), [
    'x.yaml:9:5: The arguments of "fence.create" are missing. Write it as "- job: { fence.create: {} }"',
  ]);
});

Deno.test("parseCases() says what is wrong with an argument", () => {
  assertEquals(
    whenMessages("  - vfio.revoke: { device: dev, bufer: buf }"),
    [
      'x.yaml:9:18: "buffer" is missing. Add "buffer". The name of a descriptor, or a bare number',
      'x.yaml:9:33: "bufer" is not known here. Did you mean "buffer"?',
    ],
  );
  assertEquals(whenMessages("  - vfio.power: { device: dev, state: d3hot }"), [
    'x.yaml:9:39: Expected one of D0, D3hot, found the text "d3hot". Did you mean "D3hot"?',
  ]);
  assertEquals(whenMessages("  - memory.load: { vma: dev, page: one }"), [
    'x.yaml:9:25: "dev" is a device, expected a vma. Add an earlier step that gives a vma',
    'x.yaml:9:36: Expected a number, found the text "one". Remove the quotes, or write the value out',
  ]);
  assertEquals(whenMessages("  - m: { buffer.mmap: { buffer: buf, length: 3 MB } }"), [
    'x.yaml:9:46: Found the text "3 MB", which is not right here. Expected a size such as 4096, "4 pages", "1MiB" or "2^63 - 1 page"',
  ]);
  assertEquals(whenMessages("  - vfio.reset: dev"), [
    'x.yaml:9:17: Expected a map, found the text "dev". Write keys and values, as in { key: value }',
  ]);
});

Deno.test("parseCases() says where a name is not known, of the wrong kind, or used twice", () => {
  assertEquals(whenMessages("  - vfio.reset: { device: dve }"), [
    'x.yaml:9:27: No earlier step gives "dve". Did you mean "dev"?',
  ]);
  assertEquals(
    whenMessages("  - importer.map: { attachment: buf }"),
    [
      'x.yaml:9:33: "buf" is a buffer, expected an attachment. Use one of: imp',
    ],
  );
  assertEquals(whenMessages("  - buf: { vfio.export: { device: dev } }"), [
    'x.yaml:9:5: "buf" is already the name of a buffer. Choose another name',
  ]);
  assertEquals(whenMessages("  - x: { vfio.reset: { device: dev } }"), [
    'x.yaml:9:5: The operation gives no object that "x" could name. Write the operation without a name',
  ]);
  assertEquals(whenMessages("  - Big: { fence.create: {} }"), [
    'x.yaml:9:5: "Big" cannot be the name of an object. Begin with a small letter and use small letters, digits and _ only',
  ]);
  assertEquals(whenMessages("  - m: { buffer.mmap: { buffer: buf } }\n    fails: ENODEV"), [
    'x.yaml:9:5: The step is expected not to succeed, so "m" would name nothing. Write the operation without a name',
  ]);
  assertEquals(
    whenMessages(
      "  - m: { importer.map: { attachment: imp } }\n    blocks until:\n      - importer.unmap: { mapping: m }",
    ),
    ['x.yaml:11:36: No earlier step gives "m". Add an earlier step that gives a mapping'],
  );
});

Deno.test("parseCases() knows the kind of a copied descriptor", () => {
  assertEquals(whenMessages("  - two: { fd.dup: { fd: buf } }\n  - buffer.mmap: { buffer: two }"), []);
  assertEquals(whenMessages("  - two: { fd.dup: { fd: dev } }\n  - buffer.poll: { buffer: two }"), [
    'x.yaml:10:28: "two" is a device, expected a buffer. Use one of: buf',
  ]);
});

Deno.test("parseCases() says what a step cannot be expected to do", () => {
  assertEquals(whenMessages("  - buffer.mmap: { buffer: buf }\n    fails: ENODVE"), [
    'x.yaml:10:12: Expected one of EPERM, ENOENT, ESRCH, … (151 words), or a list, found the text "ENODVE". Did you mean "ENODEV"?',
  ]);
  assertEquals(whenMessages("  - buffer.mmap: { buffer: buf }\n    fails: [ENODEV, EBUSY]"), [
    "x.yaml:10:21: The vocabulary does not list EBUSY for the operation. Use one of: EACCES, EINVAL, ENODEV",
  ]);
  assertEquals(whenMessages("  - buffer.mmap: { buffer: buf }\n    faults: SIGBUS"), [
    'x.yaml:10:13: The operation is a call of the kernel and raises no signal. Use "fails", or an access by the CPU such as memory.load',
  ]);
  assertEquals(
    whenMessages("  - vfio.revoke: { device: dev, buffer: buf }\n    returns: 0\n    fails: EBADFD"),
    [
      "x.yaml:9:5: A step cannot have returns and fails together. Keep one of them",
    ],
  );
  assertEquals(whenMessages("  - vfio.reset: { device: dev }\n    warns: []\n    may warn: vmap"), [
    "x.yaml:11:15: A step cannot have warns and may warn together. Keep one of them",
  ]);
  assertEquals(
    whenMessages(
      "  - vfio.reset: { device: dev }\n    otherwise:\n      - { holder: x, warns: vmap, may warn: vmap }",
    ),
    [
      "x.yaml:11:45: A step cannot have warns and may warn together. Keep one of them",
    ],
  );
  assertEquals(whenMessages("  - vfio.reset: { device: dev }\n    returns: 0"), [
    'x.yaml:10:14: The operation gives nothing and no value to compare. Remove "returns"; a step that expects nothing else must succeed',
  ]);
  assertEquals(whenMessages("  - vfio.reset: { device: dev }\n    sees: { ipm: 1, dev: 0 }"), [
    'x.yaml:10:13: No earlier step gives "ipm". Did you mean "imp"?',
    'x.yaml:10:21: "dev" is a device, expected an attachment or region. Use one of: imp',
  ]);
  assertEquals(
    whenMessages("  - vfio.reset: { device: dev }\n    sees: [{ invalidate: imp }, { wakeup: imp }]"),
    [
      'x.yaml:10:43: "imp" is an attachment, expected a device. Use one of: dev',
    ],
  );
  assertEquals(whenMessages("  - vfio.reset: { device: dev }\n    sees: {}"), [
    'x.yaml:10:11: "sees" is empty, which asks for nothing and looks as if nobody might be told. Write "sees: []" if nobody may be told, or remove it',
  ]);
  assertEquals(whenMessages("  - vfio.reset: { device: dev }\n    fail: EINVAL"), [
    'x.yaml:10:5: "fail" is not known here. Did you mean "fails"?',
  ]);
});

Deno.test("parseCases() lets others hold an error that the vocabulary does not list", () => {
  const steps = "  - buffer.mmap: { buffer: buf }\n    otherwise: [{ holder: somebody, fails: EBUSY }]";
  assertEquals(whenMessages(steps), []);
});

Deno.test("parseCases() says what is wrong with the form of a step", () => {
  assertEquals(whenMessages("  - fd.exhaust"), [
    'x.yaml:9:5: Expected a step, found the text "fd.exhaust". Put a colon behind it: "- fd.exhaust:"',
  ]);
  assertEquals(whenMessages("  - fails: EINVAL"), [
    'x.yaml:9:5: The step does nothing. Write the operation first, as in "- buffer.mmap: { buffer: buf }"',
  ]);
  assertEquals(whenMessages("  - fd.exhaust: {}\n    fd.replenish: {}"), [
    'x.yaml:10:5: "fd.replenish" is a second operation in the same step. Begin a step of its own: "- fd.replenish: ..."',
  ]);
  assertEquals(whenMessages("  - job: { fence.create: {}, note: x }"), [
    'x.yaml:9:30: "note" stands beside the operation that "job" names. Put it on a line of its own, in line with the name',
  ]);
  assertEquals(whenMessages("  - vfio.reset: { device: dev }\n    blocks until: later"), [
    'x.yaml:10:19: Expected the steps that run while it blocks, found the text "later". Write a list of steps, as in "- importer.unmap: { mapping: m1 }"',
  ]);
});

Deno.test("parseCases() says what is wrong with the keys of a case", () => {
  const when = "when: [{ fd.exhaust: {} }]\n";
  assertEquals(messagesOf(`${HEAD}${GIVEN}${when}`.replace("title:", "titel:")), [
    'x.yaml:1:1: "title" is missing. Add "title". What the case shows, in one line',
    'x.yaml:1:1: "titel" is not known here. Did you mean "title"?',
  ]);
  assertEquals(messagesOf(`${HEAD}dangerous:\n${GIVEN}${when}`), [
    'x.yaml:4:11: "dangerous" is empty. Write a value after the colon, or remove the key. Why the case must not run on a machine that matters',
  ]);
  assertEquals(messagesOf(`${HEAD}${GIVEN}${when}`.replace("[VMM-01]", "[VMM-99, vmm-1]")), [
    'x.yaml:3:19: Found the text "vmm-1", which is not right here. Expected a clause id such as VREV-10',
  ]);
  assertEquals(messagesOf(`${HEAD}${GIVEN}${when}`.replace("VMM-01", "VMM-99")), [
    'x.yaml:3:11: The ledger has no clause VMM-99. Did you mean "VMM-09"?',
  ]);
  assertEquals(messagesOf(`${HEAD}${GIVEN}${when}`.replace("[VMM-01]", "[]")), [
    "x.yaml:3:10: Found a list, which is empty. Change the value",
  ]);
  assertEquals(messagesOf("- a\n- b\n"), [
    'x.yaml:1:1: Expected the keys of a case, found a list. Begin with "title:", "why:" and "clauses:"',
  ]);
});

Deno.test("parseCases() says which section has no steps", () => {
  assertEquals(messagesOf(`${HEAD}${GIVEN}`), [
    'x.yaml:1:1: The case has neither "when" nor "then". Add "when:" with a list of steps',
  ]);
  assertEquals(messagesOf(`${HEAD}when: [{ fd.exhaust: {} }]\n`), [
    'x.yaml:1:1: The case has neither "given" nor "control". Add "given:" with a list of steps',
  ]);
  assertEquals(messagesOf(`${HEAD}${GIVEN}when: []\n`), [
    'x.yaml:8:7: "when" has no steps. Write a step, or remove "when"',
  ]);
});

Deno.test("parseCases() wants a path that can be an id", () => {
  const text = `${HEAD}${GIVEN}when: [{ fd.exhaust: {} }]\n`;
  const { diagnostics } = parseCases(text, { file: "Bad Name.yaml", path: "Bad Name", ledger: LEDGER });
  assertEquals(diagnostics.map(formatDiagnostic), [
    'Bad Name.yaml:1:1: "Bad Name" cannot be the id of a case. Name files and folders with small letters, digits, - and _ only',
  ]);
});

const VALID = `${HEAD}matrix:
  - { page: 0, usage: READ }
  - { page: 1, usage: KERNEL }
${GIVEN}control:
  - vma: { buffer.mmap: { buffer: buf } }
when:
  - job: { fence.create: {} }
  - fence.add: { buffer: buf, fence: job, usage: "\${usage}" }
  - vfio.command: { device: dev, memory: off }
    sees: [{ invalidate: imp }, { remap: imp, fails: ENODEV }]
    blocks until:
      - fence.signal: { fence: job }
then:
  - memory.load: { vma: vma, page: "\${page}" }
    faults: SIGBUS
    otherwise: [{ holder: somebody, returns: 0 }]
`;

const PIECES = [
  "\t",
  "\n",
  " ",
  ":",
  "- ",
  "{",
  "}",
  "[",
  "]",
  '"',
  "'",
  "&a ",
  "*a",
  "<<: ",
  "!x ",
  "${",
  "}",
  "#",
  "|",
  "null",
  "0",
  "-1",
  "given:",
  "fails: ENODEV",
  "${page}",
  "...",
  "---\n",
  "\u0000",
  "\u{1F600}",
  "__proto__",
  "vfio.revoke: {}",
];

const edit = fc.record({
  at: fc.nat(VALID.length),
  remove: fc.nat(12),
  insert: fc.oneof(fc.constantFrom(...PIECES), fc.string({ maxLength: 6 })),
});

Deno.test("parseCases() answers any damage with cases or with mistakes that stand in the file", () => {
  assertEquals(parse(VALID).cases.length, 2);
  fc.assert(
    fc.property(fc.array(edit, { minLength: 1, maxLength: 4 }), (edits) => {
      const text = edits.reduce(
        (one, { at, remove, insert }) => one.slice(0, at) + insert + one.slice(at + remove),
        VALID,
      );
      const { cases, diagnostics } = parse(text);
      const lines = text.split("\n").length;
      assert(cases.length === 0 ? diagnostics.length > 0 : diagnostics.length === 0);
      for (const { line, column, message, hint } of diagnostics) {
        assert(line >= 1 && line <= lines && column >= 1 && message !== "" && hint !== "");
      }
    }),
    { numRuns: 500 },
  );
});
