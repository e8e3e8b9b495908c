/**
 * Sizes as cases write them: `1MiB`, `4 pages`, `2^63`, `2^64 - 1 page`, `4095`.
 *
 * A size stays text until a target reads it, because the size of a page is the target's. Arithmetic is done in
 * `bigint`, so that the overflow checks of an export can be reached.
 *
 * @module
 */
import { z } from "zod";

const TERM = String.raw`(?:2\^\d{1,2}|\d+\s*(?:KiB|MiB|GiB|TiB|pages?)?)`;
const SIZE = new RegExp(String.raw`^\s*${TERM}(?:\s*[+-]\s*${TERM})*\s*$`);
const SIGNED_TERM = new RegExp(`([+-]?)\\s*(${TERM})`, "g");
const UNITS: Record<string, bigint> = {
  KiB: 1n << 10n,
  MiB: 1n << 20n,
  GiB: 1n << 30n,
  TiB: 1n << 40n,
};

/** Schema of a size: a text in the notation of this module, or a whole number of bytes. */
export const sizeSchema = z.union([z.string(), z.int().nonnegative()])
  .transform(String)
  .pipe(
    z.string().regex(SIZE, 'expected a size such as 4096, "4 pages", "1MiB" or "2^63 - 1 page"').brand<
      "size"
    >(),
  )
  .meta({ description: "Bytes, or pages, KiB, MiB, GiB, 2^n, joined by + and -." });

/**
 * A size in terms that a target with any page size understands.
 *
 * @internal
 */
export type Size = z.output<typeof sizeSchema>;

/** Tells whether a value is written as a size. */
export function isSize(value: unknown): value is Size {
  return typeof value === "string" && SIZE.test(value);
}

const resolved = new Map<string, bigint>();

/**
 * The bytes that a size stands for.
 *
 * @param size the size as written in a case
 * @param pageSize bytes in a page of the target
 * @returns bytes; negative only if the case subtracts more than it adds
 */
export function sizeInBytes(size: Size, pageSize: number): bigint {
  const key = `${pageSize}:${size}`;
  const known = resolved.get(key);
  if (known !== undefined) return known;
  let total = 0n;
  for (const [, sign, term = "0"] of size.matchAll(SIGNED_TERM)) {
    const bytes = termInBytes(term, BigInt(pageSize));
    total += sign === "-" ? -bytes : bytes;
  }
  resolved.set(key, total);
  return total;
}

function termInBytes(term: string, page: bigint): bigint {
  if (term.startsWith("2^")) return 1n << BigInt(term.slice(2));
  const [, digits = "0", unit = ""] = /^(\d+)\s*(\w*)$/.exec(term) ?? [];
  return BigInt(digits) * (unit.startsWith("page") ? page : UNITS[unit] ?? 1n);
}
