import { assert, assertEquals } from "@std/assert";
import { limitsFor } from "./limits.ts";
import { LIMITS } from "./session.ts";

Deno.test("limitsFor() waits longer on a kernel that watches itself", () => {
  assertEquals(limitsFor({ detectors: ["KFENCE", "taint"] }), LIMITS);
  const slow = limitsFor({ detectors: ["KASAN", "lockdep"] });
  assert(slow.process >= 5 * LIMITS.process);
  assert(slow.call.unknown < slow.step);
});
