// A seam whose clock a test moves by hand, timers running as time passes them; or not running, while the loop stands still.
import type { Seam } from '../../workers/environment.js';

export interface ManualSeam extends Seam {
  /** Moves time by `ms`; timers run in their order, each at its own time. */
  advance(ms: number): void;
  /** The loop stands still for `ms`: then all timers that are due run, late. */
  stall(ms: number): void;
  /** Timers armed now. */
  timers(): number;
}

export function manualSeam(random: () => number = () => 0.5): ManualSeam {
  const timers = new Set<{ readonly at: number; readonly run: () => void }>();
  let now = 0;
  const runUntil = (until: number, clock: (at: number) => number): void => {
    for (;;) {
      const [first] = [...timers].filter(({ at }) => at <= until).sort((one, other) => one.at - other.at);
      if (first === undefined) break;
      timers.delete(first);
      now = clock(first.at);
      first.run();
    }
    now = until;
  };
  return {
    now: () => now,
    stamp: () => now,
    reportTo: () => undefined,
    catchUp: () => undefined,
    wallNow: () => now,
    setTimer(ms, run) {
      const timer = { at: now + ms, run };
      timers.add(timer);
      return timer;
    },
    clearTimer: (timer) => void timers.delete(timer as never),
    random,
    defer: (run) => void timers.add({ at: now, run }),
    release: () => undefined,
    advance: (ms) => runUntil(now + ms, (at) => Math.max(now, at)),
    stall: (ms) => {
      const until = now + ms;
      runUntil(until, () => until);
    },
    timers: () => timers.size,
  };
}
