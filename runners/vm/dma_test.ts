/**
 * That DMA in a virtual machine is DMA: what a device reads of a buffer before and after a revocation, in a machine that
 * was booted and in one that was brought up again.
 *
 * It takes minutes, so that `deno task test` leaves it out; `deno task test:vm` runs it.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { loadCases } from "../../cases/load.ts";
import { programOf } from "../../cases/program.ts";
import { loadLedger } from "../../spec/ledger.ts";
import type { Observation } from "../../spec/observation.ts";
import { openVm } from "./target.ts";
import { BOOT_VARIABLE, kernelToBoot } from "./testing/here.ts";

/** Reads by DMA, then revokes, then reads again. */
const CASE = "iommufd/release/buffer-closed-first";

const newest = Deno.env.has(BOOT_VARIABLE) ? await kernelToBoot() : undefined;

Deno.test("a device reads what the processor wrote, until the buffer is revoked, in each new machine", {
  ignore: !newest,
}, async () => {
  const found = loadCases(loadLedger()).cases.find(({ id }) => id === CASE);
  if (!newest || !found) throw new Error(`Cannot test without ${CASE} and a kernel`);
  const kernel = { kind: "version", version: newest.release, with: "modules made here" } as const;
  const target = openVm({ id: "vm:test", kernel, append: undefined, reuse: "one case" })();
  try {
    for (let machine = 1; machine <= 2; machine++) {
      const seen: Observation[] = [];
      const { end } = await target.run(programOf(found), (observation) => seen.push(observation));
      const reads = seen.filter(({ step }) => step === "then.0" || step === "then.2");
      assertEquals(end, "completed");
      assertEquals(reads.map(({ outcome }) => outcome), [
        { kind: "returned", value: 17 },
        { kind: "failed", errno: "EIO" },
      ]);
    }
  } finally {
    await target.close();
  }
});
