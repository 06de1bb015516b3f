/**
 * Ends of flights of which nothing was kept. While an older flight of the same key is in the air, what it will bring is older than such an end, and must
 * not be kept as if that had never been. What is kept says so itself.
 */
import { idOf } from './for-one.js';
import type { KeptIdentity } from './kept.js';

/** Keys remembered at once; the first goes first. */
const KEYS_MAX = 10_000;

export class LastEnds {
  /** Numbers of flights, by identity. In the order in which they ended. */
  readonly #flights = new Map<string, number>();

  /** @param oldest number of the oldest flight in the air: an end is of use while there is one before it */
  note(identity: KeptIdentity, flight: number, oldest: number): void {
    if (flight <= oldest) return;
    const id = identified(identity);
    const latest = Math.max(flight, this.#flights.get(id) ?? 0);
    this.#flights.delete(id);
    this.#flights.set(id, latest);
    for (const [key, ended] of this.#flights) {
      if (ended > oldest && this.#flights.size <= KEYS_MAX) return;
      this.#flights.delete(key);
    }
  }

  /** Has a newer flight of this key ended, with nothing to keep? */
  isNewerThan(identity: KeptIdentity, flight: number): boolean {
    return this.#flights.size > 0 && (this.#flights.get(identified(identity)) ?? 0) > flight;
  }
}

const identified = ({ scope, key, index, routeId }: KeptIdentity): string => idOf({ scope, index, hasLongKey: index !== key, routeId });
