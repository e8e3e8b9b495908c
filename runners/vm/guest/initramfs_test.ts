import { assertEquals } from "@std/assert";
import { packInitramfs } from "./initramfs.ts";

const HAS_CPIO = await has("cpio");

async function has(program: string): Promise<boolean> {
  const command = new Deno.Command("sh", { args: ["-c", `command -v ${program}`], stdout: "null" });
  return (await command.output()).success;
}

/** What cpio says of an archive, or what it takes out of it. */
async function cpio(archive: Uint8Array, ...args: string[]): Promise<string> {
  const child = new Deno.Command("cpio", {
    args: ["--quiet", ...args],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(archive);
  await writer.close();
  const { stdout, stderr, success } = await child.output();
  assertEquals([success, new TextDecoder().decode(stderr)], [true, ""]);
  return new TextDecoder().decode(stdout);
}

function text(value: string): Uint8Array {
  return new TextEncoder().encode(value);
}

const ENTRIES = [
  { kind: "device", path: "dev/console", major: 5, minor: 1 },
  { kind: "file", path: "init", bytes: text("#!"), mode: "0755" },
  { kind: "file", path: "etc/deep/steps", bytes: text("load x\n"), mode: "0644" },
  { kind: "link", path: "lib64", to: "image/lib" },
  { kind: "folder", path: "image" },
  { kind: "file", path: "empty", bytes: text(""), mode: "0644" },
] as const;

Deno.test(
  "cpio lists what packInitramfs() packs, with the folders above",
  { ignore: !HAS_CPIO },
  async () => {
    const listed = await cpio(packInitramfs(ENTRIES), "-itv", "--numeric-uid-gid");
    const rows = listed.trim().split("\n").map((line) => line.replace(/^(\S+) .* 1970 /, "$1 "));
    assertEquals(rows, [
      "drwxr-xr-x dev",
      "drwxr-xr-x etc",
      "drwxr-xr-x etc/deep",
      "crw------- dev/console",
      "-rwxr-xr-x init",
      "-rw-r--r-- etc/deep/steps",
      "lrwxrwxrwx lib64 -> image/lib",
      "drwxr-xr-x image",
      "-rw-r--r-- empty",
    ]);
  },
);

Deno.test("cpio takes out what was packed", { ignore: !HAS_CPIO }, async () => {
  const archive = packInitramfs(ENTRIES);
  assertEquals(await cpio(archive, "-i", "--to-stdout", "etc/deep/steps"), "load x\n");
  assertEquals(await cpio(archive, "-i", "--to-stdout", "init"), "#!");
});

Deno.test("packInitramfs() gives the same bytes for the same entries", () => {
  assertEquals(packInitramfs(ENTRIES), packInitramfs(ENTRIES));
});
