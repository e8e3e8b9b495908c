import { assertEquals, assertRejects } from "@std/assert";
import { Failure } from "./io.ts";
import { targetsGiven } from "./target_list.ts";

Deno.test("targetsGiven() reads kernels by their versions, and names that have commas themselves", async () => {
  const targets = ["vm:7.2,reference=matt-v1-vfio,stock,sim:mainline-7.0", "native"];
  assertEquals(await targetsGiven({ kernels: ["6.1,6.12"], targets }), [
    "vm:6.1",
    "vm:6.12",
    "vm:7.2,reference=matt-v1-vfio,stock",
    "sim:mainline-7.0",
    "native",
  ]);
});

Deno.test("targetsGiven() refuses a name that is no target's, and one that is there twice", async () => {
  await assertRejects(() => targetsGiven({ kernels: [], targets: ["sim:mainline-7.9"] }));
  await assertRejects(() => targetsGiven({ kernels: ["7.2"], targets: ["vm:7.2"] }));
});

Deno.test("targetsGiven() takes a list with nothing in it for a mistake, not for all kernels", async () => {
  await assertRejects(() => targetsGiven({ kernels: [""], targets: [] }), Failure, "empty");
  await assertRejects(() => targetsGiven({ kernels: [], targets: [""] }), Failure, "empty");
});
