/**
 * All flights whose end the link has not reported yet, in the order of their launch. A linked list through the flights themselves: a Set that is written
 * to all the time costs a fifth of a flight. All flights of a front have the same timeouts, so this is also the order in which they are due: three
 * positions in the list replace all their timers.
 */
import type { StampReceiver } from '../workers/clock.js';
import { Flight } from './flight.js';
import type { FlightOwner } from './story.js';

/** Microtask turns from a request's answer to the code that uses it: a function that awaits another takes one to three. */
const TURNS_TO_TELL = 32;

/**
 * Resolves when the waiters of what has just ended are told, even if a service awaits some functions deep. `idle` and `close` wait for this, since a
 * caller may end the process after them. (And a shared promise rejects two turns late, see `Flight.rejectShared`.) No timer: time may be virtual.
 */
export async function waitersTold(): Promise<void> {
  for (let turn = 0; turn < TURNS_TO_TELL; turn++) await Promise.resolve();
}

/** The youngest flight that was yielded; all older ones were, too. Mostly there is none, and it is the list's end. */
interface Mark {
  last: Flight;
}

export class Airborne implements StampReceiver {
  /** A sentinel before the first and after the last flight: so the code is a third of what it would be, and V8 inlines it. */
  readonly #ends = nobody();
  #size = 0;
  #whenEmpty: ((told: Promise<void>) => void)[] = [];
  readonly #slow: Mark = { last: this.#ends };
  readonly #aged: Mark = { last: this.#ends };
  readonly #overdue: Mark = { last: this.#ends };
  /** Is any mark on a flight? Mostly not, and then none has to be moved. */
  #isMarked = false;

  get size(): number {
    return this.#size;
  }
  /** Number of the oldest flight; `Infinity`: there is none. */
  get oldest(): number {
    return this.#size === 0 ? Infinity : (this.#ends.nextAirborne as Flight).number;
  }
  /** Is there a flight that may still become overdue? */
  get isTimed(): boolean {
    return this.#ends.previousAirborne !== this.#overdue.last;
  }

  add(flight: Flight): void {
    const ends = this.#ends;
    const last = ends.previousAirborne as Flight;
    flight.previousAirborne = last;
    flight.nextAirborne = ends;
    last.nextAirborne = ends.previousAirborne = flight;
    this.#size++;
  }

  delete(flight: Flight): void {
    const previous = flight.previousAirborne as Flight;
    const next = flight.nextAirborne as Flight;
    previous.nextAirborne = next;
    next.previousAirborne = previous;
    if (this.#isMarked) this.#unmark(flight, previous);
    flight.previousAirborne = flight.nextAirborne = null;
    if (--this.#size === 0 && this.#whenEmpty.length > 0) this.#isEmpty();
  }

  /** Flights launched at `stamp`, the last in the list, may have been launched as late as `now`: their times must not be up early. */
  caughtUp(stamp: number, now: number): void {
    for (let flight = this.#ends.previousAirborne as Flight; flight.launchedAt === stamp; flight = flight.previousAirborne as Flight) {
      if (flight.status === 'flying') flight.launchedAt = now;
    }
  }

  #unmark(flight: Flight, previous: Flight): void {
    if (this.#slow.last === flight) this.#slow.last = previous;
    if (this.#aged.last === flight) this.#aged.last = previous;
    if (this.#overdue.last === flight) this.#overdue.last = previous;
    this.#isMarked = this.#slow.last !== this.#ends || this.#aged.last !== this.#ends || this.#overdue.last !== this.#ends;
  }

  #isEmpty(): void {
    const waiting = this.#whenEmpty;
    this.#whenEmpty = [];
    for (const resolve of waiting) resolve(waitersTold());
  }

  /** Settles when nothing is in the air and all waiters are told. */
  empty(): Promise<void> {
    if (this.#size === 0) return waitersTold();
    return new Promise((resolve) => {
      this.#whenEmpty.push(resolve);
    });
  }

  /** Flights that were launched `ms` ago, so that their first attempt, if still out, is over time. Each is yielded once; any may end meanwhile. */
  slow(ms: number, now: number): Iterable<Flight> {
    return this.#past(this.#slow, ms, now);
  }
  /** The same, for flights that are too old to be joined. */
  aged(ms: number, now: number): Iterable<Flight> {
    return this.#past(this.#aged, ms, now);
  }
  /** The same, for flights that should be over. */
  overdue(ms: number, now: number): Iterable<Flight> {
    return this.#past(this.#overdue, ms, now);
  }

  *#past(mark: Mark, ms: number, now: number): Generator<Flight> {
    for (;;) {
      const next = mark.last.nextAirborne as Flight;
      if (next === this.#ends || now < next.launchedAt + ms) return;
      this.#isMarked = true;
      yield (mark.last = next);
    }
  }

  /** The flights that fit, oldest first; a copy, so that they may end during a walk. */
  filter(fits: (flight: Flight) => boolean): Flight[] {
    const found: Flight[] = [];
    for (let flight = this.#ends.nextAirborne as Flight; flight !== this.#ends; flight = flight.nextAirborne as Flight)
      if (fits(flight)) found.push(flight);
    return found;
  }
}

/** The sentinel: no flight, launched at no time. */
function nobody(): Flight {
  const flight = new Flight('', 0, { waitersMax: 0 } as FlightOwner, Number.NaN);
  flight.previousAirborne = flight.nextAirborne = flight;
  return flight;
}
