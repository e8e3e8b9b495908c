/**
 * iommufd in C.
 *
 * @module
 */
import { flags, sizeText } from "../c.ts";
import { fdText, NoForm, on } from "../emit.ts";
import { openOrSkip } from "../helpers/files.ts";
import * as helpers from "../helpers/iommufd.ts";
import { literal } from "./module.ts";

/** The id of no object. */
const NO_ID = "0xfffffff0";

function mapFlags(access: readonly ("read" | "write")[], unknownFlag: boolean): string {
  return flags(
    access.includes("read") && "IOMMU_IOAS_MAP_READABLE",
    access.includes("write") && "IOMMU_IOAS_MAP_WRITEABLE",
    unknownFlag && "1 << 20",
  );
}

/** How `iommufd.*` is written. */
export const iommufdOperations = [
  on("iommufd.open", () => ({ call: 'open_or_skip("/dev/iommu")', uses: [openOrSkip] })),
  on("iommufd.ioas", ({ iommufd, type1 }, scope) => {
    const { c } = scope.object(iommufd);
    return {
      call: type1 ? `ioas_alloc_type1(${c})` : `ioas_alloc(${c})`,
      uses: type1 ? [helpers.ioasType1] : [helpers.ioasAlloc],
      about: { iommufd: c },
    };
  }),
  on("iommufd.hwpt", ({ ioas }, scope) => {
    const { c, iommufd = "" } = scope.object(ioas);
    if (!scope.facts.hasEdu) {
      return { call: `mock_domain(${iommufd}, ${c})`, uses: [helpers.mockDomain], about: { iommufd } };
    }
    return {
      call: `edu_attach(&${scope.own}, edu_address, ${iommufd}, ${c})`,
      uses: [helpers.edu],
      writes: true,
      about: { iommufd },
    };
  }),
  on("iommufd.destroy", ({ object }, scope) => {
    const { kind, c, iommufd = "" } = scope.object(object);
    if (kind === "hwpt" && scope.facts.hasEdu) {
      return { call: `result_of(close(${c}.device))`, uses: [helpers.edu] };
    }
    return { call: `iommu_destroy(${iommufd}, ${c})`, uses: [helpers.iommuDestroy] };
  }),
  on("iommufd.map_file", (args, scope) => {
    const { ioas, file, iova, length, start, access, unknown_flag, unknown_ioas } = args;
    const { c, iommufd = "" } = scope.object(ioas);
    const from = sizeText(start);
    const map = literal("iommu_ioas_map_file", [
      `.ioas_id = ${unknown_ioas ? NO_ID : c}`,
      `.fd = ${fdText(scope, file)}`,
      `.iova = ${sizeText(iova)}`,
      `.length = ${sizeText(length)}`,
      from === "0" ? undefined : `.start = ${from}`,
      `.flags = ${mapFlags(access, unknown_flag)}`,
    ]);
    return { call: `ioas_map_file(${iommufd}, ${map})`, uses: [helpers.ioasMapFile], shows: "number" };
  }),
  on("iommufd.unmap", ({ ioas, iova, length }, scope) => {
    const { c, iommufd = "" } = scope.object(ioas);
    return {
      call: `ioas_unmap(${iommufd}, ${c}, ${sizeText(iova)}, ${sizeText(length)})`,
      uses: [helpers.ioasUnmap],
      shows: "number",
    };
  }),
  on("iommufd.vfio_unmap", ({ ioas, iova, length }, scope) => ({
    call: `vfio_unmap(${scope.object(ioas).iommufd ?? ""}, ${sizeText(iova)}, ${sizeText(length)})`,
    uses: [helpers.vfioUnmap],
    shows: "number",
  })),
  on("iommufd.copy", (args, scope) => {
    const { ioas, from, from_iova, iova, length, access, unknown_flag } = args;
    const copy = literal("iommu_ioas_copy", [
      `.dst_ioas_id = ${scope.object(ioas).c}`,
      `.src_ioas_id = ${scope.object(from).c}`,
      `.dst_iova = ${sizeText(iova)}`,
      `.src_iova = ${sizeText(from_iova)}`,
      `.length = ${sizeText(length)}`,
      `.flags = ${mapFlags(access, unknown_flag)}`,
    ]);
    const { iommufd = "" } = scope.object(ioas);
    return { call: `ioas_copy(${iommufd}, ${copy})`, uses: [helpers.ioasCopy], shows: "number" };
  }),
  on("iommufd.dma_read", ({ hwpt, iova }, scope) => {
    requireEdu(scope.facts.hasEdu);
    return {
      call: `edu_dma_read(&${scope.object(hwpt).c}, ${sizeText(iova)})`,
      uses: [helpers.eduRead],
      shows: "number",
    };
  }),
  on("iommufd.dma_write", ({ hwpt, iova, value }, scope) => {
    requireEdu(scope.facts.hasEdu);
    return {
      call: `edu_dma_write(&${scope.object(hwpt).c}, ${sizeText(iova)}, ${value})`,
      uses: [helpers.eduWrite],
    };
  }),
  on("iommufd.access_read", ({ ioas, iova }, scope) => {
    const { c, iommufd = "" } = scope.object(ioas);
    return {
      call: `access_rw(${iommufd}, ${c}, ${sizeText(iova)}, 0, 0)`,
      uses: [helpers.accessRw],
      shows: "number",
    };
  }),
  on("iommufd.access_write", ({ ioas, iova, value }, scope) => {
    const { c, iommufd = "" } = scope.object(ioas);
    return {
      call: `access_rw(${iommufd}, ${c}, ${sizeText(iova)}, ${value}, IOMMU_TEST_RW_WRITE)`,
      uses: [helpers.accessRw],
    };
  }),
  on("iommufd.access_pin", ({ ioas, iova, length, access }, scope) => {
    const { c, iommufd = "" } = scope.object(ioas);
    const bits = access === "write" ? "IOMMU_TEST_ACCESS_WRITE" : "0";
    return {
      call: `access_pin(${iommufd}, ${c}, ${sizeText(iova)}, ${sizeText(length)}, ${bits})`,
      uses: [helpers.accessPin],
    };
  }),
  on("iommufd.change_process", ({ iommufd }, scope) => ({
    call: `ioas_change_process(${scope.object(iommufd).c})`,
    uses: [helpers.changeProcess],
  })),
  on("iommufd.mock_get", ({ iommufd, length }, scope) => ({
    call: `mock_get(${scope.object(iommufd).c}, ${sizeText(length)})`,
    uses: [helpers.mockGet],
  })),
  on("iommufd.mock_revoke", ({ iommufd, buffer, revoked }, scope) => ({
    call: `mock_revoke(${scope.object(iommufd).c}, ${fdText(scope, buffer)}, ${revoked})`,
    uses: [helpers.mockRevoke],
  })),
] as const;

function requireEdu(hasEdu: boolean): void {
  if (!hasEdu) throw new NoForm("DMA of a mock device");
}
