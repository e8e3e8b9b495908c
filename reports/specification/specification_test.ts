import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { loadCases } from "../../cases/load.ts";
import { DIALECTS } from "../../runners/simulator/mod.ts";
import { loadContradictions } from "../../spec/contradictions.ts";
import { clauseIdSchema } from "../../spec/ids.ts";
import { loadLedger } from "../../spec/ledger.ts";
import { type Specification, specificationOf } from "./document.ts";
import { specificationHtml } from "./html.tsx";
import { specificationMarkdown } from "./markdown.ts";
import { listsOf } from "./rules.ts";
import { rangesOf } from "./text.ts";

function specification(): Specification {
  const ledger = loadLedger();
  return specificationOf({
    ledger,
    contradictions: loadContradictions(ledger),
    cases: loadCases(ledger).cases,
    dialects: [...DIALECTS.values()],
    version: "1.2.3",
  });
}

const WHOLE = specification();

/** The ids of a document and the places in it that its links lead to. */
function linksOf(html: string): { readonly ids: readonly string[]; readonly targets: readonly string[] } {
  return {
    ids: [...html.matchAll(/ id="([^"]+)"/g)].map(([, id = ""]) => id),
    targets: [...html.matchAll(/ href="#([^"]*)"/g)].map(([, id = ""]) => id),
  };
}

Deno.test("specificationHtml() leads from every link to a place that is there once, and needs nothing else", async () => {
  const html = await specificationHtml(WHOLE);
  const { ids, targets } = linksOf(html);
  assertEquals(ids.filter((id, index) => ids.indexOf(id) !== index), []);
  const known = new Set(ids);
  assertEquals([...new Set(targets)].filter((id) => !known.has(id)), []);
  assert(targets.length > 1000, `only ${targets.length} links`);
  for (const forbidden of ["<script", "<link", "<img", "@import", "url(http", " style="]) {
    assert(!html.includes(forbidden), forbidden);
  }
});

Deno.test("specificationMarkdown() leads from every link to a place that is there once", () => {
  const text = specificationMarkdown(WHOLE);
  const ids = [...text.matchAll(/<a id="([^"]+)">/g)].map(([, id = ""]) => id);
  const targets = new Set([...text.matchAll(/\]\(#([^)]+)\)/g)].map(([, id = ""]) => id));
  assertEquals(ids.filter((id, index) => ids.indexOf(id) !== index), []);
  assertEquals([...targets].filter((id) => !ids.includes(id)), []);
});

Deno.test("the specification is the same each time it is made", async () => {
  const again = specification();
  assertEquals(await specificationHtml(WHOLE), await specificationHtml(again));
  assertEquals(specificationMarkdown(WHOLE), specificationMarkdown(again));
});

Deno.test("the specification has every clause once, in both forms, with what belongs to it", async () => {
  const [html, markdown] = [await specificationHtml(WHOLE), specificationMarkdown(WHOLE)];
  const numbers = new Set<string>();
  for (const { number, clause } of WHOLE.families.flatMap(({ clauses }) => clauses)) {
    numbers.add(number);
    assertStringIncludes(html, `<article class="clause" id="${clause.id}">`);
    assertStringIncludes(markdown, `### ${number} ${clause.id}: `);
  }
  assertEquals(numbers.size, loadLedger().clauses.size);
  const [, section = ""] = html.split('id="VREV-10"');
  const [own = ""] = section.split("</article>");
  for (
    const said of [
      "<strong>MUST</strong> fail with EBADFD",
      "https://lore.kernel.org/all/20260416131815.2729131-9-mattev@meta.com/",
      "vfio_pci_dma_buf_revoke(), lines 300-301",
      "vfio/revoke/double-revoke",
      'href="#errors-revoke-device"',
      'href="#profile-matt-v1-vfio"',
      "seen from userspace",
    ]
  ) assertStringIncludes(own, said);
});

Deno.test("the specification says who disagrees, and why a clause has no case", () => {
  const entry = (id: string) =>
    WHOLE.families.flatMap(({ clauses }) => clauses).find(({ clause }) => clause.id === id);
  assertEquals(entry("VST-13")?.contradictions, [27]);
  const text = specificationMarkdown(WHOLE);
  assertStringIncludes(text, "Who disagrees: **Matt Evans, v2 and later, and mainline 7.3**");
  const untested = [...WHOLE.ledger.clauses.values()].find(({ notTested }) => notTested);
  assert(untested?.notTested);
  assertStringIncludes(text, `Shown by: no case (${untested.notTested.reason.replaceAll("-", " ")})`);
});

Deno.test("the state machines are those that the dialects run", () => {
  const machine = WHOLE.machines.find(({ dialects }) => dialects.some(({ id }) => id === "matt-v1-vfio"));
  assertEquals(machine?.value.states, ["OK", "TEMP", "PERM", "CLOSED"]);
  assertEquals(machine?.value.transitions.map(({ from, to }) => `${from}-${to}`), [
    "OK-TEMP",
    "OK-PERM",
    "TEMP-OK",
    "TEMP-PERM",
    "OK-CLOSED",
    "TEMP-CLOSED",
    "PERM-CLOSED",
  ]);
  const upgrade = machine?.value.transitions.find(({ from, to }) => from === "TEMP" && to === "PERM");
  const rules = DIALECTS.get("matt-v1-vfio")?.rules.vfio.transitions.TEMP.PERM ?? [];
  assertEquals(upgrade?.steps.map(({ name }) => name), rules.map(({ name }) => name));
  assert(upgrade && upgrade.steps.length > 0);
  const mainline = WHOLE.machines.find(({ dialects }) => dialects.some(({ id }) => id === "mainline-7.3"));
  assertEquals(mainline?.value.states, ["OK", "TEMP", "CLOSED"]);
});

Deno.test("the diagrams show every state and every transition of a machine", async () => {
  const html = await specificationHtml(WHOLE);
  const drawings = [...html.matchAll(/<svg class="machine"[^]*?<\/svg>/g)].map(([drawing]) => drawing);
  assertEquals(drawings.length, WHOLE.machines.length);
  WHOLE.machines.forEach(({ value }, index) => {
    const drawing = drawings[index] ?? "";
    assertEquals(drawing.match(/<rect /g)?.length, value.states.length);
    assertEquals(drawing.match(/class="arrow"/g)?.length, value.transitions.length);
    assert(!drawing.includes("NaN") && !drawing.includes("undefined"));
  });
});

Deno.test("the errors are those of the checks in their order, and no check of any dialect is left out", () => {
  const table = WHOLE.errors.find(({ id }) => id === "revoke-device");
  const own = table?.variants.find(({ dialects }) => dialects.some(({ id }) => id === "matt-v1-vfio"));
  assertEquals(own?.value.map(({ errno, clause }) => `${errno} ${clause}`), [
    "EINVAL VEXP-24",
    "EFAULT VREV-02",
    "EINVAL VREV-03",
    "ENODEV VREV-27",
    "EBADF BASE-01",
    "EBADF BASE-03",
    "EINVAL BASE-02",
    "ENODEV VREV-07",
    "ENODEV VREV-09",
    "ENODEV VREV-08",
    "EBADFD VREV-10",
  ]);
  const shown = new Set(
    WHOLE.errors.flatMap(({ variants }) =>
      variants.flatMap(({ value }) => value.map((row) => JSON.stringify(row)))
    ),
  );
  for (const dialect of DIALECTS.values()) {
    for (const [place, rows] of listsOf(dialect).checks) {
      for (const row of rows) {
        assert(shown.has(JSON.stringify(row)), `${dialect.id} ${place}: ${row.refuses}`);
      }
    }
  }
});

Deno.test("a table of errors ends where a kernel has no such request: nothing behind it is reached", () => {
  const variants = WHOLE.errors.find(({ id }) => id === "export")?.variants ?? [];
  const without = variants.find(({ dialects }) => dialects.some(({ id }) => id === "mainline-6.12"));
  assertEquals(without?.value.at(-1)?.refuses, "an unknown feature");
  const longest = Math.max(...variants.map(({ value }) => value.length));
  assert(without && without.value.length < longest);
});

Deno.test("a clause of the specification says in which released kernels it holds", () => {
  const kernels = (id: string) =>
    WHOLE.families.flatMap(({ clauses }) => clauses).find(({ clause }) => clause.id === id)?.kernels;
  assertEquals([kernels("VATT-03"), kernels("VREV-10")], [["7.1", "7.2", "7.3"], []]);
  assertStringIncludes(specificationMarkdown(WHOLE), "Kernels: 7.1, 7.2, 7.3");
});

Deno.test("every clause that a rule of the model follows is in the ledger", () => {
  for (const dialect of DIALECTS.values()) {
    const { checks, sequences } = listsOf(dialect);
    for (const { clause } of [...checks.values(), ...sequences.values()].flat()) {
      const id = clauseIdSchema.safeParse(clause);
      assert(id.success && WHOLE.ledger.clauses.has(id.data), `${dialect.id}: ${clause}`);
    }
  }
});

Deno.test("a profile is shown with what it adds to those it extends and takes out of them", () => {
  const entry = WHOLE.profiles.find(({ profile }) => profile.id === "matt-v2");
  assert(entry?.drops.some((id) => id === "VST-13") && entry.adds.some((id) => id === "VMOV-09"));
});

Deno.test("rangesOf() shortens three in a row and no fewer, and not across families", () => {
  const ids = ["VST-01", "VST-02", "VST-03", "VST-05", "VST-06", "RFC-07"].map((id) =>
    clauseIdSchema.parse(id)
  );
  assertEquals(rangesOf(ids).map((range) => range.map(String)), [
    ["VST-01", "VST-03"],
    ["VST-05"],
    ["VST-06"],
    ["RFC-07"],
  ]);
});
