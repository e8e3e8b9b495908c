import { assertEquals } from "@std/assert";
import { didYouMean, nearest } from "./nearest.ts";

const WORDS = ["vfio.revoke", "vfio.reset", "buffer.mmap", "fails", "faults"];

Deno.test("nearest() finds the word behind a missing, an extra, a wrong and a swapped letter", () => {
  assertEquals(nearest("vfio.revok", WORDS), "vfio.revoke");
  assertEquals(nearest("vfio.revokee", WORDS), "vfio.revoke");
  assertEquals(nearest("buffer.mnap", WORDS), "buffer.mmap");
  assertEquals(nearest("fialt", ["fault", "other"]), "fault");
  assertEquals(nearest("FAILS", WORDS), "fails");
});

Deno.test("nearest() prefers the word that needs fewer changes", () => {
  assertEquals(nearest("fault", WORDS), "faults");
  assertEquals(nearest("fail", WORDS), "fails");
});

Deno.test("nearest() makes no guess where nothing is near", () => {
  assertEquals(nearest("importer.attach", WORDS), undefined);
  assertEquals(nearest("ab", ["cd", "x"]), undefined);
  assertEquals(nearest("x", []), undefined);
});

Deno.test("didYouMean() says what else to do where there is no guess", () => {
  assertEquals(didYouMean("fault", WORDS, "Look it up"), 'Did you mean "faults"?');
  assertEquals(didYouMean("importer", WORDS, "Look it up"), "Look it up");
});
