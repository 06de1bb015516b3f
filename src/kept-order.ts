/**
 * The eviction order: first go values that had no hit since their last turn (second chance, or CLOCK: a hit only sets a mark, and the value is moved when
 * its turn comes). An LRU list is written to by each hit, in three places; with a million values each of these misses the processor's caches, and that
 * alone took a third of a hit.
 */
import type { Kept } from './kept.js';

export interface KeptBounds {
  readonly entries: number;
  readonly bytes: number;
  /** Told which one is evicted. */
  readonly dropped: (kept: Kept) => void;
}

/** A linked list through the values themselves: the next to be evicted stands first. */
export class KeptOrder {
  readonly #bounds: KeptBounds;
  #first: Kept | null = null;
  #last: Kept | null = null;
  #size = 0;
  #bytes = 0;

  constructor(bounds: KeptBounds) {
    this.#bounds = bounds;
  }

  get size(): number {
    return this.#size;
  }
  get bytes(): number {
    return this.#bytes;
  }

  /** Counts its current weight. Evicts before it adds, so that a new value never evicts itself. */
  add(kept: Kept): void {
    const { entries, bytes, dropped } = this.#bounds;
    kept.heldBytes = kept.bytes;
    kept.isAsked = false;
    while (this.#first !== null && (this.#size >= entries || this.#bytes + kept.heldBytes > bytes)) {
      const next = this.#first;
      this.delete(next);
      if (next.isAsked) this.#append(next);
      else dropped(next);
      next.isAsked = false;
    }
    this.#append(kept);
  }

  delete(kept: Kept): void {
    const { earlier, later } = kept;
    if (earlier === null) this.#first = later;
    else earlier.later = later;
    if (later === null) this.#last = earlier;
    else later.earlier = earlier;
    kept.earlier = kept.later = null;
    this.#size--;
    this.#bytes -= kept.heldBytes;
  }

  filter(fits: (kept: Kept) => boolean): Kept[] {
    const found: Kept[] = [];
    for (let kept = this.#first; kept !== null; kept = kept.later) if (fits(kept)) found.push(kept);
    return found;
  }

  #append(kept: Kept): void {
    kept.earlier = this.#last;
    if (this.#last === null) this.#first = kept;
    else this.#last.later = kept;
    this.#last = kept;
    this.#size++;
    this.#bytes += kept.heldBytes;
  }
}
