import { assertEquals } from "@std/assert";
import { Fragment, Fragments, joined, markupOf, placeFor, template } from "./fragment.ts";

Deno.test("Fragment is filled with other values each time, as often as they stand in it", () => {
  const fragment = new Fragment(`<a href="/${placeFor(0)}">${placeFor(1)}</a> ${placeFor(0)}`);
  assertEquals(fragment.filled(["x", "y"]), '<a href="/x">y</a> x');
  assertEquals(fragment.filled(["$&", placeFor(0)]), `<a href="/$&">${placeFor(0)}</a> $&`);
  assertEquals(new Fragment("nothing").filled(["x"]), "nothing");
});

Deno.test("Fragment and markupOf() write what is not ASCII as references, and escape what is markup", () => {
  assertEquals(new Fragment("→ 😀 é").filled([]), "&#8594; &#128512; &#233;");
  assertEquals(markupOf(`<b title="'">&→`), "&lt;b title=&quot;&#39;&quot;&gt;&amp;&#8594;");
  assertEquals(markupOf("\ud800"), "&#65533;");
});

Deno.test("Fragments renders once for each thing it is made of", () => {
  const fragments = new Fragments<object>();
  const [one, other] = [{}, {}];
  let rendered = 0;
  const render = () => String(++rendered);
  const texts = [one, other, one].map((each) => fragments.of(each, render).filled([]));
  assertEquals(texts, ["1", "2", "1"]);
});

Deno.test("template() is rendered once and takes other values each time, in the order of its places", () => {
  let rendered = 0;
  const line = template(() => `${placeFor(1)} since ${placeFor(0)}, ${++rendered}`);
  assertEquals([line("7.1", "ok"), line("7.2", "EIO")], ["ok since 7.1, 1", "EIO since 7.2, 1"]);
  assertEquals(joined([line("a", "b"), "", "!"]), "b since a, 1!");
});
