/** Chance from a seed: the same seed draws the same numbers on every machine. */

/** Mulberry32: small, fast, and good enough to vary schedules. */
export class Random {
  #state: number;
  /** Of the last draw: a schedule asks for one and the same. */
  #zipf: { readonly exponent: number; readonly weights: readonly number[]; readonly sum: number } = { exponent: 0, weights: [], sum: 0 };

  /** Streams of one seed are independent, so that one more draw in one of them changes nothing in the others. */
  constructor(seed: number, stream: number) {
    this.#state = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(stream + 1, 0xc2b2ae35);
    for (let round = 0; round < 4; round++) this.next();
  }

  /** At least 0, less than 1. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    const state = this.#state;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  between(least: number, most: number): number {
    return least + this.next() * (most - least);
  }

  /** A whole number; both ends are possible. */
  whole(least: number, most: number): number {
    return least + Math.floor(this.next() * (most - least + 1));
  }

  pick<Item>(items: readonly Item[]): Item {
    return items[Math.floor(this.next() * items.length)] as Item;
  }

  /** One of the names, as often as its weight says. */
  weighted<Name extends string>(weights: Readonly<Record<Name, number>>): Name {
    let sum = 0;
    for (const name in weights) sum += weights[name];
    let at = this.next() * sum;
    let last: Name | null = null;
    for (const name in weights) {
      last = name;
      if ((at -= weights[name]) < 0) break;
    }
    return last as Name;
  }

  /** An index below `count`; small ones more often (Zipf with this exponent). */
  zipf(count: number, exponent: number): number {
    if (this.#zipf.exponent !== exponent || this.#zipf.weights.length !== count) {
      const weights = Array.from({ length: count }, (_, index) => (index + 1) ** -exponent);
      this.#zipf = { exponent, weights, sum: weights.reduce((sum, weight) => sum + weight, 0) };
    }
    const { weights, sum } = this.#zipf;
    let at = this.next() * sum;
    for (let index = 0; index < count - 1; index++) if ((at -= weights[index] as number) < 0) return index;
    return count - 1;
  }
}
