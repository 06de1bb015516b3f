/** Who waits for which flight: they join, leave by signal or time, and get the outcome at the end. It decides about waiters, never about flights. */
import { rememberFlight } from './errors.js';
import type { Flight } from './flight.js';
import { ForOneKeys, giveOne } from './for-one.js';
import { NO_INCIDENTS } from './incidents.js';
import { keepingOf, type Keeping } from './keeping.js';
import { Leaving } from './leaving.js';
import type { RequestOptions } from './requests.js';
import { freezeDeep } from './share.js';
import type { Counters } from './statistics.js';
import { Reader } from './reader.js';
import type { Stream } from './stream.js';
import { type LeaveReason, type LeaveReceiver, type Seat, seatsOf, Waiter } from './waiter.js';
import type { WaitersSetup } from './waiters-setup.js';
import * as watching from './watching.js';

export class Waiters implements LeaveReceiver {
  /** `null`: nothing is kept. */
  readonly keeping: Keeping | null;
  readonly forOne = new ForOneKeys();
  readonly #setup: WaitersSetup;
  readonly #counters: Counters;
  readonly #leaving: Leaving;
  readonly #isPlain: boolean; // nothing is kept or frozen
  #gone = 0; // of all waiters there ever were
  /** The flight that was rejected last, and its error, for a leader whose flight has ended before it could wait: it asks at once. */
  #ended: { readonly flight: Flight; readonly error: unknown } | null = null;

  constructor(setup: WaitersSetup) {
    this.#setup = setup;
    this.#leaving = new Leaving(setup.wheel);
    this.#counters = setup.counters;
    this.keeping = keepingOf(setup.options);
    this.#isPlain = this.keeping === null && setup.options.share !== 'frozen';
  }

  /** How many wait now. */
  get count(): number {
    return this.#counters.launched + this.#counters.joined - this.#gone;
  }

  /** Counts the leader in, before its promise is made. */
  seatLeader(flight: Flight): void {
    flight.seat();
  }

  /** Nobody waits for it: it was launched to refresh a kept value. */
  unseatLeader(flight: Flight): void {
    this.#gone++;
    flight.joined--;
    flight.updatePlain();
  }

  /** Counts in a waiter that did not launch it. */
  follow(flight: Flight): void {
    this.#counters.joined++;
    flight.seat();
  }

  /** Adds a waiter. It gets a promise of its own if it may leave or gets a copy, else the shared one. */
  add(flight: Flight, request: RequestOptions, isLeader: boolean): Promise<unknown> {
    const { signal, timeoutMs, fresh } = request;
    if (flight.status !== 'flying') return Promise.reject(this.#endOf(flight));
    if (!isLeader) this.follow(flight);
    // A value for one alone is its leader's, and a fresh request takes nothing that was kept.
    const isAlone = isLeader && (this.#setup.receiver.links.mayBeForOne || (fresh === true && this.keeping !== null));
    // When a target waits here, it may be refused the value while the flight goes on, and then waits no more.
    const isNested = (this.#setup.reentrance?.asking ?? null) !== null;
    const isPlain = signal === undefined && timeoutMs === undefined && this.#setup.options.share !== 'copy' && !isAlone && !isNested;
    const promise = isPlain ? (flight.shared ?? flight.makeShared()) : this.#waitApart(flight, request, isLeader);
    // After it waits: the chunks so far may be too large for it, and then it is told.
    flight.stream?.wanted();
    // Last: a subscriber may end the flight, and this waiter with it.
    if (!isLeader && watching.channels.joined.hasSubscribers) watching.joined(this.#setup.options.name, flight);
    return promise;
  }

  /** Adds a reader of the flight's stream, from the chunk with index `from` on. @throws what the flight ended with, if it has ended already */
  read(flight: Flight, stream: Stream, { signal, timeoutMs }: RequestOptions, place: { isLeader: boolean; from: number }): Reader {
    const { options, failures } = this.#setup;
    if (flight.status !== 'flying') throw this.#endOf(flight);
    if (!place.isLeader) this.follow(flight);
    const reader = new Reader({
      flight,
      stream,
      signal: signal ?? null,
      isApart: signal !== undefined || timeoutMs !== undefined,
      ...place,
      isCopied: options.share === 'copy',
      failures,
      receiver: this,
      clock: this.#setup.seam,
    });
    this.#mind(reader, timeoutMs);
    if (!place.isLeader) watching.joined(options.name, flight);
    return reader;
  }

  /** `cancel` or `close`, called by the target during its call or by a subscriber, can end a flight before its leader waits. */
  #endOf(flight: Flight): unknown {
    const error = this.#ended?.flight === flight ? this.#ended.error : this.#setup.failures.cancelled(flight, undefined);
    this.#ended = null;
    return error;
  }

  /** A waiter with a promise of its own: it may leave, or gets a copy. */
  #waitApart(flight: Flight, { signal, timeoutMs, fresh }: RequestOptions, isLeader: boolean): Promise<unknown> {
    const waiter = new Waiter(flight, signal ?? null, this);
    waiter.isLeader = isLeader;
    waiter.isFresh = fresh === true;
    try {
      this.#mind(waiter, timeoutMs);
    } catch (error) {
      return Promise.reject(error);
    }
    return waiter.promise;
  }

  /** Watches its signal and its time. @throws what a signal throws that cannot be listened to or read: then this waiter is removed again */
  #mind(seat: Seat, timeoutMs: number | undefined): void {
    const { seam, reentrance } = this.#setup;
    if (reentrance !== null) seat.asking = reentrance.asking;
    let isAborted: boolean;
    try {
      this.#leaving.listen(seat);
      // The target may have aborted it during its call: an aborted signal fires no event any more.
      isAborted = seat.signal?.aborted === true;
    } catch (error) {
      // The signal threw after it had fired: its waiter has left already.
      if (!seat.isSeated) return;
      this.#leaving.forget(seat);
      seat.unlink();
      this.#unseat(seat, seam.now());
      throw error;
    }
    if (isAborted || !seat.isSeated) return this.waiterLeft(seat, 'signal');
    if (timeoutMs !== undefined) this.#leaving.arm(seat, timeoutMs, seam.now());
  }

  waiterLeft(waiter: Seat, why: LeaveReason): void {
    const { seam, counters, reentrance } = this.#setup;
    const { flight } = waiter;
    if (flight.status !== 'flying' || !waiter.isSeated) return; // it is told once, even by a signal that fires at once
    this.#leaving.forget(waiter);
    waiter.unlink();
    const now = seam.now();
    counters[why === 'timeout' ? 'timedOut' : 'left']++;
    if (waiter.asking !== null) reentrance?.gaveUp(waiter.asking, flight);
    // Made before the flight may end and drop what the error tells.
    const error = this.#setup.failures.ofLeaving(waiter, why, now);
    this.#unseat(waiter, now);
    waiter.left(error, why);
  }

  /** One waiter fewer. The key is free in this very tick, before anyone is told: a retry in a `catch` launches anew. */
  #unseat(seat: Seat, now: number): void {
    const { flight } = seat;
    this.#gone++;
    flight.joinedMost++;
    flight.updatePlain();
    if (flight.waiting === 0) this.#setup.receiver.lastLeft(flight, now);
    // Last: a flight that has ended must not be granted more credit.
    flight.stream?.left(seat);
  }

  /** Short enough for V8 to inline where a plain flight ends (1 to 2 % of a flight). */
  fulfil(flight: Flight, value: unknown): void {
    if (this.#isPlain && flight.stream === null && flight.incidents === NO_INCIDENTS) this.#give(flight, value);
    else this.#fulfilAsAsked(flight, value);
  }

  #fulfilAsAsked(flight: Flight, value: unknown): void {
    const { options } = this.#setup;
    flight.stream?.log.end(); // first: readers that are told must find it closed
    if (options.share === 'frozen') freezeDeep(value);
    this.keeping?.fulfilled(flight, value);
    if (flight.incidents.isForOne) this.#giveToLeader(flight, value);
    else this.#give(flight, value);
  }

  #giveToLeader(flight: Flight, value: unknown): void {
    this.#gone += flight.waiting;
    this.forOne.learn(flight, flight.settledAt);
    giveOne(flight, { give: (waiter) => this.#tell(waiter, value), release: (waiter) => this.#leaving.forget(waiter) });
  }

  #give(flight: Flight, value: unknown, error?: unknown): void {
    this.#gone += flight.waiting;
    for (let waiter = flight.firstWaiter; waiter !== null; waiter = waiter.next) this.#tell(waiter, value, error);
    flight.resolveShared?.(value);
  }

  #tell(waiter: Seat, value: unknown, failure?: unknown): void {
    const { failures, options } = this.#setup;
    this.#leaving.forget(waiter);
    if (waiter.flight.incidents.isStale && !waiter.takesStandIn) return waiter.reject(failure);
    if (options.share !== 'copy' || !waiter.wantsValue) return waiter.resolve(value);
    try {
      waiter.resolve(failures.copy(waiter.flight, value));
    } catch (error) {
      waiter.reject(error);
    }
  }

  /** There is a stream, but no value for those who want one: they are rejected, and readers read on. */
  refuseValue(flight: Flight, error: unknown): void {
    rememberFlight(error, flight);
    // From a copy of the list: to stop listening to a signal may make others leave.
    for (const waiter of seatsOf(flight).filter(({ wantsValue }) => wantsValue)) {
      if (!waiter.isSeated) continue;
      this.#leaving.forget(waiter);
      waiter.unlink();
      if (waiter.asking !== null) this.#setup.reentrance?.gaveUp(waiter.asking, flight);
      waiter.reject(error);
    }
    if (flight.status !== 'flying') return;
    const readers = seatsOf(flight).length;
    flight.rejectShared(error);
    flight.shared = null;
    this.#gone += flight.waiting - readers;
    flight.joinedMost += flight.waiting - readers;
    flight.updatePlain();
    flight.stream?.paceAnew();
  }

  reject(flight: Flight, error: unknown): void {
    if (flight.waiting > 0) rememberFlight(error, flight);
    // Readers who have left, or leave just now, are told why they left, not how the stream that nobody reads ended.
    if (flight.status === 'abandoned') flight.stream?.log.leave();
    else flight.stream?.log.fail(error);
    const standIn = this.keeping?.rejected(flight, error) ?? null;
    if (standIn !== null) {
      flight.ownIncidents().isStale = true;
      this.#counters.stoodIn += flight.waiting - seatsOf(flight).filter(({ takesStandIn }) => !takesStandIn).length;
      return this.#give(flight, standIn.value, error);
    }
    this.#ended = flight.shared === null && flight.firstWaiter === null ? { flight, error } : null;
    this.#gone += flight.waiting;
    for (let waiter = flight.firstWaiter; waiter !== null; waiter = waiter.next) {
      this.#leaving.forget(waiter);
      waiter.reject(error);
    }
    flight.rejectShared(error);
  }
}
