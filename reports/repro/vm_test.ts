import { assertEquals, assertMatch } from "@std/assert";
import process from "node:process";
import { programOf } from "../../cases/program.ts";
import type { Observation } from "../../spec/observation.ts";
import { openVm } from "../../runners/vm/target.ts";
import { parseVm } from "../../runners/vm/name.ts";
import { runInMachine } from "./machine.ts";
import { caseOf, textFor } from "./testing.ts";
import { traceIn, traceOf } from "./trace.ts";

/** The kernel to boot, as in 7.3; without it there is no machine, because booting takes minutes where there is no KVM. */
const KERNEL = process.env["CONFORM_REPRO_KERNEL"];
/** Cases instead of the sample, separated by spaces. */
const CASES = process.env["CONFORM_REPRO_CASES"]?.split(" ");
/** A folder with kselftest_harness.h, where there is one. */
const HARNESS = process.env["CONFORM_KSELFTEST"];

const REFERENCE = "reference=matt-v1-vfio";

/** One of each kind: a refusal, a callback, a fault, a wait, a second process, a driver of the kernel's own. */
const SAMPLE = [
  "vfio/mmap/mmap-after-revoke",
  "vfio/revoke/double-revoke",
  "vfio/mmap/load-after-revoke",
  "vfio/revoke/waits-for-unmap",
  "vfio/revoke/client-in-another-process",
  "vfio/revoke/from-another-process",
  "vfio/mmap/mapping-of-a-forked-process",
  "vfio/revoke/refusals-in-order",
  "drm/import/lookup-of-the-descriptor",
  "drm/video/no-dma-buf",
];

/**
 * A trace without what depends on the moment: whether a step that the one before has just released has returned already
 * when that one is told.
 */
function settled(trace: readonly string[]): readonly string[] {
  return trace.map((line, index) =>
    /^\S+\.finish:/.test(trace[index + 1] ?? "") ? line.replace(/; pending .*$/, "") : line
  );
}

async function runnerTraces(kernel: string, ids: readonly string[]): Promise<Map<string, readonly string[]>> {
  const name = parseVm(`vm:${kernel},${REFERENCE}`);
  if (typeof name === "string") throw new Error(name);
  const target = openVm(name)();
  const traces = new Map<string, readonly string[]>();
  try {
    for (const id of ids) {
      const seen: Observation[] = [];
      await target.run(programOf(caseOf(id)), (observation) => seen.push(observation));
      traces.set(id, traceOf(seen));
    }
  } finally {
    await target.close();
  }
  return traces;
}

Deno.test({
  name: "programs see on a real kernel what the runner sees",
  ignore: KERNEL === undefined,
  async fn(t) {
    const kernel = KERNEL ?? "";
    const ids = CASES ?? SAMPLE;
    const programs = ids.map((id, index) => ({
      name: `case${index}`,
      text: textFor(caseOf(id), `native:${REFERENCE}`),
    }));
    const machine = { kernel, limitMs: 600_000, tell: () => {} };
    const outputs = await runInMachine(programs, machine);
    const expected = await runnerTraces(kernel, ids);
    for (const [index, id] of ids.entries()) {
      await t.step(id, () => {
        const output = outputs.get(`case${index}`) ?? "";
        assertEquals(settled(traceIn(output)), settled(expected.get(id) ?? []), output);
      });
    }
  },
});

Deno.test({
  name: "tests for the kernel's harness see the same, and pass",
  ignore: KERNEL === undefined || HARNESS === undefined,
  async fn(t) {
    const ids = SAMPLE.slice(0, 3);
    const native = `native:${REFERENCE}`;
    const programs = ids.flatMap((id, index) => [
      { name: `plain${index}`, text: textFor(caseOf(id), native) },
      { name: `test${index}`, text: textFor(caseOf(id), native, "kselftest") },
    ]);
    const include = [HARNESS ?? ""];
    const outputs = await runInMachine(programs, {
      kernel: KERNEL ?? "",
      include,
      limitMs: 600_000,
      tell: () => {},
    });
    for (const [index, id] of ids.entries()) {
      await t.step(id, () => {
        const output = outputs.get(`test${index}`) ?? "";
        assertEquals(traceIn(output), traceIn(outputs.get(`plain${index}`) ?? ""), output);
        assertMatch(output, /# PASSED: 1 \/ 1 tests passed/);
      });
    }
  },
});
