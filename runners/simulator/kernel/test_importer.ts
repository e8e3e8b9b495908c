/**
 * An importer that does as it is told: any kind of attachment, any way of answering the callback. It stands for a
 * driver; on a real kernel it is a test module.
 *
 * @module
 */
import type { ErrnoName } from "../../../spec/errno.ts";
import { isError } from "./check.ts";
import {
  type Attachment,
  type AttachOps,
  type DmaBuf,
  dmaBufAttach,
  dmaBufDetach,
  dmaBufMapAttachment,
  dmaBufPin,
  dmaBufPut,
  dmaBufUnmapAttachment,
  dmaBufUnpin,
  mapNow,
  type SgTable,
} from "./dma_buf.ts";
import { DmaFence } from "./dma_resv.ts";
import type { Kernel } from "./kernel.ts";
import type { Steps } from "./sched.ts";
import { shared, SharedObject } from "./shared.ts";

/** The kinds of importers. */
export type ImporterKind = "dynamic" | "revocable" | "pinned" | "static";

/** What the callback does with the mappings. */
export type InvalidatePolicy =
  | "unmap"
  | "keep"
  | "remap"
  | { readonly unmap_after_ms: number }
  /** Its device has a job that ends so many milliseconds later. */
  | { readonly job_ms: number };

/** How an importer attaches. */
export interface ImporterOptions {
  readonly kind: ImporterKind;
  readonly peerToPeer: boolean;
  readonly policy: InvalidatePolicy;
  readonly hasDevice: boolean;
  readonly name: string;
  /** Which callbacks it has where the core knows two; by its kind where left out. */
  readonly callbacks?: "both" | undefined;
}

/** What the driver answers where a detach has overtaken the request. */
const GONE = "EINVAL";

/** An attached importer. */
export class TestImporter extends SharedObject {
  readonly #policy: InvalidatePolicy;
  @shared
  private accessor mappings: readonly SgTable[] = [];
  @shared
  private accessor attached: Attachment | undefined;
  @shared
  private accessor pins = 0;

  private constructor(policy: InvalidatePolicy) {
    super();
    this.#policy = policy;
  }

  /** Attaches to a buffer, whose reference it takes over, and pins it if it is of a kind that pins. */
  static *attach(kernel: Kernel, dmabuf: DmaBuf, options: ImporterOptions): Steps<TestImporter | ErrnoName> {
    const importer = new TestImporter(options.policy);
    const ops = attachOps(kernel, options, (k, attachment) => importer.#invalidated(k, attachment));
    const request = { dmabuf, ops, hasDevice: options.hasDevice, name: options.name };
    const attachment = yield* dmaBufAttach(kernel, request);
    if (isError(attachment)) {
      dmaBufPut(kernel, dmabuf);
      return attachment;
    }
    importer.attached = attachment;
    if (options.kind !== "pinned" && options.kind !== "revocable") return importer;
    const error = yield* importer.pin(kernel);
    if (!error) return importer;
    yield* importer.detach(kernel);
    return error;
  }

  /** Whether it is attached. */
  get isAttached(): boolean {
    return this.attached !== undefined;
  }

  /** Its tie to the buffer; gone after the detach. */
  get attachment(): Attachment {
    const { attached } = this;
    if (!attached) throw new Error("Cannot use an importer that is not attached");
    return attached;
  }

  /** Pins the buffer. */
  *pin(kernel: Kernel): Steps<ErrnoName | undefined> {
    const { attachment } = this;
    yield attachment.dmabuf.resv.mutex.lock;
    const error = this.attached ? dmaBufPin(kernel, attachment) : GONE;
    attachment.dmabuf.resv.mutex.unlock();
    if (!error) this.pins++;
    return error;
  }

  /** Takes a pin back, if it has one. */
  *unpin(): Steps<void> {
    const { attachment } = this;
    yield attachment.dmabuf.resv.mutex.lock;
    if (this.pins > 0) {
      this.pins--;
      dmaBufUnpin(attachment);
    }
    attachment.dmabuf.resv.mutex.unlock();
  }

  /** Maps the buffer for its device. */
  *map(kernel: Kernel): Steps<SgTable | ErrnoName> {
    const { attachment } = this;
    yield attachment.dmabuf.resv.mutex.lock;
    const mapping = this.attached ? yield* dmaBufMapAttachment(kernel, attachment) : GONE;
    attachment.dmabuf.resv.mutex.unlock();
    if (!isError(mapping)) this.mappings = [...this.mappings, mapping];
    return mapping;
  }

  /** Gives one mapping back. */
  *unmap(kernel: Kernel, mapping: SgTable): Steps<void> {
    const { resv } = mapping.attachment.dmabuf;
    yield resv.mutex.lock;
    dmaBufUnmapAttachment(kernel, mapping);
    this.mappings = this.mappings.filter((each) => each !== mapping);
    resv.mutex.unlock();
  }

  /** Gives back what it has and detaches. */
  *detach(kernel: Kernel): Steps<void> {
    const attachment = this.attached;
    if (!attachment) return;
    for (const mapping of this.mappings) yield* this.unmap(kernel, mapping);
    while (this.pins > 0) yield* this.unpin();
    this.attached = undefined;
    yield* dmaBufDetach(attachment);
    dmaBufPut(kernel, attachment.dmabuf);
  }

  /** The callback; the reservation lock is held. */
  #invalidated(kernel: Kernel, attachment: Attachment): void {
    const { name } = attachment;
    kernel.events.push({ event: "invalidate", attachment: name });
    if (this.#policy === "keep") return;
    if (typeof this.#policy === "object") return this.#finishLater(kernel, attachment, this.#policy);
    this.#unmapAll(kernel, attachment);
    if (this.#policy === "remap") this.#remap(kernel, attachment);
  }

  /** A job that goes on has a fence in the reservation before the callback returns (INVAL-16). */
  #finishLater(
    kernel: Kernel,
    attachment: Attachment,
    policy: Exclude<InvalidatePolicy, string>,
  ): void {
    const { dmabuf, name } = attachment;
    if ("unmap_after_ms" in policy) {
      kernel.spawn(`deferred unmap of ${name}`, this.#unmapLater(kernel, attachment, policy.unmap_after_ms));
      return;
    }
    const job = new DmaFence(kernel.nextId());
    const { jobFence } = kernel.rules.core;
    if (jobFence !== "none") dmabuf.resv.add(job, jobFence);
    kernel.spawn(`job of ${name}`, this.#unmapLater(kernel, attachment, policy.job_ms, job));
  }

  #unmapAll(kernel: Kernel, { name }: Attachment): void {
    if (this.mappings.length === 0) return;
    for (const mapping of this.mappings) dmaBufUnmapAttachment(kernel, mapping);
    this.mappings = [];
    kernel.events.push({ event: "unmap", attachment: name });
  }

  #remap(kernel: Kernel, attachment: Attachment): void {
    const mapping = mapNow(kernel, attachment);
    const errno = isError(mapping) ? mapping : null;
    kernel.events.push({ event: "remap", attachment: attachment.name, errno });
    if (!isError(mapping)) this.mappings = [...this.mappings, mapping];
  }

  /** By then the importer may have detached, which has given everything back. */
  *#unmapLater(kernel: Kernel, attachment: Attachment, ms: number, job?: DmaFence): Steps<void> {
    yield* kernel.sleep(ms);
    job?.signal();
    if (!this.attached) return;
    yield attachment.dmabuf.resv.mutex.lock;
    this.#unmapAll(kernel, attachment);
    attachment.dmabuf.resv.mutex.unlock();
  }
}

function attachOps(
  kernel: Kernel,
  options: ImporterOptions,
  invalidate: (kernel: Kernel, attachment: Attachment) => void,
): AttachOps | undefined {
  const allowPeer2peer = options.peerToPeer;
  switch (options.kind) {
    case "static":
      return undefined;
    case "pinned":
      return { allowPeer2peer };
    case "dynamic":
      return { allowPeer2peer, invalidate, ...(options.callbacks && { revokeNotify: invalidate }) };
    case "revocable":
      return { allowPeer2peer, [kernel.rules.core.revocableCallback]: invalidate };
  }
}
