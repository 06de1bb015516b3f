/** What a shard holds for one flight in the air: the number that is its machine's state, and what the machine must not know. */
import type { AbortCause, Attempt } from './attempt.js';
import type { AttemptRecord, LaunchOrder } from './protocol.js';
import type { StreamRecord } from './streams.js';
import { WheelEntry } from './wheel.js';

/** Told when a record's time has come. */
export interface DueReceiver {
  recordDue(record: FlightRecord, now: number): void;
}

/** Where a flight starts. */
export interface FlightStart {
  readonly route: readonly number[];
  readonly attemptsMax: number;
  readonly state: number;
  readonly target: number;
}

/** Made at launch, dropped at settle. Only the shard writes it. */
export class FlightRecord<Order extends LaunchOrder = LaunchOrder> extends WheelEntry {
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
  holds: Map<number, number> | null = null;
  /** Calls of a target that was called before: what the backoff doubles by. */
  repeats = 0;
  /** What the last error asked for. */
  verdict: 'failover' | 'retry' = 'failover';
  /** Why the current attempt is cut short, should it be. */
  cause: AbortCause = 'timed-out';
  /** The result is an error of the library itself: a guard refused the target's value. */
  refused = false;
  /** Made when a target streams. */
  stream: StreamRecord | null = null;
  /** An action runs; events that arise meanwhile wait in `queue` until its list is done. */
  stepping = false;
  queue: number[] | null = null;
  readonly #receiver: DueReceiver;

  constructor(order: Order, start: FlightStart, receiver: DueReceiver) {
    super();
    this.order = order;
    this.route = start.route;
    this.attemptsMax = start.attemptsMax;
    this.state = start.state;
    this.target = start.target;
    this.attemptsMade = order.attemptsMade;
    this.targetsTried = order.targetsTried;
    this.#receiver = receiver;
  }

  onDue(now: number): void {
    this.#receiver.recordDue(this, now);
  }
}
