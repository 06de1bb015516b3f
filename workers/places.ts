/**
 * The ceiling of one target's attempts in the air, over all threads: a place is taken before the call and given back after it. Each holder counts its
 * own places, so that those of a dead thread can be freed.
 */
import { HOLDERS_MAX, PLACES, type HealthMemory } from './health-memory.js';

export class Places {
  readonly #cells: Int32Array;
  readonly #base: number;
  readonly #own: number;
  readonly #max: number;

  constructor(memory: HealthMemory, target: number, { holder, max }: { readonly holder: number; readonly max: number }) {
    this.#cells = memory.cells;
    this.#base = memory.baseOf(target) + PLACES;
    this.#own = this.#base + holder;
    this.#max = max;
  }

  /** Takes first and counts then: two threads that race for the last place may both be refused, but never both admitted. */
  take(): boolean {
    return this.#max === Infinity || this.#takeOne();
  }

  #takeOne(): boolean {
    Atomics.add(this.#cells, this.#own, 1);
    if (this.taken <= this.#max) return true;
    Atomics.sub(this.#cells, this.#own, 1);
    return false;
  }

  leave(): void {
    if (this.#max !== Infinity) this.#leaveOne();
  }

  #leaveOne(): void {
    Atomics.sub(this.#cells, this.#own, 1);
  }

  /** Is no place left? */
  get isFull(): boolean {
    return this.#max !== Infinity && this.taken >= this.#max;
  }

  /** Places taken by all holders. Only counted if there is a ceiling. */
  get taken(): number {
    let taken = 0;
    for (let holder = 0; holder < HOLDERS_MAX; holder++) taken += Atomics.load(this.#cells, this.#base + holder);
    return taken;
  }

  /** A thread is gone, and its attempts with it. */
  giveBack(holder: number): void {
    Atomics.store(this.#cells, this.#base + holder, 0);
  }
}
