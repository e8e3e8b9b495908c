/**
 * What the schema of KernelCI's reports, version 5.3, asks of the parts that are written here.
 *
 * @module
 */
import { z } from "zod";

/** What a test says of the tested code, from the worst to the best. */
export type KcidbStatus = "FAIL" | "ERROR" | "MISS" | "PASS" | "DONE" | "SKIP";

/** Data of our own. */
export type Misc = Readonly<Record<string, unknown>>;

/** A source tree. */
export interface KcidbCheckout {
  readonly id: string;
  readonly origin: string;
  readonly git_commit_name: string;
  readonly valid: boolean;
}

/** A kernel that was built. */
export interface KcidbBuild {
  readonly id: string;
  readonly origin: string;
  readonly checkout_id: string;
  readonly architecture: string;
  readonly comment: string;
  readonly misc: Misc;
}

/** A test that was run. */
export interface KcidbTest {
  readonly id: string;
  readonly origin: string;
  readonly build_id: string;
  readonly path: string;
  readonly comment: string;
  readonly status: KcidbStatus;
  readonly start_time: string;
  readonly duration?: number | undefined;
  readonly log_excerpt?: string | undefined;
  readonly environment?: { readonly comment: string; readonly misc: Misc } | undefined;
  readonly misc: Misc;
}

/** Something that is known to be wrong. */
export interface KcidbIssue {
  readonly id: string;
  readonly version: number;
  readonly origin: string;
  readonly report_subject: string;
  readonly report_url?: string | undefined;
  readonly comment: string;
  readonly misc: Misc;
}

/** Whether a test showed an issue. */
export interface KcidbIncident {
  readonly id: string;
  readonly origin: string;
  readonly issue_id: string;
  readonly issue_version: number;
  readonly test_id: string;
  readonly present: boolean;
  readonly comment: string;
}

/** A report. */
export interface KcidbReport {
  readonly version: { readonly major: 5; readonly minor: number };
  readonly checkouts: readonly KcidbCheckout[];
  readonly builds: readonly KcidbBuild[];
  readonly tests: readonly KcidbTest[];
  readonly issues: readonly KcidbIssue[];
  readonly incidents: readonly KcidbIncident[];
}

const origin = z.string().regex(/^[a-z0-9_]+$/);
const id = z.string().regex(/^[a-z0-9_]+:[^\0]*$/);
const text = z.string().refine((value) => !value.includes("\0") && value.isWellFormed());
const misc: z.ZodType<Misc> = z.record(z.string(), z.unknown());
const time = z.iso.datetime({ offset: true });

/** Schema of {@link KcidbReport}. */
export const kcidbSchema: z.ZodType<KcidbReport> = z.strictObject({
  version: z.strictObject({ major: z.literal(5), minor: z.int().min(0).max(3) }),
  checkouts: z.array(z.strictObject({ id, origin, git_commit_name: text, valid: z.boolean() })),
  builds: z.array(z.strictObject({
    id,
    origin,
    checkout_id: id,
    architecture: z.string().regex(/^[a-z0-9_]*$/),
    comment: text,
    misc,
  })),
  tests: z.array(z.strictObject({
    id,
    origin,
    build_id: id,
    path: z.string().regex(/^([a-zA-Z0-9_-]+(\.[a-zA-Z0-9_-]+)*)?$/),
    comment: text,
    status: z.enum(["FAIL", "ERROR", "MISS", "PASS", "DONE", "SKIP"]),
    start_time: time,
    duration: z.number().optional(),
    log_excerpt: z.string().max(16_384).optional(),
    environment: z.strictObject({ comment: text, misc }).optional(),
    misc,
  })),
  issues: z.array(z.strictObject({
    id,
    version: z.int().nonnegative(),
    origin,
    report_subject: text,
    report_url: z.url().optional(),
    comment: text,
    misc,
  })),
  incidents: z.array(z.strictObject({
    id,
    origin,
    issue_id: id,
    issue_version: z.int().nonnegative(),
    test_id: id,
    present: z.boolean(),
    comment: text,
  })),
});
