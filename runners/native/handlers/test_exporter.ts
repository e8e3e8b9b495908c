/**
 * The test exporter of the kernel module, and its fences.
 *
 * @module
 */
import { type ErrnoName, errnoNumber } from "../../../spec/errno.ts";
import type { OperationName } from "../../../spec/operations/mod.ts";
import {
  CONFORM_REQUESTS,
  CONFORM_VALUES,
  conformBuffer,
  conformBufferCounts,
  conformExport,
  conformFenceAdd,
  conformFenceCreate,
  conformFenceSignal,
} from "../abi/conform.ts";
import { failureOf, Unsupported } from "../failure.ts";
import { moduleIn } from "../module_files.ts";
import { Descriptor } from "../objects.ts";
import { type Context, type NativeHandler, on } from "../session.ts";

const OMIT = {
  map: CONFORM_VALUES.OMIT_MAP,
  unmap: CONFORM_VALUES.OMIT_UNMAP,
  release: CONFORM_VALUES.OMIT_RELEASE,
  unpin: CONFORM_VALUES.OMIT_UNPIN,
} as const;

function numberOf(answer: ErrnoName | "ok" | "absent" | "null"): number {
  return answer === "ok" || answer === "absent" || answer === "null" ? 0 : errnoNumber(answer);
}

async function moduleOf({ session, strand }: Context, buffer: Descriptor) {
  return await moduleIn(session, strand, buffer.process);
}

/** The handlers of `exporter.*`. */
export const testExporterHandlers: readonly (readonly [OperationName, NativeHandler])[] = [
  on("exporter.create", async ({ session, strand }, args) => {
    const { size, attach, pin, map, mmap, vmap, omit, revoke, revoke_semantics, over } = args;
    const { reference } = session.setting.machine;
    if (revoke !== "absent" || (revoke_semantics && reference?.row.stateIn !== "core")) {
      throw new Unsupported("the core of no released kernel has a revoke operation or revoke semantics");
    }
    const process = over?.process ?? session.process;
    const module = await moduleIn(session, strand, process);
    const { fd } = await module.ask(strand, CONFORM_REQUESTS.export, conformExport, {
      size: session.bytes(size),
      flags: (mmap ? CONFORM_VALUES.EXPORT_MMAP : 0) | (vmap ? CONFORM_VALUES.EXPORT_VMAP : 0) |
        (pin === "absent" ? 0 : CONFORM_VALUES.EXPORT_PIN) |
        (map === "null" ? CONFORM_VALUES.EXPORT_NULL_MAP : 0) |
        (revoke_semantics ? CONFORM_VALUES.EXPORT_REVOKES : 0),
      attach_error: numberOf(attach),
      pin_error: numberOf(pin),
      map_error: numberOf(map),
      omit: omit.reduce((all, each) => all | OMIT[each], 0),
      over_fd: over?.number ?? -1,
    });
    return await session.buffer(process, fd);
  }),
  on("exporter.counts", async (context, { buffer }) => {
    const module = await moduleOf(context, buffer);
    const values = { dmabuf_fd: buffer.number };
    const found = await module.ask(
      context.strand,
      CONFORM_REQUESTS.bufferCounts,
      conformBufferCounts,
      values,
    );
    const { references, attachments, pins, mappings, fences } = found;
    return { references, attachments, pins, mappings, fences };
  }),
  on("exporter.move", async (context, { buffer }) => {
    const module = await moduleOf(context, buffer);
    await module.ask(context.strand, CONFORM_REQUESTS.move, conformBuffer, { dmabuf_fd: buffer.number });
  }),
  on("exporter.invalidate", async (context, { buffer, locked }) => {
    const { detectors } = context.session.setting.machine;
    if (!locked && !detectors.includes("lockdep")) {
      throw new Unsupported("this kernel does not look at its locks: use one with CONFIG_PROVE_LOCKING");
    }
    const module = await moduleOf(context, buffer);
    const flags = locked ? 0 : CONFORM_VALUES.BUFFER_UNLOCKED;
    const values = { dmabuf_fd: buffer.number, flags };
    await module.ask(context.strand, CONFORM_REQUESTS.invalidate, conformBuffer, values);
  }),
];

/** The handlers of `fence.*`, which the module can do in full. */
export const moduleFenceHandlers: readonly (readonly [OperationName, NativeHandler])[] = [
  on("fence.create", async ({ session, strand }) => {
    const { keeper, process } = session;
    const module = await moduleIn(session, strand, keeper);
    const made = await module.ask(strand, CONFORM_REQUESTS.fenceCreate, conformFenceCreate, {});
    const { id } = made;
    const number = await keeper.give(made.fd, process);
    await strand.do(keeper, "close", [made.fd]);
    session.atTheEnd(() =>
      module.ask(session.strand(), CONFORM_REQUESTS.fenceSignal, conformFenceSignal, { id })
    );
    if (number < 0) throw failureOf(number);
    return new Descriptor(process, number, { fence: { module, id } });
  }),
  on("fence.signal", async ({ strand }, { fence, error }) => {
    const known = fence.about.fence;
    if (!known) throw new Unsupported("only a fence of the module can be signalled");
    await known.module.ask(strand, CONFORM_REQUESTS.fenceSignal, conformFenceSignal, {
      id: known.id,
      error: error === undefined ? 0 : errnoNumber(error),
    });
  }),
  on("fence.add", async (context, { buffer, fence, usage }) => {
    if (fence.process !== buffer.process) {
      throw new Unsupported("the fence is in another process than the buffer");
    }
    const module = await moduleOf(context, buffer);
    await module.ask(context.strand, CONFORM_REQUESTS.fenceAdd, conformFenceAdd, {
      dmabuf_fd: buffer.number,
      fence_fd: fence.number,
      usage: CONFORM_VALUES[`USAGE_${usage}`],
    });
  }),
];
