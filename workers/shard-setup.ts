/** What a shard is made of, and where it reports: shapes only. */
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
  /** Settled without one. `attempt` is the last one, if it has not been told yet. */
  failed(order: Order, attempt: AttemptRecord | null, failure: Failure, error: unknown): void;
  /** A target's breaker has changed, here: news for people. */
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
  /** Looks at a value before it is shared; an error it returns settles the flight instead. */
  readonly refuseValue: (value: unknown, order: Order) => Error | null;
  /** Names the flight to whatever its target does: for re-entrance inline, for blame in quarantine. Costs; `null` where nobody asks. */
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
  /** How many flights begin at another target than the first, 0 to 0.5. */
  readonly probeShare: number;
}

/** When a second attempt is made while the first is still out. */
export interface HedgeSettings {
  /** `null`: after what `percentile` of the target's attempts took. */
  readonly afterMs: number | null;
  readonly percentile: number;
  /** Hedges for each first attempt on the target that is doubled. */
  readonly maxExtraShare: number;
}

/** How streams are minded. */
export interface StreamSettings {
  /** What becomes of a flight whose stream breaks off: it fails, the next target starts again and is compared, or goes on. */
  readonly midStream: 'fail' | 'verify' | 'resume';
  /** `null`: 60 s from the call, once it is known that the target streams. */
  readonly firstChunkTimeoutMs: number | null;
  readonly idleTimeoutMs: number;
  /** Chunks are kept for `resume` up to so many bytes. */
  readonly replayBytes: number;
}
