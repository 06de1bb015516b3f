/** One simulated event loop: the front's, or one life's. Its timers and deferred calls stop with it. It may stand still, hang, or be over. */
import { Clock } from '../../workers/clock.js';
import type { Seam } from '../../workers/environment.js';
import type { Random } from './random.js';
import type { Scheduler, SimEvent } from './scheduler.js';

/** How its timers keep time. */
export interface LoopHabits {
  /** Timers fire up to this much late, and a little early, as Node's do. 0: exactly. */
  readonly lateMsMax: number;
  /** Deferred calls run within. */
  readonly deferMsMax: number;
}

/** Node's timers may fire before the clock says so. */
const EARLY_MS = 0.9;
/** A turn of the loop lasts so long, for what waits until it is over: what is launched in it is stamped by one reading of the clock. */
const TURN_MS = 3;
const TINY_MS = 1e-9;

export class Loop {
  /** Nothing happens on it any more. */
  isOver = false;
  /** It stands still until then; Infinity: it hangs. */
  pausedUntil = 0;
  /** Time it has stood still in all. */
  pausedMs = 0;
  /** The longest of these times. */
  longestPauseMs = 0;
  /** Timers that are armed. */
  timers = 0;
  /** Deferred calls that have not run. */
  deferred = 0;
  readonly seam: Seam;
  readonly #scheduler: Scheduler;
  #pausedFrom = 0;

  /** @param beforeDeferred asked before each deferred call; `false`: it does not happen */
  constructor(scheduler: Scheduler, chance: Random, habits: LoopHabits, beforeDeferred: () => boolean = () => true) {
    this.#scheduler = scheduler;
    const { lateMsMax, deferMsMax } = habits;
    let readings = 0;
    const clock = new Clock(
      // A clock that stands still is no clock.
      () => scheduler.now + ++readings * TINY_MS,
      (run) => scheduler.at(scheduler.now + TURN_MS, this, run),
    );
    this.seam = {
      now: () => clock.now(),
      stamp: () => clock.stamp(),
      reportTo: (receiver) => clock.reportTo(receiver),
      catchUp: () => clock.catchUp(),
      wallNow: () => scheduler.now,
      setTimer: (ms, run) => {
        const late = lateMsMax === 0 ? 0 : Math.max(chance.between(-EARLY_MS, lateMsMax), -ms);
        this.timers++;
        return scheduler.at(scheduler.now + Math.max(0, ms) + late, this, () => {
          this.timers--;
          run();
        });
      },
      clearTimer: (given) => {
        const timer = given as SimEvent | null | undefined;
        // One that has run is armed no more.
        if (timer === null || timer === undefined || timer.run === null) return;
        timer.run = null;
        this.timers--;
      },
      random: () => chance.next(),
      defer: (run) => {
        this.deferred++;
        scheduler.at(scheduler.now + chance.between(0, deferMsMax), this, () => {
          this.deferred--;
          if (beforeDeferred()) run();
        });
      },
      release: () => undefined,
    };
  }

  /** Can anything happen on it, now or later? */
  get isStopped(): boolean {
    return this.isOver || this.pausedUntil === Infinity;
  }

  /** Stands still for a while, as a stopped process or a long collection does. */
  pause(ms: number): void {
    if (this.isStopped) return;
    const from = Math.max(this.pausedUntil, this.#scheduler.now);
    this.pausedUntil = Math.max(this.pausedUntil, this.#scheduler.now + ms);
    this.pausedMs += this.pausedUntil - from;
    if (from <= this.#scheduler.now) this.#pausedFrom = from;
    this.longestPauseMs = Math.max(this.longestPauseMs, this.pausedUntil - this.#pausedFrom);
  }

  hang(): void {
    this.pausedUntil = Infinity;
  }

  end(): void {
    this.isOver = true;
  }
}
