import { assertEquals } from "@std/assert";
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
  return { state, ask };
}

Deno.test("PageCache makes a page anew when what it is made from has changed, and not before", async () => {
  const { state, ask } = watched({});
  assertEquals([await ask("/", "one"), await ask("/", "two")], ["one", "one"]);
  state.stamp = "2";
  assertEquals([await ask("/", "three"), state.made], ["three", 2]);
});

Deno.test("PageCache lets a page be so old, each in its own time", async () => {
  const { state, ask } = watched({ maxAgeMs: 1000 });
  await ask("/a", "a1");
  state.now = 600;
  await ask("/b", "b1");
  state.stamp = "2";
  state.now = 999;
  assertEquals([await ask("/a", "a2"), await ask("/b", "b2")], ["a1", "b1"]);
  state.now = 1000;
  assertEquals([await ask("/a", "a2"), await ask("/b", "b2")], ["a2", "b1"]);
  state.now = 1600;
  assertEquals([await ask("/b", "b2"), state.made, state.looked], ["b2", 4, 4]);
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

Deno.test("PageCache keeps nothing of what is not there, and of pages those that were asked for last", async () => {
  const { state, ask } = watched({ mostBytes: 3000 });
  assertEquals([await ask("/gone"), await ask("/gone"), state.made], [undefined, undefined, 2]);
  const text = "x".repeat(1000);
  for (const address of ["/a", "/b", "/a", "/c"]) await ask(address, text);
  assertEquals(state.made, 5);
  await ask("/a", text);
  assertEquals(state.made, 5);
  await ask("/b", text);
  assertEquals(state.made, 6);
});
