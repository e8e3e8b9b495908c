import { assertEquals, assertRejects } from "@std/assert";
import { VmError } from "../failure.ts";
import { applyPatch, readPatch, recordOf } from "./patch.ts";

const BEFORE = "one\ntwo\nthree\n";
const AFTER = "one\nTWO\nthree\n";
const PATCH = `--- a/drivers/file.c
+++ b/drivers/file.c
@@ -1,3 +1,3 @@
 one
-two
+TWO
 three
`;

/** Sources of one file, and a patch in a file. */
class Tree implements AsyncDisposable {
  readonly folder = Deno.makeTempDirSync();
  readonly path = `${this.folder}/fix.patch`;
  readonly #file = `${this.folder}/linux/drivers/file.c`;

  constructor(text: string, patch: string = PATCH) {
    Deno.mkdirSync(`${this.folder}/linux/drivers`, { recursive: true });
    Deno.writeTextFileSync(this.#file, text);
    Deno.writeTextFileSync(this.path, patch);
  }

  async apply(): Promise<string> {
    await applyPatch(`${this.folder}/linux`, await readPatch(this.path), "Linux 7.3.4");
    return await Deno.readTextFile(this.#file);
  }

  /** What is said of a patch that is refused; without the folder, which is another one each time. */
  async refused(): Promise<readonly [string, string]> {
    const { message, hint } = await assertRejects(() => this.apply(), VmError);
    return [message.replaceAll(`${this.folder}/`, ""), hint];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.folder, { recursive: true });
  }
}

Deno.test("a patch changes the sources, and is named in the record of the kernel", async () => {
  await using tree = new Tree(BEFORE);
  assertEquals(await tree.apply(), AFTER);
  const { name, version, sha256 } = recordOf(await readPatch(tree.path));
  assertEquals([name, version, sha256.length], ["fix.patch", "patch", 64]);
});

Deno.test("a patch that does not apply is refused with the places", async () => {
  await using tree = new Tree("one\n2\nthree\n");
  const [message, hint] = await tree.refused();
  assertEquals(message, 'The patch "fix.patch" does not apply to Linux 7.3.4: drivers/file.c, line 1');
  assertEquals(hint.startsWith("Make it against these sources"), true);
});

Deno.test("a patch of a file that there is not is refused with its name", async () => {
  await using tree = new Tree(BEFORE, PATCH.replaceAll("file.c", "none.c"));
  const [message] = await tree.refused();
  assertEquals(
    message,
    'The patch "fix.patch" does not apply to Linux 7.3.4: there is no file a/drivers/none.c',
  );
});

Deno.test("a patch that is there already is refused", async () => {
  await using tree = new Tree(BEFORE);
  await tree.apply();
  assertEquals(await tree.refused(), [
    'The patch "fix.patch" was applied before: Linux 7.3.4 has it, or it is given twice',
    "Leave it out",
  ]);
});

Deno.test("what is no patch is refused, and so is a file that cannot be read", async () => {
  const hint = "Name a file that git format-patch or diff -u has written";
  await using garbage = new Tree(BEFORE, "It was a dark and stormy night\n");
  assertEquals(await garbage.refused(), ['"fix.patch" is no patch', hint]);
  await using empty = new Tree(BEFORE, "");
  assertEquals(await empty.refused(), ['The patch "fix.patch" is empty', hint]);
  const refused = async (path: string) =>
    (await assertRejects(() => readPatch(path), VmError)).message.replaceAll(empty.folder, "");
  assertEquals(
    await refused(`${empty.folder}/none`),
    'The patch "/none" cannot be read: there is no such file',
  );
  assertEquals(await refused(empty.folder), 'The patch "" cannot be read: it is a folder');
});

Deno.test("what is no patch is refused before there are sources", async () => {
  await using tree = new Tree(BEFORE, "It was a dark and stormy night\n");
  await assertRejects(() => readPatch(tree.path), VmError, "is no patch");
});
