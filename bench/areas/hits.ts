/** Hits with a million values kept: they have settled, and are given again and again. */
import type { Coalescers } from '../build.js';
import { byKeptRecord, type Call } from '../measure/floor.js';
import type { TakenRow } from '../measure/rows.js';
import { randomOf } from '../measure/statistics.js';
import { keysOf } from '../payloads.js';

const KEPT = 1_000_000;
const TTL_MS = 3_600_000;
const HITS = 300_000;
/** Values that settle together while the keep is filled. */
const AIRBORNE = 5_000;

let hit: unknown;

function hits(name: string, open: () => Call<string, string>): TakenRow {
  let filled: Promise<readonly [request: Call<string, string>, keys: readonly string[]]> | null = null;
  const fill = async () => {
    const keys = keysOf(KEPT);
    const request = open();
    for (let at = 0; at < KEPT; at += AIRBORNE) await Promise.all(keys.slice(at, at + AIRBORNE).map((key) => request(key)));
    globalThis.gc?.();
    return [request, keys] as const;
  };
  const take = async (): Promise<number> => {
    filled ??= fill();
    const [request, keys] = await filled;
    const random = randomOf(1);
    const startedAt = performance.now();
    for (let count = 0; count < HITS; count++) hit = request(keys[Math.floor(random() * KEPT)] as string);
    const ns = ((performance.now() - startedAt) * 1e6) / HITS;
    await hit;
    return ns;
  };
  return { name: `memory/${name}, hits at 10^6 keys`, unit: 'ns', take, rounds: 3 };
}

export function hitRows({ createCoalescer }: Coalescers): TakenRow[] {
  const answer = async (key: string): Promise<string> => key;
  return [
    hits('coalescer', () => {
      const keep = { ttlMs: TTL_MS, entries: KEPT, bytes: 4 * 1_073_741_824 };
      const coalescer = createCoalescer({ scope: 'public', keep, targets: { answer } });
      return (key) => coalescer.request(key);
    }),
    hits('record with its time', () => byKeptRecord(answer, TTL_MS)),
    hits('raw Map', () => {
      const kept = new Map<string, Promise<string>>();
      return (key) => {
        const known = kept.get(key);
        if (known !== undefined) return known;
        const promise = answer(key);
        kept.set(key, promise);
        return promise;
      };
    }),
  ];
}
