import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { readRecord } from "../record_reader.ts";
import { resultOf } from "../result.ts";
import { HOSTILE, mishaps, simulated, suite, textOf } from "../testing/runs.ts";
import { type FindingsData, kernelData } from "./data.ts";
import { idle, pagesOf, unreviewed } from "./pages.ts";
import { readNotes, readReviews, type Review } from "./review.ts";
import { NOTES, readData, REVIEWS } from "./write.ts";

const HERE = fileURLToPath(new URL("./", import.meta.url));

const { ledger, cases } = suite();

function dataOf(...dialects: string[]): FindingsData {
  const kernels = dialects.map((dialect) =>
    kernelData(resultOf(readRecord(textOf(simulated([...cases.keys()], dialect))), cases), ledger)
  );
  return { suite: { version: "0", ledger: "sha256:1", cases: "sha256:2" }, kernels };
}

function review(changes: Partial<Review>): Review {
  const rest = { clauses: ["INVAL-18"], at: [], text: "Because", then: "nothing" };
  return {
    id: "one",
    title: "One",
    cases: ["invalidate"],
    kernels: ["7.0"],
    is: "known",
    ...rest,
    ...changes,
  };
}

Deno.test("the pages are what the generator makes of the data and the reviews", () => {
  const pages = pagesOf(readData(), readReviews(REVIEWS), readNotes(NOTES));
  for (const { file, markdown } of pages) {
    assertEquals(readFileSync(`${HERE}${file}`, "utf8"), markdown, file);
  }
  const written = readdirSync(HERE).filter((file) => /^\d.*\.md$|^README\.md$/.test(file));
  assertEquals(written.sort(), pages.map(({ file }) => file).sort());
});

Deno.test("every surprise has a review, and every review speaks of a surprise", () => {
  const [data, reviews] = [readData(), readReviews(REVIEWS)];
  assertEquals(unreviewed(data, reviews), []);
  assertEquals(idle(data, reviews), []);
  assertEquals(new Set(reviews.map(({ id }) => id)).size, reviews.length);
});

Deno.test("every clause of a review is in the ledger", () => {
  const known = new Set([...ledger.clauses.keys()].map(String));
  const named = readReviews(REVIEWS).flatMap(({ clauses }) => clauses);
  assertEquals(named.filter((clause) => !known.has(clause)), []);
});

Deno.test("every link of the pages leads to a place that is there", () => {
  for (const file of readdirSync(HERE).filter((name) => name.endsWith(".md"))) {
    const page = readFileSync(`${HERE}${file}`, "utf8");
    for (const [, target = "", anchor] of page.matchAll(/\]\(([^)#]*)(?:#([^)]*))?\)/g)) {
      const path = `${HERE}${target || file}`;
      assert(existsSync(path), `${file}: ${target}`);
      if (anchor !== undefined) assertStringIncludes(readFileSync(path, "utf8"), `<a id="${anchor}"></a>`);
    }
  }
});

Deno.test("kernelData() tells what a kernel owes from what it need not do", () => {
  const [old, new_] = dataOf("mainline-7.0", "mainline-7.3").kernels;
  const optional = old?.noted.find(({ case: id }) => id === "invalidate/callback-is-optional");
  assertEquals([old?.owes, optional?.debt, optional?.word], ["mainline-7.0", "not owed", "contested"]);
  assertEquals(new_?.noted.filter(({ debt, word }) => debt === "owed" && word !== "contested"), []);
  assertEquals(old?.early.map(({ clause }) => clause).includes("INVAL-18"), false);
  const counted = ["pass", "fail", "contested", "unknown", "not-supported", "not-run"];
  const sum = counted.reduce((total, word) => total + (old?.counts[word] ?? 0), 0);
  assertEquals(sum, old?.counts["total"]);
  assertEquals(old?.lacking.reduce((total, { cases }) => total + cases, 0), old?.counts["not-supported"]);
});

Deno.test("a surprise without a review, and a review without a surprise, are named", () => {
  const data = dataOf("mainline-7.0");
  const all = unreviewed(data, []);
  assert(all.includes("invalidate/callback-is-optional on 7.0"));
  assertEquals(unreviewed(data, [review({})]).some((each) => each.startsWith("invalidate/")), false);
  assertEquals(unreviewed(data, [review({ kernels: ["7.1"] })]), all);
  assertEquals(idle(data, [review({}), review({ id: "two", cases: ["invalidate/no-such"] })]), ["two"]);
});

Deno.test("what a target says cannot break out of a page", () => {
  const { lines, cases } = mishaps();
  const kernel = kernelData(resultOf(readRecord(textOf(lines)), cases), ledger);
  const data = { suite: { version: "0", ledger: "", cases: "" }, kernels: [kernel] };
  for (const { markdown } of pagesOf(data, [])) {
    assertEquals(/(?<!\\)<script/.test(markdown), false);
    assertEquals(markdown.includes(HOSTILE), false);
  }
  assert(kernel.noted.some(({ end }) => end === "crash"));
});
