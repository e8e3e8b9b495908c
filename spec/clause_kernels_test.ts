import { assertEquals } from "@std/assert";
import { kernelsWith } from "./clause_kernels.ts";
import { clauseIdSchema } from "./ids.ts";
import { loadLedger } from "./ledger.ts";

Deno.test("kernelsWith() tells in which releases a clause holds, the oldest first", () => {
  const ledger = loadLedger();
  const kernels = (id: string) => kernelsWith(clauseIdSchema.parse(id), ledger);
  assertEquals(kernels("BASE-01"), ["6.12", "6.19", "7.0", "7.1", "7.2", "7.3"]);
  assertEquals(kernels("VATT-03"), ["7.1", "7.2", "7.3"]);
  assertEquals(kernels("VREV-10"), []);
});
