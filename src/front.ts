/**
 * The front: one per coalescer, on the caller's event loop. Holds the only truth about waiters: who waits, who left, who was settled. It
 * joins or launches, and ends flights; it never runs a machine, and never learns where a flight flies.
 */
import type { BreakerPhase } from '../workers/breaker.js';
import type { Seam } from '../workers/environment.js';
import { type AttemptRecord, STREAM_ENDED } from '../workers/protocol.js';
import { TICK_MS, type TickReceiver, type Wheel } from '../workers/wheel.js';
import { Airborne } from './airborne.js';
import * as boarding from './boarding.js';
import { Flight, type FlightStatus } from './flight.js';
import { FlightFailures, type FlightFailure } from './flight-failures.js';
import { FlightLimits } from './flight-limits.js';
import { FlightTable } from './flight-table.js';
import { isReadByOthers } from './for-one.js';
import { NO_INCIDENTS } from './incidents.js';
import type { FrontSetup } from './front-setup.js';
import type { LinkReceiver, Links } from './links.js';
import { type Loads, loadsOf, NO_LOAD } from './load.js';
import type { FilledOptions } from './options.js';
import type { Reentrance } from './reentrance.js';
import { newCounters } from './statistics.js';
import { Patience } from './patience.js';
import { type PlainRequests, plainRequests } from './plain-requests.js';
import { type FlightOwner, forStory, straightAttempt } from './story.js';
import { StoryRing } from './story-ring.js';
import { Streaming, type StreamingOwner } from './streaming.js';
import { isGoneOnFrom } from './told.js';
import { Waiters } from './waiters.js';
import type { LastLeftReceiver } from './waiters-setup.js';
import * as watching from './watching.js';
import { channels, LAUNCHES_WITHOUT_JOIN } from './watching.js';

/** The shard ends a flight at its deadline and knows why; the front does so a tick later, should the shard be dead or deaf. */
const GRACE_MS = TICK_MS;

export class Front implements FlightOwner, TickReceiver, LastLeftReceiver, LinkReceiver, StreamingOwner {
  readonly name: string;
  readonly flightTimeoutMs: number;
  readonly waitersMax: number;
  readonly counters = newCounters();
  readonly stories = new StoryRing();
  readonly links: Links;
  readonly failures: FlightFailures;
  readonly limits: FlightLimits;
  readonly waiters: Waiters;
  readonly streaming: Streaming;
  readonly plainRequests: PlainRequests;
  readonly reentrance: Reentrance | null;
  readonly airborne = new Airborne(); // at most `limits.flights`
  readonly #table = new FlightTable();
  readonly #seam: Seam;
  readonly #wheel: Wheel;
  readonly #options: FilledOptions;
  readonly #loads: Loads | null; // `null`: nothing is packed or carried
  #flightNumber = 0;

  constructor({ seam, wheel, options, reentrance, connect }: FrontSetup) {
    this.#seam = seam;
    this.#wheel = wheel;
    this.#options = options;
    this.name = options.name;
    this.flightTimeoutMs = options.flightTimeoutMs;
    this.waitersMax = options.limits.waitersPerFlight;
    this.reentrance = reentrance;
    this.failures = new FlightFailures(options.name, () => this.links.targetNames?.length ?? 0);
    this.limits = new FlightLimits(options.limits, this.airborne, this.failures);
    this.waiters = new Waiters({ seam, wheel, options, failures: this.failures, counters: this.counters, reentrance, receiver: this });
    this.streaming = new Streaming({ seam, options, failures: this.failures, waiters: this.waiters, owner: this });
    this.plainRequests = plainRequests(this, this.#table, { seam, options, reentrance });
    this.links = connect(this);
    this.#loads = loadsOf(this.links, options.carry, this.limits);
    wheel.reportTo(this);
  }

  /** The flight that a request may join. @throws CoalescerError if it has no room, or if joining would be a deadlock */
  find(routeId: string | null, scope: string | null, index: string, key: string): Flight | undefined {
    const found = this.#table.find(routeId, scope, index, key);
    if (found === undefined) return undefined;
    if (!found.hasRoom) throw this.failures.limit('waitersPerFlight', this.waitersMax, key);
    if (this.reentrance?.wouldDeadlock(found) === true) throw this.failures.reentrant(found);
    return found;
  }

  /** @param isFree did a look-up just find no flight of its key? @param isOwed does it continue an accepted request, so that it flies even while this closes? @throws CoalescerError at a limit, after `close`, or for a payload that cannot be launched; nothing in the air is affected */
  launch(boarded: boarding.Boarded, isFree: boolean, isOwed = false): Flight {
    const key = boarding.keyOf(boarded);
    const keyBytes = key === null ? 0 : key.length;
    // Checked first: at a limit, nothing is packed.
    if (!this.limits.allow(keyBytes, keyBytes)) this.limits.refuse(key, keyBytes, isOwed);
    const load = this.#loads === null ? NO_LOAD : this.#loads.of(boarded, keyBytes, isOwed);
    const flight = new Flight(load.boarded ?? boarded, ++this.#flightNumber, this, this.links.instant());
    flight.bytes = keyBytes + load.bytes;
    if (load.body !== null) flight.pack(load.body, load.carriedBody);
    // Registered before any code of the target runs: whatever that does, it finds the flight.
    if (key === null) this.counters.unshared++;
    else this.#table.put(flight, isFree && load === NO_LOAD);
    this.airborne.add(flight);
    this.limits.bytes += flight.bytes;
    this.#wheel.wake(flight.launchedAt);
    const launched = ++this.counters.launched - this.counters.unshared;
    if (launched === LAUNCHES_WITHOUT_JOIN && key !== null) watching.warnNothingJoins(this);
    if (this.reentrance !== null) this.reentrance.wouldDeadlock(flight);
    // Seated before the target runs: what the target does to other waiters must not end the flight under its leader.
    this.waiters.seatLeader(flight);
    this.links.launch(flight);
    if (channels.launched.hasSubscribers) watching.launched(this.name, flight);
    return flight;
  }

  /** Nobody waits any more. */
  lastLeft(flight: Flight, now: number): void {
    const { abandonAfterMs } = this.#options;
    if (abandonAfterMs === 'finish' || flight.incidents.isRefresh) return;
    // A flight that nobody can join any more need not be kept for another waiter.
    if (abandonAfterMs === 0 || !flight.isCurrent) return this.end(flight, 'abandoned', undefined);
    const patience = (flight.ownIncidents().patience ??= new Patience(flight, this));
    this.#wheel.arm(patience, abandonAfterMs, now);
  }

  /** The ages and deadlines of all flights take one check per tick: flights are in the air in the order of their launch times. */
  ticked(now: number): boolean {
    const { joinWithinMs, flightTimeoutMs } = this.#options;
    this.links.ticked(now);
    for (const aged of this.airborne.aged(joinWithinMs, now)) this.tooOldToJoin(aged);
    for (const late of this.airborne.overdue(flightTimeoutMs + GRACE_MS, now)) this.end(late, 'rejected', this.failures.timeout(late, now));
    return this.airborne.isTimed;
  }

  /** Removes it from the table. A flight without waiters was only kept for others to join, so it ends. */
  tooOldToJoin(flight: Flight): void {
    this.#table.remove(flight);
    const isForOthers = this.#options.abandonAfterMs !== 'finish' && !flight.incidents.isRefresh;
    if (flight.waiting === 0 && isForOthers) this.end(flight, 'abandoned', undefined);
  }

  /** Its key is free: the next request launches. Its waiters stay. */
  detach(flight: Flight): void {
    this.#table.remove(flight);
  }

  /** The bytes that a flight's stream holds have changed by `change`. */
  held(flight: Flight, change: number): void {
    flight.bytes += change;
    this.limits.bytes += change;
  }

  /** Ends a flight from this side: nobody waits any more, or nobody may. The link still has to report the end. */
  end(flight: Flight, status: 'rejected' | 'abandoned', error: unknown): void {
    if (flight.status !== 'flying') return;
    this.settle(flight, status, error);
    this.links.abandon(flight);
  }

  attempted(flight: Flight, attempt: AttemptRecord): void {
    const before = flight.told?.last ?? null;
    flight.attempted(attempt);
    if (before !== null && isGoneOnFrom(before, attempt)) watching.failedOver(this, flight, before, attempt.target);
    if (channels.attempt.hasSubscribers) watching.attempted(this.name, flight, attempt);
    if (attempt.next !== undefined && attempt.next !== attempt.target) watching.failedOver(this, flight, attempt, attempt.next);
  }

  fulfilled(flight: Flight, attempt: AttemptRecord, value: unknown): void {
    flight.course = null; // all of its attempts are reported
    // Reported first: a subscriber may end the flight before its value does.
    this.attempted(flight, attempt);
    if (attempt.isForOne === true && flight.key !== null) flight.ownIncidents().isForOne = true;
    if (flight.status === 'flying' && flight.incidents.isForOne && isReadByOthers(flight)) {
      // They fly alone next time.
      this.waiters.forOne.learn(flight, attempt.endedAt);
      this.end(flight, 'rejected', this.failures.forOne(flight));
    }
    if (flight.status === 'flying' && (flight.stream !== null || value === STREAM_ENDED)) this.streaming.ended(flight, attempt, value);
    else if (flight.status === 'flying') this.settle(flight, 'fulfilled', value, attempt.endedAt);
    flight.dropWork();
    this.#landed(flight);
  }

  wentStraight(flight: Flight, value: unknown, endedAt: number): void {
    // The path of nearly all flights, without checks that only others need: short enough for V8 to inline in two pieces (4 to 8 % of a flight).
    const isPlain = flight.stream === null && flight.incidents === NO_INCIDENTS && (flight.told === null || !flight.hasLongKey);
    if (!isPlain || channels.attempt.hasSubscribers) return this.fulfilled(flight, straightAttempt(flight, endedAt), value);
    this.#over(flight, 'fulfilled', endedAt);
    this.waiters.fulfil(flight, value);
    this.#told(flight);
    flight.dropLittle();
    this.#landed(flight);
  }

  failed(flight: Flight, attempt: AttemptRecord | null, failure: FlightFailure, error: unknown): void {
    if (attempt !== null) this.attempted(flight, attempt);
    if (flight.status === 'flying') {
      flight.ownIncidents().failure = failure;
      this.settle(flight, 'rejected', this.failures.of(flight, failure, error));
    }
    flight.dropWork();
    this.#landed(flight);
  }

  relaunched(flight: Flight, why: string): void {
    (flight.ownIncidents().relaunches ??= []).push({ at: this.#seam.now(), why });
    this.counters.relaunches++;
    flight.stream?.relaunched();
  }

  breaker(target: string, from: BreakerPhase, to: BreakerPhase): void {
    watching.breaker(this.#seam, { coalescer: this.#options.name, target, from, to });
  }

  thread(event: 'ready' | 'lost' | 'replaced', thread: number, relaunched: number): void {
    if (event === 'lost') this.counters.threadsLost++;
    watching.thread(this.#options.name, event, thread, relaunched);
  }

  /** Nothing is left after this: no thread, no timer. */
  async close(): Promise<void> {
    this.limits.shut();
    await this.links.close();
    this.reentrance?.flying.close();
    this.#wheel.stop();
  }

  /** The one end of every flight. First out of the table, by identity, then the waiters: whatever they do next finds the key free. */
  settle(flight: Flight, status: Exclude<FlightStatus, 'flying'>, result: unknown, now = this.#seam.now()): void {
    if (flight.incidents.patience !== null) this.#wheel.disarm(flight.incidents.patience);
    this.#over(flight, status, now);
    if (status === 'fulfilled') this.waiters.fulfil(flight, result);
    else this.waiters.reject(flight, result);
    this.#told(flight);
  }

  #over(flight: Flight, status: Exclude<FlightStatus, 'flying'>, now: number): void {
    flight.status = status;
    flight.endedAt = now;
    this.counters[status]++;
    this.#table.remove(flight);
  }

  /** All waiters are told. */
  #told(flight: Flight): void {
    this.stories.add(forStory(flight));
    if (channels.settled.hasSubscribers) watching.settled(this.name, flight);
  }

  /** The link has reported the end: slot and bytes are free. */
  #landed(flight: Flight): void {
    this.limits.bytes -= flight.bytes;
    this.airborne.delete(flight);
  }
}
