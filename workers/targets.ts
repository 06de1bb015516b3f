/**
 * Targets as users write them, and as shards call them: a record of functions, in the order written. Nothing here knows whether they run
 * on the caller's thread or on another one.
 */
import { closeList } from './close-list.js';
import { TIMER_MS_MAX } from './environment.js';
import { given } from './given.js';
import { isPlainObject } from './plain.js';

/** What a target is told about its attempt. The same on the caller's thread and on a worker thread. */
export interface AttemptContext<Carried = unknown> {
  /** Aborted when the last waiter has left, the attempt has timed out, or another attempt has won. Made when first read. */
  readonly signal: AbortSignal;
  /** 1 for the flight's first attempt, counted over all targets. A getter, like all fields here: `{ ...context }` has none of them. */
  readonly attempt: number;
  readonly target: string;
  /** The flight's name (`chats#12`), as in `outcome`, in `explain` and on a stream; unique within its coalescer. */
  readonly flight: string;
  /** `null`: shared by all callers. */
  readonly scope: string | null;
  /** `null`: this flight is not shared (its key was `null`). On threads the default key is made from the payload when it is first read: read it before you write to the payload. */
  readonly key: string | null;
  /** Milliseconds that this attempt has left now. Pass it on: `{ timeout: remainingMs() }`. */
  remainingMs(): number;
  /** What `carry` returned for the launching request (trace parent, locale): plain data, never part of the key. A target declares what it expects: `AttemptContext<{ locale: string }>`. */
  readonly carried: Carried;
}

/**
 * What an error means. `answer`: the error is the answer, and all waiters get it as it is. `failover`: try another target. `retry`: try this target
 * again, after backoff. `retryAfterMs`: all flights leave this target alone for that long, at most an hour (as with a Retry-After). It takes
 * precedence over what the error says; 0: not at all, even after a 429 (if one tenant's own key has reached its limit, say).
 */
export type Verdict =
  | 'answer'
  | 'failover'
  | 'retry'
  | { readonly verdict: 'answer' | 'failover' | 'retry'; readonly retryAfterMs: number };

// Written as methods because their parameters may be narrowed: a target may declare what it expects to be carried (`AttemptContext<{ locale: string }>`),
// and one that does not gets `carried: unknown`.
interface Methods<P, R, C> {
  run(payload: P, context: AttemptContext): R;
  classify(error: unknown, context: AttemptContext): Verdict;
  resume(payload: P, delivered: readonly C[], context: AttemptContext): R;
}
/** One call of one target. */
export type TargetCall<P, R> = Methods<P, R, never>['run'];

// `any`: `run` alone says what the chunks are; the others must not say otherwise.
/** A target with settings of its own. All its functions run where the target runs, so that only data crosses threads. */
export interface TargetSpec<P, R, C = any> {
  /** Makes the call. Not named `call`: every function has one, and TypeScript then loses the context type. */
  readonly run: TargetCall<P, R>;
  /** What an error means. @default classifyHttp */
  readonly classify?: Methods<P, R, C>['classify'];
  /** May a second attempt be made once this one may have reached upstream? If not, every error is the answer; `classify` still says how the target is: well, ill, or to be left alone for a while. @default true */
  readonly replayable?: boolean;
  /** This target's own time for one attempt. @default the coalescer's `attemptTimeoutMs` */
  readonly attemptTimeoutMs?: number;
  /** May all waiters get this value? If this returns false, or throws, the flight's leader alone gets it, and each of the others launches a flight of its own at once. @default every value may */
  readonly isShareable?: (value: Awaited<R>) => boolean;
  /** Streams: the first chunk must come within this time of the call; the last target left is not cut off by it. @default the coalescer's `streams.firstChunkTimeoutMs` */
  readonly firstChunkTimeoutMs?: number;
  /** Streams: the longest silence between two chunks. @default the coalescer's `streams.idleTimeoutMs` */
  readonly idleTimeoutMs?: number;
  /** Streams: is the stream complete, or was it cut short? A stream that ends while this returns false has failed. Gets the last chunk and the number of chunks. @default true */
  readonly isComplete?: (lastChunk: C | undefined, chunkCount: number) => boolean;
  /** Streams: goes on from what was delivered, and gives only what comes after it. Needed for `midStream: 'resume'`. */
  readonly resume?: Methods<P, R, C>['resume'];
  /** Attempts of this target in the air at once, over all threads; above it a flight goes to the next target, or waits for a place. @default Infinity */
  readonly maxConcurrency?: number;
  /** Its share of first attempts, relative to the weights of the others (1 where they give none). If any target has a weight, the order is by weight. @default by order */
  readonly weight?: number;
  /** Targets with the same credential are left alone together when one of them says "too many requests" (429). */
  readonly credential?: string;
}

// `any`: only `any` accepts all functions that a record of targets is inferred from.
export type Target<P = any, R = any> = TargetCall<P, R> | TargetSpec<P, R>;
/** Tried in the order written. Names that look like integers are refused: JavaScript would reorder them. */
export type Targets = { readonly [name: string]: Target<any, any> };

/** The thread that a targets module runs on, as its set-up sees it. */
export interface HostInfo {
  /** `null` on the caller's own thread. */
  readonly thread: number | null;
  /** Called once, in reverse order of registration, when this host is closed in order; not when it dies. All share one second: what takes longer is cut off with its thread; on the caller's own thread it is not waited for any longer. */
  onClose(close: () => unknown): void;
}

declare const targetsBrand: unique symbol;
/** What `defineTargets` makes: the default export of a targets module. */
export interface TargetsModule<T extends Targets, Config> {
  /** Types only; there is no such property at run time. */
  readonly [targetsBrand]: { readonly targets: T; readonly config: Config };
  /** The targets themselves, for tests and for the caller's own thread. Calls `setup`. */
  open(config: Config): Promise<T & { [Symbol.asyncDispose](): Promise<void> }>;
}

/** How a host opens a module, giving its own `HostInfo`. Registered by name, so that two copies of the package understand each other. */
export const openOn: unique symbol = Symbol.for('coalescer.openOn') as never;
/** A targets module as hosts see it. */
export interface OpenableModule {
  readonly [openOn]: (config: unknown, host: HostInfo) => Promise<Targets>;
}

/**
 * Makes the default export of a targets module. `setup` runs once on each thread that becomes active, never on the warm spare.
 * @example export default defineTargets((config: Config, host) => ({ primary: ..., backup: ... }));
 */
export function defineTargets<const T extends Targets>(targets: T): TargetsModule<T, void>;
export function defineTargets<const T extends Targets, Config = void>(
  setup: (config: Config, host: HostInfo) => T | Promise<T>,
): TargetsModule<T, Config>;
export function defineTargets(
  setup: Targets | ((config: unknown, host: HostInfo) => Targets | Promise<Targets>),
): TargetsModule<Targets, unknown> {
  const openModule = async (config: unknown, host: HostInfo): Promise<Targets> =>
    typeof setup === 'function' ? setup(config, host) : setup;
  const module = {
    [openOn]: openModule,
    async open(config: unknown) {
      const closings = closeList();
      const targets = await openModule(config, { thread: null, onClose: closings.add }).catch(async (error: unknown) => {
        // Closes what it had opened by then. The error of the set-up says more than an error of closing.
        await closings.run().catch(() => undefined);
        throw error;
      });
      return { ...targets, [Symbol.asyncDispose]: closings.run };
    },
  };
  return module as unknown as TargetsModule<Targets, unknown>;
}

/** A target with all defaults filled in. */
export interface FilledTarget {
  readonly name: string;
  readonly run: TargetCall<unknown, unknown>;
  /** `null`: `classifyHttp`. */
  readonly classify: ((error: unknown, context: AttemptContext) => Verdict) | null;
  readonly replayable: boolean;
  readonly attemptTimeoutMs: number | null;
  readonly firstChunkTimeoutMs: number | null;
  readonly idleTimeoutMs: number | null;
  readonly isShareable: ((value: unknown) => boolean) | null;
  readonly isComplete: ((lastChunk: unknown, chunkCount: number) => boolean) | null;
  readonly resume: ((payload: unknown, delivered: readonly unknown[], context: AttemptContext) => unknown) | null;
  /** `Infinity`: no ceiling. */
  readonly maxConcurrency: number;
  /** `null`: it has none. */
  readonly weight: number | null;
  readonly credential: string | null;
}

/** The ledger has one bit for each target. */
export const TARGETS_MAX = 24;

/**
 * Checks a record of targets and fills in defaults.
 * @throws TypeError or RangeError that names the target, what was expected and what came.
 */
export function fillTargets(targets: unknown): readonly FilledTarget[] {
  if (typeof targets !== 'object' || targets === null || Array.isArray(targets)) {
    throw new TypeError(`targets: expected a record of functions or { run } objects, got ${given(targets)}`);
  }
  const names = Object.keys(targets);
  if (names.length === 0 || names.length > TARGETS_MAX)
    throw new RangeError(`targets: expected 1 to ${TARGETS_MAX} targets, got ${names.length}`);
  return names.map((name) => fillTarget(name, (targets as Record<string, unknown>)[name]));
}

function fillTarget(name: string, target: unknown): FilledTarget {
  if (/^\d+$/.test(name)) {
    throw new RangeError(`targets.${name}: a name that looks like an integer would be reordered by JavaScript; call it 't${name}', say`);
  }
  const spec = (typeof target === 'function' ? { run: target } : target) as Partial<TargetSpec<unknown, unknown>> | null | undefined;
  if (typeof spec?.run !== 'function')
    throw new TypeError(`targets.${name}: expected a function or an object with a function 'run', got ${given(target)}`);
  // A class instance may have fields of its own.
  const stranger = isPlainObject(spec) ? Object.keys(spec).find((setting) => !Object.hasOwn(SETTINGS, setting)) : undefined;
  if (stranger !== undefined)
    throw new TypeError(`targets.${name}.${stranger}: there is no such setting; expected ${Object.keys(SETTINGS).join(', ')}`);
  for (const setting of Object.keys(SETTINGS)) checkSetting(name, setting as Setting, spec[setting as Setting]);
  const { run, classify, replayable = true, isShareable, isComplete, resume, maxConcurrency = Infinity } = spec;
  const { attemptTimeoutMs = null, firstChunkTimeoutMs = null, idleTimeoutMs = null, weight = null, credential = null } = spec;
  // Called as methods of their spec, so that a class instance may be a target.
  return {
    name,
    run: typeof target === 'function' ? run : (payload, context) => run.call(spec, payload, context),
    classify: classify === undefined ? null : (error, context) => classify.call(spec, error, context),
    isShareable: isShareable === undefined ? null : (value) => isShareable.call(spec, value),
    isComplete: isComplete === undefined ? null : (last, count) => isComplete.call(spec, last, count),
    resume: resume === undefined ? null : (payload, delivered, context) => resume.call(spec, payload, delivered, context),
    replayable,
    attemptTimeoutMs,
    firstChunkTimeoutMs,
    idleTimeoutMs,
    maxConcurrency,
    weight,
    credential,
  };
}

const SETTINGS = {
  run: 'a function',
  classify: 'a function',
  replayable: 'true or false',
  attemptTimeoutMs: 'milliseconds above 0, at most 2147483647',
  firstChunkTimeoutMs: 'milliseconds above 0, at most 2147483647',
  idleTimeoutMs: 'milliseconds above 0, at most 2147483647',
  maxConcurrency: 'a whole number, 1 to 1000000, or Infinity',
  weight: 'a number, 0 to 1000000',
  credential: 'a name',
  isShareable: 'a function',
  isComplete: 'a function',
  resume: 'a function',
} as const;
type Setting = keyof typeof SETTINGS;

/** The type of each, and which of its values are allowed. */
const KINDS: Readonly<Record<(typeof SETTINGS)[Setting], readonly [type: string, isIt: (value: never) => boolean]>> = {
  'a function': ['function', () => true],
  'true or false': ['boolean', () => true],
  'milliseconds above 0, at most 2147483647': ['number', (value: number) => value > 0 && value <= TIMER_MS_MAX],
  'a whole number, 1 to 1000000, or Infinity': [
    'number',
    (value: number) => value === Infinity || (Number.isInteger(value) && value >= 1 && value <= 1_000_000),
  ],
  'a number, 0 to 1000000': ['number', (value: number) => value >= 0 && value <= 1_000_000],
  'a name': ['string', (value: string) => value !== ''],
};

/** `undefined` counts as not given; for times `null` does too. */
function checkSetting(name: string, setting: Setting, value: unknown): void {
  const expected = SETTINGS[setting];
  if (value === undefined || (value === null && expected === 'milliseconds above 0, at most 2147483647')) return;
  const [type, isIt] = KINDS[expected];
  const isOfType = typeof value === type;
  if (isOfType && isIt(value as never)) return;
  const message = `targets.${name}.${setting}: expected ${expected}, got ${given(value)}`;
  // A number of the wrong type gets the same error as one out of range.
  throw isOfType || type === 'number' ? new RangeError(message) : new TypeError(message);
}
