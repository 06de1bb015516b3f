/** One flight, as its front holds it: who waits, what has been tried, how it ended. The only truth about waiters. */
import { isItsOwnKey } from '../workers/canonical.js';
import type { Attempt } from '../workers/attempt.js';
import type { FlightRecord, FlightStart } from '../workers/flight-record.js';
import type { StraightOrder } from '../workers/straight-flights.js';
import type { AttemptRecord, Body } from '../workers/protocol.js';
import type { Boarding } from './boarding.js';
import { Incidents, NO_INCIDENTS } from './incidents.js';
import { attemptsOf, flightId, flightReport } from './story.js';
import type { Links } from './links.js';
import { NO_PASSAGE, Passage } from './passage.js';
import type { FlightReport } from './reports.js';
import type { Stream } from './stream.js';
import type { Seat } from './waiter.js';

/** Whose flight it is: its front. */
export interface FlightOwner {
  /** The coalescer's name. */
  readonly name: string;
  readonly flightTimeoutMs: number;
  readonly links: Pick<Links, 'mayBeForOne' | 'targetNames'>;
  readonly airborne: { readonly oldest: number };
}

/** `flying` until it settles; `abandoned`: nobody waited any more. */
export type FlightStatus = 'flying' | 'fulfilled' | 'rejected' | 'abandoned';

export class Flight implements StraightOrder {
  // All that a join touches, side by side: of a million flights in the air, none is in the processor's cache.
  /** What a plain waiter joins with, at one look: `shared`, where there is room, nobody streams, the key is a text that stands for itself, and the value is for all. */
  plain: Promise<unknown> | null = null;
  /** Waiters that ever were; the first one launched it. */
  joined = 0;
  /** Those of them that wait no more. */
  gone = 0;
  /** Room for another waiter? */
  hasRoom = true;
  /** One promise for all waiters without one of their own. Made when somebody shares it, else it would reject unhandled. */
  shared: Promise<unknown> | null = null;

  readonly number: number;
  readonly boarding: Boarding;
  readonly owner: FlightOwner;

  // Written by the front at launch.
  launchedAt = Number.NaN;
  /** Packed size of payload and key, for `airborneBytes`. */
  bytes = 0;
  carried: unknown = undefined;

  // Where it flies. Written by its link only.
  /** Inline: its attempt while it goes straight, where it started so, or the shard's record of it. */
  straight: Attempt | null = null;
  start: FlightStart | null = null;
  record: FlightRecord<this> | null = null;
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
  lastWaiter: Seat | null = null;
  /** Made when somebody reads, or when a target streams. */
  stream: Stream | null = null;
  resolveShared: ((value: unknown) => void) | null = null;
  rejectShared: ((error: unknown) => void) | null = null;

  // How it went.
  status: FlightStatus = 'flying';
  settledAt = Number.NaN;
  /** Attempts that are over, as they were told; `null`: none was. To read, see `attempts`. */
  told: AttemptRecord[] | null = null;
  /** What befell it. To read; what is written is written to `ownIncidents()`. */
  incidents: Readonly<Incidents> = NO_INCIDENTS;

  constructor(boarding: Boarding, number: number, owner: FlightOwner) {
    this.number = number;
    this.boarding = boarding;
    this.owner = owner;
  }

  /** Waiters now. */
  get waiting(): number {
    return this.joined - this.gone;
  }
  get scope(): string | null {
    return this.boarding.scope;
  }
  get key(): string | null {
    return this.boarding.key;
  }
  get index(): string {
    return this.boarding.index;
  }
  get hasLongKey(): boolean {
    return this.boarding.hasLongKey;
  }
  get keyIsPayload(): boolean {
    return this.boarding.keyIsPayload;
  }
  get route(): readonly string[] | null {
    return this.boarding.route;
  }
  get routeId(): string | null {
    return this.boarding.routeId;
  }
  get payload(): unknown {
    return this.boarding.payload;
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

  /** To write to. Made when first needed. */
  ownIncidents(): Incidents {
    if (this.incidents === NO_INCIDENTS) this.incidents = new Incidents();
    return this.incidents;
  }

  /** Packed, its payload is not needed again: its owner may change it, or let it go. */
  pack(body: Body, carriedBody: Body | null): void {
    const passage = this.ownPassage();
    passage.body = body;
    passage.carriedBody = carriedBody;
    this.boarding.payload = undefined;
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

  /** As literals, lists of one and two attempts take one place and two; a push takes seventeen. A long key's story has the same list, which is added to. */
  attempted(attempt: AttemptRecord): void {
    const { told } = this;
    if (told === null) this.told = [attempt];
    else if (told.length === 1 && !this.hasLongKey) this.told = [told[0] as AttemptRecord, attempt];
    else told.push(attempt);
  }

  /** Did it go straight to its value? Its one attempt was told to nobody then. */
  get wentStraight(): boolean {
    return this.start !== null && this.status === 'fulfilled';
  }

  /** All that are over, in the order of their ends. */
  get attempts(): readonly AttemptRecord[] {
    return attemptsOf(this);
  }

  makeShared(): Promise<unknown> {
    const promise = this.share();
    this.makeRoom();
    return promise;
  }

  /** The promise for all waiters that cannot leave. What plain waiters join with is the caller's to say. */
  share(): Promise<unknown> {
    this.shared = new Promise((resolve, reject) => {
      this.resolveShared = resolve;
      this.rejectShared = reject;
    });
    return this.shared;
  }

  /** There is room for another waiter, or none; or what plain waiters may join with has changed. */
  makeRoom(hasRoom = this.hasRoom): void {
    this.hasRoom = hasRoom;
    const { key, stream, owner } = this;
    // A value that may be for its leader alone is waited for otherwise.
    const isPlain = hasRoom && stream === null && key !== null && isItsOwnKey(key) && !owner.links.mayBeForOne;
    this.plain = isPlain ? this.shared : null;
  }

  /** What stories and errors hold: not megabytes of keys. The flight's own key stays for a target that still reads it. */
  forStory(): Flight {
    if (!this.hasLongKey) return this;
    // One list for both: what is told after the end belongs to the story too.
    if (!this.wentStraight) this.told ??= [];
    const own = {
      boarding: { ...this.boarding, key: this.index },
      passage: NO_PASSAGE,
      straight: null,
      incidents: Object.assign(new Incidents(), this.incidents),
    };
    const story = Object.assign(Object.create(Flight.prototype) as Flight, this, own);
    story.dropWork();
    return story;
  }

  /** What is only needed in the air; the rest is the flight's story. */
  dropWork(): void {
    this.boarding.payload = undefined;
    this.record = null;
    if (this.carried !== undefined) this.carried = undefined;
    if (this.passage.body !== null) this.ownPassage().letGo();
    if (this.incidents !== NO_INCIDENTS) Object.assign(this.ownIncidents(), { waitsFor: null, patience: null });
    this.firstWaiter = this.lastWaiter = null;
    if (this.stream !== null) this.stream = null;
    this.plain = this.shared = this.resolveShared = this.rejectShared = null;
  }

  /** As it stands: `now` matters only while it flies, and who has no clock says nothing. */
  report(now = this.launchedAt): FlightReport {
    return flightReport(this, now);
  }
}
