/**
 * The front: one per coalescer, on the caller's event loop. Holds the only truth about waiters: who waits, who left, who was settled. It
 * joins or launches, and ends flights; it never runs a machine, and never learns where a flight flies.
 */
import type { Seam } from '../workers/environment.js';
import type { AttemptRecord } from '../workers/protocol.js';
import { TICK_MS, type Wheel } from '../workers/wheel.js';
import { rememberFlight } from './errors.js';
import { Flight, type Boarding, type FlightDueReceiver, type FlightStatus } from './flight.js';
import { FlightFailures, type FlightFailure } from './flight-failures.js';
import { FlightTable } from './flight-table.js';
import type { LinkReceiver, Links } from './links.js';
import type { FilledOptions } from './options.js';
import type { Reentrance } from './reentrance.js';
import type { RequestOptions } from './requests.js';
import { freezeDeep } from './share.js';
import { newCounters } from './statistics.js';
import { StoryRing } from './story.js';
import { SignalWatch, Waiter, type LeaveReceiver } from './waiter.js';
import * as watching from './watching.js';

/** Settled flights whose stories `explain` still tells. */
const STORIES_MAX = 256;
/** The shard ends a flight at its deadline and knows why; the front does so a tick later, should the shard be dead or deaf. */
const DEADLINE_GRACE_MS = TICK_MS;
/** So many launches without a single join deserve a warning: the keys are probably unique (a request id in them, say). */
const LAUNCHES_WITHOUT_JOIN = 10_000;

export interface FrontSetup {
  readonly seam: Seam;
  readonly wheel: Wheel;
  readonly options: FilledOptions;
  readonly reentrance: Reentrance | null;
  readonly connect: (receiver: LinkReceiver) => Links;
}

export class Front implements FlightDueReceiver, LeaveReceiver, LinkReceiver {
  readonly counters = newCounters();
  readonly stories = new StoryRing(STORIES_MAX);
  readonly links: Links;
  readonly failures: FlightFailures;
  /** All flights of which the link has not yet told the end: at most `limits.flights`. */
  readonly airborne = new Set<Flight>();
  readonly #table = new FlightTable();
  readonly #signals = new SignalWatch();
  readonly #seam: Seam;
  readonly #wheel: Wheel;
  readonly #options: FilledOptions;
  readonly #reentrance: Reentrance | null;
  #whenIdle: (() => void)[] = [];
  #flightNumber = 0;
  #waiting = 0;
  #bytes = 0;
  #isClosing = false;

  constructor({ seam, wheel, options, reentrance, connect }: FrontSetup) {
    this.#seam = seam;
    this.#wheel = wheel;
    this.#options = options;
    this.#reentrance = reentrance;
    this.failures = new FlightFailures(options.name, () => this.links.targetNames?.length ?? 0);
    this.links = connect(this);
  }

  get waiting(): number {
    return this.#waiting;
  }
  get bytes(): number {
    return this.#bytes;
  }

  /** The flight that a request may join. @throws CoalescerError when it has no room, or when joining would be a deadlock */
  find(routeId: string | null, scope: string | null, index: string, key: string): Flight | undefined {
    const found = this.#table.find(routeId, scope, index, key);
    if (found === undefined) return undefined;
    if (!found.hasRoom) throw this.failures.limit('waitersPerFlight', this.#options.limits.waitersPerFlight, key);
    if (this.#reentrance?.wouldDeadlock(found) === true) throw this.failures.reentrant(found);
    return found;
  }

  /** @throws CoalescerError at a limit, after `close`, or for a payload that cannot be launched; nothing in the air is touched by it */
  launch(boarding: Boarding): Flight {
    const { limits, flightTimeoutMs, joinWithinMs, carry, name } = this.#options;
    const { key, payload } = boarding;
    if (this.#isClosing) throw this.failures.closed();
    if (this.airborne.size >= limits.flights) throw this.failures.limit('flights', limits.flights, key);
    const keyBytes = key === null ? 0 : key.length;
    if (keyBytes > limits.payloadBytes) throw this.failures.limit('payloadBytes', limits.payloadBytes, key);
    const admission = this.links.admit(payload);
    const bytes = keyBytes + admission.bytes;
    if (this.#bytes + bytes > limits.airborneBytes) throw this.failures.limit('airborneBytes', limits.airborneBytes, key);
    const carried = carry === null ? undefined : carry();
    const carriedBody = carried === undefined ? null : this.links.admitCarried(carried);
    const launchedAt = this.#seam.now();
    const { body } = admission;
    const flight = new Flight(
      boarding,
      { number: ++this.#flightNumber, name, carried, body, carriedBody, bytes, launchedAt, deadline: launchedAt + flightTimeoutMs },
      this,
    );
    // Registered before anything of the target's runs: whatever that does, it finds the flight.
    if (key === null) this.counters.unshared++;
    else this.#table.put(flight);
    this.airborne.add(flight);
    this.#bytes += bytes;
    this.#wheel.arm(flight, Math.min(joinWithinMs, flightTimeoutMs + DEADLINE_GRACE_MS), launchedAt);
    if (++this.counters.launched === LAUNCHES_WITHOUT_JOIN && this.counters.joined === 0)
      watching.warnNothingJoins(name, LAUNCHES_WITHOUT_JOIN);
    watching.launched(name, flight);
    this.#reentrance?.wouldDeadlock(flight);
    this.links.launch(flight);
    return flight;
  }

  /** One more waiter. The promise is its own where it may leave or gets a copy, else the one that all share. */
  wait(flight: Flight, { signal, timeoutMs }: RequestOptions): Promise<unknown> {
    this.#waiting++;
    if (++flight.waiting >= this.#options.limits.waitersPerFlight) flight.hasRoom = false;
    if (++flight.joined > 1) {
      this.counters.joined++;
      watching.joined(this.#options.name, flight);
    }
    if (signal === undefined && timeoutMs === undefined && this.#options.share !== 'copy') return flight.shared ?? flight.makeShared();
    const waiter = new Waiter(flight, signal ?? null, this);
    if (signal !== undefined) this.#signals.add(signal, waiter);
    // Not beyond the flight's own time: there the flight's end says more.
    if (timeoutMs !== undefined && timeoutMs < flight.deadline - flight.launchedAt) this.#wheel.arm(waiter, timeoutMs, this.#seam.now());
    return waiter.promise;
  }

  waiterLeft(waiter: Waiter, why: 'signal' | 'timeout'): void {
    const { flight } = waiter;
    if (flight.status !== 'flying') return;
    this.#detach(waiter);
    waiter.unlink();
    this.#waiting--;
    flight.waiting--;
    flight.hasRoom = true;
    this.counters[why === 'signal' ? 'left' : 'timedOut']++;
    const now = this.#seam.now();
    // The key is free in this very tick, before anyone is told: a retry in a `catch` starts anew.
    if (flight.waiting === 0) this.#lastLeft(flight, now);
    waiter.reject(why === 'signal' ? waiter.signal?.reason : this.failures.timeout(flight, now));
  }

  #lastLeft(flight: Flight, now: number): void {
    const { abandonAfterMs } = this.#options;
    if (abandonAfterMs === 'finish') return;
    // One that nobody can join any more need not be kept for another.
    if (abandonAfterMs === 0 || !flight.isCurrent) return this.end(flight, 'abandoned', undefined);
    flight.emptySince = now;
    this.#wheel.arm(flight, Math.min(abandonAfterMs, flight.due - now), now);
  }

  /** What is due is read off the flight itself: one entry in the wheel serves its join age, its patience and its deadline. */
  flightDue(flight: Flight, now: number): void {
    const { joinWithinMs, abandonAfterMs } = this.#options;
    const end = flight.deadline + DEADLINE_GRACE_MS;
    if (now >= end) return this.end(flight, 'rejected', this.failures.timeout(flight, now));
    if (now >= flight.launchedAt + joinWithinMs) this.#table.remove(flight);
    if (flight.waiting === 0 && typeof abandonAfterMs === 'number') {
      const patience = flight.emptySince + abandonAfterMs - now;
      if (patience <= 0 || !flight.isCurrent) return this.end(flight, 'abandoned', undefined);
      return this.#wheel.arm(flight, Math.min(patience, end - now), now);
    }
    const age = flight.isCurrent ? flight.launchedAt + joinWithinMs : end;
    this.#wheel.arm(flight, Math.min(age, end) - now, now);
  }

  /** Its key is free: the next request launches. Its waiters stay. */
  detach(flight: Flight): void {
    this.#table.remove(flight);
  }

  /** Ends a flight from this side: nobody waits any more, or nobody may. The link still has to say that it is over. */
  end(flight: Flight, status: 'rejected' | 'abandoned', error: unknown): void {
    if (flight.status !== 'flying') return;
    this.#settle(flight, status, error);
    this.links.abandon(flight);
  }

  attempted(flight: Flight, attempt: AttemptRecord): void {
    (flight.attempts ??= []).push(attempt);
    if (attempt.next !== undefined && attempt.next !== attempt.target) this.counters.failovers++;
    watching.attempted(this.#options.name, flight, attempt);
  }

  fulfilled(flight: Flight, attempt: AttemptRecord, value: unknown): void {
    if (flight.status === 'flying') {
      this.attempted(flight, attempt);
      this.#settle(flight, 'fulfilled', value);
    }
    this.#landed(flight);
  }

  failed(flight: Flight, attempt: AttemptRecord | null, failure: FlightFailure, error: unknown): void {
    if (attempt !== null) this.attempted(flight, attempt);
    if (flight.status === 'flying') {
      flight.failure = failure;
      this.#settle(flight, 'rejected', this.failures.of(flight, failure, error));
    }
    this.#landed(flight);
  }

  relaunched(flight: Flight, why: string): void {
    (flight.relaunches ??= []).push({ at: this.#seam.now(), why });
    this.counters.relaunches++;
  }

  thread(event: 'ready' | 'lost' | 'replaced', thread: number, relaunched: number): void {
    if (event === 'lost') this.counters.threadsLost++;
    watching.thread(this.#options.name, event, thread, relaunched);
  }

  /** No launches from now on. */
  seal(): void {
    this.#isClosing = true;
  }

  /** Settles when nothing is in the air. */
  idle(): Promise<void> {
    if (this.airborne.size === 0) return Promise.resolve();
    return new Promise((resolve) => void this.#whenIdle.push(resolve));
  }

  /** The one end of every flight. The table first, by identity, then the waiters: what they do next finds the key free. */
  #settle(flight: Flight, status: Exclude<FlightStatus, 'flying'>, result: unknown): void {
    flight.status = status;
    flight.settledAt = this.#seam.now();
    this.#wheel.disarm(flight);
    this.#table.remove(flight);
    this.counters[status]++;
    this.#waiting -= flight.waiting;
    if (status === 'fulfilled') this.#fulfil(flight, result);
    else this.#reject(flight, result);
    this.stories.add(flight);
    watching.settled(this.#options.name, flight);
  }

  #fulfil(flight: Flight, value: unknown): void {
    const { share } = this.#options;
    if (share === 'frozen') freezeDeep(value);
    for (let waiter = flight.firstWaiter; waiter !== null; waiter = waiter.next) {
      this.#detach(waiter);
      if (share === 'copy') this.failures.copyTo(waiter, value);
      else waiter.resolve(value);
    }
    flight.resolveShared?.(value);
  }

  #reject(flight: Flight, error: unknown): void {
    if (flight.waiting > 0) rememberFlight(error, flight);
    for (let waiter = flight.firstWaiter; waiter !== null; waiter = waiter.next) {
      this.#detach(waiter);
      waiter.reject(error);
    }
    flight.rejectShared?.(error);
  }

  #detach(waiter: Waiter): void {
    this.#wheel.disarm(waiter);
    if (waiter.signal !== null) this.#signals.remove(waiter.signal, waiter);
  }

  /** The link has told its end: slot and bytes are free. */
  #landed(flight: Flight): void {
    this.airborne.delete(flight);
    this.#bytes -= flight.bytes;
    flight.dropWork();
    if (this.airborne.size > 0 || this.#whenIdle.length === 0) return;
    const waiting = this.#whenIdle;
    this.#whenIdle = [];
    for (const resolve of waiting) resolve();
  }
}
