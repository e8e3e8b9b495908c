/**
 * Identifiers that readers quote and that never change.
 *
 * @module
 */
import { z } from "zod";

/** Schema of the id of a clause: its family in capitals and a number, as in `VREV-10`. */
export const clauseIdSchema = z.string().regex(
  /^[A-Z][A-Z0-9]*-\d{2,3}$/,
  "expected a clause id such as VREV-10",
)
  .brand<"clause">();

/**
 * The id of a clause, as in `VREV-10`.
 *
 * @internal
 */
export type ClauseId = z.output<typeof clauseIdSchema>;

/** Schema of the id of a profile, as in `matt-v1-vfio`. */
export const profileIdSchema = z.string().regex(
  /^[a-z0-9][a-z0-9.-]*$/,
  "expected a profile id such as matt-v1-vfio",
)
  .brand<"profile">();

/**
 * The id of a profile, as in `matt-v1-vfio`.
 *
 * @internal
 */
export type ProfileId = z.output<typeof profileIdSchema>;

/** Schema of the id of a case: its path, and the row where the case has several. */
export const caseIdSchema = z.string().regex(
  /^[a-z0-9][a-z0-9_/-]*(\[[^\]]*\])?$/,
  "expected a case id such as vfio/revoke/double-revoke or fences/hold[usage=READ]",
).brand<"case">();

/**
 * The id of a case, as in `vfio/revoke/mmap-after-revoke` or, with a matrix row, `fences/hold[usage=READ]`.
 *
 * @internal
 */
export type CaseId = z.output<typeof caseIdSchema>;
