/**
 * Address spaces: what user space asks of them, and the areas that they are made of
 * (drivers/iommu/iommufd/ioas.c, io_pagetable.c).
 *
 * Two locks, always in this order: `domains_rwsem` keeps the domains of an address space as they are, `iova_rwsem`
 * its areas.
 *
 * @module
 */
import type { ErrnoName } from "../../../spec/errno.ts";
import { isError, refusal } from "./check.ts";
import { dmaBufGet, dmaBufPut } from "./dma_buf.ts";
import { type Fd, fget } from "./file.ts";
import {
  allocDmaBufPages,
  FilePages,
  fillDomain,
  fillDomains,
  getPages,
  type IommuDomain,
  type IoptPages,
  pageOf,
  putPages,
  unfillDomain,
  unfillDomains,
} from "./iommufd_pages.ts";
import { type Kernel, PAGE_SIZE } from "./kernel.ts";
import type { Access } from "./mm.ts";
import { RwSemaphore, type Steps } from "./sched.ts";
import { shared, SharedObject } from "./shared.ts";

/** An address space: struct iommufd_ioas with its struct io_pagetable. */
export class Ioas extends SharedObject {
  readonly id: number;
  /** Whether it serves the requests of VFIO type1, which can split areas: disable_large_pages. */
  readonly type1: boolean;
  /** The areas, in the order of their addresses. */
  @shared
  accessor areas: readonly IoptArea[] = [];
  @shared
  accessor domains: readonly IommuDomain[] = [];
  /** Whether it was destroyed, so that its id names nothing. */
  @shared
  accessor destroyed = false;
  readonly domainsRwsem: RwSemaphore;
  readonly iovaRwsem: RwSemaphore;

  constructor(id: number, type1: boolean) {
    super();
    this.id = id;
    this.type1 = type1;
    this.domainsRwsem = new RwSemaphore("domains_rwsem", `IOAS ${id}`);
    this.iovaRwsem = new RwSemaphore("iova_rwsem", `IOAS ${id}`);
  }

  /** What addresses and lengths must be multiples of: anything goes until there is a domain; iova_alignment. */
  get alignment(): bigint {
    return this.type1 || this.domains.length > 0 ? BigInt(PAGE_SIZE) : 1n;
  }
}

/** A range of bytes of an address space. */
export interface IovaRange {
  readonly iova: bigint;
  readonly length: bigint;
}

/** A range of an address space that is mapped: struct iopt_area. */
export class IoptArea extends SharedObject implements IovaRange {
  readonly ioas: Ioas;
  readonly iova: bigint;
  readonly length: bigint;
  readonly access: readonly Access[];
  /** The page of its pages at which it starts. */
  readonly offset: number;
  /** `undefined` while it is being made or taken down, so that nobody else touches it. */
  @shared
  accessor pages: IoptPages | undefined;

  constructor(ioas: Ioas, range: IovaRange, access: readonly Access[], offset: number) {
    super();
    this.ioas = ioas;
    this.iova = range.iova;
    this.length = range.length;
    this.access = access;
    this.offset = offset;
  }

  /** The first page of the address space that it covers. */
  get first(): number {
    return pageOf(this.iova);
  }

  /** How many pages it covers. */
  get count(): number {
    return Number(this.length) / PAGE_SIZE;
  }
}

/** The address behind a range. */
function endOf({ iova, length }: IovaRange): bigint {
  return iova + length;
}

function overlaps(a: IovaRange, b: IovaRange): boolean {
  return a.iova < endOf(b) && b.iova < endOf(a);
}

/** The areas that a range touches, in order; iopt_area_iter_first(). */
export function areasIn(ioas: Ioas, range: IovaRange): readonly IoptArea[] {
  return ioas.areas.filter((area) => overlaps(area, range));
}

/** A request to map, in whichever way. */
export interface MapRequest extends IovaRange {
  readonly ioas: Ioas;
  readonly access: readonly Access[];
  /** Whether it sets a flag that nothing defines. */
  readonly unknownFlag: boolean;
}

/** The argument of IOMMU_IOAS_MAP_FILE. */
export interface MapFileRequest extends MapRequest {
  /** Whether its id names an address space. */
  readonly ioasExists: boolean;
  readonly fd: Fd;
  /** Where in the file it starts, in bytes. */
  readonly start: bigint;
}

/**
 * Maps a file into an address space; iommufd_ioas_map_file(), iopt_map_file_pages().
 *
 * @returns the address, or the error
 */
export function* ioasMapFile(kernel: Kernel, request: MapFileRequest): Steps<bigint | ErrnoName> {
  const rules = kernel.rules.iommufd;
  const refused = refusal(kernel, rules.mapFile, request);
  if (refused) return refused;
  const pages = yield* filePages(kernel, request);
  if (isError(pages)) return pages;
  return yield* mapPages(kernel, request, pages, 0);
}

/** A dma-buf is told from any other file by looking it up as one (IOFD-02). */
function* filePages(kernel: Kernel, request: MapFileRequest): Steps<IoptPages | ErrnoName> {
  const { fd, start, length } = request;
  const rules = kernel.rules.iommufd;
  const writable = request.access.includes("write");
  const dmabuf = dmaBufGet(kernel, fd);
  if (isError(dmabuf)) {
    const file = fget(fd);
    return file ? new FilePages(file, pageOf(start), writable) : rules.noSuchFile;
  }
  const pages = yield* allocDmaBufPages(kernel, { dmabuf, start, length }, writable);
  if (!isError(pages)) return pages;
  for (let puts = rules.putsAfterFailedMap; puts > 0; puts--) dmaBufPut(kernel, dmabuf);
  return pages;
}

/** An area that is asked for. */
export interface Placement {
  readonly request: MapRequest;
  readonly pages: IoptPages;
}

/**
 * Makes an area of pages, whose reference it takes over, and gives it its translations; iopt_map_pages(). An
 * invalidation can come at any moment in between: the pages are revoked then, and the area gets no translation.
 */
function* mapPages(
  kernel: Kernel,
  request: MapRequest,
  pages: IoptPages,
  offset: number,
): Steps<bigint | ErrnoName> {
  const { ioas } = request;
  yield ioas.iovaRwsem.write;
  const refused = refusal(kernel, kernel.rules.iommufd.placement, { request, pages });
  const area = refused ? undefined : insertArea(request, offset);
  ioas.iovaRwsem.upWrite();
  if (!area) return yield* abandon(kernel, pages, refused ?? "EINVAL");
  yield ioas.domainsRwsem.read;
  const error = fillDomains(kernel, area, pages);
  yield ioas.iovaRwsem.write;
  if (error) removeArea(area);
  else area.pages = pages;
  ioas.iovaRwsem.upWrite();
  ioas.domainsRwsem.upRead();
  return error ? yield* abandon(kernel, pages, error) : area.iova;
}

function insertArea(request: MapRequest, offset: number): IoptArea {
  const { ioas, access } = request;
  const area = new IoptArea(ioas, request, access, offset);
  ioas.areas = [...ioas.areas, area].sort((a, b) => a.iova < b.iova ? -1 : 1);
  return area;
}

function removeArea(area: IoptArea): void {
  area.ioas.areas = area.ioas.areas.filter((each) => each !== area);
}

function* abandon(kernel: Kernel, pages: IoptPages, error: ErrnoName): Steps<ErrnoName> {
  yield* putPages(kernel, pages);
  return error;
}

/** The argument of IOMMU_IOAS_UNMAP. */
export interface UnmapRequest extends IovaRange {
  readonly ioas: Ioas;
}

/** An area that a request to unmap touches. */
export interface UnmapOfArea {
  readonly range: IovaRange;
  readonly area: IoptArea;
}

/**
 * Unmaps every area of a range; iommufd_ioas_unmap().
 *
 * @returns how many bytes were mapped, or the error
 */
export function* ioasUnmap(kernel: Kernel, request: UnmapRequest): Steps<bigint | ErrnoName> {
  const rules = kernel.rules.iommufd;
  const refused = refusal(kernel, rules.unmap, request) ?? refusal(kernel, rules.unmapRange, request);
  if (refused) return refused;
  const unmapped = yield* unmapRange(kernel, request.ioas, request);
  return unmapped === 0n ? "ENOENT" : unmapped;
}

/** iopt_unmap_iova_range(): area by area, each taken down without iova_rwsem. */
function* unmapRange(kernel: Kernel, ioas: Ioas, range: IovaRange): Steps<bigint | ErrnoName> {
  const rules = kernel.rules.iommufd;
  let unmapped = 0n;
  let error: ErrnoName | undefined;
  yield ioas.domainsRwsem.read;
  yield ioas.iovaRwsem.write;
  for (let area = areasIn(ioas, range)[0]; area; area = areasIn(ioas, range)[0]) {
    error = refusal(kernel, rules.unmapArea, { range, area });
    const { pages } = area;
    if (error || !pages) break;
    unmapped += rules.unmappedBytes(area, pages);
    area.pages = undefined;
    ioas.iovaRwsem.upWrite();
    unfillDomains(area, pages);
    yield ioas.iovaRwsem.write;
    removeArea(area);
    ioas.iovaRwsem.upWrite();
    yield* putPages(kernel, pages);
    yield ioas.iovaRwsem.write;
  }
  ioas.iovaRwsem.upWrite();
  ioas.domainsRwsem.upRead();
  return error ?? unmapped;
}

/**
 * Unmaps a range as VFIO type1 does, which splits an area at the ends of the range; iommufd_vfio_unmap_dma().
 *
 * @returns how many bytes were mapped, or the error
 */
export function* vfioUnmap(kernel: Kernel, request: UnmapRequest): Steps<bigint | ErrnoName> {
  const { ioas } = request;
  const refused = refusal(kernel, kernel.rules.iommufd.unmapRange, request);
  if (refused) return refused;
  if (ioas.type1) {
    const error = (yield* cut(kernel, ioas, endOf(request))) ?? (yield* cut(kernel, ioas, request.iova));
    if (error) return error;
  }
  return yield* unmapRange(kernel, ioas, request);
}

/** An area that is to be split at an address inside it. */
export interface SplitRequest {
  readonly area: IoptArea;
  /** Where the right half starts. */
  readonly at: bigint;
}

/** Makes an address a border between areas; iopt_cut_iova(), iopt_area_split(). */
function* cut(kernel: Kernel, ioas: Ioas, at: bigint): Steps<ErrnoName | undefined> {
  yield ioas.domainsRwsem.read;
  yield ioas.iovaRwsem.write;
  const area = ioas.areas.find((each) => each.iova < at && at < endOf(each));
  const refused = area && refusal(kernel, kernel.rules.iommufd.split, { area, at });
  if (area && !refused) split(area, at);
  ioas.iovaRwsem.upWrite();
  ioas.domainsRwsem.upRead();
  return refused;
}

function split(area: IoptArea, at: bigint): void {
  const { ioas, pages, access } = area;
  if (!pages) return;
  const left = new IoptArea(ioas, { iova: area.iova, length: at - area.iova }, access, area.offset);
  const right = new IoptArea(ioas, { iova: at, length: endOf(area) - at }, access, area.offset + left.count);
  left.pages = pages;
  right.pages = getPages(pages);
  ioas.areas = ioas.areas.flatMap((each) => each === area ? [left, right] : [each]);
}

/** The argument of IOMMU_IOAS_COPY. */
export interface CopyRequest extends MapRequest {
  readonly from: Ioas;
  /** Where the range to copy starts in the other address space. */
  readonly fromIova: bigint;
}

/**
 * Maps what is mapped in an address space into another one, or elsewhere; iommufd_ioas_copy(). Whether the pages were
 * revoked is not asked (IOFD-11).
 *
 * @returns the address, or the error
 */
export function* ioasCopy(kernel: Kernel, request: CopyRequest): Steps<bigint | ErrnoName> {
  const rules = kernel.rules.iommufd;
  const refused = refusal(kernel, rules.copy, request);
  if (refused) return refused;
  const { from, fromIova, length } = request;
  yield from.iovaRwsem.read;
  const area = from.areas.find((each) => each.iova <= fromIova && fromIova + length <= endOf(each));
  const pages = area?.pages && getPages(area.pages);
  from.iovaRwsem.upRead();
  if (!area || !pages) return "ENOENT";
  const unusable = refusal(kernel, rules.copyPages, pages);
  if (unusable) return yield* abandon(kernel, pages, unusable);
  return yield* mapPages(kernel, request, pages, area.offset + pageOf(fromIova - area.iova));
}

/** Attaches a domain, which gets the translations of every area; iopt_table_add_domain(). */
export function* addDomain(kernel: Kernel, ioas: Ioas, domain: IommuDomain): Steps<ErrnoName | undefined> {
  yield ioas.domainsRwsem.write;
  yield ioas.iovaRwsem.write;
  const error = refusal(kernel, kernel.rules.iommufd.addDomain, ioas) ?? fillAll(kernel, ioas, domain);
  if (!error) ioas.domains = [...ioas.domains, domain];
  ioas.iovaRwsem.upWrite();
  ioas.domainsRwsem.upWrite();
  return error;
}

function fillAll(kernel: Kernel, ioas: Ioas, domain: IommuDomain): ErrnoName | undefined {
  for (const area of ioas.areas) {
    const error = fillDomain(kernel, area, domain);
    if (!error) continue;
    for (const done of ioas.areas) unfillDomain(done, domain);
    return error;
  }
  return undefined;
}

/** Takes a domain away, and its translations with it; iopt_table_remove_domain(). */
export function* removeDomain(ioas: Ioas, domain: IommuDomain): Steps<void> {
  yield ioas.domainsRwsem.write;
  yield ioas.iovaRwsem.write;
  for (const area of ioas.areas) unfillDomain(area, domain);
  ioas.domains = ioas.domains.filter((each) => each !== domain);
  ioas.iovaRwsem.upWrite();
  ioas.domainsRwsem.upWrite();
}

/** Unmaps everything; iopt_unmap_all(). */
export function* unmapAll(kernel: Kernel, ioas: Ioas): Steps<void> {
  yield* unmapRange(kernel, ioas, { iova: 0n, length: 1n << 64n });
}

/** An access of the CPU to pages of an address space, as drivers of emulated devices make it. */
export interface CpuAccess {
  readonly access: Access;
  readonly pages: IoptPages;
}

/**
 * Reads a byte with the CPU, or writes one where `value` is given; iommufd_access_rw().
 *
 * @returns the byte, or the error
 */
export function* accessRw(
  kernel: Kernel,
  ioas: Ioas,
  iova: bigint,
  value?: number,
): Steps<number | ErrnoName> {
  yield ioas.iovaRwsem.read;
  const result = accessByte(kernel, ioas, iova, value);
  ioas.iovaRwsem.upRead();
  return result;
}

function accessByte(
  kernel: Kernel,
  ioas: Ioas,
  iova: bigint,
  value: number | undefined,
): number | ErrnoName {
  const [area] = areasIn(ioas, { iova, length: 1n });
  if (!area?.pages) return "ENOENT";
  const { pages } = area;
  const access = value === undefined ? "read" : "write";
  const refused = refusal(kernel, kernel.rules.iommufd.accessRw, { access, pages });
  if (refused) return refused;
  const frames = pages.frames(kernel, area.offset + pageOf(iova) - area.first, 1);
  if (isError(frames)) return frames;
  const [frame] = frames;
  if (!frame) return "EINVAL";
  if (value !== undefined) frame.memory.store(frame.page, value);
  return frame.memory.load(frame.page);
}

/** Pins the pages of a range for the CPU and lets them go again; iommufd_access_pin_pages(). */
export function* accessPin(
  kernel: Kernel,
  ioas: Ioas,
  range: IovaRange,
  access: Access,
): Steps<ErrnoName | undefined> {
  if (range.length === 0n) return "EINVAL";
  yield ioas.iovaRwsem.read;
  const error = pinAreas(kernel, ioas, range, access);
  ioas.iovaRwsem.upRead();
  return error;
}

function pinAreas(kernel: Kernel, ioas: Ioas, range: IovaRange, access: Access): ErrnoName | undefined {
  const areas = areasIn(ioas, range);
  for (const { pages, offset, count } of areas) {
    if (!pages) return "ENOENT";
    const refused = refusal(kernel, kernel.rules.iommufd.accessPin, { access, pages });
    if (refused) return refused;
    const frames = pages.frames(kernel, offset, count);
    if (isError(frames)) return frames;
  }
  const covered = areas.reduce((sum, area) => sum + lengthWithin(area, range), 0n);
  return covered === range.length ? undefined : "ENOENT";
}

function lengthWithin(area: IoptArea, range: IovaRange): bigint {
  const first = area.iova > range.iova ? area.iova : range.iova;
  const end = endOf(area) < endOf(range) ? endOf(area) : endOf(range);
  return end - first;
}

/** Makes the calling process the one whose memory is accounted; iommufd_ioas_change_process(). */
export function changeProcess(kernel: Kernel, spaces: readonly Ioas[]): ErrnoName | undefined {
  const pages = spaces.flatMap(({ areas }) => areas.flatMap((area) => area.pages ?? []));
  return refusal(kernel, kernel.rules.iommufd.changeProcess, pages);
}
