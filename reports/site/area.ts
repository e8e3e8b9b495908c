/**
 * The areas of cases.
 *
 * @module
 */

/** The area of a case: its folder. */
export function areaOf(caseId: string): string {
  const slash = caseId.replace(/\[.*/s, "").lastIndexOf("/");
  return slash < 0 ? "cases" : caseId.slice(0, slash);
}
