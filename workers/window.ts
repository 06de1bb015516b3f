/**
 * Counts of the last ten seconds, shared by threads: a bucket per second, its tag and its count in one Int32. A bucket with an old tag counts as
 * empty, so that nobody has to clear it.
 */

/** Ten whole seconds and the current one: a read always covers at least ten. */
export const BUCKETS = 11;
export const WINDOW_MS = 10_000;
const BUCKET_MS = 1_000;
/** A tag repeats in the same bucket after 12 hours (4,096 and 11 have no common factor). */
const COUNT_BITS = 20;
const COUNT_MASK = 2 ** COUNT_BITS - 1;
const TAGS = 2 ** 12;
/** The largest count a bucket holds. */
export const COUNT_MAX = COUNT_MASK;

/** Not a closure: each failure would allocate two. */
const more = (count: number, by: number): number => Math.min(COUNT_MAX, count + by);

export class Window {
  readonly #cells: Int32Array;
  readonly #base: number;

  constructor(cells: Int32Array, base: number) {
    this.#cells = cells;
    this.#base = base;
  }

  /** Adds `by` to the second of `now`. */
  add(now: number, by: number): void {
    this.update(now, more, by);
  }

  /** Changes the count of the second of `now`. `change` is called again if another thread was faster; it returns `null` to leave the count as it is. */
  update(now: number, change: (count: number, by: number) => number | null, by = 0): boolean {
    const second = Math.floor(now / BUCKET_MS);
    const at = this.#base + (second % BUCKETS);
    const tag = (second % TAGS) << COUNT_BITS;
    for (;;) {
      const word = Atomics.load(this.#cells, at);
      const count = change(word >>> COUNT_BITS === tag >>> COUNT_BITS ? word & COUNT_MASK : 0, by);
      if (count === null) return false;
      if (Atomics.compareExchange(this.#cells, at, word, tag | count) === word) return true;
    }
  }

  /** Calls `each` with the counts of the seconds up to `now` that belong to the window. */
  forEach(now: number, each: (count: number) => void): void {
    const second = Math.floor(now / BUCKET_MS);
    for (let back = 0; back < BUCKETS && back <= second; back++) {
      const word = Atomics.load(this.#cells, this.#base + ((second - back) % BUCKETS));
      if (word >>> COUNT_BITS === (second - back) % TAGS) each(word & COUNT_MASK);
    }
  }

  /** Clears all buckets. Concurrent counts may be lost too. */
  clear(): void {
    for (let bucket = 0; bucket < BUCKETS; bucket++) Atomics.store(this.#cells, this.#base + bucket, 0);
  }
}
