/** The options of a coalescer: as given, and as filled in by their table (`option-table.ts`). */
import type { Environment } from '../workers/environment.js';
import type { ShardSettings } from '../workers/shard-setup.js';
import type { KeepSettings } from './keep.js';
import type { KeepOptions } from './keep-options.js';
import type { BreakerOptions, BudgetOptions, HedgeOptions } from './health-options.js';
import type { Share } from './share.js';
import type { StreamSettings, StreamsOption } from './stream-options.js';

/** `'public'`: all callers may share; only this option can say so. `'per-request'`: every request must give its scope, and the compiler demands it. A function takes the scope from the payload. */
export type ScopeOption<P> = 'public' | 'per-request' | ((payload: P) => string);

/** At each limit a request is refused with `COALESCER_LIMIT`, which names it; nothing in the air is lost. */
export interface Limits {
  /** Flights in the air at once. @default 10_000 */
  readonly flights?: number;
  /** Waiters of one flight at once, readers of its stream among them. @default 10_000 */
  readonly waitersPerFlight?: number;
  /** One payload. On threads: the bytes of its canonical form if that is its key, else of the packed payload. Inline, where nothing is packed: the characters of its key. @default 4 MiB */
  readonly payloadBytes?: number;
  /** One value. On threads: the bytes of the packed value. Inline, where nothing is packed: the length of a string or of bytes; other values count as 0. Streams: each chunk, and, for callers of `request`, all chunks together, each counting 32 bytes more than its own. @default 16 MiB */
  readonly resultBytes?: number;
  /** Keys and payloads of all flights in the air, and the chunks that their streams hold: in bytes; inline, and for keys of fewer than 256 characters, in characters. @default 64 MiB */
  readonly airborneBytes?: number;
}

/** Options of `createCoalescer`, besides `targets`. All are checked when the coalescer is made. */
export interface CoalescerOptions<P, V, S extends ScopeOption<P>, H extends Share> {
  /** Names this coalescer in statistics, events and errors. @default 'coalescer' */
  readonly name?: string;
  /** Whose requests may share. Required: sharing between tenants is never a default. */
  readonly scope: S;
  /** Gives the key of a payload; `null`: do not share this request. @default the payload's canonical form: plain JSON data; `{ a: undefined }` equals `{}`; everything JSON would collapse is refused with its path */
  readonly key?: (payload: P) => string | null;
  /** See `Share`. @default 'readonly' */
  readonly share?: H;
  /** A flight's time from its launch. A waiter without `timeoutMs` waits as long; no waiter can extend it. @default 30_000; 600_000 where `streams` is given */
  readonly flightTimeoutMs?: number;
  /** The time of one attempt. @default an equal share of the flight's time left, among the targets left; the last one gets all of it. So a hang never uses up the backup's time */
  readonly attemptTimeoutMs?: number;
  /** Upstream calls a flight may make: 1 to 5. @default the number of targets, at most 3 */
  readonly maxAttempts?: number;
  /** The wait before a target that the flight has called before: full jitter under `baseMs * 2 ** n`, at most `maxMs` (as in the AWS SDKs), with five times `baseMs` after a 429 or 529. There is no wait before a target that it has not called yet. */
  readonly backoff?: {
    /** @default 100 */
    readonly baseMs?: number;
    /** @default 8_000 */
    readonly maxMs?: number;
  };
  /** Milliseconds that a flight goes on after its last waiter left, for another to join: 0 aborts it at once, `'finish'` lets it end. @default 0 */
  readonly abandonAfterMs?: number | 'finish';
  /** A flight older than this is not joined, so that nobody inherits another's time-out. @default half of flightTimeoutMs */
  readonly joinWithinMs?: number;
  /** Called at launch, in the launching request's async context: targets get the plain data that it returns (a trace parent, a locale) as `context.carried`. Never part of the key. @default nothing */
  readonly carry?: () => unknown;
  /** How often a flight is launched again after the death of a thread that it did not cause: 0 to 10. @default 3 */
  readonly relaunchesMax?: number;
  /** Refuse a request that a target makes for its own key, directly or through other flights of this coalescer, with `COALESCER_REENTRANT`: it would wait for itself. Cycles through another coalescer are not seen. Inline only. On Node 24 and later each flight takes some 60 ns more; below, every `await` of the process is slower. @default true on Node 24 and later, inline; else false */
  readonly detectReentrance?: boolean;
  /** See `StreamsOption`. */
  readonly streams?: StreamsOption;
  /** Values that outlive their flight. @default nothing is kept */
  readonly keep?: KeepOptions<V>;
  /** Leaves a target alone that fails too often, and probes with one attempt at a time whether it is well again. `false`: never. */
  readonly breaker?: false | BreakerOptions;
  /** Limits extra attempts on a target that the flight has called before. `false`: as many as `maxAttempts` allows. */
  readonly budget?: false | BudgetOptions;
  /** See `HedgeOptions`. For calls that may be made twice; never used for targets that are not `replayable`. @default false */
  readonly hedge?: false | HedgeOptions;
  /** Where flights begin. `priority`: at the first target, or by weight where weights are given. `latency`: of two targets drawn at random, at the one that answers sooner. @default 'priority' */
  readonly steering?: 'priority' | 'latency';
  /** The share of flights that begin at another target than the first, 0 to 0.5, so that the backup is not first tried in an outage. @default 0 */
  readonly probeShare?: number;
  readonly limits?: Limits;
  /** Clock, timers and random numbers. @default the process's, read when the coalescer is made. Fake timers installed before that work if they fake `performance.now` too, as sinon's and vitest's do. Those of `node:test` do not, so no time would ever be up: use the `virtualEnvironment()` of `coalescer/testing` there */
  readonly environment?: Environment;
}

/** Options with all defaults filled in. */
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
  /** Makes the value that `request` gives from a stream's chunks; `null`: their list. */
  readonly collect: ((chunks: readonly unknown[]) => unknown) | null;
  readonly limits: Required<Limits>;
  readonly environment: Environment | undefined;
}

/** Only the options that a shard needs, since on threads they cross. */
export function shardSettings(options: FilledOptions): ShardSettings {
  const { maxAttempts, attemptTimeoutMs, backoff, streams, breaker, budget, hedge, steering, probeShare } = options;
  return { maxAttempts, attemptTimeoutMs, backoff, streams, breaker, budget, hedge, steering, probeShare };
}
