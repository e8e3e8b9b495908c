/**
 * The digest of the suite's own files, by which a certificate says which suite judged.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import type { Case } from "../cases/case.ts";
import type { Certificate } from "../reports/certificate/mod.ts";
import { identityOf, type Suite } from "./suite.ts";

const ROOT = new URL("../", import.meta.url);

/** What decides what the suite says of a record. */
const PARTS = ["spec", "cases", "reports", "deno.json", "deno.lock"];

/** Digest of the files that decide what the suite says of a record, as `sha256:<hex>`. */
export function digestOfFiles(): string {
  const hash = createHash("sha256");
  for (const path of PARTS.flatMap(filesIn).sort()) {
    hash.update(`${path}\0`).update(readFileSync(new URL(path, ROOT))).update("\0");
  }
  return `sha256:${hash.digest("hex")}`;
}

function filesIn(part: string): string[] {
  if (part.includes(".")) return [part];
  const entries = readdirSync(new URL(`${part}/`, ROOT), { recursive: true, withFileTypes: true });
  const names = entries.filter((entry) => entry.isFile() && /\.(ts|tsx|yaml)$/.test(entry.name))
    .filter(({ name }) => !/_(test|bench)\.tsx?$/.test(name));
  return names.map(({ parentPath, name }) => relative(fileURLToPath(ROOT), join(parentPath, name)));
}

/** The identity that certificates have of a suite, for a set of cases. */
export function certifyingIdentity({ ledger }: Suite): (cases: readonly Case[]) => Certificate["suite"] {
  const files = digestOfFiles();
  return (cases) => ({ ...identityOf(ledger, cases), files });
}
