import { assertEquals } from "@std/assert";
import { spanIterator } from "./iommufd.ts";

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
