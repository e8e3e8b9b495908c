import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { z } from "zod";
import { conform } from "../testing/conform.ts";

const CASE = "vfio/revoke/double-revoke";

Deno.test("conform explore shows every outcome of a race, and plays a schedule", async () => {
  const race = "vfio/race/attach-against-revoke";
  const { status, out } = await conform("explore", race, "--format", "json");
  assertEquals(status, 0);
  const [found] = z.array(z.object({
    case: z.string(),
    verdict: z.literal("pass"),
    runs: z.number(),
    exhaustive: z.literal(true),
    ends: z.array(z.object({ schedule: z.string(), count: z.number() })),
    findings: z.array(z.never()),
  })).parse(JSON.parse(out));
  assert(found);
  assertEquals(found.ends.reduce((sum, { count }) => sum + count, 0), found.runs);
  for (const { schedule } of found.ends) {
    const played = await conform("explore", race, "--schedule", schedule);
    assertEquals(played.status, 0);
    assertStringIncludes(played.out, "vfio.revoke returned 0");
  }
  const human = await conform("explore", race);
  assertMatch(human.out, /8 schedules, \d+ states/);
});

Deno.test("conform explore says plainly what it cannot explore", async () => {
  for (
    const [args, message] of [
      [[CASE], `${CASE} has no race`],
      [["vfio/race/attach-against-revoke", "--schedule", "zz9!"], "is not a schedule"],
      [["vfio/race/attach-against-revoke", "--schedule", "a99"], "cannot be played"],
      [["vfio/race/attach-against-revok"], "attach-against-revoke"],
      [["--target", "native"], "sim"],
    ] as const
  ) {
    const { status, err } = await conform("explore", ...args);
    assertEquals(status, 2, message);
    assertStringIncludes(err, message);
  }
});
