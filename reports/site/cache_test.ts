import { assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import { PageCache } from "./cache.ts";

/** A cache, a clock for it, and what was asked of it. */
function watched(options: { readonly maxAgeMs?: number; readonly mostBytes?: number }) {
  const state = { now: 0, stamp: "1", made: 0, looked: 0 };
  const cache = new PageCache({ ...options, now: () => state.now });
  const look = () => {
    state.looked++;
    return state.stamp;
  };
  const make = (text?: string) => () => {
    state.made++;
    return Promise.resolve(text);
  };
  const ask = async (address: string, text?: string) => {
    const made = await cache.page(address, look, make(text));
    return made && new TextDecoder().decode(made.body);
  };
  /** Asks as often as it takes for a page to be kept, and counts from there. */
  const keep = async (address: string, text: string) => {
    await ask(address, text);
    await ask(address, text);
    [state.made, state.looked] = [0, 0];
  };
  return { state, ask, keep };
}

Deno.test("PageCache makes a page anew when what it is made from has changed, and not before", async () => {
  const { state, ask, keep } = watched({});
  await keep("/", "one");
  assertEquals([await ask("/", "two"), state.made], ["one", 0]);
  state.stamp = "2";
  assertEquals([await ask("/", "three"), await ask("/", "four"), state.made], ["three", "three", 1]);
});

Deno.test("PageCache keeps no page that was asked for once: it may never be asked for again", async () => {
  const { state, ask } = watched({});
  assertEquals([await ask("/", "one"), await ask("/", "two"), await ask("/", "three")], [
    "one",
    "two",
    "two",
  ]);
  assertEquals(state.made, 2);
});

Deno.test("PageCache lets a page be so old, each in its own time", async () => {
  const { state, ask, keep } = watched({ maxAgeMs: 1000 });
  await keep("/a", "a1");
  state.now = 600;
  await keep("/b", "b1");
  state.stamp = "2";
  state.now = 999;
  assertEquals([await ask("/a", "a2"), await ask("/b", "b2")], ["a1", "b1"]);
  state.now = 1000;
  assertEquals([await ask("/a", "a2"), await ask("/b", "b2")], ["a2", "b1"]);
  state.now = 1600;
  assertEquals([await ask("/b", "b2"), state.made, state.looked], ["b2", 2, 2]);
});

Deno.test("PageCache makes a page once for all who ask at the same time", async () => {
  const { state, ask } = watched({});
  assertEquals(await Promise.all([ask("/", "one"), ask("/", "two"), ask("/", "three")]), [
    "one",
    "one",
    "one",
  ]);
  assertEquals(state.made, 1);
});

Deno.test("PageCache names a text by a tag: the same one each time, and another one for another text", async () => {
  const cache = new PageCache();
  const tag = async (text: string) =>
    (await cache.page(`/${text.length}`, () => text, () => Promise.resolve(text)))?.tag;
  assertEquals(await tag("one"), await tag("one"));
  assertNotEquals(await tag("one"), await tag("eno"));
  assertNotEquals(await tag("one"), await tag("one "));
  assertMatch(await tag("one") ?? "", /^"[0-9a-z-]+"$/);
});

Deno.test("PageCache keeps nothing of what is not there, and of pages those that were asked for last", async () => {
  const { state, ask, keep } = watched({ mostBytes: 3000 });
  assertEquals([await ask("/gone"), await ask("/gone"), state.made], [undefined, undefined, 2]);
  const text = "x".repeat(1000);
  for (const address of ["/a", "/b", "/a", "/c"]) await keep(address, text);
  await ask("/a", text);
  assertEquals(state.made, 0);
  await ask("/b", text);
  assertEquals(state.made, 1);
});
