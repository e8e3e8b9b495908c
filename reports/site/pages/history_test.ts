import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { Store } from "../../store/mod.ts";
import { sound, withStore, written } from "../../store/testing/folder.ts";
import { simulated, suite } from "../../testing/runs.ts";
import { createSite } from "../mod.ts";
import { RUNS_FOLLOWED } from "./history.tsx";

const CASE = "vfio/revoke/double-revoke";

/** Puts runs of one case into a store, an hour after each other; each on a dialect, as the same target. */
function fill(store: Store, folder: string, dialects: readonly string[]): void {
  const [head] = simulated([CASE]);
  assert(head?.type === "header");
  dialects.forEach((dialect, index) => {
    const startedAt = new Date(Date.UTC(2026, 10, 20, index)).toISOString();
    const text = sound([CASE], { startedAt, target: head.target }, dialect);
    assertEquals(store.importFile(written(folder, `${index}.jsonl`, text)).kind, "imported");
  });
}

async function page(store: Store, path: string): Promise<string> {
  const { ledger, cases } = suite();
  const response = await createSite({ history: store, ledger, cases }).fetch(
    new Request(`http://localhost${path}`),
  );
  assertEquals(response.status, 200, path);
  return await response.text();
}

/** The links of a page whose text is this. */
function linkTo(text: string, words: string): string | undefined {
  return new RegExp(`<a [^>]*href="([^"]+)"[^>]*>${words}</a>`).exec(text)?.[1]?.replaceAll("&amp;", "&");
}

/** When the runs in the last table of a page began, as they stand there. */
function begun(text: string): readonly string[] {
  const table = text.slice(text.lastIndexOf("<tbody>"));
  return [...table.matchAll(/<time datetime="([^"]+)"/g)].map(([, at = ""]) => at);
}

Deno.test("a case's history goes on from page to page, with every run once, and back to the newest", () =>
  withStore(async (store, folder) => {
    const count = RUNS_FOLLOWED + 3;
    fill(store, folder, Array.from({ length: count }, () => "matt-v1-vfio"));
    const first = await page(store, `/cases/${CASE}`);
    const older = linkTo(first, "Older runs");
    assert(older !== undefined && linkTo(first, "The newest runs") === undefined);
    const second = await page(store, older);
    assertEquals([begun(first).length, begun(second).length], [RUNS_FOLLOWED, 3]);
    assertEquals(new Set([...begun(first), ...begun(second)]).size, count);
    assertEquals(linkTo(second, "Older runs"), undefined);
    assertEquals(linkTo(second, "The newest runs"), `/cases/${CASE}`);
    assertEquals(linkTo(first, "Since when, over all runs"), `/windows/${CASE}`);
  }));

Deno.test("a page says since when a case behaves as it does, on its history where that is short", () =>
  withStore(async (store, folder) => {
    fill(store, folder, ["leon-v1-core", "leon-v1-core", "matt-v1-vfio", "matt-v1-vfio", "matt-v1-vfio"]);
    for (const path of [`/cases/${CASE}`, `/windows/${CASE}`]) {
      const text = await page(store, path);
      const table = text.slice(text.indexOf("Since when it behaves as it does")).split("</table>")[0] ?? "";
      const rows = table.split("<tr>").slice(2).map((row) => [
        /class="word ([a-z-]+)"/.exec(row)?.[1],
        ...[...row.matchAll(/datetime="[^"T]+T([0-9]+)/g)].map(([, hour]) => hour),
        /data-label="runs">([0-9]+)/.exec(row)?.[1],
      ]);
      assertEquals(rows, [["pass", "02", "3"], ["not-supported", "00", "01", "2"]]);
      assertStringIncludes(table, "the newest run");
    }
  }));
