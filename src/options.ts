/** The options of a coalescer: as given, as filled in, and the one table that checks and defaults them. */
import type { Environment } from '../workers/environment.js';
import type { ShardSettings } from '../workers/shard-setup.js';
import type { KeepSettings } from './keep.js';
import type { KeepOptions } from './keep-options.js';
import type { BreakerOptions, BudgetOptions, HedgeOptions } from './health-options.js';
import { anyFunction, given, MIB, ms, oneOf, TIMER_MS_MAX, whole, within, type Rule } from './option-rules.js';
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

/** What AI providers' own clients allow: ten minutes for an answer that streams; half a minute for one that does not (RELIABILITY (c), attempt time-outs). */
const STREAM_FLIGHT_MS = 600_000;
const FLIGHT_MS = 30_000;
/** Instants of breakers are told from each other within half a day. */
const BREAKER_MS = [1, 3_600_000] as const;

/** Every option: its path, what it may be, and what stands where it is not given. */
const RULES: Readonly<Record<string, Rule>> = {
  name: {
    expected: 'a name of 1 to 100 characters',
    kind: 'string',
    check: (value: string) => value.length > 0 && value.length <= 100,
    fallback: 'coalescer',
  },
  scope: {
    expected: "'public', 'per-request' or a function of the payload",
    kind: 'mixed',
    check: (value: unknown) => value === 'public' || value === 'per-request' || typeof value === 'function',
  },
  key: anyFunction,
  share: oneOf(['readonly', 'frozen', 'copy', 'same'], 'readonly'),
  flightTimeoutMs: ms(null),
  attemptTimeoutMs: ms(null),
  maxAttempts: whole(1, 5, null),
  'backoff.baseMs': ms(100),
  'backoff.maxMs': ms(8_000),
  abandonAfterMs: {
    expected: `milliseconds, 0 to ${TIMER_MS_MAX}, or 'finish'`,
    kind: 'mixed',
    check: (value: unknown) => value === 'finish' || (typeof value === 'number' && value >= 0 && value <= TIMER_MS_MAX),
    fallback: 0,
  },
  joinWithinMs: ms(null, 0),
  carry: anyFunction,
  relaunchesMax: whole(0, 10, 3),
  detectReentrance: { expected: 'true or false', kind: 'boolean', check: () => true, fallback: null },
  'streams.midStream': oneOf(['fail', 'verify', 'resume'], 'fail'),
  'streams.firstChunkTimeoutMs': ms(null),
  'streams.idleTimeoutMs': ms(30_000),
  'streams.replayBytes': whole(0, 1_024 * MIB, MIB),
  'streams.lagBytes': whole(1, 1_024 * MIB, MIB),
  collect: anyFunction,
  'keep.ttlMs': {
    expected: 'milliseconds, 0 or more, or a function of the value',
    kind: 'mixed',
    check: (value: unknown) => typeof value === 'function' || (typeof value === 'number' && value >= 0),
    fallback: 0,
  },
  'keep.staleWhileRevalidateMs': within('milliseconds', [0, Infinity], 0),
  'keep.staleIfErrorMs': within('milliseconds', [0, Infinity], 0),
  'keep.errorMs': within('milliseconds', [0, 1_000], 0),
  'keep.entries': whole(1, 10_000_000, 10_000),
  'keep.bytes': whole(1, 64 * 1_024 * MIB, 64 * MIB),
  'breaker.failureShare': within('a share', [0, 1], 0.5),
  'breaker.attemptsMin': whole(1, 1_000, 20),
  'breaker.consecutive': whole(1, 1_000_000, 5),
  'breaker.openMs': within('milliseconds', BREAKER_MS, 5_000),
  'breaker.openMsMax': within('milliseconds', BREAKER_MS, 60_000),
  'breaker.whenAllOpen': oneOf(['try', 'wait'], 'try'),
  steering: oneOf(['priority', 'latency'], 'priority'),
  probeShare: within('a share', [0, 0.5], 0),
  'budget.share': within('a share', [0, 1], 0.1),
  'budget.perSecondMin': within('a number', [0, 1_000], 1),
  'hedge.afterMs': ms(null),
  'hedge.percentile': within('a percentile', [50, 99.9], 95),
  'hedge.maxExtraShare': within('a share', [0, 1], 0.02),
  'limits.flights': whole(1, 1_000_000, 10_000),
  'limits.waitersPerFlight': whole(1, 10_000_000, 10_000),
  'limits.payloadBytes': whole(1, 1_024 * MIB, 4 * MIB),
  'limits.resultBytes': whole(1, 1_024 * MIB, 16 * MIB),
  'limits.airborneBytes': whole(1, 64 * 1_024 * MIB, 64 * MIB),
  environment: {
    expected: 'an environment: { now, setTimer, clearTimer, random }',
    kind: 'object',
    check: (value: Record<string, unknown>) =>
      ['now', 'setTimer', 'clearTimer', 'random'].every((name) => typeof value[name] === 'function'),
  },
};

/** Every rule with its place: in a group, or (`null`) among the options themselves. */
const PLACES = Object.entries(RULES).map(([path, rule]) => {
  const dot = path.indexOf('.');
  return { path, rule, group: dot === -1 ? null : path.slice(0, dot), name: path.slice(dot + 1) };
});
/** Options with options of their own. */
const GROUPS: ReadonlySet<string> = new Set(PLACES.flatMap(({ group }) => group ?? []));
/** Those that `false` switches off. */
const SWITCHABLE: ReadonlySet<string> = new Set(['breaker', 'budget', 'hedge']);
/** Those that are off where they are not given. */
const OPTIONAL = ['keep', 'hedge'];

/**
 * Checks options and fills in what is not given. `undefined` counts as not given.
 * @throws TypeError (wrong kind, unknown option) or RangeError (wrong value) with the option's path, what was expected and what came.
 */
export function fillOptions(options: unknown): FilledOptions {
  if (typeof options !== 'object' || options === null) throw new TypeError(`options: expected an object, got ${given(options)}`);
  const paths = flatten(options as Record<string, unknown>);
  if (paths.get('hedge.afterMs') !== undefined && paths.get('hedge.percentile') !== undefined)
    throw new TypeError('options.hedge: expected afterMs or percentile, got both');
  const filled: Record<string, unknown> = Object.fromEntries([...GROUPS].map((group) => [group, {}]));
  for (const { path, rule, group, name } of PLACES) {
    const value = paths.get(path);
    if (value === undefined && !('fallback' in rule) && path !== 'environment')
      throw new TypeError(`options.${path}: required; expected ${rule.expected}`);
    const place = group === null ? filled : (filled[group] as Record<string, unknown>);
    place[name] = value === undefined ? rule.fallback : checked(path, rule, value);
  }
  for (const path of paths.keys()) {
    if (!Object.hasOwn(RULES, path))
      throw new TypeError(`options.${path}: there is no such option; known are ${Object.keys(RULES).join(', ')}`);
  }
  filled['flightTimeoutMs'] ??= 'streams' in options && options.streams !== undefined ? STREAM_FLIGHT_MS : FLIGHT_MS;
  for (const group of OPTIONAL) if ((options as Record<string, unknown>)[group] === undefined) filled[group] = null;
  for (const group of SWITCHABLE) if ((options as Record<string, unknown>)[group] === false) filled[group] = null;
  filled['joinWithinMs'] ??= (filled['flightTimeoutMs'] as number) / 2;
  // A copy: an object made name by name is a hash table to V8, and every flight reads options.
  return { ...(filled as unknown as FilledOptions) };
}

function checked(path: string, rule: Rule, value: unknown): unknown {
  if ((rule.kind !== 'mixed' && typeof value !== rule.kind) || value === null) {
    throw new TypeError(`options.${path}: expected ${rule.expected}, got ${given(value)}`);
  }
  if (!rule.check(value as never)) throw new RangeError(`options.${path}: expected ${rule.expected}, got ${given(value)}`);
  return value;
}

/** Paths of what was given; groups of options are one level deep. */
function flatten(options: Record<string, unknown>): Map<string, unknown> {
  const paths = new Map<string, unknown>();
  for (const [name, value] of Object.entries(options)) {
    if (name === 'targets') continue;
    // Paths are for messages; an option itself has no dot in its name.
    if (name.includes('.')) throw new TypeError(`options['${name}']: there is no such option; options in groups are nested`);
    if (!GROUPS.has(name)) paths.set(name, value);
    else if (value === false && SWITCHABLE.has(name)) continue;
    else if (typeof value === 'object' && value !== null)
      for (const [inner, part] of Object.entries(value)) paths.set(`${name}.${inner}`, part);
    else if (value !== undefined)
      throw new TypeError(`options.${name}: expected an object${SWITCHABLE.has(name) ? ' or false' : ''}, got ${given(value)}`);
  }
  return paths;
}

/** What of the options a shard goes by, and no more: on threads it crosses. */
export function shardSettings(options: FilledOptions): ShardSettings {
  const { maxAttempts, attemptTimeoutMs, backoff, streams, breaker, budget, hedge, steering, probeShare } = options;
  return { maxAttempts, attemptTimeoutMs, backoff, streams, breaker, budget, hedge, steering, probeShare };
}
