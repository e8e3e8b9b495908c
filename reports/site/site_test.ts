import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readRecord } from "../record_reader.ts";
import { resultOf } from "../result.ts";
import { everyWay } from "../testing/every_way.ts";
import { footer, header, HOSTILE, mishaps, simulated, suite, textOf } from "../testing/runs.ts";
import { htmlReport } from "./html.tsx";
import { casePath } from "./links.ts";
import { createSite, folderHistory, type Site } from "./mod.ts";

const CASE = "vfio/revoke/double-revoke";
const ROW = "vfio/move/fence-holds-revoke[usage=READ]";
const NEWEST = { startedAt: "2026-11-22T10:00:00.000Z" };

/** A record in which every text is hostile. */
function hostile(): string {
  const target = {
    ...header([]).target,
    id: HOSTILE,
    name: HOSTILE,
    version: HOSTILE,
    kernel: HOSTILE,
    config: HOSTILE,
    architecture: HOSTILE,
    detectors: [HOSTILE],
  };
  const suite = { version: HOSTILE, ledger: HOSTILE, cases: HOSTILE };
  const head = header([HOSTILE, "gone/by"], { target, suite, profile: HOSTILE, command: [HOSTILE] });
  const tag = { case: HOSTILE, attempt: 1 };
  return textOf([
    head,
    { type: "case", ...tag, digest: HOSTILE },
    { type: "end", ...tag, durationMs: 1, end: "crash", reason: HOSTILE },
    footer(1),
  ]);
}

const FILES: Readonly<Record<string, string>> = {
  "good.jsonl": textOf(simulated([CASE, ROW])),
  "lacking.jsonl": textOf(simulated([CASE, ROW], "mainline-7.3")),
  "partial.jsonl": textOf(simulated([CASE, ROW])).slice(0, -20),
  "mishaps.jsonl": textOf(mishaps().lines),
  "hostile.jsonl": hostile(),
  "just-begun.jsonl": textOf([header([CASE, ROW], NEWEST)]),
  "broken.jsonl": "no record\n",
  "a b&<i>%2e.jsonl": textOf(simulated([CASE])),
  "secret.txt": "secret",
};

async function withSite(test: (get: (path: string) => Promise<Page>) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "site-"));
  try {
    for (const [name, text] of Object.entries(FILES)) writeFileSync(join(folder, name), text);
    mkdirSync(join(folder, "folder.jsonl"));
    const { ledger, cases } = suite();
    const known = new Map([...cases, ...mishaps().cases]);
    const site = createSite({ history: folderHistory(folder, known), ledger, cases: known });
    await test((path) => get(site, path));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

interface Page {
  readonly status: number;
  readonly text: string;
  readonly headers: Headers;
}

async function get(site: Site, path: string): Promise<Page> {
  const response = await site.fetch(new Request(`http://localhost${path}`));
  return { status: response.status, text: await response.text(), headers: response.headers };
}

/** Whether every element of a page is closed in order, and no text has become an element or an attribute. */
function assertWellFormed(text: string): void {
  const open: string[] = [];
  const known =
    /^(html|head|meta|title|link|body|a|header|div|nav|main|h[123]|p|dl|dt|dd|ul|ol|li|b|strong|span|svg|rect|g|defs|marker|path|circle|text|figure|article|form|script|label|select|option|input|button|section|table|thead|tbody|tr|th|td|br|code|pre|time|footer|details|summary|style|line|progress)$/;
  for (
    const [, close, name = "", rest = ""] of text.matchAll(
      /<(\/?)([a-z][a-z0-9]*)((?:\s+[a-z0-9-]+(?:="[^"]*")?)*)\s*\/?>/gi,
    )
  ) {
    assert(known.test(name), `an unexpected element ${name}`);
    assert(!/\son[a-z]+=/i.test(rest), `an event handler in ${rest}`);
    if (["meta", "link", "br", "input"].includes(name)) continue;
    if (close) assertEquals(open.pop(), name);
    else open.push(name);
  }
  assertEquals(open, []);
  assert(!/<script(?! src="\/live\.js" defer><\/script>)/.test(text), "a script");
}

Deno.test("the site shows every run, and says why a file cannot be read", async () => {
  await withSite(async (get) => {
    const { status, text } = await get("/");
    assertEquals(status, 200);
    assertWellFormed(text);
    assertStringIncludes(text, 'href="/runs/good"');
    assertStringIncludes(text, "2 pass");
    assertStringIncludes(text, "6 unknown");
    assertStringIncludes(text, ">partial<");
    assertStringIncludes(text, "broken.jsonl");
    assertStringIncludes(text, "it is not JSON");
    assertStringIncludes(text, "Name a file that a run has written");
    assertStringIncludes(text, "It is not a regular file");
  });
});

Deno.test("the site shows every page well-formed, whatever a record or a file name holds", async () => {
  await withSite(async (get) => {
    const cases = [...mishaps().cases.keys()].map((id) => `/runs/mishaps/cases/${id}`);
    const pages = [
      "/runs/good",
      "/runs/mishaps",
      "/runs/a%20b%26%3Ci%3E%252e",
      `/runs/good/cases/${CASE}`,
      `/runs/good/cases/${encodeURIComponent(ROW)}`,
      ...cases,
      "/runs/hostile",
      casePath("hostile", HOSTILE),
      casePath("hostile", "gone/by"),
      "/runs/mishaps?verdict=%3Cb%3E&area=%22%3E&clause=%00",
      "/clauses",
      "/clauses/VREV-10",
      "/profiles",
      "/profiles/matt-v1-vfio",
      "/operations",
      "/spec",
      "/runs",
      "/runs?target=%3Cb%3E",
      "/coverage",
      "/search",
      "/search?q=%3Cscript%3E+%22",
      `/cases/${CASE}`,
      "/runs/partial/live",
      "/runs/hostile/live",
      "/compare?run=good&run=lacking&run=hostile&run=mishaps",
      "/runs/good?q=%3Cscript%3E+verdict%3A%22%3Cb%3E%22+nothing%3Ax+-clause%3A%2A%2A",
    ];
    for (const path of pages) {
      const { status, text } = await get(path);
      assertEquals(status, 200, path);
      assertWellFormed(text);
    }
  });
});

Deno.test("the site shows of a run what it ran on, and filters its cases", async () => {
  await withSite(async (get) => {
    const all = await get("/runs/lacking");
    assertStringIncludes(all.text, "sim:mainline-7.3");
    assertStringIncludes(all.text, `/runs/lacking/cases/${CASE}`);
    const passed = await get("/runs/lacking?verdict=pass");
    assert(!passed.text.includes(`/runs/lacking/cases/${CASE}`));
    assertStringIncludes(passed.text, encodeURIComponent("fence-holds-revoke[usage=READ]"));
    assertStringIncludes((await get("/runs/lacking?clause=vrev-10")).text, CASE);
    assertStringIncludes((await get("/runs/lacking?area=nowhere")).text, "No case is like that");
  });
});

Deno.test("the site shows first of a run what is not as expected, and counts by area", async () => {
  await withSite(async (get) => {
    const { text } = await get("/runs/mishaps");
    const [before = "", rest = ""] = text.split("Areas");
    const [areas = "", after = ""] = rest.split("All cases");
    assertStringIncludes(before, "Not as expected");
    assertStringIncludes(before, "/runs/mishaps/cases/leaks");
    assert(!before.includes("/runs/mishaps/cases/passes"));
    assertStringIncludes(after, "/runs/mishaps/cases/passes");
    assertStringIncludes(areas, 'href="/runs/mishaps?q=area%3Acases+verdict%3Afail#cases"');
    assert(!(await get("/runs/good")).text.includes("Not as expected"));
  });
});

Deno.test("the site leads from a reason to its step, and from a case to its neighbours", async () => {
  await withSite(async (get) => {
    const { text } = await get("/runs/mishaps/cases/fails");
    assertStringIncludes(text, 'href="#when.0"');
    assertStringIncludes(text, 'id="when.0"');
    assertStringIncludes(text, 'rel="prev" href="/runs/mishaps/cases/passes"');
    assertStringIncludes(text, 'rel="next" href="/runs/mishaps/cases/leaks"');
  });
});

Deno.test("the site shows a case that the suite no longer has", async () => {
  await withSite(async (get) => {
    assertStringIncludes((await get("/runs/hostile/cases/gone/by")).text, "this suite has no such case");
  });
});

Deno.test("the site shows of a case its clauses in words, each step, and how to run it again", async () => {
  await withSite(async (get) => {
    const { text } = await get(`/runs/good/cases/${CASE}`);
    assertStringIncludes(text, "MUST fail with EBADFD");
    assertStringIncludes(text, "fails with EBADFD");
    assertStringIncludes(text, "failed with EBADFD");
    assertStringIncludes(text, "event: invalidate of imp");
    assertStringIncludes(text, "conform run vfio/revoke/double-revoke --target sim:matt-v1-vfio");
    assertStringIncludes(text, "yaml-language-server");
  });
});

Deno.test("the site shows of a clause its sources, who disagrees, its cases and what each run said", async () => {
  await withSite(async (get) => {
    const { text } = await get("/clauses/VREV-10");
    assertStringIncludes(text, "20260416131815.2729131-9-mattev@meta.com");
    assertStringIncludes(text, CASE);
    assertStringIncludes(text, `/runs/lacking/cases/${CASE}`);
    assert(!text.includes("/runs/just-begun/"), "a run that has not reached the case");
    assertStringIncludes((await get("/clauses/VST-13")).text, "Who disagrees");
  });
});

Deno.test("the site answers what is not there with 404 and what cannot be read with 422", async () => {
  await withSite(async (get) => {
    const missing = [
      "/nowhere",
      "/runs/none",
      "/runs/secret",
      "/runs/..%2f..%2fetc%2fpasswd",
      "/runs/%2e%2e%2fsecret.txt",
      "/runs/%E0%A4%A",
      "/runs/good/cases/none",
      "/clauses/NONE-01",
      "/clauses/%3Cscript%3E",
      "/profiles/none",
    ];
    for (const path of missing) {
      const { status, text } = await get(path);
      assertEquals(status, 404, path);
      assertWellFormed(text);
    }
    assertEquals((await get("/runs/broken")).status, 422);
    assertEquals((await get(`/runs/broken/cases/${CASE}`)).status, 422);
  });
});

Deno.test("the site says so on a page of its own where something goes wrong in it", async () => {
  const { ledger, cases } = suite();
  const broken = {
    ...ledger,
    get profiles(): typeof ledger.profiles {
      throw new Error(HOSTILE);
    },
  };
  const site = createSite({ history: folderHistory("nowhere", cases), ledger: broken, cases });
  const { status, text } = await get(site, "/profiles");
  assertEquals(status, 500);
  assertWellFormed(text);
  assertStringIncludes((await get(site, "/")).text, "There is no run yet");
});

Deno.test("the site forbids scripts and frames and serves its style sheet itself", async () => {
  await withSite(async (get) => {
    const { headers } = await get("/");
    const policy = headers.get("content-security-policy") ?? "";
    assertStringIncludes(policy, "default-src 'none'");
    assertStringIncludes(policy, "frame-ancestors 'none'");
    assert(!policy.includes("unsafe-inline"), policy);
    assertEquals(headers.get("x-content-type-options"), "nosniff");
    const style = await get("/style.css");
    assertStringIncludes(style.headers.get("content-type") ?? "", "text/css");
  });
});

Deno.test("htmlReport() shows what is let pass, and where that was agreed, apart from what is not as expected", async () => {
  const { cases, ledger } = suite();
  const text = await htmlReport(everyWay(), { ledger, cases });
  assertWellFormed(text);
  assertStringIncludes(text, '<a href="https://example.org/42">&lt;b&gt;agreed&lt;/b&gt;</a>');
  const bad = text.slice(text.indexOf("Not as expected"));
  assert(bad.includes("known.yaml:"), "the place of a stale or other entry is not named");
});

Deno.test("htmlReport() is one well-formed file with every case in it and no link to a page", async () => {
  const { lines, cases } = mishaps();
  const known = { ledger: suite().ledger, cases };
  const text = await htmlReport(resultOf(readRecord(textOf(lines)), cases), known);
  assertWellFormed(text);
  assert(!/href="\//.test(text), "a link to a page of the site");
  for (const id of cases.keys()) assertStringIncludes(text, `conform run ${id} --target`);
});
