/** Flights for requests that had joined a flight whose value turned out to be for its leader alone: all at once, each in the time that it has left. */
import type { Seam } from '../workers/environment.js';
import { NO_FORM, payloadOf } from '../workers/canonical.js';
import { ownCrossing } from '../workers/own-copy.js';
import type { Boarding } from './boarding.js';
import type { Flight } from './flight.js';
import { FLY_ALONE, type Identified } from './for-one.js';
import type { Front } from './front.js';
import type { RequestOptions } from './requests.js';
import * as watching from './watching.js';

/** Makes a boarding that nobody can join. */
export const ALONE = { key: null, index: '', hasLongKey: false, form: NO_FORM } as const;

/** What a joined request may need to fly alone: as it was when it came, whatever its owner has done with it since. */
export interface Ticket {
  readonly scope: string | null;
  readonly route: readonly string[] | null;
  readonly routeId: string | null;
  /** `FROM_KEY`: its owner may have changed it by now, and the flight's key tells it. */
  readonly payload: unknown;
  readonly options: RequestOptions;
  /** The flight that it joined, and when. */
  readonly flight: Flight;
  readonly joinedAt: number;
}

const FROM_KEY = Symbol('coalescer.fromKey');

export class AloneFlights {
  readonly #front: Front;
  readonly #seam: Seam;

  constructor(front: Front, seam: Seam) {
    this.#front = front;
    this.#seam = seam;
  }

  /** Was this key's last value for one alone? */
  isForOne(identity: Identified): boolean {
    const { forOne } = this.#front.waiters;
    return forOne.size > 0 && forOne.has(identity, this.#seam.now());
  }

  /** Is this no value, but the sign that a follower has to fly alone? */
  isReleased(value: unknown): boolean {
    return value === FLY_ALONE;
  }

  /** `null`: it will never have to. Inline, a payload belongs to its flight until that settles. */
  ticketOf({ scope, route, routeId, form, payload }: Boarding, request: RequestOptions, flight: Flight): Ticket | null {
    const { links, limits } = this.#front;
    if (!links.mayBeForOne) return null;
    const { signal, timeoutMs, fresh } = request;
    const options = fresh === undefined ? { signal, timeoutMs } : { signal, timeoutMs, fresh };
    const joinedAt = timeoutMs === undefined ? 0 : this.#seam.now();
    const own = !links.payloadsCross ? payload : form === NO_FORM ? ownCrossing(payload, limits.payloadBytes) : FROM_KEY;
    return { scope, route, routeId, payload: own, options, flight, joinedAt };
  }

  /** What a follower gets: the flight's value, or that of a flight of its own. */
  async orAlone(promise: Promise<unknown>, ticket: Ticket): Promise<unknown> {
    const value = await promise;
    return this.isReleased(value) ? this.wait(this.launch(ticket), ticket) : value;
  }

  /** @throws what it left with meanwhile, or the CoalescerError that keeps it from flying alone */
  launch(ticket: Ticket): Flight {
    const { scope, route, routeId, options, flight } = ticket;
    const { counters, failures } = this.#front;
    if (options.signal?.aborted === true) {
      counters.left++;
      throw options.signal.reason;
    }
    if (this.#leftOf(ticket) <= 0) {
      counters.timedOut++;
      throw failures.timeout(flight, this.#seam.now(), "this request's timeoutMs");
    }
    const payload = ticket.payload === FROM_KEY ? payloadOf(flight.key as string) : ticket.payload;
    // Counted before the launch, so that statistics read during it count no request for it.
    counters.released++;
    try {
      return this.#front.launch({ scope, ...ALONE, route, routeId, payload, carried: undefined }, false, true);
    } catch (refusal) {
      // Equal keys may come from different payloads: this payload may be checked for the first time here.
      throw watching.refused(this.#front, failures.named(null, refusal));
    }
  }

  /** Waits for it in the time that is left. */
  wait(flight: Flight, ticket: Ticket): Promise<unknown> {
    return this.#front.waiters.add(flight, this.restOf(ticket), true);
  }

  restOf(ticket: Ticket): RequestOptions {
    const { options } = ticket;
    return options.timeoutMs === undefined ? options : { ...options, timeoutMs: this.#leftOf(ticket) };
  }

  #leftOf({ options: { timeoutMs }, joinedAt }: Ticket): number {
    return timeoutMs === undefined ? Infinity : joinedAt + timeoutMs - this.#seam.now();
  }
}
