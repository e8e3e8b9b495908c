import { assertEquals } from "@std/assert";
import { readFileSync } from "node:fs";
import { Files } from "./executor/files.ts";
import { taintFlags } from "./taint.ts";
import { testEachExecutor } from "./testing.ts";

await testEachExecutor(
  "the flags of the taint are those that the kernel tells, each time anew",
  async ({ executor }) => {
    const files = new Files(executor);
    const told = Number(readFileSync("/proc/sys/kernel/tainted", "utf8"));
    assertEquals([await taintFlags(files), await taintFlags(files)], [told, told]);
  },
);
