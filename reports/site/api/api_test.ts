import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import type { Store } from "../../store/mod.ts";
import { sound, withStore, written } from "../../store/testing/folder.ts";
import { suite, textOf } from "../../testing/runs.ts";
import { createSite, type Site } from "../site.tsx";
import { ROUTES } from "./api.ts";
import { problemSchema } from "./schemas.ts";

const CASE = "vfio/revoke/double-revoke";
const OTHER = "vfio/move/fence-holds-revoke[usage=READ]";
const TOKEN = "a-token-that-is-long-enough";

function siteOf(
  store: Store,
  taking: { readonly token?: string; readonly maxBytes?: number } = { token: TOKEN },
): Site {
  const { ledger, cases } = suite();
  return createSite({
    history: store,
    ledger,
    cases,
    version: "1.2.3",
    uploads: taking.token === undefined
      ? undefined
      : { store, token: taking.token, maxBytes: taking.maxBytes ?? 1_000_000 },
  });
}

async function json(site: Site, path: string): Promise<{ readonly status: number; readonly body: unknown }> {
  const response = await site.fetch(new Request(`http://localhost${path}`));
  return { status: response.status, body: await response.json() };
}

async function upload(
  site: Site,
  body: string | ReadableStream<Uint8Array>,
  headers: Readonly<Record<string, string>> = { authorization: `Bearer ${TOKEN}` },
): Promise<{ readonly status: number; readonly body: Readonly<Record<string, unknown>> }> {
  const response = await site.fetch(
    new Request("http://localhost/api/runs", { method: "POST", body, headers }),
  );
  return { status: response.status, body: z.record(z.string(), z.unknown()).parse(await response.json()) };
}

function left(folder: string): string[] {
  return readdirSync(join(folder, "../store/incoming"));
}

Deno.test("the interface answers every address in the shape of its description", () =>
  withStore(async (store, folder) => {
    store.importFile(written(folder, "a.jsonl", sound([CASE, OTHER])));
    store.importFile(written(folder, "b.jsonl", sound([CASE], {}, "mainline-7.3")));
    const [newer, older] = store.runs().map(({ run }) => run);
    const values: Readonly<Record<string, string>> = { run: newer ?? "", "case*": CASE, clause: "VREV-10" };
    const queries: Readonly<Record<string, string>> = {
      "/api/compare": `?run=${older}&run=${newer}`,
      "/api/search": "?q=mainline",
    };
    const site = siteOf(store);
    for (const { method, path, answer } of ROUTES) {
      if (method === "post") continue;
      const filled = path.replaceAll(/\{([^}]+)\}/g, (_, name: string) => values[name] ?? "");
      const { status, body } = await json(site, filled + (queries[path] ?? ""));
      assertEquals(status, 200, filled);
      answer.parse(body);
    }
  }));

Deno.test("the interface describes each of its addresses, with what is asked and what is answered", () =>
  withStore(async (store) => {
    const { body } = await json(siteOf(store), "/api/openapi.json");
    const described = z.object({
      openapi: z.string().startsWith("3.1"),
      info: z.object({ version: z.literal("1.2.3") }),
      paths: z.record(
        z.string(),
        z.record(z.string(), z.object({ responses: z.record(z.string(), z.unknown()) })),
      ),
    }).parse(body);
    for (const { path, method, problems } of ROUTES) {
      const operation = described.paths[path.replaceAll("*}", "}")]?.[method];
      assert(operation, `${method} ${path} is not described`);
      for (const status of Object.keys(problems)) assert(operation.responses[status], `${path} ${status}`);
    }
  }));

Deno.test("the interface says what is wrong with a request", () =>
  withStore(async (store) => {
    const site = siteOf(store);
    const wrong: Readonly<Record<string, number>> = {
      "/api/runs?limit=many": 400,
      "/api/runs?limit=100000": 400,
      "/api/runs/none": 404,
      "/api/runs/..%2findex.sqlite": 404,
      "/api/runs/none/cases/x": 404,
      "/api/runs/none/events": 404,
      "/api/cases/none": 404,
      "/api/clauses/NONE-01": 404,
      "/api/compare": 400,
      "/api/compare?run=a": 400,
      "/api/compare?run=a&run=b": 404,
      "/api/search": 400,
      "/api/nowhere": 404,
    };
    for (const [path, expected] of Object.entries(wrong)) {
      const { status, body } = await json(site, path);
      assertEquals(status, expected, path);
      problemSchema.parse(body);
    }
  }));

Deno.test("an upload becomes a run, once, and goes on when it has grown", () =>
  withStore(async (store, folder) => {
    const site = siteOf(store);
    const text = textOf(sound([CASE, OTHER]));
    const half = text.slice(0, text.indexOf(`{"type":"case","case":"${OTHER}`));
    const first = await upload(site, half);
    assertEquals([first.status, first.body["kind"]], [201, "imported"]);
    const chunks = new Blob([text]).stream();
    const second = await upload(site, chunks);
    assertEquals(second.body, { ...first.body, kind: "continued" });
    assertEquals((await upload(site, text)).body["kind"], "duplicate");
    const page = await site.fetch(new Request(`http://localhost${String(first.body["url"])}`));
    assertEquals(page.status, 200);
    assertStringIncludes(await page.text(), "double-revoke");
    assertEquals(left(folder), []);
  }));

Deno.test("an upload without the right token is not even read", () =>
  withStore(async (store) => {
    const site = siteOf(store);
    const refused = [{}, { authorization: "Bearer" }, { authorization: `Bearer ${TOKEN}x` }, {
      authorization: TOKEN,
    }];
    for (const headers of refused) assertEquals((await upload(site, "x", headers)).status, 401);
    assertEquals(store.runs(), []);
    assertEquals((await upload(siteOf(store, {}), textOf(sound([CASE])))).status, 404);
  }));

Deno.test("wrong tokens are answered so often in a minute and no more", () =>
  withStore(async (store) => {
    const site = siteOf(store);
    const statuses = new Set<number>();
    for (let count = 0; count < 100; count++) {
      statuses.add((await upload(site, "", { authorization: "Bearer wrong" })).status);
    }
    assertEquals(statuses, new Set([401, 429]));
  }));

Deno.test("an upload that is too large or no record is refused with a reason and leaves nothing", () =>
  withStore(async (store, folder) => {
    const small = siteOf(store, { token: TOKEN, maxBytes: 1000 });
    assertEquals((await upload(small, "x".repeat(2000))).status, 413);
    const endless = new ReadableStream<Uint8Array>({ pull: (to) => to.enqueue(new Uint8Array(400)) });
    assertEquals((await upload(small, endless)).status, 413);
    const { status, body } = await upload(siteOf(store), "no record\n");
    assertEquals(status, 422);
    assertStringIncludes(String(body["error"]), "line 1 is wrong");
    assertEquals([left(folder), store.runs()], [[], []]);
  }));

Deno.test("a run that has ended is told of once to those who follow it", () =>
  withStore(async (store, folder) => {
    store.importFile(written(folder, "a.jsonl", sound([CASE])));
    const [entry] = store.runs();
    const response = await siteOf(store).fetch(new Request(`http://localhost/api/runs/${entry?.run}/events`));
    assertStringIncludes(response.headers.get("content-type") ?? "", "text/event-stream");
    const text = await response.text();
    assertStringIncludes(text, "event: progress");
    assertStringIncludes(text, `"partial":false,"last":"${CASE}"`);
  }));

Deno.test("pages of a store are kept until a run comes in", () =>
  withStore(async (store, folder) => {
    const site = siteOf(store);
    const first = await site.fetch(new Request("http://localhost/"));
    const tag = first.headers.get("etag") ?? "";
    await first.body?.cancel();
    const headers = { "if-none-match": tag };
    assertEquals((await site.fetch(new Request("http://localhost/", { headers }))).status, 304);
    store.importFile(written(folder, "a.jsonl", sound([CASE])));
    const then = await site.fetch(new Request("http://localhost/", { headers }));
    assertEquals(then.status, 200);
    assertStringIncludes(await then.text(), "sim:matt-v1-vfio");
  }));
