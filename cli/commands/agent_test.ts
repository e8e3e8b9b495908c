import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { writeLauncher } from "../agent_launcher.ts";
import { conform, inFolder } from "../testing/conform.ts";
import { MAIN, withCommand, withProgram } from "../testing/program.ts";

const ROOT = new URL("../../", import.meta.url).pathname;

Deno.test("conform agent prints its address, and cases run there as they do here", async () => {
  await inFolder(async (folder) => {
    const run = (target: string, out: string) =>
      conform("run", "vfio/mmap", "--target", target, "--format", "csv", "--out", join(folder, out));
    const { status, err } = await withProgram(
      [MAIN, "agent", "--target", "sim", "--port", "0"],
      async (address) => {
        assertMatch(address, /^ws:\/\/127\.0\.0\.1:\d+$/);
        const there = await run(`agent:${address}`, "there.jsonl");
        const here = await run("sim", "here.jsonl");
        assertEquals(there.status, 0);
        const withoutTimes = (text: string) => text.replaceAll(/\d+\.\d+/g, "");
        assertEquals(withoutTimes(there.out), withoutTimes(here.out));
      },
      folder,
    );
    assertEquals(status, 0);
    assertStringIncludes(err, "runs vfio/mmap/mmap-after-revoke");
    assertEquals(err.match(/ begins, with /g)?.length, 1);
  });
});

Deno.test("a run is held against the profile of the kernel that the agent runs", async () => {
  await inFolder(async (folder) => {
    const out = join(folder, "run.jsonl");
    await withProgram([MAIN, "agent", "--target", "sim:mainline-7.3", "--port", "0"], async (address) => {
      const { status } = await conform("run", "vfio/mmap", "--target", `agent:${address}`, "--out", out);
      assertEquals(status, 0);
    }, folder);
    const [header = ""] = readFileSync(out, "utf8").split("\n");
    assertEquals(JSON.parse(header).profile, "mainline-7.3");
  });
});

Deno.test("a run says where to look when no agent listens, and that it is not the suite's fault", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  const { status, err } = await conform("run", "--target", `agent:ws://127.0.0.1:${port}`);
  assertEquals(status, 3);
  assertStringIncludes(err, `Cannot connect to ws://127.0.0.1:${port}: `);
  assertStringIncludes(err, "Start it there with: conform agent\n");
});

Deno.test("conform agent refuses what cannot be meant", async (t) => {
  const table = [
    [["--target", "elephant"], 'There is no target "elephant"'],
    [["--target", "sim", "--host", "0.0.0.0"], "Others than this machine could run cases here"],
    [["--target", "sim", "--tls-cert", "cert.pem"], "A certificate and its key belong together"],
    [["--target", "sim", "--token-file", "/no/such/file"], 'Cannot read "/no/such/file"'],
    [["--target", "sim", "--token-file", "/"], 'Cannot read "/"'],
  ] as const;
  for (const [args, message] of table) {
    await t.step(args.join(" "), async () => {
      const { status, err } = await conform("agent", ...args);
      assertEquals(status, 2);
      assertStringIncludes(err, message);
    });
  }
});

Deno.test("the bundle of the agent runs in an empty folder, and so does the one file that unpacks it", async () => {
  await inFolder(async (folder) => {
    const bundle = join(folder, "agent.js");
    const { success } = await new Deno.Command(Deno.execPath(), {
      args: [
        "bundle",
        "--quiet",
        "--minify",
        "--platform=deno",
        "--output",
        bundle,
        join(ROOT, "cli/agent_main.ts"),
      ],
      cwd: ROOT,
    }).output();
    assertEquals([success, existsSync(bundle)], [true, true]);
    const given = ["--target", "sim", "--port", "0"];
    const runs = (out: string) => async (address: string) => {
      const { status } = await conform(
        ...["run", "vfio/mmap/mmap-after-revoke", "--target", `agent:${address}`],
        ...["--out", join(folder, out)],
      );
      assertEquals(status, 0);
    };
    const { status } = await withProgram(
      ["--no-config", "--cached-only", bundle, ...given],
      runs("one.jsonl"),
      folder,
    );
    assertEquals(status, 0);
    const output = join(folder, "conform-agent");
    writeLauncher({ bundle, output });
    rmSync(bundle);
    const env = { HOME: join(folder, "a home"), PATH: "/usr/bin:/bin", DENO: Deno.execPath() };
    for (const out of ["two.jsonl", "three.jsonl"]) {
      const ended = await withCommand([output, ...given], runs(out), { cwd: folder, env });
      assertEquals(ended.status, 0, ended.err);
    }
  });
});
