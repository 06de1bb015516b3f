/** `coalescer/testing`: no threads, no real time. A clock that the test moves, and targets that the test answers. */
import { promisesSettled, type Environment } from '../workers/environment.js';

export type { Targets } from '../workers/targets.js';

/** An environment whose time stands still until a test moves it. */
export interface VirtualEnvironment extends Environment {
  /** Moves time by `ms`, running what is due in order and letting promises settle in between. */
  advance(ms: number): Promise<void>;
  /** Runs until nothing is left to do: all timers, however late, and all promises. */
  settle(): Promise<void>;
  /** `settle` no longer waits for this timer: it belongs to nothing that must end. */
  release(timer: unknown): void;
}

interface VirtualTimer {
  /** It does not keep the process alive (a heartbeat, say), so `settle` does not wait for it. */
  isReleased: boolean;
  readonly at: number;
  readonly order: number;
  readonly run: () => void;
}

/** More timers than this are an endless loop: `settle` throws. */
const TIMERS_MAX = 1_000_000;

/** Noon on 1 January 2026, so that dates are the same in every run. */
const WALL_START = 1_767_268_800_000;

/** A clock at 0 and random numbers from a seed: the same test runs the same way everywhere. */
export function virtualEnvironment({ seed = 1 }: { readonly seed?: number } = {}): VirtualEnvironment {
  const timers = new Set<VirtualTimer>();
  let now = 0;
  let order = 0;
  let state = seed >>> 0;
  const next = (): VirtualTimer | undefined => {
    let first: VirtualTimer | undefined;
    for (const timer of timers)
      if (first === undefined || timer.at < first.at || (timer.at === first.at && timer.order < first.order)) first = timer;
    return first;
  };
  const hasWork = (): boolean => [...timers].some(({ isReleased }) => !isReleased);
  const runNext = async (timer: VirtualTimer): Promise<void> => {
    timers.delete(timer);
    now = Math.max(now, timer.at);
    timer.run();
    await promisesSettled();
  };
  return {
    now: () => now,
    wallNow: () => WALL_START + now,
    setTimer(ms, run) {
      const timer = { at: now + Math.max(0, ms), order: order++, run, isReleased: false };
      timers.add(timer);
      return timer;
    },
    clearTimer: (timer) => void timers.delete(timer as VirtualTimer),
    release(timer) {
      (timer as VirtualTimer).isReleased = true;
    },
    random() {
      // Mulberry32: small, and good enough to vary a test.
      state = (state + 0x6d2b79f5) >>> 0;
      let mixed = Math.imul(state ^ (state >>> 15), state | 1);
      mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
      return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
    },
    async advance(ms) {
      if (!(ms >= 0))
        throw new RangeError(`virtualEnvironment: advance(ms): expected milliseconds, 0 or more, got ${ms}: time does not go back`);
      const until = now + ms;
      await promisesSettled();
      for (let timer = next(); timer !== undefined && timer.at <= until; timer = next()) {
        // One after the other, in the order of time.
        await runNext(timer);
      }
      // Another `advance` at the same time may have moved it further.
      now = Math.max(now, until);
      await promisesSettled();
    },
    async settle() {
      await promisesSettled();
      let ran = 0;
      for (let timer = next(); timer !== undefined && hasWork(); timer = next()) {
        if (++ran > TIMERS_MAX) throw new Error(`virtualEnvironment: settle() ran ${TIMERS_MAX} timers and there is no end of them`);
        await runNext(timer);
      }
    },
  };
}

/** One call of a scripted target, for the test to answer. */
export interface ScriptedCall<P, V> {
  readonly payload: P;
  readonly signal: AbortSignal;
  resolve(value: V): void;
  reject(error: unknown): void;
}

/** A target whose calls wait for the test to answer them. */
export interface ScriptedTarget<P, V> {
  (payload: P, context: { readonly signal: AbortSignal }): Promise<V>;
  /** All calls so far, in order. */
  readonly calls: readonly ScriptedCall<P, V>[];
}

/** A target that does nothing by itself: the test counts, inspects and answers its calls. */
export function scriptedTarget<P, V>(): ScriptedTarget<P, V> {
  const calls: ScriptedCall<P, V>[] = [];
  const target = (payload: P, { signal }: { readonly signal: AbortSignal }): Promise<V> =>
    new Promise((resolve, reject) => {
      calls.push({ payload, signal, resolve, reject });
    });
  return Object.assign(target, { calls });
}
