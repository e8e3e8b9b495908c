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
    await assertRejects(() => ownKernel(folder, undefined), VmError, "There is no kernel");
    await assertRejects(() => ownKernel(`${folder}/bzImage`, `${folder}/lib`), VmError, "There is no folder");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

/** A folder with an image of a release. */
async function withImage(release: string, use: (folder: string, image: string) => Promise<void>) {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.mkdir(`${folder}/arch/x86/boot`, { recursive: true });
    await Deno.writeFile(`${folder}/arch/x86/boot/bzImage`, imageOf(release));
    await use(folder, `${folder}/arch/x86/boot/bzImage`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function putModule(folder: string, release: string): Promise<void> {
  await Deno.mkdir(folder, { recursive: true });
  const facts = `\x7fELF\0depends=\0name=vgem\0vermagic=${release} SMP preempt mod_unload \0`;
  await Deno.writeFile(`${folder}/vgem.ko`, new TextEncoder().encode(facts));
}

Deno.test("ownKernel() takes the modules of its release out of what modules_install has filled", () =>
  withImage("7.4.0-rc1+", async (folder, image) => {
    const installed = `${folder}/out/lib/modules`;
    for (const release of ["7.3.4", "7.4.0-rc1+"]) await putModule(`${installed}/${release}/kernel`, release);
    assertEquals((await ownKernel(image, `${folder}/out`)).modules, [`${installed}/7.4.0-rc1+`]);
  }));

Deno.test("ownKernel() takes modules that lie right in a folder", () =>
  withImage("7.4.0-rc1+", async (folder, image) => {
    await putModule(`${folder}/out`, "7.4.0-rc1+");
    assertEquals((await ownKernel(image, `${folder}/out`)).modules, [`${folder}/out`]);
  }));

Deno.test("ownKernel() refuses modules of another kernel, and a folder without modules", () =>
  withImage("7.4.0-rc1+", async (folder, image) => {
    await putModule(`${folder}/installed/lib/modules/7.3.4`, "7.3.4");
    await putModule(`${folder}/flat`, "7.4.0-rc1");
    await Deno.mkdir(`${folder}/empty`);
    const refused = (modules: string, words: string) =>
      assertRejects(() => ownKernel(image, `${folder}/${modules}`), VmError, words);
    await refused("installed", "has modules of 7.3.4, and the kernel is 7.4.0-rc1+");
    await refused("flat", "is of 7.4.0-rc1, and the kernel is 7.4.0-rc1+");
    await refused("empty", "has none of the modules that cases use");
  }));

Deno.test("ownKernel() finds the configuration where a build leaves it, unless it is of another version", () =>
  withImage("7.4.0-rc1+", async (folder, image) => {
    const write = (version: string) =>
      Deno.writeTextFile(`${folder}/.config`, `#\n# Linux/x86 ${version} Kernel Configuration\n#\n`);
    assertEquals((await ownKernel(image, undefined)).config, undefined);
    await write("7.3.4");
    assertEquals((await ownKernel(image, undefined)).config, undefined);
    await write("7.4.0-rc1");
    const { config } = await ownKernel(image, undefined);
    assertEquals(config && await Deno.realPath(config), await Deno.realPath(`${folder}/.config`));
  }));
