/** One flight, as its front holds it: who waits, what has been tried, how it ended. The only truth about waiters. */
import { isItsOwnKey } from '../workers/canonical.js';
import { FlightStart } from '../workers/flight-record.js';
import type { Course, StraightOrder } from '../workers/straight-setup.js';
import type { AttemptRecord, Body } from '../workers/protocol.js';
import * as boarding from './boarding.js';
import { Incidents, NO_INCIDENTS } from './incidents.js';
import { attemptsOf, flightId, flightReport, type FlightOwner } from './story.js';
import { NO_PASSAGE, Passage } from './passage.js';
import type { FlightReport } from './reports.js';
import type { Stream } from './stream.js';
import { Told } from './told.js';
import type { Seat } from './waiter.js';

/** `flying` until it settles; `abandoned`: nobody waited any more. */
export type FlightStatus = 'flying' | 'fulfilled' | 'rejected' | 'abandoned';

export class Flight implements StraightOrder {
  // All that a join touches, side by side: with a million flights in the air, none is in the processor's cache.
  /** The promise that a plain waiter gets, in one read: `shared` if the flight is current, has room, has no stream, its key is a text that stands for itself, and its value is for all; else `null`. */
  plain: Promise<unknown> | null = null;
  /** How many waiters there ever were; the first one launched it. */
  joined = 0;
  /** How many `joined` may reach: those who left, and as many as there is room for. */
  joinedMost: number;
  /** One promise for all waiters without one of their own. Made when first needed, else it would reject unhandled. */
  shared: Promise<unknown> | null = null;

  readonly number: number;
  readonly boarded: boarding.Boarded;
  readonly owner: FlightOwner;

  // Written by the front at launch.
  launchedAt: number;
  /** Packed size of payload and key, for `airborneBytes`. */
  bytes = 0;

  // Where it flies. Written by its link only.
  /** Inline: what its shard knows of it. */
  course: Course<this> = null;
  /** On threads. For reading; write to `ownPassage()`. */
  passage: Readonly<Passage> = NO_PASSAGE;

  /** Neighbours in the list of flights in the air. */
  previousAirborne: Flight | null = null;
  nextAirborne: Flight | null = null;

  // Who waits. Written by the front only.
  /** Is it the flight that its key stands for? False after `forget`, past `joinWithinMs`, and once settled. */
  isCurrent = false;
  /** Waiters with a promise of their own, in the order they came. */
  firstWaiter: Seat | null = null;
  /** Made when somebody reads, or a target streams. */
  stream: Stream | null = null;
  resolveShared: ((value: unknown) => void) | null = null;

  // How it went.
  status: FlightStatus = 'flying';
  /** `settledAt`; `null` while it flies. Not `NaN`, which would take a heap object. */
  endedAt: number | null = null;
  /** Attempts that are over, as they were reported; `null`: none. To read them, use `attempts`. */
  told: Told | null = null;
  /** What has happened to it. For reading; write to `ownIncidents()`. */
  incidents: Readonly<Incidents> = NO_INCIDENTS;

  constructor(boarded: boarding.Boarded, number: number, owner: FlightOwner, launchedAt: number) {
    this.number = number;
    this.boarded = boarded;
    this.owner = owner;
    this.joinedMost = owner.waitersMax;
    this.launchedAt = launchedAt;
  }

  /** Waiters now. */
  get waiting(): number {
    return this.joined - this.joinedMost + this.owner.waitersMax;
  }
  /** Room for another? One comparison, short enough for V8 to inline everywhere (2 to 3 ns of a join). */
  get hasRoom(): boolean {
    return this.joined < this.joinedMost;
  }
  /** Counts one waiter in. */
  seat(): void {
    this.joined++;
    if (!this.hasRoom) this.updatePlain();
  }
  get scope(): string | null {
    const { boarded } = this;
    return typeof boarded === 'string' ? null : boarded.scope;
  }
  get key(): string | null {
    const { boarded } = this;
    return typeof boarded === 'string' ? boarded : boarded.key;
  }
  get index(): string {
    const { boarded } = this;
    return typeof boarded === 'string' ? boarded : boarded.index;
  }
  get hasLongKey(): boolean {
    const { boarded } = this;
    return typeof boarded !== 'string' && boarded.hasLongKey;
  }
  get route(): readonly string[] | null {
    const { boarded } = this;
    return typeof boarded === 'string' ? null : boarded.route;
  }
  get routeId(): string | null {
    const { boarded } = this;
    return typeof boarded === 'string' ? null : boarded.routeId;
  }
  get payload(): unknown {
    const { boarded } = this;
    return typeof boarded === 'string' ? boarded : boarded.payload;
  }
  get carried(): unknown {
    const { boarded } = this;
    return typeof boarded === 'string' ? undefined : boarded.carried;
  }
  get deadline(): number {
    return this.launchedAt + this.owner.flightTimeoutMs;
  }
  get slot(): number {
    return this.passage.slot;
  }
  get attemptsMade(): number {
    return this.passage.attemptsMade;
  }
  get targetsTried(): number {
    return this.passage.targetsTried;
  }
  get lastTarget(): number {
    return this.passage.lastTarget;
  }

  /** For writing. Made when first needed. */
  ownPassage(): Passage {
    if (this.passage === NO_PASSAGE) this.passage = new Passage();
    return this.passage;
  }

  ownIncidents(): Incidents {
    if (this.incidents === NO_INCIDENTS) this.incidents = new Incidents();
    return this.incidents;
  }

  /** Once packed, its payload is not needed again: its owner may change it, or let it go. */
  pack(body: Body, carriedBody: Body | null): void {
    this.ownPassage().holds(body, carriedBody);
    boarding.letGoOfPayload(this.boarded);
  }

  /** Chunks that readers were given. */
  get chunksGiven(): number {
    return this.stream?.log.length ?? 0;
  }
  /** Those chunks, as long as all are kept. */
  get delivered(): readonly unknown[] | null {
    return this.stream?.delivered ?? null;
  }

  /** May another attempt continue it? In mid-air only if it is compared, or resumes from all that was delivered. */
  mayContinue(midStream: 'fail' | 'verify' | 'resume'): boolean {
    return this.chunksGiven === 0 || midStream === 'verify' || (midStream === 'resume' && this.delivered !== null);
  }

  get id(): string {
    return flightId(this);
  }

  attempted(attempt: AttemptRecord): void {
    if (this.told === null) this.told = new Told(attempt);
    else this.told.add(attempt);
  }

  /** `NaN` while it flies. */
  get settledAt(): number {
    return this.endedAt ?? Number.NaN;
  }
  /** Where its last attempt began, if it went straight from there to its value. */
  get start(): FlightStart | null {
    return this.course instanceof FlightStart ? this.course : null;
  }
  /** Did it go straight to its value? Then its last attempt was not reported. */
  get wentStraight(): boolean {
    return this.status === 'fulfilled' && this.start !== null;
  }
  /** All attempts that are over, in the order of their ends. */
  get attempts(): readonly AttemptRecord[] {
    return attemptsOf(this);
  }

  makeShared(): Promise<unknown> {
    const promise = this.share();
    this.updatePlain();
    return promise;
  }

  /** The promise for all waiters that cannot leave. The caller updates `plain`. */
  share(): Promise<unknown> {
    this.shared = new Promise((resolve) => {
      this.resolveShared = resolve;
    });
    return this.shared;
  }

  /**
   * Rejects the shared promise, once. It resolves it with a rejected promise: to hold the reject function as well would add an eighth to the memory of a
   * key in the air. The price: it rejects two microtasks later.
   */
  rejectShared(error: unknown): void {
    const { resolveShared } = this;
    this.resolveShared = null;
    // A second rejected promise would be unhandled.
    if (resolveShared !== null) resolveShared(Promise.reject(error));
  }

  /** Called when there is room again, or no more room, or when what `plain` depends on has changed. */
  updatePlain(): void {
    const { key, stream, owner } = this;
    // A value that may be for its leader alone is waited for with a promise of one's own.
    const isPlain = this.isCurrent && this.hasRoom && stream === null && key !== null && isItsOwnKey(key) && !owner.links.mayBeForOne;
    this.plain = isPlain ? this.shared : null;
  }

  supersede(): void {
    this.isCurrent = false;
    this.plain = null;
  }

  /** Drops what is only needed in the air; the rest is the flight's story. */
  dropWork(): void {
    if (!this.wentStraight) this.course = null;
    if (this.passage.body !== null) this.ownPassage().letGo();
    if (this.incidents !== NO_INCIDENTS) Object.assign(this.ownIncidents(), { waitsFor: null, patience: null });
    if (this.stream !== null) this.stream = null;
    this.dropLittle();
  }

  /** The same, for a flight to which nothing has happened. */
  dropLittle(): void {
    boarding.letGoOfPayload(this.boarded);
    this.firstWaiter = null;
    this.shared = this.resolveShared = null;
  }

  /** As it stands. `now` matters only while it flies; callers without a clock leave it out. */
  report(now = this.launchedAt): FlightReport {
    return flightReport(this, now);
  }
}
