/**
 * That a virtual machine which nobody wants any more is gone at once, also while it boots.
 *
 * It boots one, so that `deno task test` leaves it out; `deno task test:vm` runs it.
 *
 * @module
 */
import { assertEquals, assertRejects } from "@std/assert";
import { readdirSync, readFileSync } from "node:fs";
import { ConnectError } from "../protocol/errors.ts";
import { openVm } from "./target.ts";
import { BOOT_VARIABLE, kernelToBoot } from "./testing/here.ts";

const newest = Deno.env.has(BOOT_VARIABLE) ? await kernelToBoot() : undefined;

/** The machines that this process has. */
function machines(): readonly string[] {
  return readdirSync("/proc").filter((pid) => {
    try {
      const [, name = "", parent] = /\((.*)\) \S (\d+)/.exec(readFileSync(`/proc/${pid}/stat`, "utf8")) ?? [];
      return name.startsWith("qemu-system") && Number(parent) === Deno.pid;
    } catch {
      return false;
    }
  });
}

Deno.test("close() ends a machine that boots, and begins no other", { ignore: !newest }, async () => {
  if (!newest) throw new Error("Cannot test without a kernel");
  const kernel = { kind: "version", version: newest.release, with: "modules made here" } as const;
  /* a word of its own, so that there is no machine that was kept */
  const open = openVm({ id: "vm:test", kernel, append: `of=${crypto.randomUUID()}`, reuse: "until dirty" });
  for (let boots = 1; boots <= 2; boots++) {
    const target = open();
    const described = assertRejects(async () => await target.describe(), ConnectError, "given up");
    while (machines().length === 0) await new Promise((next) => setTimeout(next, 5));
    await target.close();
    assertEquals(machines(), []);
    await described;
    assertEquals(machines(), []);
  }
});
