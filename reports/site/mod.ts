/**
 * The site that shows run records.
 *
 * @module
 */
export { createSite, type Site, type SiteOptions } from "./site.tsx";
