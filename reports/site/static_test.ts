import { assert, assertEquals } from "@std/assert";
import { copyFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative, resolve } from "node:path";
import { exampleSite, writeExample } from "../testing/site.ts";
import { writeSite } from "./static.ts";

const CASE = "vfio/revoke/double-revoke";

function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => statSync(join(folder, name)).isFile()).sort();
}

Deno.test("writeSite() writes everything that can be reached, and the same bytes for the same runs", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "static-"));
  const [one, other] = [join(folder, "one"), join(folder, "other")];
  try {
    await writeExample(folder);
    copyFileSync(join(folder, "newer.jsonl"), join(folder, "new & <i>.jsonl"));
    for (const out of [one, other]) await writeSite({ site: exampleSite(folder, "no"), folder: out });
    const files = filesIn(one);
    await t.step("two writes are the same", () => {
      assertEquals(files, filesIn(other));
      for (const name of files) {
        assert(readFileSync(join(one, name)).equals(readFileSync(join(other, name))), `${name} differs`);
      }
    });
    await t.step("links lead to files within the folder, and to places on them", () => {
      const texts = new Map(files.map((name) => [join(one, name), readFileSync(join(one, name), "utf8")]));
      for (const name of files.filter((each) => each.endsWith(".html"))) assertLinks(one, name, texts);
    });
    await t.step("there is a page for each thing that the site shows", () => {
      const expected = [
        "index.html",
        "coverage.html",
        "badges.html",
        "suite.html",
        join("runs", "newer", "cases", `${CASE}.html`),
        join("runs", "newer", "record.jsonl"),
        join("cases", `${CASE}.html`),
        join("certificates", "certified.html"),
        join("certificates", "certified", "certificate.json"),
        join("suite", "mutants", "mutants.html"),
        join("suite", "tours", "tour.html"),
        join("suite", "races", "races.html"),
      ];
      assertEquals(expected.filter((name) => !files.includes(name)), []);
      assert(files.some((name) => name.startsWith("compare") && name.endsWith(".html")));
      assert(files.some((name) => name.startsWith("badges") && name.endsWith(".svg")));
    });
    await t.step("a certificate is the very file that was signed", () => {
      const [signed, written] = ["certified.certificate.json", "one/certificates/certified/certificate.json"]
        .map((name) => readFileSync(join(folder, name), "utf8"));
      assertEquals(written, signed);
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
});

function assertLinks(root: string, name: string, texts: ReadonlyMap<string, string>): void {
  const own = join(root, name);
  const text = texts.get(own) ?? "";
  for (const [, link = ""] of text.matchAll(/ (?:href|src|action)="([^"]*)"/g)) {
    if (/^(https:|data:,$)/.test(link)) continue;
    const [path = "", place] = link.replaceAll("&amp;", "&").split("#");
    const file = path === "" ? own : resolve(dirname(own), decodeURIComponent(path));
    assert(!relative(root, file).startsWith(".."), `${name} leads out to ${link}`);
    assert(existsSync(file), `${name} leads nowhere with ${link}`);
    const there = place === undefined || texts.get(file)?.includes(` id="${decodeURIComponent(place)}"`);
    assert(there, `${name} leads to no place with ${link}`);
  }
  assert(!text.includes("<form"), `${name} has a form that nobody answers`);
  assert(!text.includes("<script"), `${name} has a script`);
}
