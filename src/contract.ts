/** The coalescer as services see it: an interface, so that a service can ask for it and a test can write one. */
import type { FlightStream } from './flight-stream.js';
import type { Explanation, Outcome, Stats } from './reports.js';
import type { RequestArgs, StreamOptions } from './requests.js';
import type { TargetControl } from './target-control.js';

/**
 * Which flight: by its payload (as `request` would see it), or by its identity (as `identify` tells it). `{ scope }` without a `key` means all flights of that scope; a
 * `key` that is given as `undefined` is refused, since that may be a mistake.
 */
export type Which<P> = { readonly payload: P; readonly scope?: string } | { readonly scope: string | null; readonly key?: string | null };

/** What requests share by: those with equal scope and equal key share a flight. */
export interface Identity {
  /** `null`: shared by all callers. */
  readonly scope: string | null;
  /** `null`: this request is not shared. */
  readonly key: string | null;
}

declare const scopeOf: unique symbol;
/** Scopes that no request has to give. */
type AnyScope = 'public' | ((payload: never) => string);

/**
 * One method per intent. To name the type in a service: `Coalescer<Payload, Value>`; where the scope is `'per-request'`, `Coalescer<Payload, Value, Value, 'per-request'>`,
 * which demands it of every request, and is not assignable to the first.
 */
export interface Coalescer<P, V, C = V, S = AnyScope> extends AsyncDisposable {
  /** Types only; there is no such property at run time. */
  readonly [scopeOf]?: S;
  /** Settles when targets are loaded and set up; rejects with `COALESCER_TARGETS_NOT_LOADED`, from `close` on with `COALESCER_CLOSED`. For readiness probes, and to fail fast at start. */
  ready(): Promise<void>;
  /**
   * The answer for a payload: from the flight in the air for it, or from a new one. Rejects with the target's error as thrown if that is the
   * answer, else with a `CoalescerError`; with `signal.reason` if the waiter left by its signal. Never throws synchronously.
   */
  request(payload: P, ...options: RequestArgs<S>): Promise<V>;
  /** The same answer, with how it came about. Resolves for operating errors; rejects only for programmer errors (a bad option, no scope, no key). */
  outcome(payload: P, ...options: RequestArgs<S>): Promise<Outcome<V>>;
  /**
   * The chunks for a payload, as they come: from the flight in the air for it (from its first chunk on), or from a new one. If the target returns one value, that
   * value is the only chunk. The reader has joined when this returns; reading rejects with what `request` would reject with, and with `COALESCER_STREAM_BROKEN` if the
   * stream broke off after its first chunk. Never throws synchronously.
   */
  stream(payload: P, ...options: RequestArgs<S, StreamOptions>): FlightStream<C>;
  /** The identity `request` would use: for tests, and to see why two requests do not share. */
  identify(payload: P, ...options: RequestArgs<S>): Identity;
  /** Drops what is held for a key: kept values are gone, and the next request launches a new flight; those who wait still get the value in the air. Returns how many flights and kept keys it dropped. */
  forget(which: Which<P>): number;
  /** Aborts the flight although somebody waits: a user pressed stop, say. Waiters reject with `COALESCER_FLIGHT_CANCELLED`, whose `cause` is `reason`. Returns how many flights it aborted. */
  cancel(which: Which<P>, reason?: unknown): number;
  /** How many wait now. */
  waiters(which: Which<P>): number;
  /** The story of the flight in the air, else of the one that settled last (among the last 256 flights of this coalescer), else `null`. A promise, since the thread of an attempt in the air is asked about it. */
  explain(which: Which<P>): Promise<Explanation | null>;
  /** The gauges and counters as they are now. */
  stats(): Stats;
  /** Health and steering of the targets, while requests run. */
  readonly targets: TargetControl;
  /** Settles when nothing is in the air and all waiters are told. Takes new requests meanwhile. */
  idle(): Promise<void>;
  /** Refuses new flights at once (joins still work), lets those in the air finish, then stops threads. What is left after `drainMs` (default 10_000) rejects with `COALESCER_CLOSED`. Idempotent. */
  close(options?: { readonly drainMs?: number }): Promise<void>;
}
