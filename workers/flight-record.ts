/** What a shard holds for one flight in the air: the number that is its machine's state, and what the machine must not know. */
import type { AbortCause, Attempt } from './attempt.js';
import { REFUSED } from './breaker.js';
import type { PassedOver } from './passed-over.js';
import type { AttemptRecord, LaunchOrder } from './protocol.js';
import type { StreamRecord } from './streams.js';
import type { WheelEntry } from './wheel.js';

/** More is not told of one attempt. */
const PASSED_OVER_MAX = 32;

/** Told when a record's time has come. */
export interface DueReceiver {
  recordDue(record: FlightRecord, now: number): void;
}

/** Where a flight starts. All that have made no attempt yet and have no route of their own start alike. */
export interface FlightStart {
  readonly route: readonly number[];
  readonly attemptsMax: number;
  readonly state: number;
  readonly target: number;
}

/** Made at launch, dropped at settle. Only the shard writes it. */
export class FlightRecord<Order extends LaunchOrder = LaunchOrder> implements WheelEntry {
  readonly order: Order;
  /** Targets of this flight, as indices, in the order to try them. Narrowed in mid-air to those that can go on. */
  route: readonly number[];
  /** Upstream calls this flight may make in all its lives. */
  readonly attemptsMax: number;
  /** The machine's state: a number of the flight table. */
  state: number;
  attemptsMade: number;
  /** A bit for each target that was called. */
  targetsTried: number;
  /** The target of the current attempt, or of the next one while failing over. */
  target: number;
  /** The current attempt; what comes from any other is late and is dropped. */
  attempt: Attempt | null = null;
  attemptStartedAt = 0;
  /** The last attempt that ended, not yet told to the front. */
  ended: AttemptRecord | null = null;
  /** The value, or the last error. */
  result: unknown = undefined;
  /** Instants before which a target must not be called again (Retry-After), by target. Made when first needed. */
  declare holds: Map<number, number> | null;
  /** Calls of a target that was called before: what the backoff doubles by. */
  declare repeats: number;
  /** The target for which an extra attempt was drawn from its budget; -1: none. */
  declare drawnFor: number;
  /** The current target's pass: it was admitted for this flight, and must be ended once. `REFUSED`: none is out. */
  pass = REFUSED;
  /** The current attempt's target streams, and has given its first chunk. */
  declare hasAnswered: boolean;
  /** It could not be launched at once. */
  declare hasWaited: boolean;
  /** Targets that were not called, and why, since the last attempt was told. Made when first needed. */
  declare passedOver: PassedOver[] | null;
  /** The status of the last error, 0: none. */
  declare lastStatus: number;
  /** What the last error asked for. */
  declare verdict: 'failover' | 'retry';
  /** Why the current attempt is cut short, should it be. */
  declare cause: AbortCause;
  /** The result is an error of the library itself: a guard refused the target's value, or no target might be called. */
  declare refused: boolean;
  /** The value's target says that it is for one alone. */
  declare isForOne: boolean;
  /** Made when a target streams. */
  declare stream: StreamRecord | null;
  /** An action runs; events that arise meanwhile wait in `queue` until its list is done. */
  stepping = false;
  declare queue: number[] | null;
  readonly #receiver: DueReceiver;

  // The wheel's own. Not inherited: an object of a derived class takes three times as long to make.
  due = 0;
  wheelSlot = -1;
  before: WheelEntry | null = null;
  after: WheelEntry | null = null;

  constructor(order: Order, start: FlightStart, receiver: DueReceiver) {
    this.order = order;
    this.route = start.route;
    this.attemptsMax = start.attemptsMax;
    this.state = start.state;
    this.target = start.target;
    this.attemptsMade = order.attemptsMade;
    this.targetsTried = order.targetsTried;
    this.#receiver = receiver;
  }

  /** No attempt was made for it, in this life or another. */
  get isFresh(): boolean {
    return this.attemptsMade === 0 && this.order.route === null;
  }

  /** For the story: a target was not called. Told once, however often it is asked. */
  passOver(target: string, why: PassedOver['why']): void {
    this.passedOver ??= [];
    const isTold = this.passedOver.some((told) => told.target === target && told.why === why);
    if (!isTold && this.passedOver.length < PASSED_OVER_MAX) this.passedOver.push({ target, why });
  }

  onDue(now: number): void {
    this.#receiver.recordDue(this, now);
  }
}

// What a flight whose first attempt succeeds never writes stands here for all of them: a flight costs what it allocates.
Object.assign(FlightRecord.prototype, {
  holds: null,
  repeats: 0,
  drawnFor: -1,
  hasAnswered: false,
  hasWaited: false,
  passedOver: null,
  lastStatus: 0,
  verdict: 'failover',
  cause: 'timed-out',
  refused: false,
  isForOne: false,
  stream: null,
  queue: null,
} satisfies Partial<FlightRecord>);
