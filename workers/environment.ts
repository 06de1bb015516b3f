/**
 * The environment seam: the one file of the library that reads the clock, arms timers or draws random numbers. Everything else gets
 * an environment from outside, so that the whole library can run in one thread under a virtual clock.
 */
import { inCleanContext } from './clean-context.js';
import { Clock, type StampReceiver } from './clock.js';

/** Clock, timers and random numbers. All times are milliseconds of a monotonic clock; the wall clock is only read for dates that an upstream sends. */
export interface Environment {
  /** Monotonic milliseconds, with one origin for all threads of the process. */
  now(): number;
  /** Milliseconds since 1970, to know how far away the date in a `Retry-After` is. @default the process's */
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
  /** The timer still fires, but no longer keeps the process alive. */
  release(timer: unknown): void;
  /** The instant of something that is only reported. Within a burst it may be the last reading of the clock: whoever times anything by it must be corrected, see `reportTo`. */
  stamp(): number;
  /** From now on `receiver` is told when stamps are outdated, before anybody gets a later time. */
  reportTo(receiver: StampReceiver): void;
  /** After this, `receiver` has been told of every outdated stamp. */
  catchUp(): void;
}

/** Node fires longer timers at once, as if they were of 1 ms (this is 24.8 days). */
export const TIMER_MS_MAX = 2_147_483_647;

/** Runs `run` after the current operation: before the microtasks, or, if called in one, after all of them. The process's own, since fake ones may never run it. */
const { nextTick } = process as { nextTick(this: void, run: () => void): void };
/** After this turn of the event loop; the process's own, for the same reason. For virtual time only: everything else uses fake timers where they are set. */
const { setImmediate: afterTurn } = globalThis;

/** The process's own clock, timers and random numbers, as they are now: fake timers that a test has set before are used. */
export function processEnvironment(): Seam {
  const { setTimeout, clearTimeout, setImmediate, performance, Date: WallClock } = globalThis;
  const { random } = Math;
  const clock = new Clock(
    () => performance.now(),
    (run) => inCleanContext(nextTick, run),
  );
  return {
    wallNow: () => WallClock.now(),
    // Node would fire a longer timer at once; a capped one fires after weeks.
    setTimer: (ms, run) => inCleanContext(() => setTimeout(run, Math.min(ms, TIMER_MS_MAX)), undefined),
    clearTimer: (timer) => clearTimeout(timer as NodeJS.Timeout),
    random,
    defer: (run) => void inCleanContext(setImmediate as (run: () => void) => unknown, run),
    // Fake timers may return plain numbers.
    release: (timer) => (timer as Partial<NodeJS.Timeout>).unref?.(),
    now: () => clock.now(),
    stamp: () => clock.stamp(),
    reportTo: (receiver) => clock.reportTo(receiver),
    catchUp: () => clock.catchUp(),
  };
}

/** Completes a user's environment; without one, the process's. */
export function seamOf(environment: Environment | undefined): Seam {
  if (environment === undefined) return processEnvironment();
  const given = environment as Environment & Partial<Seam>;
  return {
    now: () => given.now(),
    // Read each time: a user's clock may advance in the middle of a turn.
    stamp: () => given.stamp?.() ?? given.now(),
    reportTo: (receiver) => given.reportTo?.(receiver),
    catchUp: () => given.catchUp?.(),
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
    afterTurn(resolve);
  });
}
