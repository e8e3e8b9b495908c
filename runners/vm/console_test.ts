import { assertEquals } from "@std/assert";
import { causeOf, floodOf, lastWord, linesOf, panicOf, tailOf } from "./console.ts";

const OOPS = `\x1b[2J\x1b[01;01HSeaBIOS
[    0.000000] Linux version 7.3.4\r
[    4.100000] BUG: kernel NULL pointer dereference, address: 0000000000000008\r\r
[    4.110000][   T62] Oops: Oops: 0002 [#1] SMP
[    4.120000] Kernel panic - not syncing: Fatal exception
[    4.130000] Kernel Offset: 0x1000000

`;

Deno.test("linesOf() takes away time stamps, cursor movements and empty lines", () => {
  assertEquals(linesOf(OOPS), [
    "SeaBIOS",
    "Linux version 7.3.4",
    "BUG: kernel NULL pointer dereference, address: 0000000000000008",
    "Oops: Oops: 0002 [#1] SMP",
    "Kernel panic - not syncing: Fatal exception",
    "Kernel Offset: 0x1000000",
  ]);
});

Deno.test("panicOf() and causeOf() give the kernel's own words", () => {
  const lines = linesOf(OOPS);
  assertEquals(panicOf(lines), "Fatal exception");
  assertEquals(causeOf(lines), "BUG: kernel NULL pointer dereference, address: 0000000000000008");
});

Deno.test("a console without a panic has none", () => {
  const lines = linesOf(
    "[    1.0] WARNING: at drivers/x.c\n[    2.0] conform: cannot mount /dev/vda: No such device\n",
  );
  assertEquals([panicOf(lines), causeOf(lines)], [undefined, undefined]);
  assertEquals(lastWord(lines), "cannot mount /dev/vda: No such device");
});

Deno.test("tailOf() keeps the last lines", () => {
  assertEquals(tailOf(["a", "b", "c"], 2), "b\nc");
});

Deno.test("floodOf() tells a console that is flooded from one that says much", () => {
  const numbered = (what: string) => Array.from({ length: 60 }, (_, index) => `${what} ${index}`);
  const flooded = ["begins", ...numbered("too much:"), "** 7 printk messages dropped **", "ends"];
  assertEquals(floodOf(flooded), {
    what: 'its console is flooded with lines like "too much: 0", 60 of the last 63',
    rest: ["begins", "ends"],
  });
  assertEquals(floodOf(["a", "b", "c"].flatMap(numbered)), undefined);
  assertEquals(floodOf(flooded.slice(0, 40)), undefined);
  assertEquals(floodOf([]), undefined);
});
