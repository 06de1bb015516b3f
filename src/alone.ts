/** Flights of those who had joined one whose value turned out to be for its leader alone: all at once, each in the time that it has left. */
import type { Seam } from '../workers/environment.js';
import { NO_FORM } from '../workers/canonical.js';
import type { Boarding } from './boarding.js';
import type { Flight } from './flight.js';
import { FLY_ALONE, type Identified } from './for-one.js';
import type { Front } from './front.js';
import type { RequestOptions } from './requests.js';

/** What makes a boarding one that nobody joins. */
export const ALONE = { key: null, index: '', hasLongKey: false, form: NO_FORM } as const;

export class AloneFlights {
  readonly #front: Front;
  readonly #seam: Seam;
  readonly #boardingOf: (payload: unknown, options: RequestOptions) => Boarding;

  constructor(front: Front, seam: Seam, boardingOf: (payload: unknown, options: RequestOptions) => Boarding) {
    this.#front = front;
    this.#seam = seam;
    this.#boardingOf = boardingOf;
  }

  /** Was this key's last value for one alone? */
  isForOne(identity: Identified): boolean {
    const { forOne } = this.#front.waiters;
    return forOne.size > 0 && forOne.has(identity, this.#seam.now());
  }

  /** Is that no value, but a follower's leave to fly alone? */
  isReleased(value: unknown): boolean {
    return value === FLY_ALONE;
  }

  /** What a follower is given: the flight's value, or that of a flight of its own. */
  async orAlone(promise: Promise<unknown>, payload: unknown, options: RequestOptions): Promise<unknown> {
    const startedAt = options.timeoutMs === undefined ? 0 : this.#seam.now();
    const value = await promise;
    return this.isReleased(value) ? this.#front.waiters.add(this.launch(payload, options), this.restOf(options, startedAt), true) : value;
  }

  /** @throws CoalescerError what keeps it from flying alone */
  launch(payload: unknown, options: RequestOptions): Flight {
    const boarding = { ...this.#boardingOf(payload, options), ...ALONE };
    const { counters } = this.#front;
    // Before, so that whoever looks while it is launched counts no request for it.
    counters.released++;
    try {
      return this.#front.launch(boarding, false, true);
    } catch (refusal) {
      counters.released--;
      // Equal keys may stand for other payloads: this one may be the first that is looked at.
      throw this.#front.failures.named(boarding.key, refusal);
    }
  }

  /** The time that is left of a request's own. */
  restOf(options: RequestOptions, startedAt: number): RequestOptions {
    const { timeoutMs } = options;
    return timeoutMs === undefined ? options : { ...options, timeoutMs: Math.max(1, startedAt + timeoutMs - this.#seam.now()) };
  }
}
