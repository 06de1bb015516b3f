/** The health of all targets of a coalescer, as one thread sees it: shards choose by it; the front reports, steers, and frees what dead threads held. */
import type { BreakerPhase } from './breaker.js';
import type { HealthMemory } from './health-memory.js';
import { TargetHealth, type HealthSettings, type HealthTarget } from './target-health.js';

export interface HealthSetup {
  readonly memory: HealthMemory;
  readonly targets: readonly HealthTarget[];
  readonly settings: HealthSettings;
  readonly holder: number;
  readonly random: () => number;
  readonly announce: (target: string, from: BreakerPhase, to: BreakerPhase) => void;
}

/** One target's health, for people. */
export interface HealthReport {
  readonly breaker: BreakerPhase;
  /** Was the breaker set by hand? */
  readonly forced: boolean;
  readonly heldMs: number;
  readonly reopensInMs: number;
  /** Of attempts that were answered; 0: there were none. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** How many extra attempts it may still get now; `Infinity` without a budget. */
  readonly budgetLeft: number;
}

export class Health {
  readonly #targets: readonly HealthTarget[];
  readonly #healths: readonly TargetHealth[];

  constructor({ memory, targets, settings, holder, random, announce }: HealthSetup) {
    this.#targets = targets;
    this.#healths = targets.map(
      (target, index) =>
        new TargetHealth({
          memory,
          index,
          target,
          settings,
          holder,
          random,
          announce: (from, to) => announce(target.name, from, to),
        }),
    );
  }

  of(target: number): TargetHealth {
    return this.#healths[target] as TargetHealth;
  }

  /** A target asked to be left alone; if it says so for its credential, all targets with the same one are held too. */
  hold(target: number, { ms, isForCredential }: { readonly ms: number; readonly isForCredential: boolean }, now: number): void {
    const { credential } = this.#targets[target] as HealthTarget;
    for (const [index, health] of this.#healths.entries()) {
      const isSame = credential !== null && this.#targets[index]?.credential === credential;
      if (index === target || (isForCredential && isSame)) health.hold(ms, now);
    }
  }

  /** A thread is gone: frees what it held. */
  giveBack(holder: number, now: number): void {
    for (const health of this.#healths) health.giveBack(holder, now);
  }

  report(target: number, now: number): HealthReport {
    const health = this.of(target);
    const { breaker, budget, latency } = health;
    const forced = breaker?.forced ?? 'auto';
    return {
      breaker: forced === 'auto' ? (breaker?.phase ?? 'closed') : forced,
      forced: forced !== 'auto',
      heldMs: health.heldMs(now),
      reopensInMs: forced === 'auto' ? (breaker?.reopensInMs(now) ?? 0) : 0,
      p50Ms: latency.percentile(0.5) ?? 0,
      p99Ms: latency.percentile(0.99) ?? 0,
      budgetLeft: budget?.left(now) ?? Infinity,
    };
  }
}
