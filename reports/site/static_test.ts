import { assert, assertEquals } from "@std/assert";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative, resolve } from "node:path";
import { mishaps, simulated, suite, textOf } from "../testing/runs.ts";
import { createSite, folderHistory } from "./mod.ts";
import { writeSite } from "./static.ts";

const CASE = "vfio/revoke/double-revoke";

async function withSites(test: (one: string, other: string) => void | Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "static-"));
  try {
    writeFileSync(join(folder, "old.jsonl"), textOf(simulated([CASE], "mainline-7.0")));
    writeFileSync(join(folder, "new & <i>.jsonl"), textOf(simulated([CASE])));
    writeFileSync(join(folder, "mishaps.jsonl"), textOf(mishaps().lines));
    writeFileSync(join(folder, "broken.jsonl"), "nothing\n");
    const { ledger, cases } = suite();
    const known = new Map([...cases, ...mishaps().cases]);
    for (const name of ["one", "other"]) {
      const site = createSite({ history: folderHistory(folder, known), ledger, cases: known, answers: "no" });
      await writeSite({ site, folder: join(folder, name) });
    }
    await test(join(folder, "one"), join(folder, "other"));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => statSync(join(folder, name)).isFile()).sort();
}

Deno.test("writeSite() writes the same bytes for the same runs", () =>
  withSites((one, other) => {
    assertEquals(filesIn(one), filesIn(other));
    for (const name of filesIn(one)) {
      assert(readFileSync(join(one, name)).equals(readFileSync(join(other, name))), `${name} differs`);
    }
  }));

Deno.test("writeSite() makes links that lead to files within its folder, from the file system too", () =>
  withSites((one) => {
    const pages = filesIn(one).filter((name) => name.endsWith(".html"));
    assert(pages.includes("index.html"));
    for (const name of pages) {
      const text = readFileSync(join(one, name), "utf8");
      for (const [, link = ""] of text.matchAll(/ (?:href|src|action)="([^"]*)"/g)) {
        if (/^(#|https:|data:,$)/.test(link)) continue;
        const [path = ""] = link.split("#");
        const file = resolve(join(one, dirname(name)), decodeURIComponent(path));
        assert(!relative(one, file).startsWith(".."), `${name} leads out to ${link}`);
        assert(existsSync(file), `${name} leads nowhere with ${link}`);
      }
      assert(!text.includes("<form"), `${name} has a form that nobody answers`);
      assert(!text.includes("<script"), `${name} has a script`);
    }
  }));

Deno.test("writeSite() writes a page for each case of each run, the comparison of runs, and the records", () =>
  withSites((one) => {
    const files = filesIn(one);
    assert(files.includes(join("runs", "old", "cases", `${CASE}.html`)));
    assert(files.includes(join("runs", "old", "record.jsonl")));
    assert(files.some((name) => name.startsWith("compare-") || name.startsWith(join("compare", ""))));
    assert(files.includes("coverage.html"));
  }));
