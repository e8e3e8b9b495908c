import { assertEquals } from "@std/assert";
import { ERRNO_NAMES, errnoName, errnoNumber, isErrnoName } from "./errno.ts";

Deno.test("errnoNumber() gives the number of the architecture, not the generic one", () => {
  assertEquals(errnoNumber("EBADFD"), 77);
  assertEquals(errnoNumber("EBADFD", "alpha"), 114);
  assertEquals(errnoNumber("EBADFD", "mips"), 81);
  assertEquals(errnoNumber("EBADFD", "parisc"), 168);
  assertEquals(errnoNumber("EBADFD", "sparc"), 93);
  assertEquals(errnoNumber("ENODEV", "sparc"), 19);
});

Deno.test("errnoName() is the inverse of errnoNumber() on every architecture", () => {
  for (const architecture of ["generic", "alpha", "mips", "parisc", "sparc"] as const) {
    for (const name of ERRNO_NAMES) {
      assertEquals(errnoName(errnoNumber(name, architecture), architecture), name);
    }
  }
});

Deno.test("isErrnoName() does not take inherited property names for errors", () => {
  assertEquals(isErrnoName("ENODEV"), true);
  assertEquals(isErrnoName("ENODEVICE"), false);
  assertEquals(isErrnoName("toString"), false);
  assertEquals(isErrnoName(19), false);
});
