/**
 * The reviews of the findings, which people write: what each surprise is, and where in the kernel it comes from.
 *
 * @module
 */
import { readFileSync } from "node:fs";
import { parse } from "yaml";
import { z } from "zod";
import { matchesSelector } from "../../cases/select.ts";
import type { KernelData, Noted } from "./data.ts";

/**
 * What a surprise is, in the end:
 *
 * - `kernel`: the kernel does not keep a clause that it owes
 * - `seed`: the text that began it says otherwise than the kernel, which is right on its own terms
 * - `ledger`: a clause says what neither text nor kernel says, or of the wrong releases
 * - `case`: the case asks for more than its clause, or shows it in the wrong way
 * - `suite`: the runner, the module or the machine
 * - `disputed`: the kernel takes a side where the sources disagree
 * - `known`: the change that the ledger has for the release, seen at work
 * - `open`: not settled yet
 */
export type Cause = "kernel" | "seed" | "ledger" | "case" | "suite" | "disputed" | "known" | "open";

/** Where in a source tree something comes from. */
export interface Place {
  /** The release. */
  readonly kernel: string;
  /** The file. */
  readonly file: string;
  /** The function. */
  readonly function: string;
}

/** A review. */
export interface Review {
  /** A short name for links. */
  readonly id: string;
  /** What it is about, as a sentence without a final period. */
  readonly title: string;
  /** The cases that show it: selectors, as `conform run` takes them. */
  readonly cases: readonly string[];
  /** The kernels that show it, as in `7.3`; an own build by its whole release. */
  readonly kernels: readonly string[];
  /** What it is. */
  readonly is: Cause;
  /** The clauses that it is about. */
  readonly clauses: readonly string[];
  /** Where it comes from. */
  readonly at: readonly Place[];
  /** The review, in paragraphs. */
  readonly text: string;
  /** What was done about it, or is to be done. */
  readonly then: string;
}

const reviewSchema: z.ZodType<Review> = z.strictObject({
  id: z.string().regex(/^[a-z0-9-]+$/),
  title: z.string(),
  cases: z.array(z.string()).min(1),
  kernels: z.array(z.string()).min(1),
  is: z.enum(["kernel", "seed", "ledger", "case", "suite", "disputed", "known", "open"]),
  clauses: z.array(z.string()),
  at: z.array(z.strictObject({ kernel: z.string(), file: z.string(), function: z.string() })),
  text: z.string().trim(),
  then: z.string().trim(),
});

/** Reads the reviews from a file in YAML. */
export function readReviews(path: string): readonly Review[] {
  return z.array(reviewSchema).parse(parse(readFileSync(path, "utf8")));
}

/** Remarks on kernels, by what each is called here. */
export type Notes = ReadonlyMap<string, string>;

/** Reads the remarks from a file in YAML. */
export function readNotes(path: string): Notes {
  const notes = z.record(z.string(), z.string().trim()).parse(parse(readFileSync(path, "utf8")));
  return new Map(Object.entries(notes));
}

/**
 * What a kernel is called here: of a stock kernel of Debian its series, as in `7.3` for `7.3.4+deb13-amd64`; of any other
 * one the whole release.
 */
export function nameOf(kernel: string): string {
  const [, series] = /^(\d+\.\d+)\.\d+(?:-\d+|\+deb\w+)-amd64$/.exec(kernel) ?? [];
  return series ?? kernel;
}

/** The review of a case on a kernel: the first one that speaks of it. */
export function reviewOf(
  noted: Noted,
  { kernel }: KernelData,
  reviews: readonly Review[],
): Review | undefined {
  return reviews.find((review) =>
    review.kernels.includes(nameOf(kernel)) &&
    review.cases.some((each) => matchesSelector(noted.case, each))
  );
}
