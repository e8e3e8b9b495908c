/**
 * The places on a page that links lead to.
 *
 * @module
 */

/** The place of a step on a page; `place` is what begins the anchors of a case where a page has several. */
export function stepAnchor(place: string, step: string): string {
  return `${place}${step}`;
}
