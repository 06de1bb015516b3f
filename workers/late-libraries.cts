// The only file that knows the libraries which are loaded late and at once, for the first payload or the first coalescer that needs them: they cost
// others' start-up 10 ms each. CommonJS, since no other module can be loaded so; one file, since each costs 1 ms. Bundlers find the `require`.
import type * as cache from 'lru-cache';
import type * as json from 'safe-stable-stringify';

interface Bounds<Item> {
  readonly entries: number;
  readonly bytes: number;
  readonly bytesOf: (item: Item) => number;
  /** Told when an item goes, for whatever reason. */
  readonly dropped: (item: Item) => void;
}

/** Items in the order in which they were looked at, bounded by count and bytes: the one not looked at for the longest goes first. */
function recency<Item extends object>({ entries, bytes, bytesOf, dropped }: Bounds<Item>): cache.LRUCache<Item, Item> {
  const { LRUCache } = cacheLibrary();
  return new LRUCache<Item, Item>({ max: entries, maxSize: bytes, sizeCalculation: bytesOf, dispose: dropped });
}

/** @throws where esbuild has made one ES module of all: what was CommonJS cannot `require` Node's own modules there, and it only says "dynamic require" */
function cacheLibrary(): typeof cache {
  try {
    return require('lru-cache') as typeof cache;
  } catch (cause) {
    throw new Error(
      'the package coalescer was bundled into an ES module, and what `keep` needs cannot be loaded from there: keep it external (esbuild: ' +
        '--external:coalescer) and install it beside the bundle, or bundle to CommonJS',
      { cause },
    );
  }
}

/** JSON with the properties in one order, whatever order they were given in. */
function stableStringify(): (value: unknown) => string {
  const library = require('safe-stable-stringify') as typeof json;
  return library.configure({ strict: true }) as (value: unknown) => string;
}

// @ts-expect-error TS1294: CommonJS has no erasable spelling that carries types.
export = { recency, stableStringify };
