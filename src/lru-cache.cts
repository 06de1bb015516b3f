// The only file that knows the cache library, which is loaded when a coalescer keeps something: it costs others' start-up 10 ms. CommonJS, since no
// other module is loaded that late and at once; bundlers find the `require`.
import type * as library from 'lru-cache';

interface Bounds<Item> {
  readonly entries: number;
  readonly bytes: number;
  readonly bytesOf: (item: Item) => number;
  /** Told when an item goes, for whatever reason. */
  readonly dropped: (item: Item) => void;
}

/** Items in the order in which they were looked at, bounded by count and bytes: the one not looked at for the longest goes first. */
function recency<Item extends object>({ entries, bytes, bytesOf, dropped }: Bounds<Item>): library.LRUCache<Item, Item> {
  const { LRUCache } = require('lru-cache') as typeof library;
  return new LRUCache<Item, Item>({ max: entries, maxSize: bytes, sizeCalculation: bytesOf, dispose: dropped });
}

// @ts-expect-error TS1294: CommonJS has no erasable spelling that carries types.
export = { recency };
