import { assertEquals } from "@std/assert";
import { parseLeaks } from "./kmemleak.ts";

const LIST = `unreferenced object 0xffff888004a3b000 (size 192):
  comm "helper", pid 312, jiffies 4294901234
  hex dump (first 32 bytes):
    00 00 00 00 00 00 00 00 08 b0 a3 04 80 88 ff ff  ................
    08 b0 a3 04 80 88 ff ff 00 00 00 00 00 00 00 00  ................
  backtrace (crc 5c1ee2b7):
    kmemleak_alloc+0x4a/0x90
    __kmalloc_cache_noprof+0x1c3/0x2f0
    dma_buf_dynamic_attach+0x9c/0x2a0
    conform_attach+0x51/0xd0 [dmabuf_conform]
    do_syscall_64+0x8c/0x1a0
unreferenced object 0xffff888004a3c000 (size 64):
  comm "helper", pid 312, jiffies 4294901290
  backtrace (crc 0):
    [<00000000a1b2c3d4>] kmalloc_node_trace+0x2a/0x90
`;

Deno.test("what the kernel lists as lost is told by its size and who asked for it", () => {
  assertEquals(parseLeaks(LIST), [
    "192 bytes that nothing points to (kmemleak), from dma_buf_dynamic_attach < conform_attach < do_syscall_64",
    "64 bytes that nothing points to (kmemleak), from nobody known",
  ]);
  assertEquals(parseLeaks(""), []);
});

Deno.test("what was lost in the same way is told once, with how often", () => {
  const [first = ""] = LIST.split(/(?=unreferenced object 0xffff888004a3c000)/);
  assertEquals(parseLeaks(first + first.replace("4a3b000", "4a3d000")), [
    "2 times 192 bytes that nothing points to (kmemleak), from dma_buf_dynamic_attach < conform_attach < do_syscall_64",
  ]);
});
