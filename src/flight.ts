/** One flight, as its front holds it: who waits, what has been tried, how it ended. The only truth about waiters. */
import type { FlightRecord } from '../workers/flight-record.js';
import type { AttemptRecord, Body, LaunchOrder } from '../workers/protocol.js';
import { WheelEntry } from '../workers/wheel.js';
import { attemptReport, type Relaunch } from './story.js';
import type { PortLink } from './port-link.js';
import type { FlightReport, SeamReport } from './reports.js';
import type { Stream } from './stream.js';
import type { Seat } from './waiter.js';

/** Told when a flight is too old to be joined, or past its deadline. */
export interface FlightDueReceiver {
  flightDue(flight: Flight, now: number): void;
}

/** What a request asks to fly. */
export interface Boarding {
  readonly scope: string | null;
  readonly key: string | null;
  /** What the table looks it up by. */
  readonly index: string;
  /** Is the key the payload's canonical form? Then it need not cross beside it. */
  readonly keyIsPayload: boolean;
  /** Targets of its own, and what tells them from others'; `null`: all, as written. */
  readonly route: readonly string[] | null;
  readonly routeId: string | null;
  readonly payload: unknown;
}

/** What the front adds at launch. */
export interface Launch {
  readonly number: number;
  readonly name: string;
  readonly carried: unknown;
  /** Packed, where it flies on a thread: the relaunch copy, so that no later change by the payload's owner counts. */
  readonly body: Body | null;
  readonly carriedBody: Body | null;
  /** Packed size of payload and key, for `airborneBytes`. */
  readonly bytes: number;
  readonly launchedAt: number;
  readonly deadline: number;
}

/** `flying` until it settles; `abandoned`: nobody waited any more. */
export type FlightStatus = 'flying' | 'fulfilled' | 'rejected' | 'abandoned';

export class Flight extends WheelEntry implements LaunchOrder {
  readonly number: number;
  readonly name: string;
  readonly scope: string | null;
  readonly key: string | null;
  readonly index: string;
  /** Is it looked up by its digest? */
  readonly hasLongKey: boolean;
  readonly keyIsPayload: boolean;
  readonly route: readonly string[] | null;
  readonly routeId: string | null;
  readonly launchedAt: number;
  readonly deadline: number;
  /** Payload, key and what is held of its stream, for `airborneBytes`. Written by the front only. */
  bytes: number;

  // The work. Dropped at settle.
  payload: unknown;
  carried: unknown;
  body: Body | null;
  carriedBody: Body | null;

  // Where it flies. Written by its link only.
  /** Place in the link's tables; -1: inline, or on no link now. */
  slot = -1;
  /** Inline: the shard's record of it. */
  record: FlightRecord<Flight> | null = null;
  /** The port link it is on; `null`: inline, or between links. */
  link: PortLink | null = null;
  attemptsMade = 0;
  targetsTried = 0;
  lastTarget = -1;

  /** Neighbours among all that are in the air. */
  previousAirborne: Flight | null = null;
  nextAirborne: Flight | null = null;

  // Who waits. Written by the front only.
  /** Is it the one that its key stands for? Also false after `forget`, past `joinWithinMs`, and once settled. */
  isCurrent = false;
  /** Room for another waiter? */
  hasRoom = true;
  /** Waiters now. */
  waiting = 0;
  /** Since when nobody waits, while it is kept for another (`abandonAfterMs`). */
  emptySince = 0;
  /** Waiters that ever were; the first one launched it. */
  joined = 0;
  /** Waiters with a promise of their own, in the order they came. */
  firstWaiter: Seat | null = null;
  lastWaiter: Seat | null = null;
  /** Made when somebody reads, or when a target streams. */
  stream: Stream | null = null;
  /** One promise for all others. Made when somebody shares it, else it would reject unhandled. */
  shared: Promise<unknown> | null = null;
  resolveShared: ((value: unknown) => void) | null = null;
  rejectShared: ((error: unknown) => void) | null = null;
  /** Flights that this flight's target waits for, and how often; see `Reentrance`. */
  waitsFor: Map<Flight, number> | null = null;

  // How it went.
  status: FlightStatus = 'flying';
  settledAt = 0;
  failure: string | null = null;
  /** `null` until the first attempt has ended. */
  attempts: AttemptRecord[] | null = null;
  relaunches: Relaunch[] | null = null;
  /** Where another target went on with its stream. */
  seams: (SeamReport & { readonly at: number })[] | null = null;
  /** Threads that died while an attempt of it was in the air. */
  lossesBegun = 0;
  /** Deaths of threads that evidence names this flight for. */
  deathsBlamed = 0;
  /** Where it may fly: anywhere, in quarantine with other suspects, or there alone. */
  suspicion: 'none' | 'suspect' | 'alone' = 'none';
  readonly #receiver: FlightDueReceiver;

  constructor(boarding: Boarding, launch: Launch, receiver: FlightDueReceiver) {
    super();
    this.number = launch.number;
    this.name = launch.name;
    this.scope = boarding.scope;
    this.key = boarding.key;
    this.index = boarding.index;
    this.hasLongKey = boarding.key !== null && boarding.index !== boarding.key;
    this.keyIsPayload = boarding.keyIsPayload;
    this.route = boarding.route;
    this.routeId = boarding.routeId;
    // Packed, the payload is not needed again: its owner may change it, or let it go.
    this.payload = launch.body === null ? boarding.payload : undefined;
    this.carried = launch.carried;
    this.body = launch.body;
    this.carriedBody = launch.carriedBody;
    this.launchedAt = launch.launchedAt;
    this.deadline = launch.deadline;
    this.bytes = launch.bytes;
    this.#receiver = receiver;
  }

  onDue(now: number): void {
    this.#receiver.flightDue(this, now);
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

  /** Unique within its coalescer. */
  get id(): string {
    return `${this.name}#${this.number}`;
  }

  /** The promise for all waiters that cannot leave. */
  makeShared(): Promise<unknown> {
    this.shared = new Promise((resolve, reject) => {
      this.resolveShared = resolve;
      this.rejectShared = reject;
    });
    return this.shared;
  }

  /** What stories and errors hold: not megabytes of keys. The flight's own key stays for a target that still reads it. */
  forStory(): Flight {
    if (!this.hasLongKey) return this;
    const story = Object.assign(Object.create(Flight.prototype) as Flight, this, { key: this.index });
    story.dropWork();
    return story;
  }

  /** What is only needed in the air; the rest is the flight's story. */
  dropWork(): void {
    this.payload = this.carried = undefined;
    this.body = this.carriedBody = null;
    this.record = null;
    this.waitsFor = null;
    this.firstWaiter = this.lastWaiter = null;
    this.stream = null;
    this.shared = this.resolveShared = this.rejectShared = null;
  }

  /** As it stands: `now` matters only while it flies. */
  report(now = this.settledAt): FlightReport {
    const attempts = this.attempts ?? [];
    const last = attempts.at(-1);
    return {
      flight: this.id,
      target: last !== undefined && (last.end === 'value' || last.end === 'answer') ? last.target : null,
      attempts: attempts.map(attemptReport),
      waiters: this.joined,
      durationMs: (this.status === 'flying' ? now : this.settledAt) - this.launchedAt,
      failedOver: attempts.some(({ target }) => target !== attempts[0]?.target),
      relaunches: this.relaunches?.length ?? 0,
      ...(this.seams === null ? {} : { seams: this.seams.map(({ from, to, chunk }) => ({ from, to, chunk })) }),
    };
  }
}
