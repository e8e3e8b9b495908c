import { assertEquals } from "@std/assert";
import { RateLimit } from "./rate.ts";

Deno.test("RateLimit lets an address begin at once, and then so many in a second", () => {
  let now = 0;
  const limit = new RateLimit({ perSecond: 10, burst: 3, now: () => now });
  const asked = () => limit.wait("a");
  assertEquals([asked(), asked(), asked(), asked()], [0, 0, 0, 1]);
  now += 100;
  assertEquals([asked(), asked()], [0, 1]);
  now += 60_000;
  assertEquals([asked(), asked(), asked(), asked()], [0, 0, 0, 1]);
});

Deno.test("RateLimit says how long to wait where a request takes seconds", () => {
  const limit = new RateLimit({ perSecond: 0.1, burst: 1, now: () => 0 });
  assertEquals([limit.wait("a"), limit.wait("a"), limit.wait("b")], [0, 10, 0]);
});

Deno.test("RateLimit forgets addresses that were quiet before those that ask", () => {
  const limit = new RateLimit({ perSecond: 1, burst: 2, now: () => 0 });
  limit.wait("one");
  for (let count = 0; count < 20_000; count++) {
    limit.wait(`other ${count}`);
    if (count % 5000 === 0) limit.wait("one");
  }
  assertEquals(limit.wait("one"), 1);
});
