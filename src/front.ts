/**
 * The front: one per coalescer, on the caller's event loop. Holds the only truth about waiters: who waits, who left, who was settled. It
 * joins or launches, and ends flights; it never runs a machine, and never learns where a flight flies.
 */
import type { Seam } from '../workers/environment.js';
import { type AttemptRecord, STREAM_ENDED } from '../workers/protocol.js';
import { TICK_MS, type Wheel } from '../workers/wheel.js';
import { Airborne } from './airborne.js';
import { Flight, type Boarding, type FlightDueReceiver, type FlightStatus } from './flight.js';
import { FlightFailures, type FlightFailure } from './flight-failures.js';
import { FlightTable } from './flight-table.js';
import type { LinkReceiver, Links } from './links.js';
import type { FilledOptions } from './options.js';
import type { Reentrance } from './reentrance.js';
import { newCounters } from './statistics.js';
import { StoryRing } from './story.js';
import { Streaming, type StreamingOwner } from './streaming.js';
import { Waiters, type LastLeftReceiver } from './waiters.js';
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

export class Front implements FlightDueReceiver, LastLeftReceiver, LinkReceiver, StreamingOwner {
  readonly counters = newCounters();
  readonly stories = new StoryRing(STORIES_MAX);
  readonly links: Links;
  readonly failures: FlightFailures;
  readonly waiters: Waiters;
  readonly streaming: Streaming;
  /** At most `limits.flights`. */
  readonly airborne = new Airborne();
  readonly #table = new FlightTable();
  readonly #seam: Seam;
  readonly #wheel: Wheel;
  readonly #options: FilledOptions;
  readonly #reentrance: Reentrance | null;
  #flightNumber = 0;
  #bytes = 0;
  #isClosing = false;

  constructor({ seam, wheel, options, reentrance, connect }: FrontSetup) {
    this.#seam = seam;
    this.#wheel = wheel;
    this.#options = options;
    this.#reentrance = reentrance;
    this.failures = new FlightFailures(options.name, () => this.links.targetNames?.length ?? 0);
    this.waiters = new Waiters({ seam, wheel, options, failures: this.failures, counters: this.counters, reentrance, receiver: this });
    this.streaming = new Streaming({ seam, options, failures: this.failures, waiters: this.waiters, owner: this });
    this.links = connect(this);
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
    const keyBytes = key === null ? 0 : key.length;
    // First for speed: at a limit, nothing is packed.
    this.#checkRoom(key, keyBytes);
    if (keyBytes > limits.payloadBytes) throw this.failures.limit('payloadBytes', limits.payloadBytes, key);
    const admission = this.links.admit(payload);
    const carried = carry === null ? undefined : carry();
    const carriedBody = carried === undefined ? null : this.links.admitCarried(carried);
    const bytes = keyBytes + admission.bytes + (carriedBody?.bytes.byteLength ?? 0);
    // Again: what was called meanwhile is the user's, and may have launched or closed.
    this.#checkRoom(key, bytes);
    const launchedAt = this.#seam.now();
    const flight = new Flight(
      boarding,
      {
        number: ++this.#flightNumber,
        name,
        carried,
        body: admission.body,
        carriedBody,
        bytes,
        launchedAt,
        deadline: launchedAt + flightTimeoutMs,
      },
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
    this.#reentrance?.wouldDeadlock(flight);
    // Counted before the target runs: what that does to others of this flight must not end it under its leader.
    this.waiters.seat(flight);
    this.links.launch(flight);
    watching.launched(name, flight);
    return flight;
  }

  #checkRoom(key: string | null, bytes: number): void {
    const { limits } = this.#options;
    if (this.#isClosing) throw this.failures.closed();
    if (this.airborne.size >= limits.flights) throw this.failures.limit('flights', limits.flights, key);
    if (this.#bytes + bytes > limits.airborneBytes) throw this.failures.limit('airborneBytes', limits.airborneBytes, key);
  }

  /** Nobody waits any more. */
  lastLeft(flight: Flight, now: number): void {
    const { abandonAfterMs } = this.#options;
    if (abandonAfterMs === 'finish') return;
    // One that nobody can join any more need not be kept for another.
    if (abandonAfterMs === 0 || !flight.isCurrent) return this.end(flight, 'abandoned', undefined);
    flight.emptySince = now;
    // Its time has come in this very tick: then the tick is not put off.
    if (flight.due <= now) return this.flightDue(flight, now);
    this.#wheel.arm(flight, Math.min(abandonAfterMs, flight.due - now), now);
  }

  /** What is due is read off the flight itself: one entry in the wheel serves its join age, its patience and its deadline. */
  flightDue(flight: Flight, now: number): void {
    const { joinWithinMs, abandonAfterMs } = this.#options;
    const end = flight.deadline + DEADLINE_GRACE_MS;
    if (now >= end) return this.end(flight, 'rejected', this.failures.timeout(flight, now));
    if (now >= flight.launchedAt + joinWithinMs) this.#table.remove(flight);
    const next = flight.isCurrent ? Math.min(flight.launchedAt + joinWithinMs, end) : end;
    if (flight.waiting > 0 || abandonAfterMs === 'finish') return this.#wheel.arm(flight, next - now, now);
    const patience = flight.emptySince + abandonAfterMs;
    // One that nobody can join any more need not be kept for another.
    if (now >= patience || !flight.isCurrent) return this.end(flight, 'abandoned', undefined);
    this.#wheel.arm(flight, Math.min(patience, next) - now, now);
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
    (flight.attempts ??= []).push(attempt);
    if (attempt.next !== undefined && attempt.next !== attempt.target) this.counters.failovers++;
    watching.attempted(this.#options.name, flight, attempt);
  }

  fulfilled(flight: Flight, attempt: AttemptRecord, value: unknown): void {
    // Told first: whoever listens may end the flight before its value does.
    if (flight.status === 'flying') this.attempted(flight, attempt);
    if (flight.status === 'flying' && (flight.stream !== null || value === STREAM_ENDED)) this.streaming.ended(flight, attempt, value);
    else if (flight.status === 'flying') this.settle(flight, 'fulfilled', value, attempt.endedAt);
    this.#landed(flight);
  }

  opened(flight: Flight, attempt: number, target: string): void {
    this.streaming.opened(flight, attempt, target);
  }

  chunk(flight: Flight, chunk: unknown, cost: number): void {
    this.streaming.chunk(flight, chunk, cost);
  }

  failed(flight: Flight, attempt: AttemptRecord | null, failure: FlightFailure, error: unknown): void {
    if (attempt !== null) this.attempted(flight, attempt);
    if (flight.status === 'flying') {
      flight.failure = failure;
      this.settle(flight, 'rejected', this.failures.of(flight, failure, error));
    }
    this.#landed(flight);
  }

  relaunched(flight: Flight, why: string): void {
    (flight.relaunches ??= []).push({ at: this.#seam.now(), why });
    this.counters.relaunches++;
    flight.stream?.relaunched();
  }

  thread(event: 'ready' | 'lost' | 'replaced', thread: number, relaunched: number): void {
    if (event === 'lost') this.counters.threadsLost++;
    watching.thread(this.#options.name, event, thread, relaunched);
  }

  /** No launches from now on. */
  seal(): void {
    this.#isClosing = true;
  }

  /** Nothing is left after this: no thread, no timer. */
  async close(): Promise<void> {
    await this.links.close();
    this.#wheel.stop();
  }

  /** The one end of every flight. The table first, by identity, then the waiters: what they do next finds the key free. */
  settle(flight: Flight, status: Exclude<FlightStatus, 'flying'>, result: unknown, now = this.#seam.now()): void {
    flight.status = status;
    flight.settledAt = now;
    this.#wheel.disarm(flight);
    this.#table.remove(flight);
    this.counters[status]++;
    if (status === 'fulfilled') this.waiters.fulfil(flight, result);
    else this.waiters.reject(flight, result);
    this.stories.add(flight.forStory());
    watching.settled(this.#options.name, flight);
  }

  /** The link has told its end: slot and bytes are free. */
  #landed(flight: Flight): void {
    this.#bytes -= flight.bytes;
    flight.dropWork();
    this.airborne.delete(flight);
  }
}
