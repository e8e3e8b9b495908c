/**
 * Mistakes in CPU mappings of a buffer.
 *
 * @module
 */
import { Memory, PageTable } from "../kernel/mm.ts";
import { window } from "../kernel/sched.ts";
import type { VfioPciDmaBuf } from "../kernel/vfio_pci_dmabuf.ts";
import { forget, inCore, inVfio, type Mutant, mutantOf, tooEarly } from "./mutant.ts";

const DIALECT = "matt-v1-vfio";

/** The mutants of CPU mappings. */
export const mmapMutants: readonly Mutant[] = [
  mutantOf(DIALECT, {
    id: "mmap-of-revoked-buffer",
    title: "A revoked buffer can be mapped into a process",
    breaks: ["VMM-01", "VMM-04", "VST-09"],
    inspiration: "Leon Romanovsky's v1 has no check",
  }, inVfio(({ mmapChecks }) => ({ mmapChecks: forget(mmapChecks, "VMM-01") }))),
  mutantOf(DIALECT, {
    id: "private-before-state",
    title: "A private mapping of a revoked buffer fails with EINVAL",
    breaks: ["VMM-02"],
  }, inVfio(({ mmapChecks }) => ({ mmapChecks: tooEarly(mmapChecks, "VMM-02") }))),
  mutantOf(DIALECT, {
    id: "private-mapping-allowed",
    title: "A private mapping is allowed",
    breaks: ["VMM-02"],
  }, inVfio(({ mmapChecks }) => ({ mmapChecks: forget(mmapChecks, "VMM-02") }))),
  mutantOf(DIALECT, {
    id: "fault-on-revoked-buffer",
    title: "A fault on a revoked buffer is served",
    breaks: ["VMM-07", "VMM-08", "VMM-05", "VMM-13", "VST-09"],
  }, inVfio(() => ({ firstFaultCheck: [], secondFaultCheck: [] }))),
  mutantOf(
    DIALECT,
    {
      id: "fork-lists-late",
      title: "A fork copies the entries of a mapping before the file knows of the copy",
      breaks: ["VMM-09"],
    },
    inCore(() => ({
      *copyMapping(vma, child) {
        const entries = new PageTable();
        entries.copyFrom(vma.ptes);
        yield window("the entries and the copy of a mapping");
        const copy = vma.copyFor(child);
        copy.ptes.copyFrom(entries);
        return copy;
      },
    })),
  ),
  mutantOf(DIALECT, {
    id: "fault-looks-once",
    title: "A fault does not look at the state again once it holds the lock",
    breaks: ["VMM-08"],
  }, inVfio(() => ({ secondFaultCheck: [] }))),
  mutantOf(
    DIALECT,
    {
      id: "mmap-while-temporary",
      title: "A temporarily revoked buffer can be mapped into a process",
      breaks: ["VMM-01", "VST-09"],
    },
    inVfio(({ mmapChecks }) => ({
      mmapChecks: mmapChecks.map((check) =>
        check.clause === "VMM-01" ? { ...check, when: ({ buffer }) => buffer.status === "PERM" } : check
      ),
    })),
  ),
  mutantOf(
    DIALECT,
    {
      id: "fault-while-temporary",
      title: "A fault on a temporarily revoked buffer is served",
      breaks: ["VMM-07", "VMM-11", "VMM-14", "VST-09"],
    },
    inVfio(({ firstFaultCheck }) => {
      const isPermanent = firstFaultCheck.map((check) => ({
        ...check,
        when: ({ status }: VfioPciDmaBuf) => status === "PERM",
      }));
      return { firstFaultCheck: isPermanent, secondFaultCheck: isPermanent };
    }),
  ),
  mutantOf(
    DIALECT,
    {
      id: "state-before-size",
      title: "A mapping beyond the end of a revoked buffer fails with ENODEV",
      breaks: ["VMM-03"],
    },
    (rules) => ({
      ...rules,
      core: { ...rules.core, mmap: forget(rules.core.mmap, "BASE-07") },
      vfio: {
        ...rules.vfio,
        mmapChecks: [...rules.vfio.mmapChecks, {
          clause: "VMM-03",
          errno: "EINVAL",
          refuses: "a range beyond the end",
          when: ({ buffer, request }) => request.first + request.pages > buffer.frames.length,
        }],
      },
    }),
  ),
  mutantOf(DIALECT, {
    id: "fault-ignores-offset",
    title: "A fault maps the first page whatever the offset",
    breaks: ["VMM-06"],
  }, inVfio(({ frameOf }) => ({ frameOf: (buffer) => frameOf(buffer, 0) }))),
  mutantOf(
    DIALECT,
    {
      id: "fault-ignores-range-list",
      title: "A fault counts pages from the start of the first range",
      breaks: ["VMM-06"],
    },
    inVfio(() => ({
      frameOf: ({ frames }, page) => frames[0] && { memory: frames[0].memory, page: frames[0].page + page },
    })),
  ),
  mutantOf(DIALECT, {
    id: "refused-fault-gives-a-zero-page",
    title: "A fault on a revoked buffer gives a page of zeros",
    breaks: ["VMM-07"],
  }, inVfio(() => ({ refusedFault: () => ({ memory: new Memory(), page: 0 }) }))),
];
