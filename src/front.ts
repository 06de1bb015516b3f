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
import { FlightTable } from './flight-table.js';
import type { LinkReceiver, Links } from './links.js';
import type { FilledOptions } from './options.js';
import type { Reentrance } from './reentrance.js';
import { newCounters } from './statistics.js';
import { Patience } from './patience.js';
import { PlainRequests } from './plain-requests.js';
import { type FlightOwner, forStory, straightAttempt } from './story.js';
import { StoryRing } from './story-ring.js';
import { Streaming, type StreamingOwner } from './streaming.js';
import { Waiters } from './waiters.js';
import type { LastLeftReceiver } from './waiters-setup.js';
import * as watching from './watching.js';
import { channels, LAUNCHES_WITHOUT_JOIN } from './watching.js';

/** The shard ends a flight at its deadline and knows why; the front does so a tick later, should the shard be dead or deaf. */
const GRACE_MS = TICK_MS;

export interface FrontSetup {
  readonly seam: Seam;
  readonly wheel: Wheel;
  readonly options: FilledOptions;
  readonly reentrance: Reentrance | null;
  readonly connect: (receiver: LinkReceiver) => Links;
}

export class Front implements FlightOwner, TickReceiver, LastLeftReceiver, LinkReceiver, StreamingOwner {
  readonly name: string;
  readonly flightTimeoutMs: number;
  readonly waitersMax: number;
  readonly counters = newCounters();
  readonly stories = new StoryRing();
  readonly links: Links;
  readonly failures: FlightFailures;
  readonly waiters: Waiters;
  readonly streaming: Streaming;
  readonly plainRequests: PlainRequests;
  readonly reentrance: Reentrance | null;
  readonly airborne = new Airborne(); // at most `limits.flights`
  readonly #table = new FlightTable();
  readonly #seam: Seam;
  readonly #wheel: Wheel;
  readonly #options: FilledOptions;
  #flightNumber = 0;
  #bytes = 0;
  #closing: 'no' | 'draining' | 'over' = 'no';

  constructor({ seam, wheel, options, reentrance, connect }: FrontSetup) {
    this.#seam = seam;
    this.#wheel = wheel;
    this.#options = options;
    this.name = options.name;
    this.flightTimeoutMs = options.flightTimeoutMs;
    this.waitersMax = options.limits.waitersPerFlight;
    this.reentrance = reentrance;
    this.failures = new FlightFailures(options.name, () => this.links.targetNames?.length ?? 0);
    this.waiters = new Waiters({ seam, wheel, options, failures: this.failures, counters: this.counters, reentrance, receiver: this });
    this.streaming = new Streaming({ seam, options, failures: this.failures, waiters: this.waiters, owner: this });
    this.plainRequests = new PlainRequests(this, this.#table, { seam, options, reentrance });
    this.links = connect(this);
    wheel.tell(this);
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** The flight that a request may join. @throws CoalescerError when it has no room, or when joining would be a deadlock */
  find(routeId: string | null, scope: string | null, index: string, key: string): Flight | undefined {
    const found = this.#table.find(routeId, scope, index, key);
    if (found === undefined) return undefined;
    if (!found.hasRoom) throw this.failures.limit('waitersPerFlight', this.waitersMax, key);
    if (this.reentrance?.wouldDeadlock(found) === true) throw this.failures.reentrant(found);
    return found;
  }

  /** @param isFree was its key just looked for, and found free? @param isOwed does it carry on what is in the air, so that it flies also while this closes? @throws CoalescerError at a limit, after `close`, or for a payload that cannot be launched; nothing in the air is touched by it */
  launch(boarded: boarding.Boarded, isFree: boolean, isOwed = false): Flight {
    const { limits, carry, name } = this.#options;
    const key = boarding.keyOf(boarded);
    const keyBytes = key === null ? 0 : key.length;
    this.#checkRoom(key, keyBytes, isOwed); // first for speed: at a limit, nothing is packed
    if (keyBytes > limits.payloadBytes) throw this.failures.limit('payloadBytes', limits.payloadBytes, key);
    const admission = this.links.admit(boarded);
    const carried = carry === null ? undefined : carry();
    const along = carried === undefined ? null : this.links.admitCarried(carried);
    const bytes = keyBytes + admission.bytes + (along?.bytes ?? 0);
    // Again: what was called meanwhile is the user's, and may have launched or closed.
    if (admission.body !== null || carry !== null) this.#checkRoom(key, bytes, isOwed);
    const flight = new Flight(boarding.carrying(boarded, carried), ++this.#flightNumber, this, this.links.instant());
    flight.bytes = bytes;
    if (admission.body !== null) flight.pack(admission.body, along?.body ?? null);
    // Registered before anything of the target's runs: whatever that does, it finds the flight.
    if (key === null) this.counters.unshared++;
    else this.#table.put(flight, isFree && carry === null && admission.body === null);
    this.airborne.add(flight);
    this.#bytes += bytes;
    this.#wheel.wake(flight.launchedAt);
    if (++this.counters.launched === LAUNCHES_WITHOUT_JOIN && this.counters.joined === 0) watching.warnNothingJoins(name);
    this.reentrance?.wouldDeadlock(flight);
    // Counted before the target runs: what that does to others of this flight must not end it under its leader.
    this.waiters.seat(flight);
    this.links.launch(flight);
    if (channels.launched.hasSubscribers) watching.launched(name, flight);
    return flight;
  }

  #checkRoom(key: string | null, bytes: number, isOwed: boolean): void {
    const { limits } = this.#options;
    if (this.#closing === 'over' || (this.#closing === 'draining' && !isOwed)) throw this.failures.closed();
    if (this.airborne.size >= limits.flights) throw this.failures.limit('flights', limits.flights, key);
    if (this.#bytes + bytes > limits.airborneBytes) throw this.failures.limit('airborneBytes', limits.airborneBytes, key);
  }

  /** Nobody waits any more. */
  lastLeft(flight: Flight, now: number): void {
    const { abandonAfterMs } = this.#options;
    if (abandonAfterMs === 'finish' || flight.incidents.isRefresh) return;
    // One that nobody can join any more need not be kept for another.
    if (abandonAfterMs === 0 || !flight.isCurrent) return this.end(flight, 'abandoned', undefined);
    const patience = (flight.ownIncidents().patience ??= new Patience(flight, this));
    this.#wheel.arm(patience, abandonAfterMs, now);
  }

  /** One look at each tick serves the ages and deadlines of all flights: they are in the air in the order of their times. */
  ticked(now: number): boolean {
    const { joinWithinMs, flightTimeoutMs } = this.#options;
    this.links.ticked(now);
    for (const aged of this.airborne.aged(joinWithinMs, now)) this.tooOldToJoin(aged);
    for (const late of this.airborne.overdue(flightTimeoutMs + GRACE_MS, now)) this.end(late, 'rejected', this.failures.timeout(late, now));
    return this.airborne.isTimed;
  }

  /** One that nobody waits for was kept for others, and none can come now. */
  tooOldToJoin(flight: Flight): void {
    this.#table.remove(flight);
    if (flight.waiting === 0 && this.#options.abandonAfterMs !== 'finish') this.end(flight, 'abandoned', undefined);
  }

  /** Its key is free: the next request launches. Its waiters stay. */
  detach(flight: Flight): void {
    this.#table.remove(flight);
  }

  /** A flight's stream holds so many bytes more, or fewer. */
  held(flight: Flight, change: number): void {
    flight.bytes += change;
    this.#bytes += change;
  }

  /** Ends a flight from this side: nobody waits any more, or nobody may. The link still has to say that it is over. */
  end(flight: Flight, status: 'rejected' | 'abandoned', error: unknown): void {
    if (flight.status !== 'flying') return;
    this.settle(flight, status, error);
    this.links.abandon(flight);
  }

  attempted(flight: Flight, attempt: AttemptRecord): void {
    flight.attempted(attempt);
    if (attempt.next !== undefined && attempt.next !== attempt.target) this.counters.failovers++;
    if (channels.attempt.hasSubscribers || channels.failover.hasSubscribers) watching.attempted(this.name, flight, attempt);
  }

  fulfilled(flight: Flight, attempt: AttemptRecord, value: unknown): void {
    // Told first: whoever listens may end the flight before its value does.
    this.attempted(flight, attempt);
    if (attempt.isForOne === true && flight.key !== null) flight.ownIncidents().isForOne = true;
    // Readers who came and left, and were given nothing, are no reason to refuse it to its leader.
    const isRead = flight.stream !== null && (flight.stream.readers.size > 0 || flight.chunksGiven > 0);
    if (flight.incidents.isForOne && isRead) this.end(flight, 'rejected', this.failures.forOne(flight));
    if (flight.status === 'flying' && (flight.stream !== null || value === STREAM_ENDED)) this.streaming.ended(flight, attempt, value);
    else if (flight.status === 'flying') this.settle(flight, 'fulfilled', value, attempt.endedAt);
    this.#landed(flight);
  }

  wentStraight(flight: Flight, value: unknown, endedAt: number): void {
    const isTold = flight.told !== null || flight.stream !== null || channels.attempt.hasSubscribers;
    if (isTold) return this.fulfilled(flight, straightAttempt(flight, endedAt), value);
    this.settle(flight, 'fulfilled', value, endedAt);
    this.#landed(flight);
  }

  failed(flight: Flight, attempt: AttemptRecord | null, failure: FlightFailure, error: unknown): void {
    if (attempt !== null) this.attempted(flight, attempt);
    if (flight.status === 'flying') {
      flight.ownIncidents().failure = failure;
      this.settle(flight, 'rejected', this.failures.of(flight, failure, error));
    }
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

  /** No launches from now on but of what is owed. */
  seal(): void {
    this.#closing = 'draining';
  }

  /** Nothing is left after this: no thread, no timer. */
  async close(): Promise<void> {
    this.#closing = 'over';
    await this.links.close();
    this.#wheel.stop();
  }

  /** The one end of every flight. The table first, by identity, then the waiters: what they do next finds the key free. */
  settle(flight: Flight, status: Exclude<FlightStatus, 'flying'>, result: unknown, now = this.#seam.now()): void {
    flight.status = status;
    flight.endedAt = now;
    if (flight.incidents.patience !== null) this.#wheel.disarm(flight.incidents.patience);
    this.#table.remove(flight);
    this.counters[status]++;
    if (status === 'fulfilled') this.waiters.fulfil(flight, result);
    else this.waiters.reject(flight, result);
    this.stories.add(forStory(flight));
    if (channels.settled.hasSubscribers) watching.settled(this.name, flight);
  }

  /** The link has told its end: slot and bytes are free. */
  #landed(flight: Flight): void {
    this.#bytes -= flight.bytes;
    flight.dropWork();
    this.airborne.delete(flight);
  }
}
