/**
 * The order in which classes of locks are taken, over every schedule; what lockdep does in the kernel.
 *
 * Two classes that are taken in both orders can deadlock, whether or not a schedule did.
 *
 * @module
 */

/** The classes of locks that a thread holds, in the order in which it took them. */
export type Held = readonly string[];

/** One class taken while another one was held, and the schedule that showed it. */
interface Edge {
  readonly from: string;
  readonly to: string;
  readonly schedule: string;
}

/** A pair of classes that are taken in both orders, or a class that is taken twice. */
export interface Inversion {
  /** The classes, in the order of the first schedule. */
  readonly classes: readonly [string, string];
  /** Schedules that show one order and the other. */
  readonly schedules: readonly [string, string];
}

/** Collects the orders that schedules show. */
export class LockOrder {
  readonly #edges = new Map<string, Edge>();

  /** Notes that a class is taken by a thread that holds others. */
  note(held: Held, taken: string, schedule: () => string): void {
    for (const from of held) {
      const key = `${from}\0${taken}`;
      if (!this.#edges.has(key)) this.#edges.set(key, { from, to: taken, schedule: schedule() });
    }
  }

  /** The inversions: two ways round between two classes, directly or through others. */
  inversions(): readonly Inversion[] {
    const found: Inversion[] = [];
    for (const edge of this.#edges.values()) {
      const back = this.#pathTo(edge.to, edge.from);
      if (back && edge.from <= edge.to) {
        found.push({ classes: [edge.from, edge.to], schedules: [edge.schedule, back.schedule] });
      }
    }
    return found;
  }

  /** The first edge of a way from a class to another one. */
  #pathTo(from: string, to: string): Edge | undefined {
    const reached = new Map<string, Edge>();
    const open = [...this.#edges.values()].filter((edge) => edge.from === from);
    for (let edge = open.shift(); edge; edge = open.shift()) {
      const { to: at } = edge;
      if (reached.has(at)) continue;
      const first = reached.get(edge.from) ?? edge;
      if (at === to) return first;
      reached.set(at, first);
      open.push(...[...this.#edges.values()].filter((next) => next.from === at));
    }
    return undefined;
  }
}
