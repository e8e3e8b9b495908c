import { assert, assertEquals, assertMatch } from "@std/assert";
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { sound, withStore, written } from "../store/testing/folder.ts";
import type { Store } from "../store/mod.ts";
import { HOSTILE, mishaps, suite } from "../testing/runs.ts";
import { ROUTES } from "./api/api.ts";
import { createSite, type Site } from "./site.tsx";

const CASE = "vfio/revoke/double-revoke";
const SECRET = "nobody may read this";

/** A site of a history with a run that is as hostile as a record can be, and a sound one. */
function hostileSite(store: Store, folder: string): Site {
  const { ledger, cases } = suite();
  const hostile = mishaps().lines.map((line) =>
    line.type === "header"
      ? {
        ...line,
        profile: HOSTILE,
        command: [HOSTILE],
        target: { ...line.target, id: HOSTILE, name: HOSTILE, kernel: HOSTILE, detectors: [HOSTILE] },
      }
      : line
  );
  assertEquals(store.importFile(written(folder, "a.jsonl", hostile)).kind, "imported");
  assertEquals(store.importFile(written(folder, "b.jsonl", sound([CASE]))).kind, "imported");
  store.importFile(written(folder, `<img src=x onerror=alert(1)>.jsonl`, HOSTILE));
  for (const place of ["..", "../..", "../store", "../store/records"]) {
    writeFileSync(join(folder, place, "secret.txt"), SECRET);
  }
  return createSite({ history: store, ledger, cases, version: "1" });
}

/** Addresses of pages that can be reached from the first, and of everything that the interface answers. */
async function addressesOf(site: Site, most: number): Promise<readonly string[]> {
  const api = ROUTES.filter(({ method, type }) => method === "get" && type === "application/json")
    .map(({ path }) => path);
  const found = new Set(["/", "/nowhere", "/runs/none", "/compare", "/search?q=%3Cscript%3E", ...api]);
  for (const address of found) {
    const text = await (await site.fetch(new Request(`http://localhost${address}`))).text();
    for (const [, link = ""] of text.matchAll(/ href="(\/[^"#]*)/g)) {
      if (found.size < most) found.add(link.replaceAll("&amp;", "&"));
    }
  }
  return [...found];
}

Deno.test("every answer forbids scripts that are not the site's own files, and no page has one", () =>
  withStore(async (store, folder) => {
    const site = hostileSite(store, folder);
    const addresses = await addressesOf(site, 150);
    assert(addresses.length > 60, `only ${addresses.length} addresses`);
    for (const address of addresses) {
      const response = await site.fetch(new Request(`http://localhost${address}`));
      const policy = response.headers.get("content-security-policy") ?? "";
      assertMatch(policy, /default-src 'none'/, address);
      assertMatch(policy, /script-src 'self'(;|$)/, address);
      assert(!/unsafe|\*/.test(policy), `${address}: ${policy}`);
      assertEquals(response.headers.get("x-content-type-options"), "nosniff", address);
      const text = await response.text();
      if (!response.headers.get("content-type")?.startsWith("text/html")) continue;
      const tags = text.replaceAll(/<script src="\/[a-z.]+"[^>]*><\/script>/g, "");
      assertEquals(/<(script|iframe|object|embed|base)[^a-z].{0,60}/i.exec(tags)?.[0], undefined, address);
      assert(!/<[^>]*\son[a-z]+=/i.test(tags), `an event handler in ${address}`);
      assert(!/<[^>]*\s(href|src|action)="\s*(javascript:|vbscript:|data:[a-z])/i.test(tags), address);
    }
  }));

Deno.test("no request leads to a file, whatever its address is", () =>
  withStore(async (store, folder) => {
    const site = hostileSite(store, folder);
    const names = [
      "secret.txt",
      "../secret.txt",
      "..%2fsecret.txt",
      "%2e%2e%2fsecret.txt",
      "..%5csecret.txt",
      "....//secret.txt",
      "%00secret.txt",
      "secret",
      join(folder, "../secret.txt"),
      encodeURIComponent(join(folder, "../secret.txt")),
      "file:%2f%2f%2fetc%2fpasswd",
      "..%252fsecret.txt",
    ];
    const places = [
      (name: string) => `/${name}`,
      (name: string) => `/runs/${name}`,
      (name: string) => `/runs/${name}/record.jsonl`,
      (name: string) => `/runs/${name}/cases/${name}`,
      (name: string) => `/cases/${name}`,
      (name: string) => `/clauses/${name}`,
      (name: string) => `/profiles/${name}`,
      (name: string) => `/badges/${name}/${name}.svg`,
      (name: string) => `/compare?run=${name}&run=${name}`,
      (name: string) => `/certificates/${name}`,
      (name: string) => `/api/runs/${name}`,
      (name: string) => `/api/runs/${name}/result`,
      (name: string) => `/api/cases/${name}?before=${name}`,
      (name: string) => `/api/compare?run=${name}&run=${name}`,
    ];
    for (const place of places) {
      for (const name of names) {
        const response = await site.fetch(new Request(`http://localhost${place(name)}`));
        const text = await response.text();
        assert(response.status >= 400 && response.status < 500, `${place(name)}: ${response.status}`);
        assert(!text.includes(SECRET) && !text.includes("root:"), place(name));
      }
    }
  }));

Deno.test("a site that nobody may bring records to only reads", () =>
  withStore(async (store, folder) => {
    const site = hostileSite(store, folder);
    const state = () => [store.stamp(), readdirSync(join(folder, "../store/incoming"))];
    const before = state();
    for (const method of ["POST", "PUT", "DELETE", "PATCH"]) {
      for (const path of ["/", "/api/runs", `/api/runs/${store.runs()[0]?.run}`, "/runs"]) {
        const headers = { authorization: "Bearer anything" };
        const request = new Request(`http://localhost${path}`, { method, headers, body: "x" });
        const response = await site.fetch(request);
        await response.body?.cancel();
        assertEquals(response.status, 404, `${method} ${path}`);
      }
    }
    for (const address of await addressesOf(site, 60)) {
      await (await site.fetch(new Request(`http://localhost${address}`))).body?.cancel();
    }
    assertEquals(state(), before);
  }));
