/**
 * The importer of the kernel module.
 *
 * @module
 */
import type { Args, OperationName } from "../../../spec/operations/mod.ts";
import {
  CONFORM_REQUESTS,
  CONFORM_VALUES,
  conformAccess,
  conformAttach,
  conformCpuAccess,
  conformMap,
  conformObject,
  conformPrivateMap,
} from "../abi/conform.ts";
import { Failed, Unsupported } from "../failure.ts";
import { moduleIn } from "../module_files.ts";
import type { ModuleObject } from "../objects.ts";
import { type NativeHandler, on, type Session } from "../session.ts";
import type { Strand } from "../strand.ts";
import type { Request } from "../abi/ioctl.ts";

const KINDS = {
  dynamic: CONFORM_VALUES.KIND_DYNAMIC,
  revocable: CONFORM_VALUES.KIND_REVOCABLE,
  pinned: CONFORM_VALUES.KIND_PINNED,
  static: CONFORM_VALUES.KIND_STATIC,
} as const;

const POLICIES = {
  unmap: CONFORM_VALUES.POLICY_UNMAP,
  keep: CONFORM_VALUES.POLICY_KEEP,
  remap: CONFORM_VALUES.POLICY_REMAP,
} as const;

/** Added to every delay, in milliseconds: a wait must last until it can be seen to be one, on a slow machine too. */
export const LEAST_DELAY_MS = 400;

/**
 * How late that may be over: the wheel on which the kernel keeps its timers turns in steps of an eighth of their time, and
 * what a timer begins waits for a processor of a busy machine.
 */
export const LATENESS_MS = 120;

function policyOf(given: Args<"importer.attach">["on_invalidate"]): { policy: number; delay_ms: number } {
  if (typeof given === "string") return { policy: POLICIES[given], delay_ms: 0 };
  return "job_ms" in given
    ? { policy: CONFORM_VALUES.POLICY_JOB, delay_ms: LEAST_DELAY_MS + given.job_ms }
    : { policy: CONFORM_VALUES.POLICY_LATER, delay_ms: LEAST_DELAY_MS + given.unmap_after_ms };
}

/** Sends a request that takes an object. */
async function ask(strand: Strand, { module, id }: ModuleObject, request: Request): Promise<number> {
  return (await module.ask(strand, request, conformObject, { id })).result;
}

async function access(
  session: Session,
  strand: Strand,
  { module, id }: ModuleObject,
  page: number,
  value?: number,
) {
  const offset = page * session.setting.machine.pageSize;
  const write = value === undefined ? 0 : 1;
  const values = { id, offset, size: 1, write, value: value ?? 0 };
  try {
    return Number((await module.ask(strand, CONFORM_REQUESTS.access, conformAccess, values)).value);
  } catch (error) {
    /* a page that the mapping does not have: the module takes it for a wrong argument, a device for a wrong address */
    throw error instanceof Failed && error.errno === "EINVAL" ? new Failed("EIO") : error;
  }
}

async function mapped(strand: Strand, { module, id }: ModuleObject, request: Request): Promise<ModuleObject> {
  const given = await module.ask(strand, request, conformMap, { attachment: id });
  return { module, id: given.id };
}

/** The handlers of `importer.*`. */
export const importerHandlers: readonly (readonly [OperationName, NativeHandler])[] = [
  on("importer.attach", async ({ session, strand, name }, args) => {
    const { buffer, kind, peer_to_peer, on_invalidate, device, callbacks } = args;
    if (callbacks !== undefined) throw new Unsupported("no released kernel knows two callbacks");
    const [process, dmabuf_fd] = typeof buffer === "number"
      ? [session.process, buffer]
      : [buffer.process, buffer.number];
    const module = await moduleIn(session, strand, process);
    const flags = (peer_to_peer ?? kind !== "static" ? CONFORM_VALUES.ATTACH_PEER2PEER : 0) |
      (device === "none" ? CONFORM_VALUES.ATTACH_NO_DEVICE : 0);
    const pci = device === "none" ? undefined : session.setting.machine.importer;
    const values = { dmabuf_fd, kind: KINDS[kind], flags, device: pci ?? "", ...policyOf(on_invalidate) };
    const { id } = await module.ask(strand, CONFORM_REQUESTS.attach, conformAttach, values);
    module.names.set(id, name);
    return { module, id };
  }),
  on("importer.detach", async ({ strand }, { attachment }) => {
    await ask(strand, attachment, CONFORM_REQUESTS.detach);
  }),
  on("importer.revocable", async ({ strand }, { attachment }) => {
    return await ask(strand, attachment, CONFORM_REQUESTS.revocable) === 1;
  }),
  on("importer.pin", async ({ strand }, { attachment }) => {
    await ask(strand, attachment, CONFORM_REQUESTS.pin);
  }),
  on("importer.unpin", async ({ strand }, { attachment }) => {
    await ask(strand, attachment, CONFORM_REQUESTS.unpin);
  }),
  on("importer.map", async ({ strand }, { attachment }) => {
    return await mapped(strand, attachment, CONFORM_REQUESTS.map);
  }),
  on("importer.unmap", async ({ strand }, { mapping }) => {
    await ask(strand, mapping, CONFORM_REQUESTS.unmap);
  }),
  on("importer.private_map", async ({ strand }, { attachment: { module, id } }) => {
    const values = { attachment: id };
    const { length } = await module.ask(strand, CONFORM_REQUESTS.privateMap, conformPrivateMap, values);
    return { length: Number(length) };
  }),
  on("importer.dma_read", async ({ session, strand }, { mapping, page }) => {
    return await access(session, strand, mapping, page);
  }),
  on("importer.dma_write", async ({ session, strand }, { mapping, page, value }) => {
    await access(session, strand, mapping, page, value);
  }),
  on("importer.vmap", async ({ strand }, { attachment }) => {
    return await mapped(strand, attachment, CONFORM_REQUESTS.vmap);
  }),
  on("importer.vunmap", async ({ strand }, { vmapping }) => {
    await ask(strand, vmapping, CONFORM_REQUESTS.vunmap);
  }),
  on("importer.begin_cpu_access", async ({ strand }, { attachment: { module, id } }) => {
    await module.ask(strand, CONFORM_REQUESTS.cpuAccess, conformCpuAccess, { attachment: id });
  }),
];
