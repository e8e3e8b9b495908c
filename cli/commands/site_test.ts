import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { sound, written } from "../../reports/store/testing/folder.ts";
import { textOf } from "../../reports/testing/runs.ts";
import { main } from "../main.ts";
import { conform, inFolder } from "../testing/conform.ts";

const CASE = "vfio/revoke/double-revoke";

Deno.test("conform site writes the runs that are named, and refuses what is no record", () =>
  inFolder(async (folder) => {
    const record = written(folder, "a.jsonl", sound([CASE]));
    const out = join(folder, "out");
    const { status, out: said } = await conform("site", record, "--out", out);
    assertEquals(status, 0);
    assertMatch(said, /^\d+ files, /);
    assert(existsSync(join(out, "runs/a.html")));
    assertEquals((await conform("site", written(folder, "b.jsonl", "x\n"), "--out", out)).status, 2);
    assertEquals((await conform("site", record, "--out", join(record, "x"))).status, 2);
  }));

/** Serves until the test is over, and gives it the address. */
async function served(args: readonly string[], test: (address: string) => Promise<void>): Promise<void> {
  const stop = new AbortController();
  const listening = Promise.withResolvers<string>();
  const io = {
    out: listening.resolve,
    err: listening.resolve,
    columns: undefined,
    colours: false,
    signal: stop.signal,
  };
  const running = main(["serve", "--port", "0", ...args], io);
  try {
    const address = /http:\S+/.exec(await listening.promise)?.[0];
    assert(address, "it does not listen");
    await test(address);
  } finally {
    stop.abort();
    await running;
  }
}

Deno.test("conform serve takes records into a history from those who have the token", () =>
  inFolder(async (folder) => {
    const token = join(folder, "token");
    writeFileSync(token, "a-token-that-is-long-enough\n");
    const args = ["--store", join(folder, "store"), "--token-file", token];
    await served(args, async (address) => {
      const headers = { authorization: "Bearer a-token-that-is-long-enough" };
      const answer = await fetch(`${address}api/runs`, {
        method: "POST",
        headers,
        body: textOf(sound([CASE])),
      });
      assertEquals(answer.status, 201);
      await answer.body?.cancel();
      assertStringIncludes(await (await fetch(address)).text(), "sim:matt-v1-vfio");
    });
  }));

Deno.test("conform serve refuses a token that can be guessed, or one without a history", () =>
  inFolder(async (folder) => {
    const token = join(folder, "token");
    writeFileSync(token, "short");
    assertEquals((await conform("serve", "--store", join(folder, "store"), "--token-file", token)).status, 2);
    assertEquals((await conform("serve", "--token-file", token)).status, 2);
    assertEquals((await conform("serve", "--store", token)).status, 2);
  }));
