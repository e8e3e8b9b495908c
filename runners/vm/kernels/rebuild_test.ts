import { assertEquals } from "@std/assert";
import { choosersOf } from "./rebuild.ts";

Deno.test("choosersOf() finds the options that choose modules and folders, and no others", () => {
  const makefile = `vfio-y += main.o
vfio-$(CONFIG_VFIO_GROUP) += group.o
obj-$(CONFIG_VFIO) += vfio.o
obj-$(CONFIG_VFIO_MDEV) += mdev/
# obj-$(CONFIG_NO) += no.o
`;
  assertEquals(choosersOf(makefile), ["CONFIG_VFIO", "CONFIG_VFIO_MDEV"]);
});
