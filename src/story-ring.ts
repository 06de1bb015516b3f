/** The last flights that settled, which `explain` can still tell about. */
import type { Flight } from './flight.js';

/** How many settled flights are kept. */
const STORIES_MAX = 256;

/** The stories of the last flights that settled, for `explain`. A ring: it never grows. */
export class StoryRing {
  readonly #flights: (Flight | undefined)[];
  #next = 0;

  constructor(size = STORIES_MAX) {
    this.#flights = Array<Flight | undefined>(size).fill(undefined);
  }

  add(flight: Flight): void {
    this.#flights[this.#next] = flight;
    if (++this.#next === this.#flights.length) this.#next = 0;
  }

  /** The newest one that fits. */
  find(fits: (flight: Flight) => boolean): Flight | null {
    for (let back = 1; back <= this.#flights.length; back++) {
      const flight = this.#flights[(this.#next - back + this.#flights.length) % this.#flights.length];
      if (flight === undefined) return null;
      if (fits(flight)) return flight;
    }
    return null;
  }
}
