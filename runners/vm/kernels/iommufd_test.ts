import { assertEquals } from "@std/assert";
import { choosersOf, spanIterator } from "./iommufd.ts";

Deno.test("spanIterator() takes the part that a kernel without iommufd leaves out", () => {
  const source = `int before;
#ifdef CONFIG_INTERVAL_TREE_SPAN_ITER
void first(void) { }
EXPORT_SYMBOL_GPL(first);
void second(void) { }
#endif
int after;
`;
  assertEquals(
    spanIterator(source).split("\n").filter((line) => !line.startsWith("#include")),
    ["void first(void) { }", "void second(void) { }", ""],
  );
});

Deno.test("choosersOf() finds the options that choose modules and folders, and no others", () => {
  const makefile = `vfio-y += main.o
vfio-$(CONFIG_VFIO_GROUP) += group.o
obj-$(CONFIG_VFIO) += vfio.o
obj-$(CONFIG_VFIO_MDEV) += mdev/
# obj-$(CONFIG_NO) += no.o
`;
  assertEquals(choosersOf(makefile), ["CONFIG_VFIO", "CONFIG_VFIO_MDEV"]);
});
