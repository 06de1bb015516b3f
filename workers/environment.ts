/**
 * The environment seam: the one file of the library that reads the clock, arms timers or draws random numbers. Everything else gets
 * an environment from outside, so that the whole library can run in one thread under a virtual clock.
 */
import { inCleanContext } from './clean-context.js';

/** Time and chance. All times are milliseconds of a monotonic clock; the wall clock is read for dates that an upstream sends, and for nothing else. */
export interface Environment {
  /** Monotonic milliseconds, with one origin for all threads of the process. */
  now(): number;
  /** Milliseconds since 1970, to tell how far away the date in a `Retry-After` is. @default the process's */
  wallNow?(): number;
  /** Runs `run` once, `ms` from now at the earliest. */
  setTimer(ms: number, run: () => void): unknown;
  clearTimer(timer: unknown): void;
  /** At least 0, less than 1. */
  random(): number;
}

/** What the library itself needs beyond `Environment`; a user's environment is completed by `seamOf`. */
export interface Seam extends Environment {
  wallNow(): number;
  /** Runs `run` after this turn of the event loop: where envelopes are sent. */
  defer(run: () => void): void;
  /** The timer goes on, but no longer keeps the process alive. */
  release(timer: unknown): void;
  /** The instant of something that is only told (when an attempt ended): in a burst, up to a few readings of the clock behind `now`. */
  stamp(): number;
}

/** A burst: stamps that come closer than this. Of so many in a row, one reads the clock. */
const BURST_GAP_MS = 0.05;
const BURST_STAMPS = 8;

/**
 * A reading of the clock is 50 ns, a tenth of a flight. Whatever is timed by it is read each time; what is only told need not be, while so much happens
 * that the last reading is microseconds old. Readings are fields, which V8 writes in place: as variables of a closure each is an object (3 % of a flight).
 */
class Clock {
  readonly #read: () => number;
  #last = Number.NaN;
  #lastStamp = Number.NaN;
  #stampsLeft = 0;

  constructor(read: () => number) {
    this.#read = read;
  }

  now(): number {
    return (this.#last = this.#read());
  }

  stamp(): number {
    if (this.#stampsLeft === 0) return this.#stampAnew();
    this.#stampsLeft--;
    return this.#last;
  }

  #stampAnew(): number {
    const now = this.now();
    this.#stampsLeft = now - this.#lastStamp < BURST_STAMPS * BURST_GAP_MS ? BURST_STAMPS - 1 : 0;
    return (this.#lastStamp = now);
  }
}

/** The process's own time and chance, as they are now: fake timers that a test has set before hold. */
export function processEnvironment(): Seam {
  const { setTimeout, clearTimeout, setImmediate, performance, Date: WallClock } = globalThis;
  const { random } = Math;
  const clock = new Clock(() => performance.now());
  return {
    wallNow: () => WallClock.now(),
    // Node turns longer timeouts into 1 ms (2^31 - 1 ms is 24.8 days): a capped timer fires early by weeks, not at once.
    setTimer: (ms, run) => inCleanContext(() => setTimeout(run, Math.min(ms, 2_147_483_647)), undefined),
    clearTimer: (timer) => clearTimeout(timer as NodeJS.Timeout),
    random,
    defer: (run) => void inCleanContext(setImmediate as (run: () => void) => unknown, run),
    // Fake timers may return plain numbers.
    release: (timer) => (timer as Partial<NodeJS.Timeout>).unref?.(),
    now: () => clock.now(),
    stamp: () => clock.stamp(),
  };
}

/** Completes a user's environment; without one, the process's. */
export function seamOf(environment: Environment | undefined): Seam {
  if (environment === undefined) return processEnvironment();
  const given = environment as Environment & Partial<Seam>;
  return {
    now: () => given.now(),
    stamp: () => given.now(),
    wallNow: () => given.wallNow?.() ?? Date.now(),
    setTimer: (ms, run) => inCleanContext(() => given.setTimer(ms, run), undefined),
    clearTimer: (timer) => given.clearTimer(timer),
    random: () => given.random(),
    defer: (run) => void inCleanContext(() => (given.defer === undefined ? given.setTimer(0, run) : given.defer(run)), undefined),
    release: (timer) => given.release?.(timer),
  };
}

/** Settles when all promises that can settle have: after a turn of the real event loop. For virtual time only. */
export function promisesSettled(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
