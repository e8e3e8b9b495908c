import { assertEquals, assertRejects } from "@std/assert";
import { readdirSync, readFileSync } from "node:fs";
import { Failed } from "../failure.ts";
import { type Lent, testEachExecutor } from "../testing.ts";
import { Files } from "./files.ts";

/** Tests files of a machine in a folder that is there for the test; nothing may be left open. */
async function testFiles(
  name: string,
  test: (files: Files, folder: string, lent: Lent) => Promise<void>,
): Promise<void> {
  await testEachExecutor(name, async (lent) => {
    const folder = await Deno.makeTempDir();
    try {
      const before = readdirSync(`/proc/${lent.pid}/fd`);
      await test(new Files(lent.executor), folder, lent);
      assertEquals(readdirSync(`/proc/${lent.pid}/fd`), before);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });
}

await testFiles("a file is read whole, however long it is", async (files, folder) => {
  for (const length of [0, 1, 4_095, 4_096, 4_097, 8_192, 8_193, 65_536, 200_000]) {
    const bytes = Uint8Array.from({ length }, (_, index) => index * 7 + (index >> 8));
    await Deno.writeFile(`${folder}/file`, bytes);
    assertEquals(await files.read(`${folder}/file`), bytes, `${length} bytes`);
  }
});

await testFiles("a file of zeros is as long as it is", async (files, folder) => {
  for (const length of [1, 5_000, 70_000]) {
    await Deno.writeFile(`${folder}/file`, new Uint8Array(length));
    assertEquals(await files.read(`${folder}/file`), new Uint8Array(length));
  }
});

await testFiles("files of the kernel, which have no length, are read whole", async (files) => {
  for (const path of ["/proc/sys/kernel/osrelease", "/proc/filesystems", "/proc/kallsyms"]) {
    assertEquals(await files.text(path), readFileSync(path, "utf8"));
  }
});

await testFiles("what is not there, or cannot be read, is undefined", async (files, folder) => {
  /* a folder can be opened and not read; nothing is mapped where the last begins */
  for (const path of [`${folder}/none`, folder, "", `${folder}/${"x".repeat(5_000)}`, "/proc/self/mem"]) {
    assertEquals(await files.read(path), undefined, path);
    assertEquals(await files.text(path), undefined, path);
  }
});

await testFiles("texts() reads up to the first that cannot be read", async (files, folder) => {
  await Deno.writeTextFile(`${folder}/one`, "1\n");
  await Deno.writeTextFile(`${folder}/two`, "");
  const [one, two, none] = [`${folder}/one`, `${folder}/two`, `${folder}/none`];
  assertEquals(await files.texts([one, two, one]), ["1\n", "", "1\n"]);
  assertEquals(await files.texts([one, none, two]), ["1\n", undefined, undefined]);
  assertEquals(await files.texts([one, folder, two]), ["1\n", undefined, undefined]);
  assertEquals(await files.texts([]), []);
});

await testFiles("list() gives the names in a folder, however many", async (files, folder) => {
  assertEquals(await files.list(folder), []);
  const names = Array.from({ length: 600 }, (_, index) => `${index}${"é".repeat(100)}`).toSorted();
  for (const name of names) await Deno.writeFile(`${folder}/${name}`, new Uint8Array(0));
  assertEquals(await files.list(folder), names);
  assertEquals((await files.list("/proc/self/task"))?.includes("x"), false);
  for (const path of [`${folder}/none`, `${folder}/${names[0]}`, "", `/${"x".repeat(40_000)}`]) {
    assertEquals(await files.list(path), undefined, path.slice(0, 100));
  }
});

await testFiles(
  "link() tells where a link leads, and exists() whether there is something",
  async (files, folder) => {
    const long = `${folder}/${"y".repeat(250)}/`.padEnd(4_000, "../..");
    const links = { good: folder, dangling: `${folder}/none`, long };
    for (const [name, target] of Object.entries(links)) {
      await Deno.symlink(target, `${folder}/${name}`);
      assertEquals(await files.link(`${folder}/${name}`), target);
    }
    assertEquals(await files.link(folder), undefined);
    assertEquals(await files.link(`${folder}/none`), undefined);
    assertEquals(await files.exists(`${folder}/good`), true);
    assertEquals(await files.exists(`${folder}/dangling`), false);
    assertEquals(await files.exists(""), false);
  },
);

await testFiles("write() writes into a file that there is, and says why it cannot", async (files, folder) => {
  await Deno.writeTextFile(`${folder}/file`, "before");
  await files.write(`${folder}/file`, "after!");
  assertEquals(await files.text(`${folder}/file`), "after!");
  await assertRejects(() => files.write(`${folder}/none`, "x"), Failed, "ENOENT");
  await assertRejects(() => files.write(folder, "x"), Failed, "EISDIR");
  await assertRejects(() => files.write("/dev/full", "x"), Failed, "ENOSPC");
});

await testFiles("many files can be read at once", async (files, folder) => {
  const numbers = Array.from({ length: 50 }, (_, index) => index);
  const textOf = (number: number) => `${number} `.repeat(number * 20);
  for (const number of numbers) await Deno.writeTextFile(`${folder}/${number}`, textOf(number));
  const read = await Promise.all(numbers.map((number) => files.text(`${folder}/${number}`)));
  assertEquals(read, numbers.map(textOf));
});
