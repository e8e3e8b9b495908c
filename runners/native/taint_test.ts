import { assertEquals } from "@std/assert";
import { readFileSync } from "node:fs";
import { Taint } from "./taint.ts";
import { testEachExecutor } from "./testing.ts";

await testEachExecutor(
  "the flags of the taint are those that the kernel tells, each time anew",
  async ({ executor }) => {
    const taint = new Taint(executor);
    const told = Number(readFileSync("/proc/sys/kernel/tainted", "utf8"));
    assertEquals([await taint.flags(), await taint.flags()], [told, told]);
    await taint.close();
  },
);
