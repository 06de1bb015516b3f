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
  // All that a join touches, side by side: of a million flights in the air, none is in the processor's cache.
  /** What a plain waiter joins with, at one look: `shared`, while it is current, has room, and nobody streams, where the key is a text that stands for itself, and the value is for all. */
  plain: Promise<unknown> | null = null;
  /** Waiters that ever were; the first one launched it. */
  joined = 0;
  /** So many of them there may be: those that wait no more, and as many as there is room for. */
  joinedMost: number;
  /** One promise for all waiters without one of their own. Made when somebody shares it, else it would reject unhandled. */
  shared: Promise<unknown> | null = null;

  readonly number: number;
  readonly boarded: boarding.Boarded;
  readonly owner: FlightOwner;

  // Written by the front at launch.
  launchedAt: number;
  /** Packed size of payload and key, for `airborneBytes`. */
  bytes = 0;

  // Where it flies. Written by its link only.
  /** Inline, what there is to know of it there. */
  course: Course<this> = null;
  /** On threads. To read; what is written is written to `ownPassage()`. */
  passage: Readonly<Passage> = NO_PASSAGE;

  /** Neighbours among all that are in the air. */
  previousAirborne: Flight | null = null;
  nextAirborne: Flight | null = null;

  // Who waits. Written by the front only.
  /** Is it the one that its key stands for? Also false after `forget`, past `joinWithinMs`, and once settled. */
  isCurrent = false;
  /** Waiters with a promise of their own, in the order they came. */
  firstWaiter: Seat | null = null;
  /** Made when somebody reads, or when a target streams. */
  stream: Stream | null = null;
  resolveShared: ((value: unknown) => void) | null = null;

  // How it went.
  status: FlightStatus = 'flying';
  /** `settledAt`; `null`: it flies. Not `NaN`: that would be an object of its own. */
  endedAt: number | null = null;
  /** Attempts that are over, as they were told; `null`: none was. To read, see `attempts`. */
  told: Told | null = null;
  /** What befell it. To read; what is written is written to `ownIncidents()`. */
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
  /** Room for another? At one look: so short, V8 inlines it wherever it stands (2 to 3 ns of a join). */
  get hasRoom(): boolean {
    return this.joined < this.joinedMost;
  }
  /** Counts one in. */
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

  /** To write to. Made when first needed. */
  ownPassage(): Passage {
    if (this.passage === NO_PASSAGE) this.passage = new Passage();
    return this.passage;
  }

  ownIncidents(): Incidents {
    if (this.incidents === NO_INCIDENTS) this.incidents = new Incidents();
    return this.incidents;
  }

  /** Packed, its payload is not needed again: its owner may change it, or let it go. */
  pack(body: Body, carriedBody: Body | null): void {
    this.ownPassage().holds(body, carriedBody);
    boarding.letGoOfPayload(this.boarded);
  }

  /** Chunks that readers were given. */
  get chunksGiven(): number {
    return this.stream?.log.length ?? 0;
  }
  /** Those chunks, as long as all of them are kept. */
  get delivered(): readonly unknown[] | null {
    return this.stream?.delivered ?? null;
  }

  /** May another attempt go on with it? In mid-air only where it is compared, or goes on from all that was delivered. */
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

  /** `NaN`: it flies. */
  get settledAt(): number {
    return this.endedAt ?? Number.NaN;
  }
  /** Where its last attempt began, once it went straight from there to its value. */
  get start(): FlightStart | null {
    return this.course instanceof FlightStart ? this.course : null;
  }
  /** Did it go straight to its value? Its last attempt was told to nobody then. */
  get wentStraight(): boolean {
    return this.status === 'fulfilled' && this.start !== null;
  }
  /** All that are over, in the order of their ends. */
  get attempts(): readonly AttemptRecord[] {
    return attemptsOf(this);
  }

  makeShared(): Promise<unknown> {
    const promise = this.share();
    this.updatePlain();
    return promise;
  }

  /** The promise for all waiters that cannot leave. What plain waiters join with is the caller's to say. */
  share(): Promise<unknown> {
    this.shared = new Promise((resolve) => {
      this.resolveShared = resolve;
    });
    return this.shared;
  }

  /**
   * For all who share it, once. Through the function that resolves it: by its other one it would reject two turns earlier, and a key in the air weigh an
   * eighth more.
   */
  rejectShared(error: unknown): void {
    const { resolveShared } = this;
    this.resolveShared = null;
    // A second one would find nobody that handles it.
    if (resolveShared !== null) resolveShared(Promise.reject(error));
  }

  /** Called when there is room for another waiter, or none any more, or when what plain waiters may join with has changed. */
  updatePlain(): void {
    const { key, stream, owner } = this;
    // A value that may be for its leader alone is waited for otherwise.
    const isPlain = this.isCurrent && this.hasRoom && stream === null && key !== null && isItsOwnKey(key) && !owner.links.mayBeForOne;
    this.plain = isPlain ? this.shared : null;
  }

  supersede(): void {
    this.isCurrent = false;
    this.plain = null;
  }

  /** What is only needed in the air; the rest is the flight's story. */
  dropWork(): void {
    if (!this.wentStraight) this.course = null;
    if (this.passage.body !== null) this.ownPassage().letGo();
    if (this.incidents !== NO_INCIDENTS) Object.assign(this.ownIncidents(), { waitsFor: null, patience: null });
    if (this.stream !== null) this.stream = null;
    this.dropLittle();
  }

  /** All of that, of one that nothing befell. */
  dropLittle(): void {
    boarding.letGoOfPayload(this.boarded);
    this.firstWaiter = null;
    this.shared = this.resolveShared = null;
  }

  /** As it stands: `now` matters only while it flies, and who has no clock says nothing. */
  report(now = this.launchedAt): FlightReport {
    return flightReport(this, now);
  }
}
