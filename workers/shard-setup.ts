/** What a shard is made of, and where it reports: types only. */
import type { BreakerPhase, BreakerSettings } from './breaker.js';
import type { BudgetSettings } from './budget.js';
import type { Seam } from './environment.js';
import type { FlightCalls } from './flight-context.js';
import type { Health } from './health.js';
import type { Backoff } from './next-target.js';
import type { AttemptRecord, Failure, LaunchOrder } from './protocol.js';
import type { SharedMemory } from './shared-memory.js';
import type { Steering } from './steering.js';
import type { FilledTarget } from './targets.js';
import type { Wheel } from './wheel.js';

/** Where a shard reports: the front itself (inline), or the outbox of a port. */
export interface ShardReceiver<Order extends LaunchOrder> {
  /** An attempt failed, and the flight goes on. */
  attempted(order: Order, attempt: AttemptRecord): void;
  /** The first chunk of this attempt's stream comes next. */
  opened(order: Order, attempt: number, target: string): void;
  /** The next chunk. Returns what it takes of the flight's credit. */
  chunk(order: Order, value: unknown): number;
  /** Settled with a value, or with `STREAM_ENDED`. */
  fulfilled(order: Order, attempt: AttemptRecord, value: unknown): void;
  /** Settled without a value. `attempt` is the last one, if it was not reported yet. */
  failed(order: Order, attempt: AttemptRecord | null, failure: Failure, error: unknown): void;
  /** This thread has changed a target's breaker: only for people's information. */
  breaker(target: string, from: BreakerPhase, to: BreakerPhase): void;
}

/** What a shard is made of. Data in it crosses to threads; the rest is the host's. */
export interface ShardSetup<Order extends LaunchOrder> {
  readonly seam: Seam;
  readonly wheel: Wheel;
  readonly targets: readonly FilledTarget[];
  readonly settings: ShardSettings;
  readonly memory: SharedMemory;
  readonly health: Health;
  readonly steering: Steering;
  readonly receiver: ShardReceiver<Order>;
  /** Checks a value before it is shared; an error that it returns settles the flight instead. */
  readonly refuseValue: (value: unknown, order: Order) => Error | null;
  /** Tells which flight a target's code runs for: for re-entrance inline, for blame in quarantine. Costly, so `null` where nobody asks. */
  readonly flying: FlightCalls<Order> | null;
}

export interface ShardSettings {
  /** `null`: the number of targets, at most 3. */
  readonly maxAttempts: number | null;
  readonly attemptTimeoutMs: number | null;
  readonly backoff: Backoff;
  readonly streams: StreamSettings;
  /** `null`: switched off. */
  readonly breaker: (BreakerSettings & { readonly whenAllOpen: 'try' | 'wait' }) | null;
  readonly budget: BudgetSettings | null;
  readonly hedge: HedgeSettings | null;
  readonly steering: 'priority' | 'latency';
  /** The share of flights that begin at another target than the first, 0 to 0.5. */
  readonly probeShare: number;
}

/** When a second attempt is made while the first is still out. */
export interface HedgeSettings {
  /** `null`: what `percentile` of the target's attempts took. */
  readonly afterMs: number | null;
  readonly percentile: number;
  /** Hedges per first attempt on the slow target. */
  readonly maxExtraShare: number;
}

/** How streams are timed and continued. */
export interface StreamSettings {
  /** What happens to a flight whose stream breaks off: it fails, or the next target starts again and is compared, or resumes. */
  readonly midStream: 'fail' | 'verify' | 'resume';
  /** `null`: 60 s from the call, once it is known that the target streams. */
  readonly firstChunkTimeoutMs: number | null;
  readonly idleTimeoutMs: number;
  /** Chunks are kept for `resume` up to so many bytes. */
  readonly replayBytes: number;
}
