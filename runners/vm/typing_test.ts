import { assertEquals } from "@std/assert";
import { Typing } from "./typing.ts";

/** A machine that has just been started, and what it was given. */
function machine() {
  const given: string[] = [];
  const typing = new Typing((bytes) => Promise.resolve(void given.push(new TextDecoder().decode(bytes))));
  return { given, typing, type: (text: string) => typing.typed(new TextEncoder().encode(text)) };
}

Deno.test("what is typed while a kernel starts is given to the shell, in order, when that asks", async () => {
  const { given, typing, type } = machine();
  await type("uname -r\n");
  await typing.said("[    0.000000] Linux version 7.3.4 #1 SMP\r\n");
  await type("poweroff -f\n");
  assertEquals(given, []);
  await typing.said("/ ");
  await typing.said("# \x1b[6n");
  assertEquals(given, ["uname -r\n", "poweroff -f\n"]);
  await type("later\n");
  assertEquals(given.slice(2), ["later\n"]);
});

Deno.test("a command to QEMU is given at once, and nothing else of what was typed with it", async () => {
  const { given, typing, type } = machine();
  await type("before\x01cbehind\x01");
  assertEquals(given, ["\x01c", "\x01"]);
  await type("xlast");
  assertEquals(given.slice(2), ["x"]);
  await typing.said("$ ");
  assertEquals(given.slice(3), ["before", "behind", "last"]);
});

Deno.test("a kernel that writes a number behind a hash has no prompt", async () => {
  const { given, typing, type } = machine();
  await type("early");
  await typing.said("Oops: 0002 [#1] SMP\r\n# of devices: 4\r\n");
  assertEquals(given, []);
});
