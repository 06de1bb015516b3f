/**
 * Ends of flights of which nothing was kept. While an older flight of the same key is in the air, its value will be older than such an end, and must not
 * be kept. (A kept value knows its own flight.)
 */
import { idOf } from './for-one.js';
import type { KeptIdentity } from './kept.js';

/** Keys remembered at once; the oldest is dropped first. */
const KEYS_MAX = 10_000;

export class LastEnds {
  /** Flight numbers by identity, in the order in which the flights ended. */
  readonly #flights = new Map<string, number>();

  /** @param oldest number of the oldest flight in the air: an end is only needed while an older flight flies */
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

  /** Has a newer flight of this key ended with nothing to keep? */
  isNewerThan(identity: KeptIdentity, flight: number): boolean {
    return this.#flights.size > 0 && (this.#flights.get(identified(identity)) ?? 0) > flight;
  }
}

const identified = ({ scope, key, index, routeId }: KeptIdentity): string => idOf({ scope, index, hasLongKey: index !== key, routeId });
