import { assert, assertEquals, assertMatch, assertStringIncludes, assertThrows } from "@std/assert";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Failure, type Io } from "../io.ts";
import { repro, type ReproArguments } from "./repro.ts";

const CASE = "vfio/mmap/mmap-after-revoke";
const ARGUMENTS: ReproArguments = { name: CASE, language: "c", target: "native" };

function printed(args: ReproArguments): string {
  let out = "";
  const io: Io = {
    out: (text) => out += text,
    err: () => {},
    columns: undefined,
    colours: false,
    signal: new AbortController().signal,
  };
  assertEquals(repro(args, io), 0);
  return out;
}

Deno.test("conform repro prints the title, the reason, the clause with its source, and how to build and run it", () => {
  const [top = ""] = printed(ARGUMENTS).split("*/");
  const words = top.replaceAll(/\n \*\s*/g, " ");
  for (
    const part of [
      "mmap of a permanently revoked buffer fails with ENODEV",
      "A holder of the old descriptor must not get a new window into it.",
      "VMM-01: Mapping a revoked VFIO dma-buf into a process MUST fail with ENODEV",
      "https://lore.kernel.org/all/",
      "cc -Wall -pthread -o mmap-after-revoke mmap-after-revoke.c",
      "./mmap-after-revoke ADDRESS ",
      "a PCI device bound to vfio-pci",
    ]
  ) assertStringIncludes(words, part);
});

Deno.test("conform repro puts the file and the module's header into a folder", () => {
  const folder = mkdtempSync(join(tmpdir(), "repro-"));
  try {
    const target = "native:reference=matt-v1-vfio";
    const file = printed({ ...ARGUMENTS, target, language: "kselftest", out: folder }).trim();
    assertEquals(file, join(folder, "mmap-after-revoke.c"));
    const text = readFileSync(file, "utf8");
    for (
      const word of ["TEST_F(", "ASSERT_LE(0, dev_fd);", "EXPECT_EQ(-ENODEV, result);", "TEST_HARNESS_MAIN"]
    ) {
      assertStringIncludes(text, word);
    }
    assert(existsSync(join(folder, "conform.h")));
  } finally {
    rmSync(folder, { recursive: true });
  }
});

Deno.test("conform repro says what it cannot write, and what to do", () => {
  const table = [
    [{ ...ARGUMENTS, name: "vfio/mmap/mmap-after-revok" }, /no case "vfio\/mmap\/mmap-after-revok"/],
    [{ ...ARGUMENTS, target: "sim" }, /sim is not the native target/],
    [{ ...ARGUMENTS, target: "native:reference=nobody" }, /cannot follow "nobody"/],
  ] as const;
  for (const [args, message] of table) {
    assertMatch(assertThrows(() => printed(args), Failure).message, message);
  }
});
