/**
 * dmabuf-conform: a conformance suite for the revoke semantics of Linux dma-buf.
 *
 * Load the ledger and the cases, run the cases on a target, judge what was seen, show it.
 *
 * @example Running every case of a profile on the simulator
 * ```ts
 * import { judge, loadCases, loadLedger, openTarget, runCases } from "@dmabuf-conform/dmabuf-conform";
 *
 * const { cases } = loadCases(loadLedger());
 * const nobody = { begin() {}, step() {}, end() {} };
 * const next = (seen: Parameters<typeof judge>[1] & { case: Parameters<typeof judge>[0] }) => {
 *   console.log(seen.case.id, judge(seen.case, seen, { pageSize: 4096 }).verdict);
 *   return "go on" as const;
 * };
 * await runCases(cases, openTarget("sim:matt-v1-vfio"), { next }, nobody);
 * ```
 *
 * @module
 */
export * from "./spec/mod.ts";
export * from "./cases/mod.ts";
export * from "./runners/mod.ts";
export * from "./reports/mod.ts";
