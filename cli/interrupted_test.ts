/**
 * That a command which waits until a target says what it is ends for a user who wants to stop.
 *
 * @module
 */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { Interrupted } from "./io.ts";
import { conformUntil, inFolder, type Ran } from "./testing/conform.ts";

const CASE = "vfio/revoke/double-revoke";

/** What a command did that was stopped while a target that never answers is asked what it is. */
async function stopped(args: (silent: string, folder: string) => readonly string[]): Promise<Ran> {
  let ran: Ran | undefined;
  await inFolder(async (folder) => {
    const script = join(folder, "silent.sh");
    await Deno.writeTextFile(script, `: >"$0.begun"\nexec cat >/dev/null\n`);
    const controller = new AbortController();
    const running = conformUntil(controller.signal, ...args(`stdio:sh ${script}`, folder));
    await untilThere(`${script}.begun`, running);
    controller.abort(new Interrupted(143));
    ran = await running;
  });
  if (!ran) throw new Error("Nothing was run");
  return ran;
}

for (
  const [command, args] of Object.entries({
    "run": (silent: string) => ["run", CASE, "--target", silent],
    "run --profile": (silent: string) => ["run", CASE, "--profile", "matt-v1-vfio", "--target", silent],
    "matrix": (silent: string, folder: string) => [
      ...["matrix", CASE, "--targets", `sim,${silent}`, "--out", join(folder, "matrix")],
    ],
    "tour": (silent: string) => ["tour", "--target", silent],
  })
) {
  Deno.test(`conform ${command} that is stopped before it can show anything ends as shells have it`, async () => {
    const { status, out, err } = await stopped(args);
    assertEquals([status, out], [143, ""]);
    assertStringIncludes(err, "Interrupted\n");
  });
}

Deno.test("conform matrix that is stopped while a target is asked what it is keeps what it has", async () => {
  const { status, out, err } = await stopped((silent, folder) => [
    ...["matrix", CASE, "--profile", "matt-v1-vfio", "--targets", `${silent},sim`],
    ...["--out", join(folder, "matrix")],
  ]);
  assertEquals(status, 1);
  assertStringIncludes(err, "Interrupted. The same command goes on with the rest");
  assertStringIncludes(out, "sim:matt-v1-vfio");
});

Deno.test("conform tour --depth that is stopped while a target is asked what it is says so", async () => {
  const { status, out } = await stopped((silent) => ["tour", "--depth", "1", "--target", silent]);
  assertEquals(status, 1);
  assertStringIncludes(out, "the enumeration was interrupted");
});

Deno.test("conform fuzz that is stopped while the target is asked what it is says so", async () => {
  const { out } = await stopped((silent) => ["fuzz", "--seed", "1", "--time", "3600", "--target", silent]);
  assertEquals(out, "0 programs, 0 findings, seed 1, interrupted\n");
});

Deno.test("conform bisect that is stopped while a target is asked what it is says so", async () => {
  const { status, err } = await stopped((silent) => [
    ...["bisect", CASE, "--targets", `${silent},sim`, "--good", silent, "--bad", "sim"],
  ]);
  assertEquals(status, 1);
  assertStringIncludes(err, "The search was interrupted");
});

Deno.test("conform module build that is stopped ends, with the programs that it runs", async () => {
  await inFolder(async (folder) => {
    /* the output of make is read to its end, which comes when all that it has started is gone */
    await Deno.writeTextFile(join(folder, "Makefile"), "kernelrelease:\n\t@: >begun; sleep 1000\n");
    const controller = new AbortController();
    const running = conformUntil(controller.signal, "module", "build", "--headers", folder);
    await untilThere(join(folder, "begun"), running);
    controller.abort(new Interrupted(143));
    const { status, err } = await running;
    assertEquals([status, err], [143, "Interrupted\n"]);
  });
});

/** Waits for a file of a command; one that has ended will never make it. */
async function untilThere(path: string, running: Promise<unknown>): Promise<void> {
  let state: "running" | "over" = "running";
  void running.then(() => state = "over");
  while (!existsSync(path) && state === "running") await new Promise((next) => setTimeout(next, 5));
}
