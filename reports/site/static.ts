/**
 * The site as files: every page that can be reached from the first, with links from file to file.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join, posix } from "node:path";
import type { Site } from "./site.tsx";

/** What is written, and where. */
export interface StaticSiteOptions {
  /** The site; it must say on its pages that nobody answers. */
  readonly site: Site;
  /** The folder. */
  readonly folder: string;
  /** Addresses to begin from besides the first page. */
  readonly also?: readonly string[] | undefined;
}

/** What was written. */
export interface StaticSite {
  /** How many files. */
  readonly files: number;
  /** Their bytes. */
  readonly bytes: number;
  /** The file of each address, below the folder. */
  readonly pages: ReadonlyMap<string, string>;
}

/** A page or another file that was fetched. */
interface Fetched {
  readonly file: string;
  /** Text whose links are still to be turned, or bytes that are written as they are. */
  readonly content: string | Uint8Array;
}

const ORIGIN = "http://site.invalid";

/** A link in a page. Whatever comes from a record is escaped, so this finds links only. */
const LINK = / (href|src)="(\/[^"]*)"/g;

/** Writes a site as files. The same runs give the same bytes. */
export async function writeSite({ site, folder, also = [] }: StaticSiteOptions): Promise<StaticSite> {
  const found = await crawl(site, ["/", "/style.css", ...also]);
  let bytes = 0;
  for (const { file, content } of found.values()) {
    const written = typeof content === "string" ? Buffer.from(turnLinks(content, file, found)) : content;
    const path = join(folder, file);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, written);
    bytes += written.length;
  }
  const pages = new Map([...found].map(([address, { file }]) => [address, file]));
  return { files: found.size, bytes, pages };
}

async function crawl(site: Site, begin: readonly string[]): Promise<ReadonlyMap<string, Fetched>> {
  const found = new Map<string, Fetched>();
  const seen = new Set(begin);
  for (const address of seen) {
    const response = await site.fetch(new Request(ORIGIN + address));
    if (response.status !== 200) {
      await response.body?.cancel();
      continue;
    }
    const isPage = response.headers.get("content-type")?.startsWith("text/html") === true;
    const content = isPage ? await response.text() : new Uint8Array(await response.arrayBuffer());
    found.set(address, { file: fileOf(address), content });
    if (typeof content === "string") { for (const link of linksIn(content)) seen.add(link); }
  }
  return found;
}

function linksIn(text: string): string[] {
  return [...text.matchAll(LINK)].map(([, , link = ""]) => addressOf(link).address);
}

function addressOf(link: string): { readonly address: string; readonly fragment: string } {
  const plain = unescaped(link);
  const hash = plain.indexOf("#");
  return hash < 0
    ? { address: plain, fragment: "" }
    : { address: plain.slice(0, hash), fragment: plain.slice(hash) };
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&amp;": "&",
  "&quot;": '"',
  "&#39;": "'",
  "&lt;": "<",
  "&gt;": ">",
};

function unescaped(text: string): string {
  return text.replaceAll(/&(amp|quot|#39|lt|gt);/g, (entity) => ENTITIES[entity] ?? entity);
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll('"', "&quot;");
}

/** Makes links lead from file to file; a link that leads nowhere becomes plain text. */
function turnLinks(text: string, from: string, found: ReadonlyMap<string, Fetched>): string {
  return text.replaceAll(LINK, (_, attribute: string, link: string) => {
    const { address, fragment } = addressOf(link);
    const to = found.get(address);
    if (!to) return "";
    const path = posix.relative(posix.dirname(from), to.file).split("/").map(encodeURIComponent).join("/");
    return ` ${attribute}="${escaped(path + fragment)}"`;
  });
}

/** The file of an address; no name of a record can lead out of the folder or be too long for a file. */
function fileOf(address: string): string {
  const [path = "/", query] = address.split("?");
  const segments = path.split("/").filter((segment) => segment !== "").map(safeName);
  if (query !== undefined) return [...segments, `${slugOf(query)}-${digestOf(query)}.html`].join("/");
  if (segments.length === 0) return "index.html";
  const file = segments.join("/");
  return /\.(css|js|svg|jsonl|json)$/.test(path) ? file : `${file}.html`;
}

/** A name of plain characters stays; any other gets its digest, so that no two become the same. */
function safeName(segment: string): string {
  const plain = decoded(segment);
  if (/^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,99}$/.test(plain)) return plain;
  const extension = /\.(svg|jsonl|json)$/.exec(plain)?.[0] ?? "";
  return `${slugOf(plain)}-${digestOf(plain)}${extension}`;
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

function slugOf(text: string): string {
  const words = decoded(text.replaceAll("+", " ")).toLowerCase().replaceAll(/[^a-z0-9]+/g, "-");
  return words.slice(0, 60).replaceAll(/^-+|-+$/g, "") || "page";
}

function digestOf(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 10);
}
