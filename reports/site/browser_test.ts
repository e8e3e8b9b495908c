import { assert, assertEquals } from "@std/assert";
import axe from "axe-core";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Browser, Page } from "playwright-core";
import { z } from "zod";
import { inBrowser, openBrowser } from "../testing/browser.ts";
import { exampleSite, SHOWN, writeExample } from "../testing/site.ts";
import { simulated, textOf } from "../testing/runs.ts";
import { writeSite } from "./static.ts";

const CASE = "vfio/revoke/double-revoke";
const RACE = "rdma/race/free-against-unbind";

/** Every page of the site, some of them in several states. */
const PAGES: readonly string[] = [
  "/",
  "/runs",
  "/runs?target=sim%3Amatt-v1-vfio",
  "/runs/newer",
  "/runs/newer?q=verdict%3Apass+changed%3Atrue",
  "/runs/newer?q=nothing%3Asuch",
  "/runs/mainline-7.0",
  "/runs/mishaps",
  "/runs/long",
  `/runs/newer/cases/${CASE}`,
  `/runs/mainline-7.0/cases/${CASE}`,
  `/runs/newer/cases/${RACE}`,
  "/runs/newer/cases/base/attach-without-a-device",
  "/runs/mishaps/cases/fails",
  "/runs/mishaps/cases/warns",
  "/runs/mishaps/cases/crashes",
  "/runs/partial/live",
  "/runs/newer/live",
  `/cases/${CASE}`,
  `/windows/${CASE}`,
  "/clauses",
  "/clauses/VREV-10",
  "/clauses/VST-13",
  "/coverage",
  "/spec",
  "/operations",
  "/profiles",
  "/profiles/matt-v1-vfio",
  "/compare?run=mainline-6.12&run=mainline-7.0&run=mainline-7.3&run=newer",
  "/compare?run=newer&run=newer",
  "/search",
  "/search?q=revoke",
  "/search?q=dma_buf_dynamic_attach",
  "/certificates",
  "/certificates/certified",
  "/certificates/forged",
  "/badges",
  "/suite",
  "/suite/mutants/mutants",
  "/suite/tours/tour",
  "/suite/tours/depth",
  "/suite/races/races",
];

/** Addresses that have no page. */
const PROBLEMS: readonly string[] = ["/nowhere", "/runs/broken", "/compare?run=newer", "/certificates/none"];

/** So many pages are looked at side by side. */
const SIDE_BY_SIDE = 4;

const DESKTOP = { width: 1280, height: 900 };
const NARROW = { width: 390, height: 844 };
/** The part of an A4 page that is printed on. */
const PAPER = { width: 690, height: 1000 };

const AXE_OPTIONS = JSON.stringify({
  runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"],
  resultTypes: ["violations"],
});

/** From light to dark and from wide to narrow nothing changes but the colours and where things are. */
const AXE_LOOKS = JSON.stringify({
  runOnly: { type: "rule", values: ["color-contrast", "target-size", "scrollable-region-focusable"] },
  rules: { "target-size": { enabled: true } },
  resultTypes: ["violations"],
});

const violationsSchema = z.array(z.object({
  id: z.string(),
  nodes: z.array(z.object({ html: z.string(), failureSummary: z.string().optional() })),
}));

/** Waits for every picture of a page, and fails where one cannot be shown; who leaves before ends their loading. */
const PICTURES = `Promise.all([...document.images].map((picture) => {
  picture.loading = "eager";
  return picture.decode();
})).then(() => undefined)`;

/** What is wrong with pages, told at the end of each step. */
class Wrongs {
  readonly #wrongs: string[] = [];

  note(where: string, what: string): void {
    this.#wrongs.push(`${where}: ${what}`);
  }

  assertNone(): void {
    assertEquals(this.#wrongs, []);
  }
}

/** What is asked of every page, and what is wrong in that way. */
class Survey {
  readonly axe = new Wrongs();
  readonly console = new Wrongs();
  readonly keyboard = new Wrongs();
  readonly narrow = new Wrongs();
  readonly print = new Wrongs();
  readonly withoutScripts = new Wrongs();
  /** The links of the pages, each with a page that has it. */
  readonly links = new Map<string, string>();
}

/** A tab with scripts and one without, in which one page after the other is looked at. */
class Tabs {
  readonly #page: Page;
  readonly #plain: Page;
  readonly #found: Survey;
  #path = "";

  constructor(page: Page, plain: Page, found: Survey) {
    this.#page = page;
    this.#plain = plain;
    this.#found = found;
    page.on("console", (message) => {
      if (!PROBLEMS.includes(this.#path)) found.console.note(this.#path, message.text());
    });
    page.on("pageerror", (error) => found.console.note(this.#path, error.message));
    page.on("requestfailed", (request) => {
      if (!request.url().endsWith("/events")) found.console.note(this.#path, `not loaded: ${request.url()}`);
    });
  }

  /** Looks at a page in every way, so that each is loaded once with scripts and once without. */
  async survey(path: string): Promise<void> {
    const [page, found] = [this.#page, this.#found];
    this.#path = path;
    await page.emulateMedia({ media: "screen", colorScheme: "light" });
    await page.setViewportSize(DESKTOP);
    await page.goto(path);
    await page.evaluate(PICTURES);
    await noteKeyboard(page, path, found.keyboard);
    const text = await page.locator("main").innerText();
    for (const link of await linksOf(page)) if (!found.links.has(link)) found.links.set(link, path);
    await page.evaluate(axe.source);
    await noteViolations(page, `${path} in light`, AXE_OPTIONS, found.axe);
    await page.emulateMedia({ colorScheme: "dark" });
    await page.setViewportSize(NARROW);
    await noteViolations(page, `${path} in dark on a narrow screen`, AXE_LOOKS, found.axe);
    await noteOverflow(page, path, found.narrow);
    await page.setViewportSize(PAPER);
    await page.emulateMedia({ media: "print" });
    await notePrint(page, path, found.print);
    await this.#surveyPlain(path, text);
  }

  async #surveyPlain(path: string, text: string): Promise<void> {
    await this.#plain.goto(path);
    const words = await this.#plain.locator("main").innerText();
    const wrongs = this.#found.withoutScripts;
    if (words !== text) wrongs.note(path, `says other words: ${words.slice(0, 200)}`);
    if (words.length < 15) wrongs.note(path, `says nearly nothing: ${words}`);
  }
}

async function notePrint(page: Page, path: string, wrongs: Wrongs): Promise<void> {
  await noteOverflow(page, path, wrongs);
  if (await page.locator("header.site nav").isVisible()) wrongs.note(path, "the navigation is printed");
  const ink = await page.evaluate("getComputedStyle(document.body).color");
  if (ink !== "rgb(28, 30, 33)") wrongs.note(path, `it is printed in ${ink}`);
}

async function noteViolations(page: Page, where: string, options: string, wrongs: Wrongs): Promise<void> {
  const found = await page.evaluate(`axe.run(${options}).then(({ violations }) => violations)`);
  for (const { id, nodes } of violationsSchema.parse(found)) {
    for (const { html, failureSummary = "" } of nodes.slice(0, 3)) {
      wrongs.note(where, `${id}: ${html.slice(0, 200)} ${failureSummary.slice(0, 300)}`);
    }
  }
}

/** How much wider a page is than the screen, with what sticks out. */
async function noteOverflow(page: Page, where: string, wrongs: Wrongs): Promise<void> {
  const { wide, room, what } = z.object({ wide: z.number(), room: z.number(), what: z.array(z.string()) })
    .parse(
      await page.evaluate(`(() => {
      const root = document.documentElement;
      const what = [...document.querySelectorAll("main *")].filter((each) =>
        each.getBoundingClientRect().right > root.clientWidth + 1 && !each.closest(".scroll, svg, pre"));
      return { wide: root.scrollWidth, room: root.clientWidth, what: what.slice(0, 3).map((each) => each.outerHTML.slice(0, 150)) };
    })()`),
    );
  if (wide > room) wrongs.note(where, `${wide} pixels wide where there are ${room}: ${what.join(" | ")}`);
}

/** What the focus is on. */
const focusSchema = z.object({
  tag: z.string(),
  text: z.string(),
  order: z.number(),
  outline: z.string(),
  onScreen: z.boolean(),
});

async function focused(page: Page) {
  return focusSchema.parse(
    await page.evaluate(`(() => {
    const on = document.activeElement;
    const { outlineStyle, outlineWidth } = getComputedStyle(on);
    const box = on.getBoundingClientRect();
    const all = [...document.querySelectorAll("*")];
    return {
      tag: on.tagName.toLowerCase(),
      text: on.textContent.trim().slice(0, 60),
      order: all.indexOf(on),
      outline: outlineStyle === "none" || outlineWidth === "0px" ? "none" : outlineStyle,
      onScreen: box.right > 0 && box.bottom > 0 && box.left < innerWidth && box.top < innerHeight,
    };
  })()`),
  );
}

/** How many times the key is pressed on each page. */
const TABS = 15;

/** Goes over a page with the keyboard alone. */
async function noteKeyboard(page: Page, path: string, wrongs: Wrongs): Promise<void> {
  await page.keyboard.press("Tab");
  const first = await focused(page);
  if (first.text !== "Skip to the content" || !first.onScreen) wrongs.note(path, "no skip link comes first");
  let order = first.order;
  for (let tab = 0; tab < TABS; tab++) {
    await page.keyboard.press("Tab");
    const now = await focused(page);
    if (now.tag === "body" || now.order <= order && tab > 0) break;
    if (now.outline === "none") {
      wrongs.note(path, `one cannot see that the focus is on ${now.tag} "${now.text}"`);
    }
    if (!now.onScreen) wrongs.note(path, `the focus is off the screen, on ${now.tag} "${now.text}"`);
    order = now.order;
  }
  await page.locator("a.skip").focus();
  await page.keyboard.press("Enter");
  await page.keyboard.press("Tab");
  const inMain = await page.evaluate(`document.activeElement === document.body ||
    document.activeElement.closest("main, footer") !== null`);
  if (inMain !== true) wrongs.note(path, "the skip link does not lead past the navigation");
}

Deno.test({
  ...inBrowser("every page of the site works in a browser, for everybody"),
  async fn(t) {
    const folder = mkdtempSync(join(tmpdir(), "browser-"));
    await writeExample(folder);
    const site = exampleSite(folder);
    const server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen: () => {} },
      (request) => site.fetch(request),
    );
    const baseURL = `http://127.0.0.1:${server.addr.port}`;
    const browser = await openBrowser();
    const found = new Survey();
    try {
      await t.step("each can be looked at", async () => {
        const scripts = await browser.newContext({ baseURL });
        const none = await browser.newContext({ baseURL, viewport: DESKTOP, javaScriptEnabled: false });
        const rest = [...PAGES, ...PROBLEMS].values();
        await Promise.all(Array.from({ length: SIDE_BY_SIDE }, async () => {
          const tabs = new Tabs(await scripts.newPage(), await none.newPage(), found);
          for (const path of rest) await tabs.survey(path);
        }));
        await scripts.close();
        await none.close();
      });
      await t.step(
        "axe finds no fault, on a wide screen in light and on a narrow one in dark",
        () => found.axe.assertNone(),
      );
      await t.step("the console stays empty, and everything is loaded", () => found.console.assertNone());
      await t.step("the keyboard suffices", () => found.keyboard.assertNone());
      await t.step("a narrow screen does not scroll to the side", () => found.narrow.assertNone());
      await t.step("paper shows no more and no less than it should", () => found.print.assertNone());
      await t.step("without scripts they say the same", () => found.withoutScripts.assertNone());
      await t.step("a certificate becomes a PDF of several pages", async () => {
        const page = await browser.newPage({ baseURL });
        await page.goto("/certificates/certified");
        const pdf = (await page.pdf({ format: "A4", preferCSSPageSize: true })).toString("latin1");
        assert(pdf.startsWith("%PDF-"));
        assert((pdf.match(/\/Type\s*\/Page\b/g) ?? []).length >= 2);
        await page.close();
      });
      await t.step(
        "every link leads to a page, and to a place on it",
        () => assertLinksResolve(found.links, site.fetch),
      );
      await t.step("a run that goes on is followed", () => assertFollowed(browser, baseURL, folder));
    } finally {
      await browser.close();
      await server.shutdown();
      rmSync(folder, { recursive: true });
    }
  },
});

/** The links of a page within the site. */
async function linksOf(page: Page): Promise<readonly string[]> {
  const found = await page.evaluate(
    `[...document.querySelectorAll("a[href], img[src], link[href], script[src]")]
    .map((each) => new URL(each.getAttribute("href") ?? each.getAttribute("src"), document.baseURI))
    .filter(({ origin }) => origin === location.origin)
    .map(({ pathname, search, hash }) => pathname + search + hash)`,
  );
  return z.array(z.string()).parse(found);
}

async function assertLinksResolve(
  links: ReadonlyMap<string, string>,
  answer: (request: Request) => Response | Promise<Response>,
): Promise<void> {
  const wrongs = new Wrongs();
  const known = new Map<string, string>();
  assert(links.size > 500, `only ${links.size} links`);
  for (const [link, from] of links) {
    const { pathname, search, hash } = new URL(link, "http://127.0.0.1");
    const address = pathname + search;
    if (!known.has(address)) {
      const response = await answer(new Request(`http://127.0.0.1${address}`));
      const text = await response.text();
      const leads = response.status === 200 || response.status === 302 || PROBLEMS.includes(address);
      if (!leads) wrongs.note(from, `${address} is answered with ${response.status}`);
      known.set(address, text);
    }
    const place = decodeURIComponent(hash.slice(1));
    if (place !== "" && known.get(address)?.includes(` id="${place}"`) === false) {
      wrongs.note(from, `no place ${link}`);
    }
  }
  wrongs.assertNone();
}

/** Goes on with the record of a run that is shown live. */
async function assertFollowed(browser: Browser, baseURL: string, folder: string): Promise<void> {
  const path = join(folder, "partial.jsonl");
  const page = await browser.newPage({ baseURL });
  await page.goto("/runs/partial/live");
  const before = await page.locator("#live-done").innerText();
  const whole = textOf(simulated(SHOWN, "matt-v2"));
  const [head = ""] = readFileSync(path, "utf8").split("\n");
  writeFileSync(path, [head, ...whole.split("\n").slice(1)].join("\n"));
  await page.getByText("It has come to its end").waitFor();
  assert(before !== String(SHOWN.length), "it had ended before");
  assertEquals(await page.locator("#live-done").innerText(), String(SHOWN.length));
  await page.close();
}

/** Ways through the site, each a list of links that are followed one after the other. */
const WAYS: readonly (readonly string[])[] = [
  ["Runs", "2026-11-20 12:00:00 UTC", "A second revoke of the same buffer fails with EBADFD", "VREV-10"],
  ["Certificates", "few", "The run"],
  ["Suite", "Mutation score"],
  ["Suite", "Model coverage"],
  ["Clauses", "VST-13"],
  ["Runs", "Badges"],
  ["Specification"],
];

Deno.test({
  ...inBrowser("the site as files opens from the file system, and one can go through it"),
  async fn() {
    const folder = mkdtempSync(join(tmpdir(), "files-"));
    const browser = await openBrowser();
    const wrongs = new Wrongs();
    try {
      await writeExample(folder);
      await writeSite({ site: exampleSite(folder, "no"), folder: join(folder, "out") });
      const page = await browser.newPage();
      page.on("console", (message) => wrongs.note(page.url(), message.text()));
      page.on("requestfailed", (request) => wrongs.note(page.url(), `not loaded: ${request.url()}`));
      for (const way of WAYS) {
        await page.goto(pathToFileURL(join(folder, "out", "index.html")).href);
        for (const name of way) {
          const link = page.getByRole("link", { name, exact: true }).first();
          const target = new URL(await link.getAttribute("href") ?? "", page.url());
          assertEquals(target.protocol, "file:", target.href);
          await link.click();
          await page.waitForURL(target.href);
          const [heading, width] = z.tuple([z.string(), z.string()]).parse(
            await page.evaluate(
              `[document.querySelector("main h1").textContent, getComputedStyle(document.querySelector("main")).maxWidth]`,
            ),
          );
          if (heading.trim() === "" || width === "none") {
            wrongs.note(page.url(), "it has no heading or no style");
          }
          await page.evaluate(PICTURES);
        }
      }
      wrongs.assertNone();
    } finally {
      await browser.close();
      rmSync(folder, { recursive: true });
    }
  },
});
