import { assert, assertEquals } from "@std/assert";
import { formatDiagnostic } from "../spec/diagnostic.ts";
import { loadLedger } from "../spec/ledger.ts";
import { parseCases } from "./parse.ts";
import { programOf } from "./program.ts";

const LEDGER = loadLedger();
const HEAD = `title: A race
why: It matters.
clauses: [VREV-13]
given:
  - dev: { vfio.open: {} }
  - buf: { vfio.export: { device: dev } }
`;
const RACE = `race:
  owner:
    - vfio.revoke: { device: dev, buffer: buf }
  importer:
    - imp: { importer.attach: { buffer: buf } }
    - importer.map: { attachment: imp }
`;

function parse(rest: string) {
  return parseCases(HEAD + rest, { file: "x.yaml", path: "x", ledger: LEDGER });
}

function messagesOf(rest: string): readonly string[] {
  return parse(rest).diagnostics.map(formatDiagnostic);
}

Deno.test("parseCases() reads threads and the outcomes that they may have", () => {
  const { cases: [one], diagnostics } = parse(`${RACE}allowed:
  - { owner: ok, importer: [ok, any], sees: { imp: 1 } }
  - { owner: { returns: 0 }, importer: [ENODEV, skipped], holder: somebody }
  - { owner: blocked, importer: any }
then:
  - importer.detach: { attachment: imp }
`);
  assertEquals(diagnostics, []);
  assert(one?.race);
  assertEquals(one.race.threads.map(({ name, steps }) => [name, steps.map(({ id }) => id)]), [
    ["owner", ["race.owner.0"]],
    ["importer", ["race.importer.0", "race.importer.1"]],
  ]);
  assertEquals(one.race.allowed, [
    {
      results: [{ kind: "returns" }, { kind: "returns" }, { kind: "any" }],
      sees: { imp: 1 },
      holder: undefined,
    },
    {
      results: [{ kind: "returns", value: 0 }, { kind: "fails", errnos: ["ENODEV"] }, { kind: "skipped" }],
      sees: undefined,
      holder: "somebody",
    },
    { results: [{ kind: "blocked" }, { kind: "any" }, { kind: "any" }], sees: undefined, holder: undefined },
  ]);
  const { steps, race } = programOf(one);
  assertEquals(steps.map(({ id }) => id), ["given.0", "given.1"]);
  assertEquals(race?.then.map(({ id }) => id), ["then.0"]);
});

Deno.test("parseCases() says what is wrong with a race", () => {
  assertEquals(messagesOf(RACE), [
    'x.yaml:7:1: The race does not say how it may end. Add "allowed:" with a list of outcomes, as in "- { owner: ok, importer: ENODEV }"',
  ]);
  assertEquals(messagesOf("when:\n  - vfio.reset: { device: dev }\nallowed:\n  - { owner: ok }\n"), [
    'x.yaml:9:1: "allowed" says how a race may end, and there is no race. Add "race:" with the threads, or remove it',
  ]);
  assertEquals(
    messagesOf("race:\n  owner:\n    - vfio.reset: { device: dev }\nallowed:\n  - { owner: ok }\n"),
    [
      'x.yaml:8:3: Expected two threads or more, found one. Write each thread as a name with a list of steps, as in "owner:"',
    ],
  );
  const allowed = (row: string) => messagesOf(`${RACE}allowed:\n  - ${row}\n`);
  assertEquals(allowed("{ owner: ok, importer: ok }"), [
    'x.yaml:14:28: "importer" has 2 steps and the outcome says how 1 end. Write one result for each step, or "any" for a thread that may end in any way',
  ]);
  assertEquals(allowed("{ owner: ok, importer: [ok, ok], impotrer: ok }"), [
    'x.yaml:14:38: The race has no thread "impotrer". Did you mean "importer"?',
  ]);
  assertEquals(allowed("{ owner: ENODVE, importer: any }").length, 1);
  assertEquals(allowed("{ owner: ok }"), [
    'x.yaml:14:5: "importer" has 2 steps and the outcome says how 0 end. Write one result for each step, or "any" for a thread that may end in any way',
  ]);
});

Deno.test("parseCases() lets a thread use its own names only, and expect nothing", () => {
  const race = (other: string) =>
    messagesOf(`race:
  one:
    - imp: { importer.attach: { buffer: buf } }
  two:
    - ${other}
allowed:
  - { one: any, two: any }
`);
  assertEquals(race("importer.map: { attachment: imp }"), [
    'x.yaml:11:35: No earlier step gives "imp". Add an earlier step that gives an attachment',
  ]);
  assertEquals(race("imp: { importer.attach: { buffer: buf } }"), [
    'x.yaml:10:3: Another thread gives the name "imp", too. Choose another name',
  ]);
  assertEquals(race("{ vfio.reset: { device: dev }, fails: EINVAL }"), [
    'x.yaml:11:38: "fails" cannot stand in a race, whose steps can end in more than one way. Say under "allowed" how the race may end',
  ]);
  assertEquals(race("{ vfio.reset: { device: dev }, note: it resets }"), []);
});
