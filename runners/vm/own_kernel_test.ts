import { assertEquals, assertRejects } from "@std/assert";
import { VmError } from "./failure.ts";
import { ownKernel, releaseOf } from "./own_kernel.ts";

/** The header of a bzImage that says that it is of a release. */
function imageOf(release: string): Uint8Array {
  const bytes = new Uint8Array(0x400);
  bytes.set(new TextEncoder().encode("HdrS"), 0x202);
  new DataView(bytes.buffer).setUint16(0x20e, 0x100, true);
  bytes.set(new TextEncoder().encode(`${release} (me@here) #1 SMP\0`), 0x300);
  return bytes;
}

Deno.test("releaseOf() reads the release out of an image, and nothing out of something else", () => {
  assertEquals(releaseOf(imageOf("7.4.0-rc1+")), "7.4.0-rc1+");
  assertEquals(releaseOf(new Uint8Array(0x400)), undefined);
  assertEquals(releaseOf(new Uint8Array(3)), undefined);
});

Deno.test("ownKernel() takes an image in a file, and refuses what is none", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeFile(`${folder}/bzImage`, imageOf("7.4.0-rc1+"));
    await Deno.writeTextFile(`${folder}/vmlinux`, "no image");
    const kernel = await ownKernel(`${folder}/bzImage`, undefined);
    assertEquals([kernel.release, kernel.version, kernel.modules], ["7.4.0-rc1+", "7.4.0", []]);
    await assertRejects(() => ownKernel(`${folder}/vmlinux`, undefined), VmError, "is no bzImage");
    await assertRejects(() => ownKernel(`${folder}/none`, undefined), VmError, "There is no kernel");
    await assertRejects(() => ownKernel(`${folder}/bzImage`, `${folder}/lib`), VmError, "There is no folder");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
