/** The library's own errors, and the way from any error back to the flight behind it. */
import { cut } from '../workers/text.js';
import type { Flight } from './flight.js';
import type { AttemptReport, FlightReport } from './reports.js';
import type { Limits } from './options.js';
import { forStory } from './story.js';

/** What each code means. A test holds this table against the README's. */
export const ERROR_CODES = {
  COALESCER_TARGETS_FAILED: 'every attempt that was allowed failed; see attempts, and cause for the last error',
  COALESCER_TIMEOUT: "no answer in time: this waiter's timeoutMs or the flight's flightTimeoutMs was up",
  COALESCER_FLIGHT_CANCELLED: 'cancel() was called',
  COALESCER_POISONED: 'this request killed two or three threads',
  COALESCER_STREAM_BROKEN: 'the stream broke off after chunks were given, or the one to go on with is gone; see chunks, attempts and cause',
  COALESCER_STREAM_DIVERGED: "midStream 'verify': the next target said something else",
  COALESCER_SLOW_CONSUMER: 'this reader lagged too far behind the others',
  COALESCER_LIMIT: 'a limit is reached; see limit',
  COALESCER_REENTRANT: 'a target asked for a flight that waits for the target',
  COALESCER_TARGETS_NOT_LOADED: 'the targets module did not load, or has not yet, or its set-up failed',
  COALESCER_CLOSED: 'close() was called',
  COALESCER_SCOPE_MISSING: 'the scope is undefined, null, empty or not a string',
  COALESCER_NOT_KEYABLE: 'the payload has no canonical form; see path',
  COALESCER_NOT_CLONEABLE: 'something cannot cross to or from a thread; see path',
  COALESCER_NOT_SHAREABLE: 'the value cannot be shared: a Response, an iterator, one that cannot be copied, or one for its leader alone',
} as const;

export type CoalescerErrorCode = keyof typeof ERROR_CODES;

/** What an error tells beyond its message. */
export interface ErrorDetails {
  readonly key?: string | undefined;
  readonly cause?: unknown;
  readonly attempts?: readonly AttemptReport[];
  readonly limit?: keyof Limits;
  readonly path?: string;
  readonly chunks?: number;
}

/**
 * The library's own errors. Compare `code`, or use `isCoalescerError`: two copies of a package break `instanceof`. All waiters of a flight get
 * the same object.
 */
export class CoalescerError extends Error {
  readonly code: CoalescerErrorCode;
  /** The coalescer's name. */
  readonly coalescer: string;
  /** The flight's key, cut to 200 characters. */
  declare readonly key?: string;
  declare readonly attempts?: readonly AttemptReport[];
  declare readonly limit?: keyof Limits;
  /** Where in the payload or value, as in `$.messages[2].at`. */
  declare readonly path?: string;
  /** Streams: how many chunks there had been. */
  declare readonly chunks?: number;

  constructor(code: CoalescerErrorCode, coalescer: string, message: string, details: ErrorDetails = {}) {
    super(`${coalescer}: ${message}`, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.coalescer = coalescer;
    if (details.key !== undefined) this.key = cut(details.key, 200);
    if (details.attempts !== undefined) this.attempts = details.attempts;
    if (details.limit !== undefined) this.limit = details.limit;
    if (details.path !== undefined) this.path = details.path;
    if (details.chunks !== undefined) this.chunks = details.chunks;
    // Many waiters get the same object: none of them may change what the others read.
    Object.freeze(this);
  }
}
Object.defineProperty(CoalescerError.prototype, 'name', { value: 'CoalescerError', configurable: true, writable: true });

/** Is this one of the library's own errors, from whichever copy of it, and (if given) with this code? */
export function isCoalescerError(error: unknown, code?: CoalescerErrorCode): error is CoalescerError {
  if (typeof error !== 'object' || error === null) return false;
  try {
    const { code: its, coalescer } = error as Partial<CoalescerError>;
    return (
      typeof its === 'string' && typeof coalescer === 'string' && Object.hasOwn(ERROR_CODES, its) && (code === undefined || its === code)
    );
  } catch {
    return false; // an error that throws when it is read is none of ours
  }
}

/** `instanceof` for whatever was thrown: a Proxy may throw when it is asked. */
export function isOf<Kind extends Error>(error: unknown, kind: abstract new (...given: never) => Kind): error is Kind {
  try {
    return error instanceof kind;
  } catch {
    return false;
  }
}

/** Mistakes in the call, not failures of the operation: `outcome` rejects with them. */
const PROGRAMMER_ERRORS: ReadonlySet<string> = new Set(['COALESCER_SCOPE_MISSING', 'COALESCER_NOT_KEYABLE']);

/** Was a request refused by a limit or a state, and not for a mistake in the call? */
export const isRefusal = (reason: unknown): boolean => isOf(reason, CoalescerError) && !PROGRAMMER_ERRORS.has(reason.code);

/**
 * Flights by the error they ended with. Not state: an entry lives as long as its error, which is the user's. One map for all copies of the package in
 * the process, so that `flightOf` of a required copy knows what an imported copy threw.
 */
const flights = sharedFlights();

function sharedFlights(): WeakMap<object, { report(): FlightReport }> {
  const process = globalThis as { [name: symbol]: ReturnType<typeof sharedFlights> | undefined };
  return (process[Symbol.for('coalescer.flights')] ??= new WeakMap());
}

/** Remembers which flight an error came from; if a target throws one object again and again, its latest flight. */
export function rememberFlight(error: unknown, flight: Flight): void {
  if ((typeof error === 'object' || typeof error === 'function') && error !== null) flights.set(error, forStory(flight));
}

/** The flight behind any error a request rejected with, the target's own errors included. `undefined` for other errors, and for thrown primitives. */
export function flightOf(error: unknown): FlightReport | undefined {
  return (typeof error === 'object' || typeof error === 'function') && error !== null ? flights.get(error)?.report() : undefined;
}
