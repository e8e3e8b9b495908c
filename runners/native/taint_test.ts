import { assertEquals } from "@std/assert";
import { readFileSync } from "node:fs";
import { taintFlags } from "./taint.ts";
import { addonForTests } from "./testing.ts";

const addon = await addonForTests();

Deno.test("the flags of the taint are those that the kernel tells, each time anew", {
  ignore: addon === undefined,
}, () => {
  if (!addon) return;
  const told = Number(readFileSync("/proc/sys/kernel/tainted", "utf8"));
  assertEquals([taintFlags(addon), taintFlags(addon)], [told, told]);
});
