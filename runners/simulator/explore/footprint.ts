/**
 * Footprints: what one step of a thread touches. Two steps that touch nothing in common, or only in ways that
 * commute, can change places without any difference.
 *
 * @module
 */
import { type Touch, WRITE } from "../kernel/shared.ts";

/** What a step touches: locations, and how. Each location is there once, with the strongest touch. */
export class Footprint {
  readonly locations: number[] = [];
  readonly touches: Touch[] = [];

  /** Adds a touch. */
  add(location: number, touch: Touch): void {
    const index = this.locations.indexOf(location);
    if (index < 0) {
      this.locations.push(location);
      this.touches.push(touch);
    } else if (this.touches[index] !== touch) this.touches[index] = WRITE;
  }

  /** How a location is touched, if it is. */
  at(location: number): Touch | undefined {
    const index = this.locations.indexOf(location);
    return index < 0 ? undefined : this.touches[index];
  }

  /** Whether the order of two steps matters. */
  conflictsWith(other: Footprint): boolean {
    return this.locations.some((location, index) => clash(this.touches[index], other.at(location)));
  }
}

/** Reads commute with reads, and additions with additions. */
function clash(one: Touch | undefined, other: Touch | undefined): boolean {
  if (one === undefined || other === undefined) return false;
  return one !== other || one === WRITE;
}
