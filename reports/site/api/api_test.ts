import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import type { Store } from "../../store/mod.ts";
import { sound, withStore, written } from "../../store/testing/folder.ts";
import { simulated, suite, textOf } from "../../testing/runs.ts";
import { EMPTY_SHELF } from "../papers/shelf.ts";
import { createSite, type Site } from "../site.tsx";
import { createApi, ROUTES } from "./api.ts";
import { historySchema, problemSchema, windowsSchema } from "./schemas.ts";

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

/** What the description says of an address. */
const operationSchema = z.object({
  parameters: z.array(z.object({ name: z.string(), in: z.enum(["path", "query"]), required: z.boolean() })),
  responses: z.record(
    z.string(),
    z.object({
      description: z.string(),
      content: z.record(z.string(), z.object({ schema: z.record(z.string(), z.unknown()) })),
    }),
  ),
});

const descriptionSchema = z.object({
  openapi: z.string().startsWith("3.1"),
  info: z.object({ version: z.literal("1.2.3") }),
  paths: z.record(z.string(), z.record(z.string(), operationSchema)),
});

async function descriptionOf(site: Site) {
  return descriptionSchema.parse((await json(site, "/api/openapi.json")).body);
}

Deno.test("every address of the interface is in its description, and nothing else is", () =>
  withStore(async (store) => {
    const { ledger, cases } = suite();
    const { routes } = createApi({ history: store, ledger, cases, version: "" });
    const answered = routes.map(({ method, path }) =>
      `${method} ${path.replaceAll(/:([a-z]+)(\{.*?\})?(?=\/|$)/g, "{$1}")}`
    );
    const { paths } = await descriptionOf(siteOf(store));
    const described = Object.entries(paths).flatMap(([path, operations]) =>
      Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`)
    );
    assertEquals(answered.sort(), described.sort());
  }));

Deno.test("every address answers according to its description", () =>
  withStore(async (store, folder) => {
    store.importFile(written(folder, "a.jsonl", sound([CASE, OTHER])));
    store.importFile(written(folder, "b.jsonl", sound([CASE], { profile: "mainline-7.3" }, "mainline-7.3")));
    store.importFile(written(folder, "c.jsonl", "no record\n"));
    const [newer, older] = store.runs().map(({ run }) => run);
    const values: Readonly<Record<string, string>> = {
      run: newer ?? "",
      case: CASE,
      clause: "VREV-10",
      profile: "matt-v1-vfio",
      kind: "certificate",
      name: "mine",
    };
    const queries: Readonly<Record<string, string>> = {
      "/api/compare": `?run=${older}&run=${newer}`,
      "/api/search": "?q=mainline",
    };
    const { ledger, cases } = suite();
    const text = JSON.stringify({ payload: "", payloadType: "", signatures: [] });
    const shelf = {
      ...EMPTY_SHELF,
      papers: () => [{ kind: "certificate" as const, text, name: "mine" }],
    };
    const site = createSite({ history: store, ledger, cases, shelf, version: "1.2.3" });
    for (const [path, { get }] of Object.entries((await descriptionOf(site)).paths)) {
      if (!get) continue;
      const filled = path.replaceAll(/\{([^}]+)\}/g, (_, name: string) => values[name] ?? "");
      const response = await site.fetch(new Request(`http://localhost${filled}${queries[path] ?? ""}`));
      assertEquals(response.status, 200, filled);
      const [type = "", content] = Object.entries(get.responses["200"]?.content ?? {})[0] ?? [];
      assertStringIncludes(response.headers.get("content-type") ?? "", type);
      const text = await response.text();
      const body = type === "text/event-stream" ? text.slice(text.indexOf("data: ") + 6) : text;
      z.fromJSONSchema(content?.schema ?? false).parse(JSON.parse(body));
    }
  }));

Deno.test("the interface describes what is asked, what is sent along, and what can go wrong", () =>
  withStore(async (store) => {
    const { paths } = await descriptionOf(siteOf(store));
    for (const { path, method, problems, query } of ROUTES) {
      const operation = paths[path.replaceAll("*}", "}")]?.[method];
      for (const status of Object.keys(problems)) assert(operation?.responses[status], `${path} ${status}`);
      assertEquals(
        operation?.parameters.map(({ name }) => name),
        [...[...path.matchAll(/\{([a-z]+)/g)].map(([, name = ""]) => name), ...Object.keys(query.shape)],
      );
    }
  }));

Deno.test("a case's history comes page by page, and its windows say since when it behaves as it does", () =>
  withStore(async (store, folder) => {
    const dialects = ["leon-v1-core", "leon-v1-core", "matt-v1-vfio", "matt-v1-vfio", "matt-v1-vfio"];
    const times = dialects.map((_, index) => `2026-11-2${index}T10:00:00.000Z`);
    const target = simulated([CASE])[0];
    assert(target?.type === "header");
    dialects.forEach((dialect, index) => {
      const changes = { startedAt: times[index] ?? "", target: target.target };
      const kind = store.importFile(written(folder, `${index}.jsonl`, sound([CASE], changes, dialect))).kind;
      assertEquals(kind, "imported");
    });
    const site = siteOf(store);
    const pages: string[][] = [];
    for (let before = ""; pages.length < 9;) {
      const { body } = await json(site, `/api/cases/${CASE}?limit=2${before}`);
      const page = historySchema.parse(body);
      pages.push(page.runs.map(({ head }) => head.startedAt.slice(8, 10)));
      if (page.next === undefined) break;
      before = `&before=${page.next}`;
    }
    assertEquals(pages, [["24", "23"], ["22", "21"], ["20"]]);
    const { windows } = windowsSchema.parse((await json(site, `/api/windows/${CASE}`)).body);
    assertEquals(
      windows.map(({ from, to, runs }) => [from.startedAt.slice(8, 10), to.startedAt.slice(8, 10), runs]),
      [["22", "24", 3], ["20", "21", 2]],
    );
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
      "/api/windows/none": 404,
      "/api/profiles/none": 404,
      "/api/runs/none/result": 404,
      "/api/runs/none/log": 404,
      "/api/papers/certificate/none": 404,
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

Deno.test("an upload that does not come on is given up, and one that cannot be taken now is no fault of its own", () =>
  withStore(async (store, folder) => {
    const { ledger, cases } = suite();
    const uploadsTo = (to: Pick<Store, "incoming" | "importFile">) =>
      createSite({
        history: store,
        ledger,
        cases,
        uploads: { store: to, token: TOKEN, maxBytes: 1000, limitMs: 10 },
      });
    const silent = new ReadableStream<Uint8Array>();
    assertEquals((await upload(uploadsTo(store), silent)).status, 408);
    const busy = {
      incoming: () => store.incoming(),
      importFile: () => {
        throw new Error("database is locked");
      },
    };
    assertEquals((await upload(uploadsTo(busy), "x")).status, 503);
    assertEquals(left(folder), []);
  }));

Deno.test("one address may ask so often and no more; others are answered all the same", () =>
  withStore(async (store) => {
    const { ledger, cases } = suite();
    const site = createSite({ history: store, ledger, cases, requestsPerSecond: 2 });
    const ask = async (address: string) => {
      const response = await site.fetch(new Request("http://localhost/style.css"), address);
      await response.body?.cancel();
      return response;
    };
    const answers: Response[] = [];
    while (answers.length < 1000 && answers.at(-1)?.status !== 429) answers.push(await ask("192.0.2.1"));
    assertEquals(new Set(answers.slice(0, 10).map(({ status }) => status)), new Set([200]));
    assertEquals(answers.at(-1)?.headers.get("retry-after"), "1");
    assertEquals((await ask("192.0.2.2")).status, 200);
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
