import { assertEquals } from "@std/assert";
import { machineTarget } from "./parser_kernels.ts";

Deno.test("the options for virtual machines leave what else the name of the target says", () => {
  const target = "vm:7.3,reference=matt-v1-vfio,boot=600,kmemleak,blobs";
  const given = { target, kernel: undefined, modules: undefined, append: "iommu=pt", pristine: true };
  assertEquals(machineTarget(given), `${target},pristine,append=iommu=pt`);
  assertEquals(machineTarget({ ...given, append: undefined, pristine: false }), target);
});
