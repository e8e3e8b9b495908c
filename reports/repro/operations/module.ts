/**
 * The kernel module's importer and its test exporter in C.
 *
 * @module
 */
import type { ErrnoName } from "../../../spec/errno.ts";
import type { Args } from "../../../spec/operations/mod.ts";
import { cString, flags, sizeText } from "../c.ts";
import { fdText, NoForm, on } from "../emit.ts";
import * as helpers from "../helpers/importer.ts";

/** Added to every delay, in milliseconds, as the native target does: a wait must last until it can be seen to be one. */
const LEAST_DELAY_MS = 400;

function policyFields(given: Args<"importer.attach">["on_invalidate"]): readonly string[] {
  if (typeof given === "string") return [`.policy = CONFORM_POLICY_${given.toUpperCase()}`];
  const [policy, ms] = "job_ms" in given ? ["JOB", given.job_ms] : ["LATER", given.unmap_after_ms];
  return [`.policy = CONFORM_POLICY_${policy}`, `.delay_ms = ${LEAST_DELAY_MS + Number(ms)}`];
}

function errorText(answer: ErrnoName | "ok" | "absent" | "null"): string | undefined {
  return answer === "ok" || answer === "absent" || answer === "null" ? undefined : answer;
}

/** A structure as an argument: the fields that are not zero. */
export function literal(name: string, fields: readonly (string | undefined)[]): string {
  const given = fields.filter((field) => field !== undefined);
  return `(struct ${name}){ ${given.join(", ") || "0"} }`;
}

function bits(field: string, ...names: readonly (string | false)[]): string | undefined {
  const text = flags(...names);
  return text === "0" ? undefined : `.${field} = ${text}`;
}

/** How `importer.*` and `exporter.*` are written. */
export const moduleOperations = [
  on("importer.attach", ({ buffer, kind, peer_to_peer, on_invalidate, device, callbacks }, scope) => {
    if (callbacks !== undefined) {
      throw new NoForm("an importer with two callbacks, which no released kernel knows");
    }
    const attach = literal("conform_attach", [
      `.dmabuf_fd = ${fdText(scope, buffer)}`,
      `.kind = CONFORM_KIND_${kind.toUpperCase()}`,
      ...policyFields(on_invalidate),
      bits(
        "flags",
        (peer_to_peer ?? kind !== "static") && "CONFORM_ATTACH_PEER2PEER",
        device === "none" && "CONFORM_ATTACH_NO_DEVICE",
      ),
    ]);
    return { call: `importer_attach(${cString(scope.told)}, ${attach})`, uses: [helpers.importers] };
  }),
  on("importer.detach", ({ attachment }, scope) => ({
    call: `ask(CONFORM_DETACH, ${scope.object(attachment).c})`,
    uses: [helpers.moduleObject],
  })),
  on("importer.revocable", ({ attachment }, scope) => ({
    call: `ask(CONFORM_REVOCABLE, ${scope.object(attachment).c})`,
    uses: [helpers.moduleObject],
    shows: "truth",
  })),
  on("importer.pin", ({ attachment }, scope) => ({
    call: `ask(CONFORM_PIN, ${scope.object(attachment).c})`,
    uses: [helpers.moduleObject],
  })),
  on("importer.unpin", ({ attachment }, scope) => ({
    call: `ask(CONFORM_UNPIN, ${scope.object(attachment).c})`,
    uses: [helpers.moduleObject],
  })),
  on("importer.map", ({ attachment }, scope) => ({
    call: `importer_map(CONFORM_MAP, ${scope.object(attachment).c})`,
    uses: [helpers.importerMap],
  })),
  on("importer.unmap", ({ mapping }, scope) => ({
    call: `ask(CONFORM_UNMAP, ${scope.object(mapping).c})`,
    uses: [helpers.moduleObject],
  })),
  on("importer.private_map", ({ attachment }, scope) => ({
    call: `private_map(${scope.object(attachment).c})`,
    uses: [helpers.privateMap],
  })),
  on("importer.dma_read", ({ mapping, page }, scope) => ({
    call: `dma_read(${scope.object(mapping).c}, ${page})`,
    uses: [helpers.importerAccess],
    shows: "number",
  })),
  on("importer.dma_write", ({ mapping, page, value }, scope) => ({
    call: `dma_write(${scope.object(mapping).c}, ${page}, ${value})`,
    uses: [helpers.importerWrite],
  })),
  on("importer.vmap", ({ attachment }, scope) => ({
    call: `importer_map(CONFORM_VMAP, ${scope.object(attachment).c})`,
    uses: [helpers.importerMap],
  })),
  on("importer.vunmap", ({ vmapping }, scope) => ({
    call: `ask(CONFORM_VUNMAP, ${scope.object(vmapping).c})`,
    uses: [helpers.moduleObject],
  })),
  on("importer.begin_cpu_access", ({ attachment }, scope) => ({
    call: `begin_cpu_access(${scope.object(attachment).c})`,
    uses: [helpers.cpuAccess],
  })),
  on("exporter.create", (args, scope) => {
    const { size, attach, pin, map, mmap, vmap, omit, revoke, revoke_semantics, over } = args;
    if (revoke !== "absent" || revoke_semantics) {
      throw new NoForm("an exporter whose core has a revoke operation, which no released kernel has");
    }
    const errors = [["attach", attach], ["pin", pin], ["map", map]] as const;
    const create = literal("conform_export", [
      `.size = ${sizeText(size)}`,
      bits(
        "flags",
        mmap && "CONFORM_EXPORT_MMAP",
        vmap && "CONFORM_EXPORT_VMAP",
        pin !== "absent" && "CONFORM_EXPORT_PIN",
        map === "null" && "CONFORM_EXPORT_NULL_MAP",
      ),
      ...errors.map(([name, answer]) => errorText(answer) && `.${name}_error = ${errorText(answer)}`),
      bits("omit", ...omit.map((each) => `CONFORM_OMIT_${each.toUpperCase()}`)),
      `.over_fd = ${over === undefined ? -1 : scope.object(over).c}`,
    ]);
    return { call: `exporter_create(${create})`, uses: [helpers.testExporter] };
  }),
  on("exporter.counts", ({ buffer }, scope) => ({
    call: `exporter_counts(${scope.object(buffer).c})`,
    uses: [helpers.exporterCounts],
  })),
  on("exporter.move", ({ buffer }, scope) => ({
    call: `exporter_buffer(CONFORM_MOVE, ${scope.object(buffer).c}, 0)`,
    uses: [helpers.exporterBuffer],
  })),
  on("exporter.invalidate", ({ buffer, locked }, scope) => ({
    call: `exporter_buffer(CONFORM_INVALIDATE, ${scope.object(buffer).c}, ${
      locked ? "0" : "CONFORM_BUFFER_UNLOCKED"
    })`,
    uses: [helpers.exporterBuffer],
  })),
] as const;
