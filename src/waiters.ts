/** Who waits for which flight: in, out by signal or time, and what they get at the end. It decides about waiters, never about flights. */
import type { Seam } from '../workers/environment.js';
import { TICK_MS, type Wheel } from '../workers/wheel.js';
import { rememberFlight } from './errors.js';
import type { Flight } from './flight.js';
import type { FlightFailures } from './flight-failures.js';
import type { FilledOptions } from './options.js';
import type { Reentrance } from './reentrance.js';
import type { RequestOptions } from './requests.js';
import { freezeDeep } from './share.js';
import type { Counters } from './statistics.js';
import { SignalWatch, Waiter, type LeaveReceiver } from './waiter.js';
import * as watching from './watching.js';

/** A flight that its shard does not end at its deadline is ended by the front up to two ticks later. */
const SAME_MS = 2 * TICK_MS;

/** Told when nobody waits for a flight any more. */
export interface LastLeftReceiver {
  lastLeft(flight: Flight, now: number): void;
}

export interface WaitersSetup {
  readonly seam: Seam;
  readonly wheel: Wheel;
  readonly options: FilledOptions;
  readonly failures: FlightFailures;
  readonly counters: Counters;
  readonly reentrance: Reentrance | null;
  readonly receiver: LastLeftReceiver;
}

export class Waiters implements LeaveReceiver {
  readonly #setup: WaitersSetup;
  readonly #signals = new SignalWatch();
  #count = 0;
  /** The flight that was rejected last, and with what: a leader whose flight has ended before it could wait asks at once. */
  #ended: { readonly flight: Flight; readonly error: unknown } | null = null;

  constructor(setup: WaitersSetup) {
    this.#setup = setup;
  }

  /** All that wait now. */
  get count(): number {
    return this.#count;
  }

  /** Counts one in. The leader is counted before its promise is made. */
  seat(flight: Flight): void {
    this.#count++;
    flight.joined++;
    if (++flight.waiting >= this.#setup.options.limits.waitersPerFlight) flight.hasRoom = false;
  }

  /** One more. The promise is its own where it may leave or gets a copy, else the one that all share. */
  add(flight: Flight, { signal, timeoutMs }: RequestOptions, isLeader: boolean): Promise<unknown> {
    const { options, counters, failures } = this.#setup;
    // `cancel` or `close`, called by the target while it was being called, or by a subscriber, can be as quick as that.
    if (flight.status !== 'flying') {
      const error = this.#ended?.flight === flight ? this.#ended.error : failures.cancelled(flight, undefined);
      this.#ended = null;
      return Promise.reject(error);
    }
    if (!isLeader) {
      counters.joined++;
      this.seat(flight);
    }
    const isPlain = signal === undefined && timeoutMs === undefined && options.share !== 'copy';
    const promise = isPlain ? (flight.shared ?? flight.makeShared()) : this.#waitApart(flight, signal, timeoutMs);
    // Last: whoever listens may end the flight, and this waiter with it.
    if (!isLeader) watching.joined(options.name, flight);
    return promise;
  }

  /** A waiter of its own: it may leave, or gets a copy. */
  #waitApart(flight: Flight, signal: AbortSignal | undefined, timeoutMs: number | undefined): Promise<unknown> {
    const { seam, wheel, reentrance } = this.#setup;
    const waiter = new Waiter(flight, signal ?? null, this);
    if (reentrance !== null) waiter.asking = reentrance.asking;
    try {
      if (signal !== undefined) this.#signals.add(signal, waiter);
    } catch (error) {
      // A signal that cannot be listened to: this waiter never was.
      waiter.unlink();
      this.#unseat(flight, seam.now());
      return Promise.reject(error);
    }
    // Aborted by the target while it was being called: an aborted signal tells no one any more.
    if (signal?.aborted === true) {
      this.waiterLeft(waiter, 'signal');
      return waiter.promise;
    }
    // Not beyond the flight's own end, which says more; but that may be told two ticks late.
    const now = timeoutMs === undefined ? 0 : seam.now();
    if (timeoutMs !== undefined && now + timeoutMs < flight.deadline + SAME_MS) wheel.arm(waiter, timeoutMs, now);
    return waiter.promise;
  }

  waiterLeft(waiter: Waiter, why: 'signal' | 'timeout'): void {
    const { seam, failures, counters, reentrance } = this.#setup;
    const { flight } = waiter;
    if (flight.status !== 'flying') return;
    this.#detach(waiter);
    waiter.unlink();
    const now = seam.now();
    counters[why === 'signal' ? 'left' : 'timedOut']++;
    if (waiter.asking !== null) reentrance?.gaveUp(waiter.asking, flight);
    // Made before the flight may end, and let go of what the error tells.
    const error = why === 'timeout' ? failures.timeout(flight, now) : waiter.signal?.reason;
    if (why === 'timeout') rememberFlight(error, flight.forStory());
    this.#unseat(flight, now);
    waiter.reject(error);
  }

  /** One fewer. The key is free in this very tick, before anyone is told: a retry in a `catch` starts anew. */
  #unseat(flight: Flight, now: number): void {
    this.#count--;
    flight.waiting--;
    flight.hasRoom = true;
    if (flight.waiting === 0) this.#setup.receiver.lastLeft(flight, now);
  }

  fulfil(flight: Flight, value: unknown): void {
    const { options, failures } = this.#setup;
    this.#count -= flight.waiting;
    if (options.share === 'frozen') freezeDeep(value);
    for (let waiter = flight.firstWaiter; waiter !== null; waiter = waiter.next) {
      this.#detach(waiter);
      if (options.share === 'copy') failures.copyTo(waiter, value);
      else waiter.resolve(value);
    }
    flight.resolveShared?.(value);
  }

  reject(flight: Flight, error: unknown): void {
    this.#ended = flight.shared === null && flight.firstWaiter === null ? { flight, error } : null;
    this.#count -= flight.waiting;
    if (flight.waiting > 0) rememberFlight(error, flight.forStory());
    for (let waiter = flight.firstWaiter; waiter !== null; waiter = waiter.next) {
      this.#detach(waiter);
      waiter.reject(error);
    }
    flight.rejectShared?.(error);
  }

  #detach(waiter: Waiter): void {
    this.#setup.wheel.disarm(waiter);
    if (waiter.signal !== null) this.#signals.remove(waiter.signal, waiter);
  }
}
