import { assertEquals } from "@std/assert";
import { ERRNO_NAMES, errnoName, errnoNumber, isErrnoName, KERNEL_ONLY_ERRNOS } from "./errno.ts";

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

Deno.test("every error of the C library's headers has its name and number here", async () => {
  const text = (await Promise.all(["errno-base.h", "errno.h"].map(readHeader))).join("");
  const defined = [...text.matchAll(/^#define\s+(E\w+)\s+(\d+)/gm)];
  for (const [, name, number] of defined) assertEquals(errnoName(Number(number)), name);
});

/** A header of the kernel's interface; empty where this machine has none. */
async function readHeader(name: string): Promise<string> {
  try {
    return await Deno.readTextFile(`/usr/include/asm-generic/${name}`);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "";
    throw error;
  }
}

Deno.test("KERNEL_ONLY_ERRNOS are those that no user space call returns", () => {
  for (const name of ["ERESTARTSYS", "EPROBE_DEFER", "ENOTSUPP"] as const) {
    assertEquals(KERNEL_ONLY_ERRNOS.includes(name), true);
  }
  assertEquals(KERNEL_ONLY_ERRNOS.includes("EOPNOTSUPP"), false);
  assertEquals(ERRNO_NAMES.filter((name) => errnoNumber(name) >= 512), KERNEL_ONLY_ERRNOS);
});
