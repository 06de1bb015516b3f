/**
 * How many extra attempts a target may get: another attempt on a target that a flight has already tried, and every hedge, draws from a tenth of
 * that target's first attempts, and from less where most of its attempts fail. Shared by all threads, so that an outage adds at most a tenth to a
 * target's load and not a tenth for each thread.
 */
import { DRAWS, FAILED, FIRSTS, HEALTH_TICK_MS, type HealthMemory } from './health-memory.js';
import { COUNT_MAX, Window, WINDOW_MS } from './window.js';

export interface BudgetSettings {
  /** Extra attempts for each first attempt of the last 10 s, */
  readonly share: number;
  /** and for each second besides. */
  readonly perSecondMin: number;
}

/**
 * Extra attempts are earned by this many first attempts for each that did not fail (the K of adaptive throttling in Google's SRE book): by all of
 * them while no more than half fail, by none where all do. What is sent again to a target that answers nobody helps nobody, and it is what keeps an
 * upstream down that works off what nobody waits for: it then has all the capacity to come back with that first attempts leave it.
 */
const EARNED_BY_ONE_THAT_HOLDS = 2;

export class Budget {
  readonly #settings: BudgetSettings;
  readonly #firsts: Window;
  readonly #failed: Window;
  readonly #draws: Window;
  /** Do other threads draw from it? */
  readonly isShared: boolean;
  /** First attempts of this thread that are not yet added, and those that failed: once a tick. */
  #counted = 0;
  #countedFailed = 0;
  #since = 0;
  /** Those that come before this are counted with them. */
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

  /** An attempt has failed, whichever of its flight it was. Where other threads draw they know it at once, and with it the first attempts: they draw by both. */
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

  /** Extra attempts that are left, now. */
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
