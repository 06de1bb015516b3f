/** The options of one request, and their checks. */
import { isSteered } from '../workers/steering.js';
import { nameFor } from '../workers/text.js';
import { TARGETS_MAX } from '../workers/targets.js';
import type { Links } from './links.js';
import { given } from '../workers/given.js';

type Steerable = Pick<Links, 'targetNames' | 'healthMemory'>;

/** Options of one request. */
export interface RequestOptions {
  /** When it is aborted this waiter leaves, with `signal.reason` as it is; the others stay. */
  readonly signal?: AbortSignal | undefined;
  /** This waiter's time. When it is up, this waiter leaves; the others stay. @default the flight's */
  readonly timeoutMs?: number | undefined;
  /** Whose request it is. Required where the coalescer's scope is `'per-request'`, refused where it is `'public'`, and ignored where a function takes the scope from the payload. */
  readonly scope?: string;
  /** Used instead of the coalescer's key; `null`: do not share. */
  readonly key?: string | null;
  /** Take no kept value, not even if all targets fail, and do not join a flight that began before now (HTTP `no-cache`). */
  readonly fresh?: boolean;
  /** Only these targets, in this order. Requests with other targets never share a flight. */
  readonly targets?: readonly string[];
}

/** Options of one reader of a stream. */
export interface StreamOptions extends RequestOptions {
  /**
   * Index of the first chunk to give: the `Last-Event-ID` of a browser that reconnects, plus one. Above 0 it only goes on with a stream in the air: if there is
   * none, or it ends before that chunk, the reader gets `COALESCER_STREAM_BROKEN`, and nothing is launched. @default 0
   */
  readonly from?: number;
  /**
   * Goes on with this flight only: the one that gave the chunks before `from`. By now another flight of the key may be in the air, whose chunks need not
   * match those. Its name is on the stream (`flight`) and in the target's context. Other coalescers of that name, and other processes, have flights of the same names: if you hand positions out, add what tells them apart. @default any flight of the key
   */
  readonly flight?: string;
}

/** The arguments after the payload: options, which `'per-request'` makes required. */
export type RequestArgs<S, O = RequestOptions> = 0 extends 1 & S // any
  ? [options?: O]
  : [Extract<S, 'per-request'>] extends [never]
    ? [options?: O]
    : [options: O & { readonly scope: string }];

const REQUEST_OPTIONS: ReadonlySet<string> = new Set(['signal', 'timeoutMs', 'scope', 'key', 'fresh', 'targets']);
const STREAM_OPTIONS: ReadonlySet<string> = new Set([...REQUEST_OPTIONS, 'from', 'flight']);
/** Each of them spelled out: what is on `Object.prototype` is none. */
export const NO_OPTIONS = Object.freeze({
  signal: undefined,
  timeoutMs: undefined,
  scope: undefined,
  key: undefined,
  fresh: undefined,
  targets: undefined,
  from: undefined,
  flight: undefined,
} satisfies Record<keyof StreamOptions, undefined>) as object as RequestOptions;

/** What whoever asks has not said. */
const UNSAID: StreamOptions = {};

/** Has somebody put on `Object.prototype` what would be taken for an option? Asked of an object of one shape, which V8 answers at once. */
function isPolluted(): boolean {
  const { signal, timeoutMs, scope, key, fresh, targets, from, flight } = UNSAID;
  const isRest = fresh !== undefined || targets !== undefined || from !== undefined || flight !== undefined;
  return isRest || signal !== undefined || timeoutMs !== undefined || scope !== undefined || key !== undefined;
}

/** The same of a scope alone. */
export const isScopePolluted = (): boolean => UNSAID.scope !== undefined;

/** What is an object's own, or its class's, and not what stands on `Object.prototype`: a key from there would be everybody's, and so would a scope. */
export function givenOf<Given extends object>(options: Given, known: Iterable<string>): Given {
  const all = Object.prototype as Record<string, unknown>;
  const said = options as Record<string, unknown>;
  const own = Object.create(null) as Record<string, unknown>;
  for (const name of [...known, ...Object.keys(options)])
    if (Object.hasOwn(options, name) || (name in options && said[name] !== all[name])) own[name] = said[name];
  return own as Given;
}

/**
 * Checks the options of a request.
 * @throws TypeError or RangeError with the option's path, what was expected and what came.
 */
export function checkRequest(options: RequestOptions | undefined, targetNames: readonly string[] | null): RequestOptions {
  return checkKnown(options, REQUEST_OPTIONS, targetNames);
}

/**
 * Checks the options of a reader.
 * @throws TypeError or RangeError with the option's path, what was expected and what came.
 */
export function checkStream(options: StreamOptions | undefined, targetNames: readonly string[] | null): StreamOptions {
  const checked: StreamOptions = checkKnown(options, STREAM_OPTIONS, targetNames);
  if (checked.from !== undefined && !(Number.isSafeInteger(checked.from) && checked.from >= 0))
    throw new RangeError(`request options.from: expected the index of a chunk, a whole number from 0 on, got ${given(checked.from)}`);
  if (checked.flight !== undefined && typeof checked.flight !== 'string')
    throw new TypeError(`request options.flight: expected the name of a flight, got ${given(checked.flight)}`);
  return checked;
}

function checkKnown(
  options: RequestOptions | undefined,
  known: ReadonlySet<string>,
  targetNames: readonly string[] | null,
): RequestOptions {
  if (options === undefined) return NO_OPTIONS;
  if (typeof options !== 'object' || options === null) throw new TypeError(`request options: expected an object, got ${given(options)}`);
  if (isPolluted()) options = givenOf(options, known);
  for (const name of Object.keys(options)) {
    if (!known.has(name))
      throw new TypeError(`request options.${nameFor(name)}: there is no such option; known are ${[...known].join(', ')}`);
  }
  const { signal, timeoutMs, fresh, targets } = options;
  if (signal !== undefined && !isSignal(signal)) {
    throw new TypeError(`request options.signal: expected an AbortSignal, got ${given(signal)}`);
  }
  if (timeoutMs !== undefined && !(typeof timeoutMs === 'number' && timeoutMs > 0)) {
    throw new RangeError(`request options.timeoutMs: expected milliseconds above 0, got ${given(timeoutMs)}`);
  }
  if (fresh !== undefined && typeof fresh !== 'boolean')
    throw new TypeError(`request options.fresh: expected true or false, got ${given(fresh)}`);
  if (targets !== undefined) checkTargets(targets, targetNames);
  return options;
}

/** Of any realm or polyfill, but complete: a signal that cannot be unsubscribed from would keep its waiter alive. */
function isSignal(value: unknown): boolean {
  // Checked first: Node 20 gives each of its signals a hidden class of its own, and every property read on one takes a microsecond.
  if (value instanceof AbortSignal) return true;
  if (typeof value !== 'object' || value === null) return false;
  const { aborted, addEventListener, removeEventListener } = value as Partial<AbortSignal>;
  return typeof aborted === 'boolean' && typeof addEventListener === 'function' && typeof removeEventListener === 'function';
}

function checkTargets(targets: unknown, names: readonly string[] | null): void {
  if (!Array.isArray(targets) || targets.length === 0)
    throw new TypeError(`request options.targets: expected a list of one target name or more, got ${given(targets)}`);
  if (targets.length > TARGETS_MAX)
    throw new RangeError(`request options.targets: expected at most ${TARGETS_MAX} names, got ${targets.length}`);
  for (const [index, name] of targets.entries()) {
    if (typeof name !== 'string')
      throw new TypeError(`request options.targets[${index}]: expected the name of a target, got ${given(name)}`);
    if (names?.includes(name) === false) {
      throw new RangeError(
        `request options.targets[${index}]: expected one of ${names.map((known) => `'${known}'`).join(', ')}, got ${given(name)}`,
      );
    }
    if (targets.indexOf(name) !== index) throw new RangeError(`request options.targets[${index}]: '${name}' is named twice`);
  }
}

/** Identifies a request's own list of targets. `null`: it gave none, or all as written, which is the default as long as nobody steers. */
export function routeIdOf(route: readonly string[] | null, { targetNames, healthMemory }: Steerable): string | null {
  if (route === null) return null;
  const isAsWritten = targetNames?.length === route.length && route.every((name, index) => name === targetNames[index]);
  return isAsWritten && !isSteered(healthMemory) ? null : JSON.stringify(route);
}
