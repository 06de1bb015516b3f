/**
 * Counts of the last ten seconds, shared by threads: a bucket for each second, its tag and its count in one Int32. A bucket of another time is
 * nothing, so that nobody has to be there to clear it.
 */

/** Ten whole seconds and the one that runs: whatever is read covers at least ten. */
export const BUCKETS = 11;
export const WINDOW_MS = 10_000;
const BUCKET_MS = 1_000;
/** A tag comes again after 12 hours in the same bucket (4,096 and 11 have no common factor). */
const COUNT_BITS = 20;
const COUNT_MASK = 2 ** COUNT_BITS - 1;
const TAGS = 2 ** 12;
/** The largest count a bucket holds. */
export const COUNT_MAX = COUNT_MASK;

/** No closure: a failure would make two. */
const more = (count: number, by: number): number => Math.min(COUNT_MAX, count + by);

export class Window {
  readonly #cells: Int32Array;
  readonly #base: number;

  constructor(cells: Int32Array, base: number) {
    this.#cells = cells;
    this.#base = base;
  }

  /** So many more in the second of `now`. */
  add(now: number, by: number): void {
    this.update(now, more, by);
  }

  /** Changes the count of the second of `now`. `change` may be called again: another thread was faster. It says `null` to leave it as it is. */
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

  /** Forgets all of it. Who counts at the same time may be forgotten too. */
  clear(): void {
    for (let bucket = 0; bucket < BUCKETS; bucket++) Atomics.store(this.#cells, this.#base + bucket, 0);
  }
}
