/**
 * All flights of which the link has not yet told the end, in the order of their launch. A list through the flights themselves: a Set that is written to
 * all the time costs a fifth of a flight.
 */
import type { Flight } from './flight.js';

export class Airborne {
  #first: Flight | null = null;
  #last: Flight | null = null;
  #size = 0;
  #whenEmpty: (() => void)[] = [];

  get size(): number {
    return this.#size;
  }

  add(flight: Flight): void {
    flight.previousAirborne = this.#last;
    if (this.#last === null) this.#first = flight;
    else this.#last.nextAirborne = flight;
    this.#last = flight;
    this.#size++;
  }

  delete(flight: Flight): void {
    const { previousAirborne: previous, nextAirborne: next } = flight;
    if (previous === null) this.#first = next;
    else previous.nextAirborne = next;
    if (next === null) this.#last = previous;
    else next.previousAirborne = previous;
    flight.previousAirborne = flight.nextAirborne = null;
    if (--this.#size > 0 || this.#whenEmpty.length === 0) return;
    const waiting = this.#whenEmpty;
    this.#whenEmpty = [];
    for (const resolve of waiting) resolve();
  }

  /** Settles when nothing is in the air. */
  empty(): Promise<void> {
    if (this.#size === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#whenEmpty.push(resolve);
    });
  }

  /** Those that fit, oldest first; a copy, so that they may end while it is walked. */
  filter(fits: (flight: Flight) => boolean): Flight[] {
    const found: Flight[] = [];
    for (let flight = this.#first; flight !== null; flight = flight.nextAirborne) if (fits(flight)) found.push(flight);
    return found;
  }
}
