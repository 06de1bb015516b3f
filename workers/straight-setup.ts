/** What straight flights are made of, and where they report: types only. */
import type { Attempt } from './attempt.js';
import type { FlightRecord, FlightStart } from './flight-record.js';
import type { LaunchOrder } from './protocol.js';
import type { ShardReceiver, ShardSetup } from './shard-setup.js';
import type { WheelEntry } from './wheel.js';

/**
 * What a shard holds of a flight. While the flight goes straight: its attempt, or, between two attempts, the next start. Once it went straight to its
 * value: the start of the last attempt. If it does not go straight: its record.
 */
export type Course<Order extends LaunchOrder> = Attempt | FlightStart | FlightRecord<Order> | null;

/** An order with a place for what its shard holds; it is read where it was launched. */
export interface StraightOrder extends LaunchOrder {
  course: Course<this>;
}

/** Where straight flights report. */
export interface StraightReceiver<Order extends StraightOrder> extends ShardReceiver<Order> {
  /** Settled with a value, by an attempt that is not reported; those before it were. */
  wentStraight(order: Order, value: unknown, endedAt: number): void;
}

export interface StraightSetup<Order extends StraightOrder> extends ShardSetup<Order> {
  readonly receiver: StraightReceiver<Order>;
  /** The wheel entry that times an order's attempt; `null`: attempts are timed by their launcher, in the order of their launch, by `attemptMs`. */
  readonly timerOf: ((order: Order) => WheelEntry) | null;
}
