import { assertEquals } from "@std/assert";
import { dependsOf, factOf, loadOrder, moduleName, withoutVainSignatures } from "./modules.ts";

/** A module as far as its facts go. */
function moduleFile(name: string, depends: string): Uint8Array {
  return new TextEncoder().encode(
    `\x7fELF\0license=GPL\0depends=${depends}\0name=${name}\0vermagic=7.3 SMP\0\0`,
  );
}

Deno.test("moduleName() gives one name for a file and for what somebody writes", () => {
  assertEquals(["vfio-pci.ko.xz", "a/b/vfio_pci.ko", "vfio-pci", "x.ko.zst"].map(moduleName), [
    "vfio_pci",
    "vfio_pci",
    "vfio_pci",
    "x",
  ]);
});

Deno.test("factOf() reads facts, and says where there is none", () => {
  const file = moduleFile("x", "");
  assertEquals([factOf(file, "vermagic"), factOf(file, "depends"), factOf(file, "author")], [
    "7.3 SMP",
    "",
    undefined,
  ]);
  assertEquals(dependsOf(moduleFile("x", "a-b,c")), ["a_b", "c"]);
});

Deno.test("loadOrder() puts what a module needs before it, and passes over what is no module", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.mkdir(`${folder}/own/deep`, { recursive: true });
    await Deno.mkdir(`${folder}/made`);
    await Deno.writeFile(`${folder}/own/deep/top.ko`, moduleFile("top", "middle,built-in"));
    await Deno.writeFile(`${folder}/own/middle.ko`, moduleFile("middle", "old"));
    await Deno.writeFile(`${folder}/made/middle.ko`, moduleFile("middle", "bottom"));
    await Deno.writeFile(`${folder}/own/bottom.ko`, moduleFile("bottom", ""));
    const modules = await loadOrder(
      [`${folder}/made`, `${folder}/own`, `${folder}/none`],
      ["top", "bottom", "nowhere"],
    );
    assertEquals(modules.map(({ name }) => name), ["bottom", "middle", "top"]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

/** A module with a signature of some bytes, as the kernel's own tool appends it. */
function signed(module: Uint8Array, length: number): Uint8Array {
  const facts = new Uint8Array(12);
  new DataView(facts.buffer).setUint32(8, length);
  const end = new TextEncoder().encode("~Module signature appended~\n");
  return new Uint8Array([...module, ...new Uint8Array(length).fill(0x30), ...facts, ...end]);
}

Deno.test("signatures are left out where one module has none, and only there", () => {
  const [one, other] = [moduleFile("one", ""), moduleFile("other", "one")];
  const all = [{ name: "one", bytes: signed(one, 300) }, { name: "other", bytes: signed(other, 5) }];
  assertEquals(withoutVainSignatures(all), all);
  const mixed = [...all, { name: "made here", bytes: one }];
  assertEquals(withoutVainSignatures(mixed), [
    { name: "one", bytes: one },
    { name: "other", bytes: other },
    { name: "made here", bytes: one },
  ]);
});
