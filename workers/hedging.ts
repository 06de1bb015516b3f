/**
 * Hedges: a second attempt on another target while the first is still out and takes longer than usual. Decides when a hedge is due, whether it may be
 * made, and which of the two attempts an event is about. The machine decides what follows.
 */
import * as flight from '../machines/flight.table.js';
import { REFUSED } from './breaker.js';
import { Hedge } from './hedge.js';
import type { FlightRecord } from './flight-record.js';
import type { Health } from './health.js';
import type { PassedOver } from './passed-over.js';
import type { LaunchOrder } from './protocol.js';
import type { Stepper } from './router.js';
import type { HedgeSettings, ShardSetup } from './shard-setup.js';
import type { FilledTarget } from './targets.js';
import type { Wheel } from './wheel.js';

/** A percentile of fewer attempts means little. */
const SAMPLES_MIN = 100;
/** A shorter wait is not worth a second call, and the wheel is too coarse for it. */
const AFTER_MS_MIN = 10;
/** How often a percentile is computed, instead of for each attempt. */
const LOOK_UP_MS = 100;
/** With fewer hedges saved than this, a hedge waits longer: twice the time with one less, three times with two. */
const SAVED_ENOUGH = 5;

export class Hedging<Order extends LaunchOrder> {
  readonly #settings: HedgeSettings;
  readonly #targets: readonly FilledTarget[];
  readonly #health: Health;
  readonly #wheel: Wheel;
  readonly #stepper: Stepper<Order>;
  /** After how long each target's attempts are hedged, and until when that value is used. */
  readonly #afterMs: { ms: number; until: number }[];

  constructor(settings: HedgeSettings, { targets, health, wheel }: ShardSetup<Order>, stepper: Stepper<Order>) {
    this.#settings = settings;
    this.#targets = targets;
    this.#health = health;
    this.#wheel = wheel;
    this.#stepper = stepper;
    this.#afterMs = targets.map(() => ({ ms: Infinity, until: -Infinity }));
  }

  /** An attempt has begun, with the record armed for its time: plans its hedge, if that is due earlier. */
  begins(record: FlightRecord<Order>, now: number): void {
    const { hedge, due } = record;
    if (hedge?.rival === undefined || hedge.rival === null) {
      const at = this.#mayBeHedged(record) ? now + this.#msFor(record.target, now) : Infinity;
      if (hedge === null && at >= due) return;
      const planned = (record.hedge ??= new Hedge());
      planned.at = at < due ? at : Infinity;
    }
    record.armAttempt(this.#wheel, due, now);
  }

  /** Something is due: returns true if that was the hedge; else an attempt's time is up, and that attempt is made the current one. */
  isDue(record: FlightRecord<Order>, hedge: Hedge, now: number): boolean {
    if (record.detour.hasAnswered) return false;
    if (hedge.rival !== null) {
      if (hedge.due > now) record.turnTo(hedge.rival.attempt);
      return false;
    }
    // If the event loop was blocked, the attempt's own time may be up as well.
    if (hedge.due <= now) return false;
    const at = this.#postponed(record, now);
    hedge.at = at > now ? at : Infinity;
    record.armAttempt(this.#wheel, hedge.due, now);
    if (hedge.at < Infinity) return true;
    if (this.#choose(record, hedge, now)) this.#stepper.step(record, flight.HEDGE_DUE);
    return true;
  }

  /** Once per flight, only before a stream has begun, and never for a call that must not be repeated. */
  #mayBeHedged({ hedge, attemptsMade, attemptsMax, order, route, target, targetsTried }: FlightRecord<Order>): boolean {
    if ((hedge !== null && hedge.attempt > 0) || attemptsMade >= attemptsMax || order.chunksGiven > 0) return false;
    return this.#targets[target]?.replayable === true && route.some((other) => (targetsTried & (1 << other)) === 0);
  }

  #msFor(target: number, now: number): number {
    const { afterMs, percentile } = this.#settings;
    if (afterMs !== null) return afterMs;
    const known = this.#afterMs[target] as { ms: number; until: number };
    if (now < known.until) return known.ms;
    const { latency } = this.#health.of(target);
    known.until = now + LOOK_UP_MS;
    known.ms = latency.samples < SAMPLES_MIN ? Infinity : Math.max(AFTER_MS_MIN, latency.percentile(percentile / 100) ?? Infinity);
    return known.ms;
  }

  /**
   * The scarcer hedges are, the longer one waits: one attempt in twenty takes longer than the 95th percentile, and no more than `maxExtraShare` may be
   * hedged. First come, first served would spend the share on attempts about to be answered; so it is kept for those that take much longer.
   */
  #postponed({ target, attemptStartedAt }: FlightRecord<Order>, now: number): number {
    const { hedges } = this.#health.of(target);
    if (this.#settings.afterMs !== null || hedges === null) return now;
    const { saved } = hedges;
    return saved >= SAVED_ENOUGH || saved < 1 ? now : attemptStartedAt + this.#msFor(target, now) * (1 + SAVED_ENOUGH - saved);
  }

  /** Chooses another target that may be called now, within the slow target's allowance. */
  #choose(record: FlightRecord<Order>, hedge: Hedge, now: number): boolean {
    const { route, targetsTried, target: doubled } = record;
    const passedOver: PassedOver[] = [];
    const passOver = (target: number, why: PassedOver['why']): void => {
      passedOver.push({ target: (this.#targets[target] as FilledTarget).name, why });
    };
    const callable = route.filter((target) => {
      if ((targetsTried & (1 << target)) !== 0) return false;
      const why = this.#targets[target]?.replayable === false ? 'once' : this.#health.of(target).refusal(now);
      if (why !== null) passOver(target, why);
      return why === null;
    });
    const { hedges, budget } = this.#health.of(doubled);
    if (callable.length > 0 && hedges !== null && !hedges.draw()) passOver(doubled, 'share');
    else if (callable.length > 0 && budget !== null && !budget.draw(now)) {
      hedges?.giveBack();
      passOver(doubled, 'budget');
    } else {
      for (const target of callable) {
        const pass = this.#health.of(target).admit(now);
        if (pass !== REFUSED) {
          hedge.target = target;
          hedge.pass = pass;
          return true;
        }
        // Another thread took the place first.
        passOver(target, this.#health.of(target).refusal(now) ?? 'full');
      }
      if (callable.length > 0) hedges?.giveBack();
    }
    hedge.unmade = { at: now, passedOver };
    return false;
  }
}
