/**
 * How many extra attempts a target may get: a repeated attempt on a target that a flight has tried, and every hedge, draws from a tenth of that
 * target's first attempts, and from less if most of its attempts fail. Shared by all threads, so that an outage adds at most a tenth to a
 * target's load and not a tenth per thread.
 */
import { DRAWS, FAILED, FIRSTS, HEALTH_TICK_MS, type HealthMemory } from './health-memory.js';
import { COUNT_MAX, Window, WINDOW_MS } from './window.js';

export interface BudgetSettings {
  /** Extra attempts per first attempt in the last 10 s, */
  readonly share: number;
  /** and so many more per second. */
  readonly perSecondMin: number;
}

/**
 * Each first attempt that did not fail lets this many first attempts earn extra ones (the K of adaptive throttling in Google's SRE book): all of them
 * while no more than half fail, none if all do. Retries to a target that answers nobody help nobody, and keep an upstream down that still works off
 * calls nobody waits for: without them it can recover with the capacity that first attempts leave it.
 */
const EARNED_BY_ONE_THAT_HOLDS = 2;

export class Budget {
  readonly #settings: BudgetSettings;
  readonly #firsts: Window;
  readonly #failed: Window;
  readonly #draws: Window;
  /** Do other threads draw from it? */
  readonly isShared: boolean;
  /** First attempts of this thread, and failed ones, that are not added yet: that happens once a tick. */
  #counted = 0;
  #countedFailed = 0;
  #since = 0;
  /** Attempts before this instant are counted together with those. */
  #until = Number.NEGATIVE_INFINITY;

  constructor(memory: HealthMemory, target: number, settings: BudgetSettings & Pick<Budget, 'isShared'>) {
    const base = memory.baseOf(target);
    this.isShared = settings.isShared;
    this.#settings = settings;
    this.#firsts = new Window(memory.cells, base + FIRSTS);
    this.#failed = new Window(memory.cells, base + FAILED);
    this.#draws = new Window(memory.cells, base + DRAWS);
  }

  /** A flight calls the target for the first time. */
  first(now: number): void {
    if (now >= this.#until) this.#begin(now);
    this.#counted++;
  }

  #begin(now: number): void {
    this.#flush(now);
    this.#since = now;
    this.#until = now + HEALTH_TICK_MS;
  }

  /** An attempt, first or not, has failed. If other threads draw too, failures and first attempts are added at once, since those threads draw by both. */
  failed(now: number): void {
    if (now >= this.#until) this.#begin(now);
    this.#countedFailed++;
    if (this.isShared) this.#flush(now);
  }

  /** Takes one extra attempt, if one is left. */
  draw(now: number): boolean {
    this.#flush(now);
    const allowed = this.#allowed(now);
    return this.#draws.update(now, (count) => (sum(this.#draws, now) + 1 <= allowed ? Math.min(COUNT_MAX, count + 1) : null));
  }

  /** How many extra attempts are left now. */
  left(now: number): number {
    this.#flush(now);
    return Math.max(0, Math.floor(this.#allowed(now) - sum(this.#draws, now)));
  }

  #allowed(now: number): number {
    const { share, perSecondMin } = this.#settings;
    const firsts = sum(this.#firsts, now);
    const earning = Math.max(0, Math.min(firsts, EARNED_BY_ONE_THAT_HOLDS * (firsts - sum(this.#failed, now))));
    return share * earning + (perSecondMin * WINDOW_MS) / 1_000;
  }

  #flush(now: number): void {
    const counted = this.#counted;
    const failed = this.#countedFailed;
    this.#counted = this.#countedFailed = 0;
    this.#until = Number.NEGATIVE_INFINITY;
    if (now - this.#since > WINDOW_MS) return;
    if (counted > 0) this.#firsts.add(this.#since, counted);
    if (failed > 0) this.#failed.add(this.#since, failed);
  }
}

function sum(window: Window, now: number): number {
  let total = 0;
  window.forEach(now, (count) => (total += count));
  return total;
}
