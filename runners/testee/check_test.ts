import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { serveTarget } from "../agent/serve_target.ts";
import { DEFAULT_DIALECT, simulator } from "../simulator/mod.ts";
import { type Fake, FAKES } from "../testing/fake_testees.ts";
import { connectFake, connectionPair } from "../testing/pipe.ts";
import { connectCommand } from "../transport/stdio.ts";
import { checkTestee } from "./check.ts";

const PATIENCE_MS = 150;

/** The rule that each fake is found out by, and a part of what is said. */
const TABLE = {
  "no-bug": [],
  "answers-twice": ["order", 'Where observation 1 of run 1, of step "when.0", was next'],
  "answers-late": ["after-end", "In run 2 it sent observation 2 of run 1"],
  "wrong-sequence-number": ["order", "it sent observation 1 of run 1"],
  "another-run": ["order", "it sent observation 0 of run 8"],
  "swaps-steps": ["order", 'it sent observation 0 of run 1, of step "when.0"'],
  "forgets-a-step": ["order", "it sent an end of run 1"],
  "miscounts": ["count", "The end of run 1 counts 3 observations, but 2 came"],
  "tells-again-at-the-end": ["order", "The end of run 1 has observations with it"],
  "swaps-steps-at-the-end": ["order", "it sent an end of run 1"],
  "lies-about-errno-at-the-end": ["messages", '"ENODEVICE" is no name of an error'],
  "never-ends": ["end", "Run 1 has no end: nothing came within 150 ms"],
  "ends-twice": ["after-end", "In run 2 it sent an end of run 1"],
  "does-not-look-behind": ["messages", 'at "end.post"'],
  "claims-everything": ["claims", 'It lists "process.spawn" and answers unsupported'],
  "succeeds-at-everything": ["unsupported", 'It answers "x.unheard_of" with returned'],
  "dies-on-revoke": ["unsupported", "The connection to the testee ended"],
  "prints-noise": ["messages", 'A line is not JSON: "now at given.0"'],
  "lies-about-errno": ["messages", '"ENODEVICE" is no name of an error'],
  "gives-numbers": ["messages", "19 is no name of an error"],
  "never-says-hello": ["hello", "Nothing came within 150 ms"],
  "says-hello-twice": ["hello", "A second hello came"],
  "greets-with-noise": ["messages", 'A line is not JSON: "Welcome to the testee!"'],
  "another-version": ["version", "It takes version 99, which was not offered"],
  "half-a-hello": ["messages", 'at "target"'],
  "huge-line": ["messages", "A message is longer than 8388608 bytes"],
  "half-a-line": ["messages", "The last 29 bytes have no line end"],
} satisfies Readonly<Record<keyof typeof FAKES, readonly [] | readonly [string, string]>>;

for (const [bug, fake] of Object.entries(FAKES)) {
  Deno.test(`checkTestee() names the rule that is broken by: ${bug}`, async () => {
    const findings = await checkTestee(() => connectFake(fake), PATIENCE_MS, PATIENCE_MS);
    const broken = findings.filter(({ status }) => status === "broken");
    const [, [rule, what] = []] = Object.entries(TABLE).find(([name]) => name === bug) ?? [];
    assertEquals(broken.some((each) => each.rule === rule), rule !== undefined, JSON.stringify(broken));
    if (what === undefined) assertEquals(broken, []);
    else assertStringIncludes(broken.find((each) => each.rule === rule)?.what ?? "", what);
  });
}

Deno.test("checkTestee() says of nothing that it is kept where it could not be seen", async () => {
  const open = async (fake: Fake) => {
    const findings = await checkTestee(() => connectFake(fake), PATIENCE_MS, PATIENCE_MS);
    return findings.filter(({ status }) => status === "open").map(({ rule, what }) => `${rule}: ${what}`);
  };
  const good = FAKES["no-bug"];
  const silent = await open({
    take: (message, mouth) => message.type === "run" ? undefined : good.take(message, mouth),
  });
  assertEquals(silent.includes("count: no run came to its end"), true, silent.join("\n"));
  assertEquals((await open(FAKES["never-says-hello"])).includes("end: there is no talk"), true);
});

Deno.test("checkTestee() finds nothing broken in the suite's own side of the protocol", async () => {
  const findings = await checkTestee(() => {
    const [here, there] = connectionPair();
    void serveTarget(simulator(DEFAULT_DIALECT), there);
    return here;
  });
  assertEquals(findings.filter(({ status }) => status !== "kept"), []);
});

const EXAMPLES = new URL("examples/", import.meta.url).pathname;
const python =
  new Deno.Command("sh", { args: ["-c", "command -v python3"], stdout: "null" }).outputSync().success;

for (
  const [name, command, ignore] of [
    ["buffer.ts", [Deno.execPath(), "run", "-A", "--quiet", "--no-check", `${EXAMPLES}buffer.ts`], false],
    ["buffer.py", ["python3", `${EXAMPLES}buffer.py`], !python],
  ] as const
) {
  Deno.test({
    name: `checkTestee() finds nothing broken in the example ${name}`,
    ignore,
    fn: async () => {
      const [program, ...args] = command;
      const findings = await checkTestee(() => connectCommand([program, ...args]));
      assertEquals(findings.filter(({ status }) => status === "broken"), []);
      assert(findings.every(({ rule, status }) => status === "kept" || rule === "clean"));
    },
  });
}
