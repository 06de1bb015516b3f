/**
 * How many hedges a target's slowness may cause: a share of its first attempts, saved up for a bad moment (a token bucket). Shared by all threads. With a
 * count of the last seconds, a target that is called once a second could never be hedged; with savings it can, once in fifty calls.
 */
import { ALLOWANCE, type HealthMemory } from './health-memory.js';

/** What one hedge costs, in the units that are saved. */
const HEDGE = 10_000;
/** One is there from the start, at most this many. The cell holds what is saved beyond the first: zeroed memory is a new target. */
const BURST = 10;
const SAVED_MAX = (BURST - 1) * HEDGE;

export class HedgeAllowance {
  readonly #cells: Int32Array;
  readonly #at: number;
  /** Units saved per first attempt. */
  readonly #saving: number;
  /** First attempts of this thread that are not credited yet. */
  #counted = 0;

  constructor(memory: HealthMemory, target: number, maxExtraShare: number) {
    this.#cells = memory.cells;
    this.#at = memory.baseOf(target) + ALLOWANCE;
    this.#saving = Math.round(maxExtraShare * HEDGE);
  }

  /** A flight calls the target for the first time, not as a hedge. */
  first(): void {
    this.#counted++;
  }

  /** How many hedges are saved. */
  get saved(): number {
    this.#save(this.#counted * this.#saving);
    this.#counted = 0;
    return Math.floor(Atomics.load(this.#cells, this.#at) / HEDGE) + 1;
  }

  /** Takes one hedge, if one is saved. */
  draw(): boolean {
    if (this.saved < 1) return false;
    for (;;) {
      const saved = Atomics.load(this.#cells, this.#at);
      if (saved < 0) return false;
      if (Atomics.compareExchange(this.#cells, this.#at, saved, saved - HEDGE) === saved) return true;
    }
  }

  /** The hedge that was drawn was not made. */
  giveBack(): void {
    this.#save(HEDGE);
  }

  #save(units: number): void {
    for (;;) {
      const saved = Atomics.load(this.#cells, this.#at);
      if (Atomics.compareExchange(this.#cells, this.#at, saved, Math.min(SAVED_MAX, saved + units)) === saved) return;
    }
  }
}
