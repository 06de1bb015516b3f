/**
 * All flights of which the link has not yet told the end, in the order of their launch. A list through the flights themselves: a Set that is written to
 * all the time costs a fifth of a flight. All flights of a front have the same times, so this is also the order in which they grow too old: three
 * places in the list stand for all their timers.
 */
import type { StampReceiver } from '../workers/clock.js';
import type { Flight } from './flight.js';

/** Turns of promises that a service may take from its request to what it does with the answer: a function that awaits another takes one to three. */
const TURNS_TO_TELL = 32;

/**
 * When those that wait for what has just ended are told, also where a service does so some functions deep: for what says that nothing is left, since
 * whoever hears that may end the process. (And a shared promise rejects two turns late, see `Flight.rejectShared`.) No timer: time may be virtual.
 */
export async function waitersTold(): Promise<void> {
  for (let turn = 0; turn < TURNS_TO_TELL; turn++) await Promise.resolve();
}

/** The youngest that was given out; what is older was, too. Mostly there is none. */
interface Mark {
  last: Flight | null;
}

export class Airborne implements StampReceiver {
  #first: Flight | null = null;
  #last: Flight | null = null;
  #size = 0;
  #whenEmpty: ((told: Promise<void>) => void)[] = [];
  readonly #slow: Mark = { last: null };
  readonly #aged: Mark = { last: null };
  readonly #overdue: Mark = { last: null };
  /** Is there a mark anywhere? Mostly not, and then none has to be moved. */
  #isMarked = false;

  get size(): number {
    return this.#size;
  }
  /** Number of the oldest; `Infinity`: there is none. */
  get oldest(): number {
    return this.#first?.number ?? Infinity;
  }
  /** Is there one whose time may still come? */
  get isTimed(): boolean {
    return this.#last !== this.#overdue.last;
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
    if (this.#isMarked) this.#unmark(flight, previous);
    flight.previousAirborne = flight.nextAirborne = null;
    if (--this.#size === 0 && this.#whenEmpty.length > 0) this.#isEmpty();
  }

  /** Those launched at `stamp`, which come last, may have been launched since, up to now: their times must not be up early. */
  caughtUp(stamp: number, now: number): void {
    for (let flight = this.#last; flight !== null && flight.launchedAt === stamp; flight = flight.previousAirborne) {
      if (flight.status === 'flying') flight.launchedAt = now;
    }
  }

  #unmark(flight: Flight, previous: Flight | null): void {
    if (this.#slow.last === flight) this.#slow.last = previous;
    if (this.#aged.last === flight) this.#aged.last = previous;
    if (this.#overdue.last === flight) this.#overdue.last = previous;
    this.#isMarked = this.#slow.last !== null || this.#aged.last !== null || this.#overdue.last !== null;
  }

  #isEmpty(): void {
    const waiting = this.#whenEmpty;
    this.#whenEmpty = [];
    for (const resolve of waiting) resolve(waitersTold());
  }

  /** Settles when nothing is in the air, and all that waited are told. */
  empty(): Promise<void> {
    if (this.#size === 0) return waitersTold();
    return new Promise((resolve) => {
      this.#whenEmpty.push(resolve);
    });
  }

  /** Flights whose first attempt, begun at their launch, has taken `ms`, if they are still at it. Each is given out once; any may end meanwhile. */
  slow(ms: number, now: number): Iterable<Flight> {
    return this.#past(this.#slow, ms, now);
  }
  /** The same for those that are too old to be joined. */
  aged(ms: number, now: number): Iterable<Flight> {
    return this.#past(this.#aged, ms, now);
  }
  /** The same for those that should be over. */
  overdue(ms: number, now: number): Iterable<Flight> {
    return this.#past(this.#overdue, ms, now);
  }

  *#past(mark: Mark, ms: number, now: number): Generator<Flight> {
    for (;;) {
      const next = mark.last === null ? this.#first : mark.last.nextAirborne;
      if (next === null || now < next.launchedAt + ms) return;
      this.#isMarked = true;
      yield (mark.last = next);
    }
  }

  /** Those that fit, oldest first; a copy, so that they may end while it is walked. */
  filter(fits: (flight: Flight) => boolean): Flight[] {
    const found: Flight[] = [];
    for (let flight = this.#first; flight !== null; flight = flight.nextAirborne) if (fits(flight)) found.push(flight);
    return found;
  }
}
