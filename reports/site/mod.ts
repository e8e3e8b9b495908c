/**
 * The site that shows runs.
 *
 * @module
 */
export type { UploadOptions } from "./api/upload.ts";
export { fileHistory, folderHistory, type History } from "./history.ts";
export type { PageKind } from "./layout.tsx";
export type {
  DepthTour,
  ExploredRace,
  Paper,
  ToldDivergence,
  Tour,
  Toured,
  TouredUniverse,
} from "./papers/papers.ts";
export { fileShelf, folderShelf, type Shelf, type Shelved } from "./papers/shelf.ts";
export { createSite, type Site, type SiteOptions } from "./site.tsx";
export { type StaticSite, type StaticSiteOptions, writeSite } from "./static.ts";
