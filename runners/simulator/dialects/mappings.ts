/**
 * Pins and CPU mappings of a VFIO buffer, where a dialect has them.
 *
 * @module
 */
import type { ErrnoName } from "../../../spec/errno.ts";
import type { Checks } from "../kernel/check.ts";
import type { Attachment } from "../kernel/dma_buf.ts";
import type { VfioMmap, VfioPciDmaBuf } from "../kernel/vfio_pci_dmabuf.ts";

/** What the mmap operation of the series with CPU mappings refuses (M1-7). */
export const mmapChecks: Checks<VfioMmap> = [
  {
    clause: "VMM-01",
    errno: "ENODEV",
    refuses: "a revoked buffer",
    when: ({ buffer }) => buffer.status !== "OK",
  },
  {
    clause: "VMM-02",
    errno: "EINVAL",
    refuses: "a private mapping",
    /* of a descriptor that cannot write, do_mmap() makes no shared mapping (VM_SHARED), whatever was asked for */
    when: ({ request }) => request.sharing !== "shared" || request.file.flags.access === "rdonly",
  },
];

/** Which faults are refused, under the reservation lock and once more under the lock of the state (S2:77-95). */
export const faultChecks: Checks<VfioPciDmaBuf> = [
  { clause: "VMM-07", errno: "ENODEV", refuses: "a revoked buffer", when: ({ status }) => status !== "OK" },
];

/** Which attachments cannot be pinned: none where the exporter has no pin operation. */
export function pinChecks(answer: ErrnoName | "no op"): Checks<Attachment> {
  if (answer === "no op") return [];
  return [{ clause: "VATT-09", errno: answer, refuses: "every pin", when: () => true }];
}
