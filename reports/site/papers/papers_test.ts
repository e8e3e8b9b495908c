import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { exampleSite, writeExample } from "../../testing/site.ts";
import { CERTIFICATE_TYPE } from "../../certificate/mod.ts";
import { BadPaper, paperIn } from "./papers.ts";
import { fileShelf, folderShelf } from "./shelf.ts";

async function withExample(test: (folder: string) => void | Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "papers-"));
  try {
    await writeExample(folder);
    await test(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Gives the text of a page, which must be there. */
function pageOf(folder: string): (path: string) => Promise<string> {
  const site = exampleSite(folder);
  return async (path) => {
    const response = await site.fetch(new Request(`http://localhost${path}`));
    assertEquals(response.status, 200, path);
    return await response.text();
  };
}

Deno.test("paperIn() knows a paper by what is in it, and leaves alone what is none", () => {
  for (const text of ["", "no JSON", "[]", "{}", '{"schema":"of something else"}', '{"payload":1}']) {
    assertEquals(paperIn(text, CERTIFICATE_TYPE), undefined, text);
  }
  const broken = [
    '{"schema":"dmabuf-conform/mutants/1"}',
    '{"schema":"dmabuf-conform/tour/1","universes":3}',
  ];
  for (const text of broken) assertThrows(() => paperIn(text, CERTIFICATE_TYPE), BadPaper, "It is not as");
});

Deno.test("folderShelf() finds every paper of a folder, and tells what cannot be read", () =>
  withExample((folder) => {
    const shelf = folderShelf(folder);
    assertEquals(
      shelf.papers().map(({ kind, name }) => `${kind} ${name}`),
      [
        "certificate certified",
        "depth depth",
        "certificate forged",
        "mutants mutants",
        "races races",
        "tour tour",
      ],
    );
    assertEquals(shelf.refused().map(({ name }) => name), ["broken.json"]);
    assertEquals([...shelf.keys().keys()], ["lab.pub"]);
    const before = shelf.stamp();
    writeFileSync(join(folder, "more.json"), "{}");
    assert(shelf.stamp() !== before);
    assertEquals(folderShelf(join(folder, "nowhere")).papers(), []);
  }));

Deno.test("fileShelf() gives the second of two papers of one name another name", () =>
  withExample((folder) => {
    const path = join(folder, "tour.json");
    assertEquals(fileShelf([path, path]).papers().map(({ name }) => name), ["tour", "tour-2"]);
  }));

Deno.test("the page of a certificate says whether it holds, whose key it is, and what the record says now", () =>
  withExample(async (folder) => {
    const page = pageOf(folder);
    const good = await page("/certificates/certified");
    assertStringIncludes(good, "The signature holds");
    assertStringIncludes(good, "lab.pub");
    assertStringIncludes(good, "was judged again, and says the");
    assertStringIncludes(good, 'href="/runs/certified/cases/vfio/revoke/double-revoke"');
    const forged = await page("/certificates/forged");
    assertStringIncludes(forged, "This certificate is not valid.");
    assert(!forged.includes("The signature holds"));
    rmSync(join(folder, "lab.pub"));
    assertStringIncludes(await pageOf(folder)("/certificates/certified"), "this site does not know");
    rmSync(join(folder, "certified.jsonl"));
    assertStringIncludes(await pageOf(folder)("/certificates/certified"), "was not judged again");
  }));

Deno.test("the list of certificates shows the claims of those that hold, and of no other", () =>
  withExample(async (folder) => {
    const page = pageOf(folder);
    const [certified = "", forged = ""] = (await page("/certificates")).split("<tr>").slice(-2);
    assertStringIncludes(certified, "6 shown");
    assertStringIncludes(forged, "not valid");
    assert(!forged.includes("6 shown"));
  }));

Deno.test("the pages of the suite say what is wrong with it first, and keep text from becoming markup", () =>
  withExample(async (folder) => {
    const page = pageOf(folder);
    const mutants = await page("/suite/mutants/mutants");
    assert(mutants.indexOf("mutant-survived") < mutants.indexOf("mutant-killed"));
    assertStringIncludes(mutants, "To be looked at");
    const tour = await page("/suite/tours/tour");
    assertStringIncludes(tour, "97.8 %");
    assertStringIncludes(tour, "It did not come to its end");
    assertStringIncludes(tour, "fails with EBUSY");
    assertStringIncludes(await page("/suite/tours/depth"), "a fence is leaked");
    assertStringIncludes(await page("/suite/races/races"), "not all");
    for (const text of [mutants, tour]) assert(!text.includes("<script>alert"));
    assertStringIncludes(await page("/"), "broken.json");
  }));

Deno.test("a badge is told to have changed only if it has", () =>
  withExample(async (folder) => {
    const site = exampleSite(folder);
    const address = "http://localhost/badges/sim%3Amatt-v1-vfio/matt-v1-vfio.svg";
    const first = await site.fetch(new Request(address));
    assertStringIncludes(await first.text(), "<svg");
    const headers = { "if-none-match": first.headers.get("etag") ?? "" };
    assertEquals((await site.fetch(new Request(address, { headers }))).status, 304);
  }));
