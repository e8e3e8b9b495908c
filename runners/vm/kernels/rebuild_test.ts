import { assert, assertEquals } from "@std/assert";
import { MODULES } from "../guest/boot.ts";
import { moduleName } from "../guest/modules.ts";
import { LEFT_OUT } from "./left_out.ts";
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

Deno.test("every guest loads something of what is built for its kernel, which brings what that needs", () => {
  for (const { what, built } of LEFT_OUT) {
    assert(built.map(moduleName).some((name) => MODULES.includes(name)), what);
  }
});
