/** Who waits for which flight: in, out by signal or time, and what they get at the end. It decides about waiters, never about flights. */
import type { Seam } from '../workers/environment.js';
import type { Wheel } from '../workers/wheel.js';
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
    if (flight.status !== 'flying') return Promise.reject(failures.cancelled(flight, undefined));
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
    if (signal !== undefined) this.#signals.add(signal, waiter);
    // Aborted by the target while it was being called: an aborted signal tells no one any more.
    if (signal?.aborted === true) {
      this.waiterLeft(waiter, 'signal');
      return waiter.promise;
    }
    // Not beyond the flight's own time: there the flight's end says more.
    const now = timeoutMs === undefined ? 0 : seam.now();
    if (timeoutMs !== undefined && now + timeoutMs < flight.deadline) wheel.arm(waiter, timeoutMs, now);
    return waiter.promise;
  }

  waiterLeft(waiter: Waiter, why: 'signal' | 'timeout'): void {
    const { seam, failures, counters, receiver, reentrance } = this.#setup;
    const { flight } = waiter;
    if (flight.status !== 'flying') return;
    this.#detach(waiter);
    waiter.unlink();
    this.#count--;
    flight.waiting--;
    flight.hasRoom = true;
    counters[why === 'signal' ? 'left' : 'timedOut']++;
    if (waiter.asking !== null) reentrance?.gaveUp(waiter.asking, flight);
    const now = seam.now();
    // The key is free in this very tick, before anyone is told: a retry in a `catch` starts anew.
    if (flight.waiting === 0) receiver.lastLeft(flight, now);
    if (why === 'signal') return waiter.reject(waiter.signal?.reason);
    const error = failures.timeout(flight, now);
    rememberFlight(error, flight);
    waiter.reject(error);
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
    this.#count -= flight.waiting;
    if (flight.waiting > 0) rememberFlight(error, flight);
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
