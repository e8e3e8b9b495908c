import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { existsSync, readdirSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { readRecordFile } from "../reports/record_reader.ts";
import { DEFAULT_DIALECT, simulator } from "../runners/simulator/mod.ts";
import { leftOut } from "./commands/run.ts";
import type { Io } from "./io.ts";
import { main } from "./main.ts";
import { conform, inFolder } from "./testing/conform.ts";

const CASE = "vfio/revoke/double-revoke";

const resultSchema = z.object({
  schema: z.literal("dmabuf-conform/result/1"),
  suite: z.object({ version: z.string(), ledger: z.string(), cases: z.string() }),
  target: z.looseObject({ id: z.string() }),
  profile: z.string(),
  counts: z.object({
    pass: z.number(),
    fail: z.number(),
    contested: z.number(),
    unknown: z.number(),
    "not-supported": z.number(),
    "not-run": z.number(),
    total: z.number(),
  }),
  results: z.array(z.looseObject({
    case: z.string(),
    clauses: z.array(z.string()),
    verdict: z.string(),
    end: z.string(),
    baseline: z.string(),
    durationMs: z.number(),
    steps: z.array(z.looseObject({ step: z.string() })),
  })),
});

Deno.test("conform run fails no case of seed 2 on its dialect and prints only the JSON", async () => {
  await inFolder(async (folder) => {
    const out = join(folder, "run.jsonl");
    const ran = await conform(
      "run",
      "--target",
      "sim:matt-v1-vfio",
      "--profile",
      "matt-v1-vfio",
      "--format",
      "json",
      "--out",
      out,
    );
    const { counts, results } = resultSchema.parse(JSON.parse(ran.out));
    assertEquals(ran.status, 0);
    assert(counts.total >= 100, `only ${counts.total} cases`);
    assertEquals(counts.pass + counts.contested, counts.total);
    assertEquals(results.length, counts.total);
    assertEquals(readRecordFile(out).footer?.attempts, counts.total);
  });
});

Deno.test("conform run fails nothing of seed 2 on Linux 7.3, and calls what it lacks not supported", async () => {
  await inFolder(async (folder) => {
    const args = ["--target", "sim:mainline-7.3", "--profile", "matt-v1-vfio", "--format", "json"];
    const ran = await conform("run", ...args, "--out", join(folder, "run.jsonl"));
    const { counts } = resultSchema.parse(JSON.parse(ran.out));
    assertEquals([ran.status, counts.fail, counts.unknown], [0, 0, 0]);
    assert(counts["not-supported"] > 0);
  });
});

Deno.test("conform run exits with 1 and explains, where a kernel does not keep its word", async () => {
  await inFolder(async (folder) => {
    const args = [
      "--target",
      "sim:mainline-7.0",
      "--profile",
      "matt-v1-vfio",
      "--out",
      join(folder, "run.jsonl"),
    ];
    const { status, out } = await conform("run", "vfio/move/fence-holds-revoke", ...args);
    assertEquals(status, 1);
    assertStringIncludes(out, "fail vfio/move/fence-holds-revoke[usage=READ]");
    assertStringIncludes(out, "VMOV-07: ");
    assertStringIncludes(out, "expected: blocks, then succeeds");
    assertStringIncludes(out, "seen:     succeeded");
    assertStringIncludes(
      out,
      "again: conform run 'vfio/move/fence-holds-revoke[usage=READ]' --target sim:mainline-7.0",
    );
  });
});

for (
  const [format, begin] of [["ktap", "KTAP version 1"], ["junit", "<?xml"], ["markdown", "# "], [
    "html",
    "<!DOCTYPE",
  ], ["csv", "case,"]] as const
) {
  Deno.test(`conform run --format ${format} prints the format and nothing else`, async () => {
    await inFolder(async (folder) => {
      const { status, out } = await conform(
        "run",
        CASE,
        "--format",
        format,
        "--out",
        join(folder, "run.jsonl"),
      );
      assertEquals(status, 0);
      assert(out.startsWith(begin), out.slice(0, 40));
    });
  });
}

Deno.test("conform answers wrong usage with 2, what is wrong, the nearest right word, and writes nothing", async () => {
  await inFolder(async (folder) => {
    const out = join(folder, "run.jsonl");
    const wrong: readonly (readonly [readonly string[], string])[] = [
      [["rnu"], "rnu"],
      [["rnu"], 'Did you mean "run"?'],
      [["run", "--tagret", "sim"], "--tagret"],
      [["run", "--tagret", "sim"], "conform help run"],
      [["kernels"], "conform help kernels"],
      [["run", "--format", "xml"], "xml"],
      [["run", "--jobs", "0"], "0"],
      [["run", "--shard", "3"], "3"],
      [["run", "--target", "smi"], 'Did you mean "sim"?'],
      [["run", "--target", "sim:matt-v1-vifo"], 'Did you mean "matt-v1-vfio"?'],
      [["run", "--target", "native:nonsense"], "not the address of a PCI device"],
      [["run", "--profile", "matt-v1-vifo"], 'Did you mean "matt-v1-vfio"?'],
      [["run", "--clause", "VREV-99"], "There is no clause"],
      [["run", "vfio/revoke/duble-revoke"], 'Did you mean "vfio/revoke/double-revoke"?'],
      [["run", "--resume", join(folder, "none.jsonl")], "Cannot read"],
      [["list", "nothing/here"], "No case matches"],
      [["show", "VREV-1O"], "Did you mean"],
      [["mutants", "double-revoke-suceeds"], 'Did you mean "double-revoke-succeeds"?'],
      [["mutants", "--clause", "VREV-99"], 'No mutant breaks the clause "VREV-99"'],
      [["mutants", "--matrix", "matrix.xls"], "Let its name end in .csv, .json or .md"],
      [["judge", join(folder, "none.jsonl")], "Cannot read"],
      [[], ""],
    ];
    for (const [args, said] of wrong) {
      const ran = await conform(
        ...args,
        ...(args[0] === "run" && !args.includes("--resume") ? ["--out", out] : []),
      );
      assertEquals(ran.status, 2, args.join(" "));
      assertStringIncludes(ran.err, said);
      assertEquals(ran.out, "");
    }
    assertEquals(readdirSync(folder), []);
  });
});

Deno.test("conform run refuses a file that is there and a folder that cannot be written", async () => {
  await inFolder(async (folder) => {
    const file = join(folder, "run.jsonl");
    writeFileSync(file, "precious");
    const there = await conform("run", CASE, "--out", file);
    assertEquals([there.status, readFileSync(file, "utf8")], [2, "precious"]);
    assertStringIncludes(there.err, "there already");
    const below = await conform("run", CASE, "--out", join(file, "run.jsonl"));
    assertEquals(below.status, 2);
    assertStringIncludes(below.err, "--out");
  });
});

Deno.test("conform run --resume goes on with a record that was cut in the middle", async () => {
  await inFolder(async (folder) => {
    const file = join(folder, "run.jsonl");
    await conform("run", "vfio/revoke", "--out", file);
    const whole = readRecordFile(file);
    truncateSync(file, Math.floor(readFileSync(file).length / 2));
    const before = readRecordFile(file).attempts.filter(({ end }) => end).length;
    assert(before > 0 && before < whole.attempts.length);
    const ran = await conform("run", "--resume", file, "--format", "json");
    assertEquals(ran.status, 0);
    const { counts } = resultSchema.parse(JSON.parse(ran.out));
    assertEquals(counts.pass, whole.attempts.length);
    assertEquals(
      readRecordFile(file).attempts.map(({ case: id }) => id),
      whole.attempts.map(({ case: id }) => id),
    );
  });
});

Deno.test("conform run --resume refuses a run that is over and one of another target, and leaves it alone", async () => {
  await inFolder(async (folder) => {
    const file = join(folder, "run.jsonl");
    await conform("run", CASE, "--out", file);
    const over = await conform("run", "--resume", file);
    assertEquals(over.status, 2);
    assertStringIncludes(over.err, "has come to its end");
    truncateSync(file, readFileSync(file).length - 10);
    const text = readFileSync(file, "utf8");
    const other = await conform("run", "--resume", file, "--target", "sim:mainline-7.3");
    assertEquals(other.status, 2);
    assertStringIncludes(other.err, "sim:matt-v1-vfio and not on sim:mainline-7.3");
    assertEquals(readFileSync(file, "utf8"), text);
  });
});

Deno.test("conform run --resume goes on where a target was gone before the end", async () => {
  await inFolder(async (folder) => {
    const file = join(folder, "run.jsonl");
    const testee = await mortalTestee(folder);
    const target = ["--target", `stdio:sh "${testee.script}"`, "--profile", "matt-v1-vfio", "--timeout", "2"];
    await testee.livesFor(40);
    const gone = await conform("run", "vfio/revoke", ...target, "--out", file);
    assertEquals(gone.status, 3);
    assertStringIncludes(
      gone.err,
      `The target is gone, and cases are left. Go on with: conform run --target`,
    );
    const { attempts: before, footer } = readRecordFile(file);
    assert(before.length > 0 && footer && footer.notRun.length > 0);
    await testee.livesFor(100_000);
    const ran = await conform("run", "--resume", file, ...target);
    assertStringIncludes(ran.err, `Writing ${file}`);
    const after = readRecordFile(file);
    assertEquals(after.attempts.slice(0, before.length), before);
    assertEquals(after.attempts.map(({ case: id }) => id), after.header.selection);
    assertEquals(after.footer?.notRun, []);
  });
});

/** A testee that ends after so many messages, and does not start again until it is given more. */
async function mortalTestee(folder: string) {
  const script = join(folder, "testee.sh");
  const testee = new URL("../runners/testing/sim_testee.ts", import.meta.url).pathname;
  const start =
    `"${Deno.execPath()}" run -A --quiet --no-check "${testee}" --stdio --target sim:matt-v1-vfio`;
  // When the last line is out, the testee must end at once: what would end it is its next line, which may never come.
  const lives = `lines=$(cat "$0.lines") || exit
mkfifo "$0.$$" && exec 3<&0
${start} <&3 >"$0.$$" &
sed -u "\${lines}q5" <"$0.$$"
[ $? -ne 5 ] || rm "$0.lines"
kill $!
`;
  await Deno.writeTextFile(script, lives);
  return { script, livesFor: (lines: number) => Deno.writeTextFile(`${script}.lines`, `${lines}\n`) };
}

/** Looks until it is so. What has ended will never do it. */
async function unlessEnded(child: Deno.ChildProcess, look: () => boolean): Promise<void> {
  let ended: Deno.CommandStatus | undefined;
  void child.status.then((status) => ended = status);
  while (!look()) {
    assert(ended === undefined, `it has ended with ${JSON.stringify(ended)}`);
    await new Promise((next) => setTimeout(next, 5));
  }
}

Deno.test("conform ends at once for a user who wants to stop a second time, whatever it waits for", async () => {
  await inFolder(async (folder) => {
    const silent = join(folder, "silent.sh");
    const target = { ...simulator(DEFAULT_DIALECT).describe(), operations: [] };
    const hello = JSON.stringify({ type: "hello", version: 1, target });
    /* it takes a case, and answers neither to that nor to the abort of it */
    const takes = `read -r hello\necho '${hello}'\nread -r case\n: >"$0.begun"\nexec cat >/dev/null\n`;
    await Deno.writeTextFile(silent, takes);
    const main = new URL("main.ts", import.meta.url).pathname;
    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--quiet", main, "run", CASE, "--target", `stdio:sh "${silent}"`],
      stdout: "null",
      stderr: "null",
    }).spawn();
    await unlessEnded(child, () => existsSync(`${silent}.begun`));
    /* the first may come twice, as where a shell passes on what all have got */
    let ended = false;
    void child.status.then(() => ended = true);
    while (!ended) {
      try {
        child.kill("SIGINT");
      } catch {
        // It ends in this moment.
      }
      await new Promise((next) => setTimeout(next, 5));
    }
    assertEquals((await child.status).code, 130);
  });
});

Deno.test("conform run survives kill -9 at any moment and goes on", async () => {
  await inFolder(async (folder) => {
    const file = join(folder, "run.jsonl");
    const args = ["run", "-A", "--quiet", new URL("main.ts", import.meta.url).pathname];
    const child = new Deno.Command(Deno.execPath(), {
      args: [...args, "run", "--repeat", "2000", "--out", file],
      stdout: "null",
      stderr: "null",
    }).spawn();
    await unlessEnded(child, () => existsSync(file) && readFileSync(file).length >= 200_000);
    child.kill("SIGKILL");
    await child.status;
    const record = readRecordFile(file);
    assertEquals(record.footer, undefined);
    const done = record.attempts.filter(({ end }) => end).length;
    assert(done > 0);
    const judged = await conform("judge", file, "--format", "json");
    assertEquals(
      resultSchema.extend({ partial: z.literal(true) }).parse(JSON.parse(judged.out)).counts.fail,
      0,
    );
  });
});

Deno.test("conform run --shard divides the cases, --dry-run runs none, --repeat runs each several times", async () => {
  await inFolder(async (folder) => {
    const names = async (...more: string[]) =>
      (await conform("run", "--dry-run", ...more)).out.trim().split("\n").map((line) => line.split("  ")[0]);
    const all = await names();
    const parts = [
      ...await names("--shard", "1/3"),
      ...await names("--shard", "2/3"),
      ...await names("--shard", "3/3"),
    ];
    assertEquals(parts.toSorted(), all.toSorted());
    const file = join(folder, "run.jsonl");
    await conform("run", CASE, "--repeat", "3", "--seed", "7", "--jobs", "2", "--out", file);
    const { header, attempts } = readRecordFile(file);
    assertEquals([attempts.length, header.repeat, header.seed], [3, 3, 7]);
  });
});

Deno.test("conform list prints what other tools need", async () => {
  const { status, out } = await conform("list", "--clause", "VREV-10", "--format", "json");
  const row = z.strictObject({
    case: z.string(),
    title: z.string(),
    clauses: z.array(z.string()),
    profiles: z.array(z.string()),
  });
  const rows = z.array(row).parse(JSON.parse(out));
  assertEquals(status, 0);
  assert(rows.some((each) => each.case === CASE && each.profiles.includes("matt-v1-vfio")));
});

Deno.test("conform show prints a clause with its cases and a case with its clauses", async () => {
  const clause = await conform("show", "VREV-10");
  assertStringIncludes(clause.out, "MUST fail with EBADFD");
  assertStringIncludes(clause.out, `case:       ${CASE}`);
  assertStringIncludes((await conform("show", CASE)).out, "VREV-10: ");
});

Deno.test("conform lint has nothing to say of the suite's own cases", async () => {
  const { status, out } = await conform("lint", "--format", "json");
  assertEquals([status, JSON.parse(out)], [0, []]);
});

Deno.test("conform mutants leaves no survivor without a reason, and prints what other tools need", async () => {
  const { status, out } = await conform("mutants", "--format", "json");
  const kill = z.object({ case: z.string(), to: z.string(), by: z.string(), reason: z.string() });
  const score = z.object({
    schema: z.literal("dmabuf-conform/mutants/1"),
    counts: z.record(z.enum(["killed", "control", "postcondition", "harness", "survived"]), z.number()),
    score: z.number(),
    mutants: z.array(z.object({
      id: z.string(),
      title: z.string(),
      dialect: z.string(),
      breaks: z.array(z.string()),
      fate: z.string(),
      kills: z.array(kill),
      reason: z.string().optional(),
      explained: z.boolean(),
    })),
    cases: z.array(z.object({ case: z.string(), kills: z.number(), alone: z.array(z.string()) })),
  }).parse(JSON.parse(out));
  const open = score.mutants.filter(({ fate, explained }) =>
    !explained && (fate === "survived" || fate === "harness")
  );
  assertEquals([status, open.map(({ id }) => id)], [0, []]);
  assert(score.counts.killed >= 25);
});

Deno.test("conform mutants runs those of a clause and writes the kill matrix", async () => {
  await inFolder(async (folder) => {
    const file = join(folder, "matrix.csv");
    const { status, out } = await conform("mutants", "--clause", "VREV-10", "--jobs", "1", "--matrix", file);
    assertEquals(status, 0);
    assertStringIncludes(out, "double-revoke-succeeds  killed by");
    const [header = "", ...rows] = readFileSync(file, "utf8").trimEnd().split("\r\n");
    assertStringIncludes(header, "mutant,dialect,breaks,fate,base/");
    const row = rows.find((each) => each.startsWith("double-revoke-succeeds,matt-v1-vfio,VREV-10,killed,"));
    assertStringIncludes(row ?? "", ",fail");
  });
});

Deno.test("conform mutants --idle-cases names the cases that kill nothing", async () => {
  const { out } = await conform("mutants", "--idle-cases", "double-revoke-succeeds");
  const ids = out.trimEnd().split("\n");
  assert(ids.includes("vfio/revoke/usable-buffer"));
  assertEquals(ids.includes("vfio/revoke/double-revoke"), false);
});

Deno.test("conform coverage counts every clause once", async () => {
  const { out } = await conform("coverage", "--format", "json");
  const list = z.array(z.looseObject({ id: z.string() }));
  const { clauses, covered, notTested, uncovered } = z.object({
    clauses: z.number(),
    covered: list,
    notTested: list,
    uncovered: list,
  }).parse(JSON.parse(out));
  const ids = [...covered, ...notTested, ...uncovered].map(({ id }) => id);
  assertEquals([ids.length, new Set(ids).size], [clauses, clauses]);
});

Deno.test("conform coverage --mutants finds every clause watched and every case failed by a mutant or excused", async () => {
  const { status, out } = await conform(
    "coverage",
    "--mutants",
    "--profile",
    "matt-v1-vfio",
    "--format",
    "json",
  );
  const ids = z.array(z.string());
  const { unwatched, proof } = z.object({
    unwatched: z.array(z.unknown()),
    proof: z.object({ proved: ids.min(400), idle: ids, wronglyExcused: ids }),
  }).parse(JSON.parse(out));
  assertEquals([status, unwatched, proof.idle, proof.wronglyExcused], [0, [], [], []]);
});

Deno.test("conform serve prints its address, answers, and stops when it is told to", async () => {
  const controller = new AbortController();
  const listening = Promise.withResolvers<string>();
  const io: Io = {
    out: (text) => listening.resolve(text),
    err: () => {},
    columns: undefined,
    colours: false,
    signal: controller.signal,
  };
  const status = main(["serve", "--port", "0", "--runs", "no-such-folder"], io);
  const said = await listening.promise;
  assertMatch(said, /^Listening on http:\/\/127\.0\.0\.1:\d+\/\n$/);
  const response = await fetch(said.slice("Listening on ".length).trim());
  assertStringIncludes(await response.text(), "There is no run yet");
  controller.abort();
  assertEquals(await status, 0);
});

Deno.test("conform says what it can do, for every command", async () => {
  const { status, out } = await conform("--help");
  assertEquals(status, 0);
  for (
    const command of [
      "run",
      "list",
      "show",
      "lint",
      "coverage",
      "mutants",
      "judge",
      "serve",
      "schema",
      "start",
    ]
  ) {
    assertStringIncludes(out, command);
    const help = await conform(command, "--help");
    assertEquals([help.status, help.err], [0, ""], command);
    assertStringIncludes(help.out, `conform ${command}`);
  }
  assertMatch((await conform("--version")).out, /^\d+\.\d+\.\d+\n$/);
});

Deno.test("conform help of a command that there is not is refused, also below one that there is", async () => {
  for (const words of [["run", "foo"], ["kernels", "build", "foo"]]) {
    const { status, out, err } = await conform("help", ...words);
    assertEquals([status, out], [2, ""]);
    assertStringIncludes(err, `There is no command "${words.join(" ")}"`);
    assertStringIncludes(err, `conform help ${words.slice(0, -1).join(" ")}`);
  }
  for (const words of [[], ["run"], ["kernels"], ["kernels", "build"], ["help"]]) {
    assertEquals((await conform("help", ...words)).status, 0, words.join(" "));
  }
});

Deno.test("leftOut() counts one case as one", () => {
  assertEquals(leftOut(1), "1 dangerous case is left out; --dangerous runs it\n");
  assertEquals(leftOut(2), "2 dangerous cases are left out; --dangerous runs them\n");
});
