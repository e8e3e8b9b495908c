import { assertEquals, assertExists, assertStringIncludes } from "@std/assert";
import fc from "fast-check";
import type { Case } from "../../cases/case.ts";
import type { CaseEnd, Observation } from "../../spec/observation.ts";
import { runCases } from "../engine.ts";
import { remoteTarget } from "./target.ts";
import { caseNamed } from "../testing/cases.ts";
import { type Bug, type Fake, FAKES, helloOf } from "../testing/fake_testees.ts";
import { CLEAN, succeeded } from "../testing/fakes.ts";
import { connectFake } from "../testing/pipe.ts";
import type { Connect, RemoteOptions } from "./target.ts";

/** A case that revokes in its second step. */
function revoking(id: string): Case {
  const plain = caseNamed(id);
  const when = plain.sections.when.map((step) => ({ ...step, operation: "buffer.revoke" as const }));
  return { ...plain, sections: { ...plain.sections, when } };
}

interface Told {
  readonly ends: readonly CaseEnd[];
  readonly steps: readonly string[];
  readonly notRun: readonly string[];
}

async function runOn(cases: readonly Case[], connect: Connect, options: RemoteOptions = {}): Promise<Told> {
  const ends: CaseEnd[] = [];
  const seen: Observation[] = [];
  const open = () =>
    remoteTarget("test", connect, { helloMs: 100, answerMs: 100, reconnectMs: 100, ...options });
  const { notRun } = await runCases(cases, open, { timeoutMs: 200, graceMs: 1000 }, {
    begin() {},
    step: (_case, _attempt, observation) => seen.push(observation),
    end: (_case, _attempt, end) => ends.push(end),
  });
  return { ends, steps: seen.map(({ step }) => step), notRun: notRun.map(({ reason }) => reason) };
}

/** What becomes of the first case on each fake: how it ends, why, and what is left of what was seen. */
const TABLE: Readonly<Record<Bug, readonly [CaseEnd["end"], string, string]>> = {
  "no-bug": ["completed", "", "given.0 when.0"],
  "answers-twice": ["infra-error", "Observation 0 of run 1 (one) came twice", "given.0"],
  "answers-late": ["completed", "", "given.0 when.0"],
  "wrong-sequence-number": ["infra-error", "Observation 1 of run 1 (one) came when 0 was next", ""],
  "another-run": ["infra-error", "There came an observation of run 8, but run 1 is under way", ""],
  "swaps-steps": ["infra-error", 'the target reported step "when.0" when "given.0" was next', ""],
  "forgets-a-step": ["infra-error", "counts 2 observations, but 1 came", "given.0"],
  "miscounts": ["infra-error", "counts 3 observations, but 2 came", "given.0 when.0"],
  "tells-again-at-the-end": ["infra-error", "counts 2 observations, but 3 came", "given.0 when.0"],
  "swaps-steps-at-the-end": [
    "infra-error",
    'the target reported step "when.0" when "given.0" was next',
    "",
  ],
  "lies-about-errno-at-the-end": ["infra-error", 'Did you mean "ENODEV"?', "given.0"],
  "never-ends": ["lost", "There was no answer to the abort of one", "given.0 when.0"],
  "ends-twice": ["completed", "", "given.0 when.0"],
  "does-not-look-behind": ["infra-error", 'wrong, at "end.post"', "given.0 when.0"],
  "claims-everything": ["completed", "", "given.0 when.0"],
  "succeeds-at-everything": ["completed", "", "given.0 when.0"],
  "dies-on-revoke": ["lost", "The connection to the testee ended", "given.0"],
  "prints-noise": ["infra-error", 'A line is not JSON: "now at given.0"', ""],
  "lies-about-errno": ["infra-error", 'Did you mean "ENODEV"?', ""],
  "gives-numbers": ["infra-error", 'wrong, at "observation.outcome.errno"', ""],
  "never-says-hello": ["infra-error", "the testee did not say hello within 100 ms", ""],
  "says-hello-twice": ["infra-error", "A second hello came", ""],
  "greets-with-noise": ["infra-error", 'A line is not JSON: "Welcome to the testee!"', ""],
  "another-version": ["infra-error", "chose version 99 of the protocol, which was not offered", ""],
  "half-a-hello": ["infra-error", 'A message of type "hello" is wrong, at "target"', ""],
  "huge-line": ["infra-error", "A message is longer than 8388608 bytes", ""],
  "half-a-line": ["infra-error", "The last 29 bytes have no line end", ""],
};

for (const [bug, [end, reason, steps]] of Object.entries(TABLE)) {
  Deno.test(`remoteTarget() survives a testee with this bug: ${bug}`, async () => {
    const fake = Object.entries(FAKES).find(([name]) => name === bug)?.[1];
    assertExists(fake);
    const told = await runOn([revoking("one")], () => connectFake(fake));
    assertEquals(told.ends.map((each) => each.end), [end]);
    assertStringIncludes(told.ends[0]?.reason ?? "", reason);
    assertEquals(told.steps.join(" "), steps);
  });
}

Deno.test("remoteTarget() lets the next case pay for what comes after the end of a case", async () => {
  for (const bug of ["answers-late", "ends-twice"] as const) {
    const { ends } = await runOn([caseNamed("one"), caseNamed("two")], () => connectFake(FAKES[bug]));
    assertEquals(ends.map(({ end }) => end), ["completed", "infra-error"]);
    assertStringIncludes(ends[1]?.reason ?? "", "of run 1 after its end");
  }
});

Deno.test("remoteTarget() goes on with the next case after each death", async () => {
  const cases = [revoking("one"), caseNamed("two"), revoking("three"), caseNamed("four")];
  const { ends, notRun } = await runOn(cases, () => connectFake(FAKES["dies-on-revoke"]));
  assertEquals(ends.map(({ end }) => end), ["lost", "completed", "lost", "completed"]);
  assertEquals(notRun, []);
});

Deno.test("remoteTarget() gives up in the end where no case completes any more", async () => {
  const ids = Array.from({ length: 100 }, (_, index) => `case-${index}`);
  let connections = 0;
  const { ends, notRun } = await runOn(ids.map(revoking), () => {
    connections++;
    return connectFake(FAKES["dies-on-revoke"]);
  });
  assertEquals(connections < 30, true);
  assertEquals(ends.length + notRun.length, 100);
  assertEquals(ends.every(({ end }) => end === "lost"), true);
});

Deno.test("remoteTarget() does not go on with another target than it began with", async () => {
  let kernel = 0;
  const fake = {
    ...FAKES["dies-on-revoke"],
    take(...[message, mouth]: Parameters<typeof FAKES["no-bug"]["take"]>) {
      if (message.type === "hello") mouth.say(helloOf({ kernel: `7.${kernel++}` }));
      else FAKES["dies-on-revoke"].take(message, mouth);
    },
  };
  const identity = {};
  const { ends, notRun } = await runOn([revoking("one"), caseNamed("two")], () => connectFake(fake), {
    identity,
  });
  assertEquals(ends.map(({ end }) => end), ["lost", "infra-error"]);
  assertStringIncludes(ends[1]?.reason ?? "", "its kernel was 7.0 and is 7");
  assertEquals(notRun, []);
});

Deno.test("remoteTarget() agrees with the other side on the highest version that both speak", async () => {
  const chosen: number[] = [];
  const fake = {
    take(...[message, mouth]: Parameters<typeof FAKES["no-bug"]["take"]>) {
      if (message.type !== "hello") return FAKES["no-bug"].take(message, mouth);
      const version = Math.max(...message.versions.filter((each) => each <= 2));
      chosen.push(version);
      mouth.say({ ...helloOf(), version });
    },
  };
  for (const versions of [[1], [1, 2], [1, 2, 3]]) {
    const { ends } = await runOn([caseNamed("one")], () => connectFake(fake), { versions });
    assertEquals(ends.map(({ end }) => end), ["completed"]);
  }
  assertEquals(chosen, [1, 2, 2]);
});

Deno.test("remoteTarget() says which versions there are where none is common", async () => {
  const { ends } = await runOn([caseNamed("one")], () => connectFake(FAKES["no-bug"]), { versions: [7] });
  assertEquals(ends.map(({ end }) => end), ["infra-error"]);
  assertStringIncludes(ends[0]?.reason ?? "", "It speaks version 1");
});

/** Lines that are nearly right: messages with a field left out, doubled, or of another kind, and plain noise. */
const nearly = fc.oneof(
  fc.string(),
  fc.json(),
  fc.record({
    type: fc.constantFrom(
      "hello",
      "observation",
      "log",
      "end",
      "ready",
      "heartbeat",
      "bye",
      "error",
      "__proto__",
    ),
    run: fc.oneof(fc.integer({ min: -1, max: 3 }), fc.anything()),
    seq: fc.oneof(fc.nat(2), fc.anything()),
    observations: fc.nat(3),
    observation: fc.oneof(fc.constant(succeeded("given.0")), fc.constant(succeeded("when.0")), fc.anything()),
    end: fc.oneof(fc.constant(CLEAN), fc.constant({ end: "crash", reason: "a bug" }), fc.anything()),
    message: fc.string(),
    code: fc.string(),
  }, { requiredKeys: ["type"] }).map((message) => {
    try {
      return JSON.stringify(message);
    } catch {
      return "{";
    }
  }),
);

Deno.test("remoteTarget() takes anything that a testee may say, and every case has one end", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(nearly, { maxLength: 8 }), async (lines) => {
      const babbler: Fake = {
        take(message, mouth) {
          if (message.type === "hello") return mouth.say(helloOf());
          if (message.type !== "run") return;
          for (const line of lines) mouth.print(line);
          mouth.die();
        },
      };
      const { ends, notRun } = await runOn([caseNamed("one"), caseNamed("two")], () => connectFake(babbler));
      assertEquals(ends.length + notRun.length, 2);
    }),
    { numRuns: 60 },
  );
});
