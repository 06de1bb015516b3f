/**
 * All flights of which the link has not yet told the end, in the order of their launch. A list through the flights themselves: a Set that is written to
 * all the time costs a fifth of a flight. All flights of a front have the same times, so this is also the order in which they grow too old: two
 * places in the list stand for all their timers.
 */
import type { Flight } from './flight.js';

export class Airborne {
  #first: Flight | null = null;
  #last: Flight | null = null;
  #size = 0;
  #whenEmpty: (() => void)[] = [];
  /** The youngest that was given out as aged, and the youngest given out as overdue; what is older was, too. Mostly there are none. */
  #lastSlow: Flight | null = null;
  #lastAged: Flight | null = null;
  #lastOverdue: Flight | null = null;

  get size(): number {
    return this.#size;
  }
  /** Number of the oldest; `Infinity`: there is none. */
  get oldest(): number {
    return this.#first?.number ?? Infinity;
  }
  /** Is there one whose time may still come? */
  get isTimed(): boolean {
    return this.#last !== this.#lastOverdue;
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
    if (this.#lastSlow === flight) this.#lastSlow = previous;
    if (this.#lastAged === flight) this.#lastAged = previous;
    if (this.#lastOverdue === flight) this.#lastOverdue = previous;
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

  /** The next flight whose first attempt, begun at its launch, may take `attemptMs` and no longer, if it is one; each is given out once. */
  nextSlow(attemptMs: number, now: number): Flight | null {
    const flight = this.#behind(this.#lastSlow);
    if (flight === null || now < flight.launchedAt + attemptMs) return null;
    this.#lastSlow = flight;
    return flight;
  }

  /** The next flight that is `ageMs` old and has not been given out as aged; each is, once. */
  nextAged(ageMs: number, now: number): Flight | null {
    const flight = this.#behind(this.#lastAged);
    if (flight === null || now < flight.launchedAt + ageMs) return null;
    this.#lastAged = flight;
    return flight;
  }

  /** The same for those whose deadline is past by `graceMs`. */
  nextOverdue(graceMs: number, now: number): Flight | null {
    const flight = this.#behind(this.#lastOverdue);
    if (flight === null || now < flight.deadline + graceMs) return null;
    this.#lastOverdue = flight;
    return flight;
  }

  #behind(flight: Flight | null): Flight | null {
    return flight === null ? this.#first : flight.nextAirborne;
  }

  /** Those that fit, oldest first; a copy, so that they may end while it is walked. */
  filter(fits: (flight: Flight) => boolean): Flight[] {
    const found: Flight[] = [];
    for (let flight = this.#first; flight !== null; flight = flight.nextAirborne) if (fits(flight)) found.push(flight);
    return found;
  }
}
