/** What flights that go straight are made of, and where they are reported to: shapes only. */
import type { Attempt } from './attempt.js';
import type { FlightRecord, FlightStart } from './flight-record.js';
import type { LaunchOrder } from './protocol.js';
import type { ShardReceiver, ShardSetup } from './shard-setup.js';
import type { WheelEntry } from './wheel.js';

/**
 * Its attempt, while a flight goes straight; between two of them, where it goes on; where the last one began, once it has its value so. What its shard
 * holds of one that does not go straight.
 */
export type Course<Order extends LaunchOrder> = Attempt | FlightStart | FlightRecord<Order> | null;

/** What a shard writes to an order that is read where it is launched. */
export interface StraightOrder extends LaunchOrder {
  course: Course<this>;
}

/** Where flights that may go straight are reported to. */
export interface StraightReceiver<Order extends StraightOrder> extends ShardReceiver<Order> {
  /** Settled with a value, by an attempt that is told nobody; those before it were. */
  wentStraight(order: Order, value: unknown, endedAt: number): void;
}

export interface StraightSetup<Order extends StraightOrder> extends ShardSetup<Order> {
  readonly receiver: StraightReceiver<Order>;
  /** What an order's attempt is timed by; `null`: they are timed where they are launched, in the order of their launch, by `attemptMs`. */
  readonly timerOf: ((order: Order) => WheelEntry) | null;
}
