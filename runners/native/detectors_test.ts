import { assertEquals } from "@std/assert";
import { saysSwitchedOff, switchedOff, watching } from "./detectors.ts";
import { Files } from "./executor/files.ts";
import { testEachExecutor } from "./testing.ts";

await testEachExecutor(
  "a detector watches where it says so, and one that cannot be asked is none",
  async ({ executor }) => {
    const files = new Files(executor);
    const root = Deno.makeTempDirSync();
    try {
      assertEquals(await watching(files, undefined, root), []);
      Deno.mkdirSync(`${root}/proc`);
      Deno.mkdirSync(`${root}/sys/kernel/debug/dma-api`, { recursive: true });
      Deno.writeTextFileSync(
        `${root}/proc/lockdep_stats`,
        " max lockdep chains:  65536\n debug_locks:         1\n",
      );
      Deno.writeTextFileSync(`${root}/sys/kernel/debug/dma-api/disabled`, "N\n");
      assertEquals(await watching(files, undefined, root), ["lockdep", "DMA API debugging"]);
      Deno.writeTextFileSync(
        `${root}/proc/lockdep_stats`,
        " max lockdep chains:  65536\n debug_locks:         0\n",
      );
      assertEquals(await watching(files, undefined, root), ["DMA API debugging"]);
      assertEquals(await watching(files, ["lockdep"], root), []);
    } finally {
      Deno.removeSync(root, { recursive: true });
    }
  },
);

Deno.test("what is said of a detector that is off is known again, and no line of a kernel is", () => {
  assertEquals(saysSwitchedOff(switchedOff("lockdep")), true);
  assertEquals(saysSwitchedOff("DMA-API: debugging out of memory - disabling"), false);
});
