import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { CaseFacts, RunFacts } from "../../compare/mod.ts";
import { HOSTILE } from "../../testing/runs.ts";
import { ComparePage } from "./compare.tsx";

const ATTACH = facts("vfio/attach", "pass", "ok");
const REFUSED = facts("vfio/attach", "fail", "ENODEV");
const SAME = facts("base/same", "pass", "ok");

function facts(id: string, word: CaseFacts["word"], seen: string): CaseFacts {
  const steps = [{ step: "then.0", operation: "importer.attach", seen }];
  return { case: id, title: `about ${id}`, clauses: ["VATT-01"], word, reason: "", seen: steps };
}

function run(name: string, kernel: string, ...shown: readonly CaseFacts[]): RunFacts {
  const startedAt = "2026-11-21T10:00:00.000Z";
  const cases = new Map(shown.map((each) => [each.case, each]));
  return {
    run: name,
    target: `vm:${kernel}`,
    kernel,
    profile: "mainline-7.3",
    startedAt,
    partial: false,
    cases,
  };
}

function page(...runs: readonly RunFacts[]): string {
  return String(<ComparePage runs={runs} />);
}

/** The rows of the table that says since when what is seen. */
function windowsIn(text: string): readonly (readonly string[])[] {
  const [, table = ""] = /<section id="windows">([^]*?)<\/section>/.exec(text) ?? [];
  const rows = [...table.matchAll(/<tr><th scope="row">([^]*?)<\/tr>/g)].map(([, row = ""]) => row);
  return rows.map((row) =>
    row.replaceAll(/<\/t[dh]>/g, "|").replaceAll(/<[^>]*>/g, "").split("|").filter((each) => each !== "")
  );
}

Deno.test("the page names since when what is seen, and leads to every other form of it", () => {
  const text = page(
    run("a", "7.0", ATTACH, SAME),
    run("b", "7.1", REFUSED, SAME),
    run("c", "7.2", REFUSED, SAME),
  );
  assertEquals(windowsIn(text), [["since 7.1", "importer.attach", "ENODEV", "ok", "1"]]);
  assertStringIncludes(text, "importer.attach: ok up to 7.0, ENODEV since 7.1");
  for (const format of ["csv", "markdown", "json"]) {
    assertStringIncludes(text, `href="/compare?run=a&amp;run=b&amp;run=c&amp;format=${format}"`);
  }
  assertStringIncludes(text, 'rel="bookmark" href="/compare?run=a&amp;run=b&amp;run=c"');
});

Deno.test("what is kept of a page has nothing of the runs for which it was made", () => {
  const first = page(run("first", "6.12", ATTACH), run("second", "6.18", REFUSED));
  const other = page(run("third", "7.1", ATTACH), run("fourth", "7.2", REFUSED));
  for (const own of ["first", "second", "6.12", "6.18"]) {
    assertStringIncludes(first, own);
    assert(!other.includes(own), `${own} is on the other page`);
  }
  assertStringIncludes(other, 'href="/runs/third/cases/vfio/attach"');
  assertStringIncludes(other, 'href="/runs/fourth/cases/vfio/attach"');
  assertEquals(first, page(run("first", "6.12", ATTACH), run("second", "6.18", REFUSED)));
});

Deno.test("no name and nothing that was seen becomes markup, also the second time", () => {
  const before = { ...ATTACH, title: HOSTILE, case: HOSTILE };
  const after = { ...REFUSED, case: HOSTILE, seen: [{ step: HOSTILE, operation: HOSTILE, seen: HOSTILE }] };
  for (let time = 0; time < 2; time++) {
    const text = page(run(HOSTILE, HOSTILE, before), run(`${HOSTILE}/..`, "7.1", after));
    assert(!text.includes("<script"), text);
    assertStringIncludes(text, "&lt;script&gt;");
    assert(!/href="[^"]*\/\.\.\//.test(text));
  }
});

Deno.test("runs that do not differ say so and have no windows", () => {
  const text = page(run("a", "7.0", SAME), run("b", "7.1", SAME));
  assertStringIncludes(text, "The runs do not differ in any case");
  assertEquals(windowsIn(text), []);
});
