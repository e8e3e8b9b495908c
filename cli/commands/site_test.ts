import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { sound, written } from "../../reports/store/testing/folder.ts";
import { textOf } from "../../reports/testing/runs.ts";
import { conform, inFolder } from "../testing/conform.ts";
import { MAIN, withProgram } from "../testing/program.ts";
import { served } from "../testing/serve.ts";

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

Deno.test("conform serve follows a run on a remote agent from its begin to its end", () =>
  inFolder(async (folder) => {
    await withProgram(
      [MAIN, "agent", "--target", "sim", "--port", "0"],
      (agent) =>
        served(["--runs", folder, "--rate", "0"], async (address) => {
          const args = ["run", "vfio/mmap", "--target", `agent:${agent}`, "--out", join(folder, "far.jsonl")];
          const running = conform(...args);
          const events = await textOfEvents(`${address}api/runs/far/events`, running);
          assertEquals((await running).status, 0);
          const [last = ""] = [...events.matchAll(/^data: (.*)$/gm)].map(([, data]) => data).slice(-1);
          assertStringIncludes(last, '"partial":false');
          assertStringIncludes(last, '"not-run":0');
          const shown = await (await fetch(`${address}runs/far`)).text();
          assertStringIncludes(shown, `agent:${agent}`);
        }),
    );
  }));

/** Everything that is told of a run until it has ended; asks again until the run has begun. */
async function textOfEvents(address: string, running: Promise<unknown>): Promise<string> {
  let ended = false;
  void running.then(() => ended = true);
  for (;;) {
    const last = ended;
    const response = await fetch(address);
    const text = await response.text();
    if (response.status === 200) return text;
    assert(!last, `it is answered with ${response.status} when the run is over`);
  }
}

Deno.test("conform site takes what lies beside the records, and refuses what is not there", () =>
  inFolder(async (folder) => {
    const record = written(folder, "a.jsonl", sound([CASE]));
    const races = join(folder, "races.json");
    writeFileSync(
      races,
      JSON.stringify([{
        case: CASE,
        verdict: "pass",
        reasons: [],
        runs: 2,
        exhaustive: true,
        ends: [{ count: 2 }],
      }]),
    );
    const out = join(folder, "out");
    assertEquals((await conform("site", record, races, "--out", out)).status, 0);
    assert(existsSync(join(out, "suite/races/races.html")));
    assertEquals((await conform("site", record, join(folder, "none.json"), "--out", out)).status, 2);
  }));
