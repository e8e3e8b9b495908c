import { assert, assertEquals, assertRejects } from "@std/assert";
import { readFileSync } from "node:fs";
import { nearExecutor } from "./executor/near.ts";
import { Looker } from "./looker.ts";
import { addonForTests } from "./testing.ts";

const addon = await addonForTests();

Deno.test("a looker tells what is in a file, from a process of its own", {
  ignore: addon === undefined,
}, async () => {
  if (!addon) return;
  const looker = new Looker(nearExecutor(addon));
  try {
    assertEquals(
      (await looker.files.text("/proc/sys/kernel/ostype"))?.trim(),
      readFileSync("/proc/sys/kernel/ostype", "utf8").trim(),
    );
    const status = await looker.files.text("/proc/self/status") ?? "";
    const [, pid] = /^Pid:\s+(\d+)$/m.exec(status) ?? [];
    assert(Number(pid) > 0 && Number(pid) !== Deno.pid);
  } finally {
    await looker.close();
  }
});

Deno.test("a look that takes too long is an error, and the next one is another process's", {
  ignore: addon === undefined,
}, async () => {
  if (!addon) return;
  const folder = await Deno.makeTempDir();
  /* the next look is to be over in that time, with the start of its process */
  const looker = new Looker(nearExecutor(addon), 3_000);
  try {
    /* nobody writes into it, so that whoever opens it waits */
    await new Deno.Command("mkfifo", { args: [`${folder}/pipe`] }).output();
    await assertRejects(
      () => looker.files.text(`${folder}/pipe`),
      Error,
      "has not told what it was asked for",
    );
    assertEquals((await looker.files.text("/proc/sys/kernel/ostype"))?.trim(), "Linux");
  } finally {
    await looker.close();
    await Deno.remove(folder, { recursive: true });
  }
});
