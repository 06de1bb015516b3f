/** The options of a coalescer: as given, and as filled in by their table (`option-table.ts`). */
import type { Environment } from '../workers/environment.js';
import type { ShardSettings } from '../workers/shard-setup.js';
import type { KeepSettings } from './keep.js';
import type { KeepOptions } from './keep-options.js';
import type { BreakerOptions, BudgetOptions, HedgeOptions } from './health-options.js';
import type { Share } from './share.js';
import type { StreamSettings, StreamsOption } from './stream-options.js';

/** `'public'`: all callers may share; only this option can say so. `'per-request'`: every request must say whose it is, and the compiler asks for it. A function takes the scope from the payload. */
export type ScopeOption<P> = 'public' | 'per-request' | ((payload: P) => string);

/** Limits: at each a typed error (`COALESCER_LIMIT`) that names it, and nothing in the air is lost. */
export interface Limits {
  /** Flights in the air at once. @default 10_000 */
  readonly flights?: number;
  /** @default 10_000 */
  readonly waitersPerFlight?: number;
  /** One payload by its canonical form, or packed where a key of another making identifies it; inline, where nothing is packed, the length of its key. @default 4 MiB */
  readonly payloadBytes?: number;
  /** One value, packed; inline, where nothing is packed, a string's or a byte array's length. Of a stream: one chunk, and all chunks together, each with 32 bytes beside its own, for those who ask with `request`. @default 16 MiB */
  readonly resultBytes?: number;
  /** Payloads and keys of all flights in the air. @default 64 MiB */
  readonly airborneBytes?: number;
}

/** Options of `createCoalescer`, besides `targets`. All are checked when the coalescer is made. */
export interface CoalescerOptions<P, V, S extends ScopeOption<P>, H extends Share> {
  /** Names this coalescer in statistics, events and errors. @default 'coalescer' */
  readonly name?: string;
  /** Whose requests may share. Required: sharing between tenants is never a default. */
  readonly scope: S;
  /** `null`: do not share this one. @default the payload's canonical form: plain JSON data; `{ a: undefined }` equals `{}`; everything JSON would collapse is refused with its path */
  readonly key?: (payload: P) => string | null;
  /** See `Share`. @default 'readonly' */
  readonly share?: H;
  /** A flight's time from its launch. A waiter without `timeoutMs` waits as long; no waiter can make it longer. @default 30_000; 600_000 where `streams` is given */
  readonly flightTimeoutMs?: number;
  /** @default each target left gets an equal share of the time left; the last gets all of it. So a hang never eats the backup's time. */
  readonly attemptTimeoutMs?: number;
  /** Upstream calls a flight may make: 1 to 5. @default the number of targets, at most 3 */
  readonly maxAttempts?: number;
  /** Before the same target again: full jitter under `baseMs * 2 ** n`, at most `maxMs` (the habit of the AWS SDKs). None between different targets. */
  readonly backoff?: {
    /** @default 100 */
    readonly baseMs?: number;
    /** @default 8_000 */
    readonly maxMs?: number;
  };
  /** After the last waiter left: abort at once (0), wait for another, or `'finish'` within the flight's deadline. @default 0 */
  readonly abandonAfterMs?: number | 'finish';
  /** A flight older than this is not joined, so that nobody inherits another's time-out. @default half of flightTimeoutMs */
  readonly joinWithinMs?: number;
  /** Plain data taken from the launching request's context, given to targets as `context.carried`. */
  readonly carry?: () => unknown;
  /** Launches again after deaths of threads that were nobody's fault: 0 to 10. @default 3 */
  readonly relaunchesMax?: number;
  /** Notice a request for a key from inside its own target. Costs every `await` of the process on Node below 24. @default Node >= 24, inline */
  readonly detectReentrance?: boolean;
  /** See `StreamsOption`. */
  readonly streams?: StreamsOption;
  /** Values that outlive their flight. @default nothing is kept */
  readonly keep?: KeepOptions<V>;
  /** Leaves a target alone that fails too often, and finds out with one attempt at a time whether it is well again. `false`: never. */
  readonly breaker?: false | BreakerOptions;
  /** Extra attempts on a target that the flight has called before. `false`: as many as `maxAttempts` allows. */
  readonly budget?: false | BudgetOptions;
  /** See `HedgeOptions`. For calls that may be made twice; never used for targets that are not `replayable`. @default false */
  readonly hedge?: false | HedgeOptions;
  /** Where flights begin. `priority`: at the first target, or by weight where weights are given. `latency`: of two targets drawn at random at the one that answers sooner. @default 'priority' */
  readonly steering?: 'priority' | 'latency';
  /** How many flights begin at another target than the first, 0 to 0.5, so that failing over is not first tried in an outage. @default 0 */
  readonly probeShare?: number;
  readonly limits?: Limits;
  /** Time and chance. @default the process's, read when the coalescer is made: fake timers that are set before it hold, where they fake `performance.now` too */
  readonly environment?: Environment;
}

/** Options with nothing left open. */
export interface FilledOptions extends ShardSettings {
  readonly name: string;
  readonly scope: ScopeOption<never>;
  readonly key: ((payload: never) => string | null) | null;
  readonly share: Share;
  readonly flightTimeoutMs: number;
  readonly abandonAfterMs: number | 'finish';
  readonly joinWithinMs: number;
  readonly carry: (() => unknown) | null;
  /** `null`: nothing is kept. */
  readonly keep: KeepSettings | null;
  readonly relaunchesMax: number;
  readonly detectReentrance: boolean | null;
  readonly streams: StreamSettings;
  /** What `request` makes of a stream's chunks; `null`: their list. */
  readonly collect: ((chunks: readonly unknown[]) => unknown) | null;
  readonly limits: Required<Limits>;
  readonly environment: Environment | undefined;
}

/** What of the options a shard goes by, and no more: on threads it crosses. */
export function shardSettings(options: FilledOptions): ShardSettings {
  const { maxAttempts, attemptTimeoutMs, backoff, streams, breaker, budget, hedge, steering, probeShare } = options;
  return { maxAttempts, attemptTimeoutMs, backoff, streams, breaker, budget, hedge, steering, probeShare };
}
