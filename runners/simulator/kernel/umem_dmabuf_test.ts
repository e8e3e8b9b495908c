import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { DIALECTS } from "../dialects/mod.ts";
import { DmaBuf, type DmaBufOps } from "./dma_buf.ts";
import { Process } from "./file.ts";
import { Kernel, PAGE_SIZE } from "./kernel.ts";
import { Memory, type PageFrame } from "./mm.ts";
import type { Steps } from "./sched.ts";
import { atOnce, mapPages, revokeUmem, UmemDmabuf, unmapAttachment, unmapPages } from "./umem_dmabuf.ts";

function kernel(): Kernel {
  const dialect = DIALECTS.get("mainline-7.3");
  assert(dialect);
  return new Kernel(dialect.rules);
}

/** A region over a buffer that is made of pieces, each of so many neighbouring pages. */
function region(pieces: readonly number[], first: number, pages: number): UmemDmabuf {
  const frames: readonly PageFrame[] = pieces.flatMap((length) => {
    const memory = new Memory();
    return Array.from({ length }, (_, page) => ({ memory, page }));
  });
  const ops: DmaBufOps = { name: "test", map: () => frames, unmap: () => {} };
  const flags = { access: "rdwr", nonblock: false } as const;
  const dmabuf = new DmaBuf(1, { ops, priv: ops, size: frames.length * PAGE_SIZE, flags });
  const umem = new UmemDmabuf({
    fd: { process: new Process("test"), number: 3 },
    offset: BigInt(first * PAGE_SIZE),
    length: BigInt(pages * PAGE_SIZE),
    name: "mr",
  });
  umem.attachment = { dmabuf, ops: { allowPeer2peer: true }, peer2peer: true, name: "mr" };
  return umem;
}

function complete(on: Kernel, body: Steps<unknown>): unknown {
  const thread = on.call("test", body);
  on.complete(thread);
  return thread.result;
}

const cut = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 5 })
  .chain((pieces) => {
    const total = pieces.reduce((sum, length) => sum + length, 0);
    return fc.integer({ min: 0, max: total - 1 }).chain((first) =>
      fc.integer({ min: 1, max: total - first }).map((pages) => ({ pieces, first, pages }))
    );
  });

Deno.test("mapPages() covers exactly the pages of the region, however the buffer is cut", () => {
  fc.assert(fc.property(cut, ({ pieces, first, pages }) => {
    const on = kernel();
    const umem = region(pieces, first, pages);
    assertEquals(complete(on, mapPages(on, umem)), undefined);
    assertEquals(umem.pages, Array.from({ length: pages }, (_, index) => first + index));
  }));
});

Deno.test("unmapPages() gives the table back as it was handed out, and a second time nothing", () => {
  fc.assert(fc.property(cut, ({ pieces, first, pages }) => {
    const on = kernel();
    const umem = region(pieces, first, pages);
    complete(on, mapPages(on, umem));
    unmapPages(on, umem);
    unmapPages(on, umem);
    assertEquals(on.log, []);
    assertEquals(on.mappings.size, 0);
    assertEquals(umem.pages, []);
  }));
});

Deno.test("unmapAttachment tells of a table that is given back trimmed", () => {
  const on = kernel();
  const umem = region([2, 2], 1, 2);
  complete(on, mapPages(on, umem));
  unmapAttachment.run(on, umem);
  assertEquals(on.log.map(({ text }) => text), [
    "DMA-API: device driver frees DMA memory with different size",
  ]);
});

Deno.test("a callback that takes the reservation lock is reported, because its caller holds it", () => {
  const on = kernel();
  const umem = region([2], 0, 1);
  const takesTheLock = () => atOnce(on, [{ name: "revoke", clause: "INVAL-17", run: revokeUmem }], umem);
  complete(on, callingBack(umem, takesTheLock));
  assertEquals(on.log.map(({ text }) => text), [
    "lockdep: possible recursive locking detected: lock:resv of dma-buf 1",
  ]);
});

function* callingBack({ reservation }: UmemDmabuf, callback: () => void): Steps<void> {
  yield reservation.lock;
  callback();
  reservation.unlock();
}
