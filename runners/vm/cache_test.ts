import { assertEquals, assertRejects } from "@std/assert";
import { forgetOldest, madeWhole } from "./cache.ts";

async function namesIn(folder: string): Promise<string[]> {
  return (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name).toSorted();
}

Deno.test("madeWhole() leaves nothing of what was not finished", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await madeWhole(`${folder}/good`, (half) => Deno.writeTextFile(half, "whole"));
    await assertRejects(
      () =>
        madeWhole(`${folder}/bad`, async (half) => {
          await Deno.writeTextFile(half, "half");
          throw new Error("the disk is full");
        }),
      Error,
      "the disk is full",
    );
    assertEquals(await namesIn(folder), ["good"]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("madeWhole() removes what a killed process left long ago, and nothing else", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const old = new Date(0);
    for (const name of ["old.999999999.half", "new.999999999.half", `own.${Deno.pid}.half`]) {
      await Deno.mkdir(`${folder}/${name}`);
    }
    await Deno.utime(`${folder}/old.999999999.half`, old, old);
    await Deno.utime(`${folder}/own.${Deno.pid}.half`, old, old);
    await madeWhole(`${folder}/good`, (half) => Deno.writeTextFile(half, "whole"));
    assertEquals(await namesIn(folder), ["good", "new.999999999.half", `own.${Deno.pid}.half`]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("madeWhole() makes for two at once what both ask for, and only once", async () => {
  const folder = await Deno.makeTempDir();
  try {
    let made = 0;
    const make = async (half: string) => {
      made++;
      await Deno.mkdir(half);
      await Deno.writeTextFile(`${half}/file`, "whole");
    };
    await Promise.all([madeWhole(`${folder}/good`, make), madeWhole(`${folder}/good`, make)]);
    assertEquals([made, await namesIn(folder), await namesIn(`${folder}/good`)], [1, ["good"], ["file"]]);
    await madeWhole(`${folder}/good`, make);
    assertEquals(made, 2);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("forgetOldest() keeps what was used last, and does not mind what another one has removed", async () => {
  const folder = await Deno.makeTempDir();
  try {
    for (const [place, name] of ["first", "second", "third"].entries()) {
      await Deno.mkdir(`${folder}/${name}`);
      await Deno.utime(`${folder}/${name}`, place, place);
    }
    const paths = ["second", "gone", "third", "first"].map((name) => `${folder}/${name}`);
    await forgetOldest(paths, 2);
    assertEquals(await namesIn(folder), ["second", "third"]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
