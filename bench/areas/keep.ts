/** Values that outlive their flight: the flight that brings one, and the hit that gives it. In a process of its own: what keeps has shapes of its own. */
import { LRUCache } from 'lru-cache';
import type { TimedRow } from '../measure/rows.js';
import type { Call } from '../measure/floor.js';
import { inTurn, keysOf } from '../payloads.js';
import type { Area } from './area.js';
import { together } from './flight.js';

const KEYS = 65_536;
/** Values kept at once: of all keys in turn each is forgotten before it comes again, of so few each is a hit. */
const KEPT = 10_000;
const KEPT_MS = 600_000;
const FEW = 4_096;

const keys = keysOf(KEYS);
const number = async (key: string): Promise<number> => key.length;

function rowsOf(name: string, open: () => Call<string, unknown>): TimedRow[] {
  return [
    together(`keep/${name}, flight whose value is kept, 256 in the air`, open(), inTurn(keys)),
    together(`keep/${name}, hit, 256 at once`, open(), inTurn(keys.slice(0, FEW))),
    together(`keep/${name}, hit by a key of some length, 256 at once`, open(), inTurn(keysOf(FEW, 'a-key-of-some-length'))),
  ];
}

export const keep: Area = {
  name: 'keep',
  conditions: ['fresh', 'after gc'],
  async open({ coalescers: { createCoalescer } }) {
    const ours = (): Call<string, unknown> => {
      const coalescer = createCoalescer({ scope: 'public', keep: { ttlMs: KEPT_MS, entries: KEPT }, targets: { number } });
      return (key) => coalescer.request(key);
    };
    const lru = (): Call<string, unknown> => {
      const cache = new LRUCache<string, number>({ max: KEPT, ttl: KEPT_MS, fetchMethod: number });
      return (key) => cache.fetch(key);
    };
    return { rows: [...rowsOf('coalescer', ours).map((row) => ({ ...row, gate: 1.1 })), ...rowsOf('lru-cache fetch', lru)] };
  },
};
