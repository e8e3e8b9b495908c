import { assertEquals } from "@std/assert";
import axe from "axe-core";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Page } from "playwright-core";
import { z } from "zod";
import { certificatePage, readCertificate } from "./certificate/mod.ts";
import { factsOf } from "./compare/mod.ts";
import { readRecord } from "./record_reader.ts";
import { resultOf } from "./result.ts";
import { htmlReport } from "./site/html.tsx";
import { inBrowser, openBrowser } from "./testing/browser.ts";
import { mishaps, simulated, suite, textOf } from "./testing/runs.ts";
import { SHOWN, writeExample } from "./testing/site.ts";
import { windowsOf, windowsPage } from "./windows/mod.ts";

const AXE_OPTIONS = JSON.stringify({
  runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"],
  resultTypes: ["violations"],
});

const violationsSchema = z.array(
  z.object({ id: z.string(), nodes: z.array(z.object({ html: z.string() })) }),
);

/** The pages that are one file, by their names; the specification is looked at as a page of the site. */
async function pagesIn(folder: string): Promise<Readonly<Record<string, string>>> {
  const { ledger, cases } = suite();
  const results = ["mainline-6.12", "mainline-7.3", "matt-v1-vfio"].map((dialect) =>
    resultOf(readRecord(textOf(simulated(SHOWN, dialect))), cases)
  );
  const wrong = mishaps();
  const { statement } = await readCertificate(
    readFileSync(join(folder, "certified.certificate.json"), "utf8"),
  );
  if (!statement) throw new Error("Cannot test without a certificate");
  return {
    report: await htmlReport(resultOf(readRecord(textOf(wrong.lines)), wrong.cases), {
      ledger,
      cases: wrong.cases,
    }),
    windows: await windowsPage(windowsOf(results.map((each) => factsOf(each.target.id, each)), ledger)),
    certificate: await certificatePage(statement.predicate, {
      requirementOf: (id) => `What ${id} asks for`,
      recordDigest: `sha256:${"0".repeat(64)}`,
    }),
  };
}

/** What axe finds, and whether the page is wider than the screen. */
async function faultsOf(page: Page): Promise<readonly string[]> {
  const found = await page.evaluate(`axe.run(${AXE_OPTIONS}).then(({ violations }) => violations)`);
  const faults = violationsSchema.parse(found).map(({ id, nodes }) =>
    `${id}: ${nodes[0]?.html.slice(0, 200)}`
  );
  const isTooWide = await page.evaluate("document.documentElement.scrollWidth > innerWidth");
  return isTooWide === true ? [...faults, "it scrolls to the side"] : faults;
}

Deno.test({
  ...inBrowser("every page that stands alone can be read by everybody, on a wide screen and on a narrow one"),
  async fn(t) {
    const folder = mkdtempSync(join(tmpdir(), "alone-"));
    await writeExample(folder);
    const browser = await openBrowser();
    try {
      for (const [name, text] of Object.entries(await pagesIn(folder))) {
        await t.step(name, async () => {
          const path = join(folder, `${name}.html`);
          writeFileSync(path, text);
          const page = await browser.newPage({
            colorScheme: "light",
            viewport: { width: 1280, height: 900 },
          });
          const said: string[] = [];
          page.on("console", (message) => said.push(message.text()));
          page.on("request", (request) => said.push(request.url()));
          await page.goto(pathToFileURL(path).href);
          assertEquals(said, [pathToFileURL(path).href]);
          await page.evaluate(axe.source);
          assertEquals(await faultsOf(page), []);
          await page.emulateMedia({ colorScheme: "dark" });
          await page.setViewportSize({ width: 390, height: 844 });
          assertEquals(await faultsOf(page), []);
          await page.close();
        });
      }
    } finally {
      await browser.close();
      rmSync(folder, { recursive: true });
    }
  },
});
