/**
 * How many extra attempts a target may get: another attempt on a target that a flight has already tried, and every hedge, draws from a tenth of
 * that target's first attempts. Shared by all threads, so that an outage adds a tenth to a target's load and not a tenth for each thread.
 */
import { DRAWS, FIRSTS, HEALTH_TICK_MS, type HealthMemory } from './health-memory.js';
import { COUNT_MAX, Window, WINDOW_MS } from './window.js';

export interface BudgetSettings {
  /** Extra attempts for each first attempt of the last 10 s, */
  readonly share: number;
  /** and for each second besides. */
  readonly perSecondMin: number;
}

export class Budget {
  readonly #settings: BudgetSettings;
  readonly #firsts: Window;
  readonly #draws: Window;
  /** First attempts of this thread that are not yet added: once a tick. */
  #counted = 0;
  #since = 0;

  constructor(memory: HealthMemory, target: number, settings: BudgetSettings) {
    const base = memory.baseOf(target);
    this.#settings = settings;
    this.#firsts = new Window(memory.cells, base + FIRSTS);
    this.#draws = new Window(memory.cells, base + DRAWS);
  }

  /** A flight calls the target for the first time. */
  first(now: number): void {
    if (this.#counted > 0 && now - this.#since >= HEALTH_TICK_MS) this.#flush(now);
    if (this.#counted++ === 0) this.#since = now;
  }

  /** Takes one extra attempt, if one is left. */
  draw(now: number): boolean {
    this.#flush(now);
    const allowed = this.#allowed(now);
    return this.#draws.update(now, (count) => (sum(this.#draws, now) + 1 <= allowed ? Math.min(COUNT_MAX, count + 1) : null));
  }

  /** Extra attempts that are left, now. */
  left(now: number): number {
    return Math.max(0, Math.floor(this.#allowed(now) - sum(this.#draws, now)));
  }

  #allowed(now: number): number {
    const { share, perSecondMin } = this.#settings;
    return share * sum(this.#firsts, now) + (perSecondMin * WINDOW_MS) / 1_000;
  }

  #flush(now: number): void {
    const counted = this.#counted;
    this.#counted = 0;
    if (counted > 0 && now - this.#since <= WINDOW_MS) this.#firsts.update(this.#since, (count) => Math.min(COUNT_MAX, count + counted));
  }
}

function sum(window: Window, now: number): number {
  let total = 0;
  window.forEach(now, (count) => (total += count));
  return total;
}
