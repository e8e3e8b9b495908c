import { assertEquals } from "@std/assert";
import { isSize, sizeInBytes, sizeSchema } from "./size.ts";

function bytes(text: string | number, pageSize = 4096): bigint {
  return sizeInBytes(sizeSchema.parse(text), pageSize);
}

Deno.test("sizeInBytes() counts pages of the target", () => {
  assertEquals(bytes("4 pages"), 16384n);
  assertEquals(bytes("4 pages", 65536), 262144n);
  assertEquals(bytes("1 page - 1"), 4095n);
});

Deno.test("sizeInBytes() knows binary units, powers of two and bare numbers", () => {
  assertEquals(bytes("1MiB"), 1048576n);
  assertEquals(bytes("2^63"), 1n << 63n);
  assertEquals(bytes("2^64 - 1 page"), (1n << 64n) - 4096n);
  assertEquals(bytes(4095), 4095n);
  assertEquals(bytes("1GiB + 3 pages - 1"), (1n << 30n) + 3n * 4096n - 1n);
});

Deno.test("isSize() refuses what is not a size", () => {
  for (const text of ["", "4 bananas", "-1", "1 MB", "2^", "4 pages +", "0x10"]) {
    assertEquals(isSize(text), false, text);
  }
});
