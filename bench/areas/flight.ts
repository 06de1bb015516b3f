/** A whole flight inline: launch, an async target's answer, settle. One at a time, of many keys or of one, and 256 in the air, a number or a chat answer. */
import type { Row, TakenRow, TimedRow } from '../measure/rows.js';
import { type ChatAnswer, chatAnswer, inTurn, keysOf } from '../payloads.js';
import type { Call } from '../measure/floor.js';
import { asyncCacheDedupe, least, type Peer, peers, promiseCoalesce, rawMap } from '../peers.js';
import type { Area } from './area.js';

const KEYS = 65_536;
const AIRBORNE = 256;
const ONE_BY_ONE = 64;

const keys = keysOf(KEYS);
const ONE_KEY = 'a-key-of-some-length';
const number = async (key: string): Promise<number> => key.length;
const chat = async (key: string): Promise<ChatAnswer> => chatAnswer(key);

/** Flights of one call, all in the air at once. */
export function together<K>(name: string, request: Call<K, unknown>, nextKey: () => K, count = AIRBORNE): TimedRow {
  const run = async (): Promise<void> => {
    const flights: Promise<unknown>[] = [];
    for (let flight = 0; flight < count; flight++) flights.push(request(nextKey()));
    await Promise.all(flights);
  };
  return { name, per: count, run };
}

export function oneByOne<K>(name: string, request: Call<K, unknown>, nextKey: () => K, count = ONE_BY_ONE): TimedRow {
  const run = async (): Promise<void> => {
    for (let flight = 0; flight < count; flight++) await request(nextKey());
  };
  return { name, per: count, run };
}

const WARM_UP_BATCHES = 100;
const BATCHES_AFTER = 8;

/** The first flights after a major collection that found nothing in the air: code for what it forgot is gone then, and has to be compiled anew. */
function afterCollection<K>(name: string, request: Call<K, unknown>, nextKey: () => K): TakenRow {
  const { run } = together(name, request, nextKey);
  let isWarm = false;
  const take = async (): Promise<number> => {
    if (!isWarm) for (let batch = 0; batch < WARM_UP_BATCHES; batch++) await run();
    isWarm = true;
    globalThis.gc?.();
    const startedAt = performance.now();
    for (let batch = 0; batch < BATCHES_AFTER; batch++) await run();
    return ((performance.now() - startedAt) * 1e6) / (BATCHES_AFTER * AIRBORNE);
  };
  return { name, unit: 'ns', take };
}

/** Ours, and those that it is bounded against: only they are worn, fly one key and fly after a collection. The others would only take time. */
const bounding: ReadonlySet<string> = new Set([rawMap.name, least.name, promiseCoalesce.name, asyncCacheDedupe.name, 'coalescer']);
const wear = (row: TimedRow, { name }: { readonly name: string }): TimedRow => (bounding.has(name) ? { ...row, wears: true } : row);

export const flight: Area = {
  name: 'flight',
  conditions: ['fresh', 'after gc', 'worn'],
  async open({ coalescers: { createCoalescer } }) {
    const ours: Pick<Peer, 'name' | 'share'> = {
      name: 'coalescer',
      share<V>(call: Call<string, V>) {
        const coalescer = createCoalescer({ scope: 'public', targets: { call } });
        return coalescer.request.bind(coalescer) as unknown as Call<string, V>;
      },
    };
    const rows = [ours, rawMap, least, ...peers].flatMap((peer): Row[] => [
      oneByOne(`flight/${peer.name}, 1 in the air`, peer.share(number), inTurn(keys)),
      wear(together(`flight/${peer.name}, 256 in the air`, peer.share(number), inTurn(keys)), peer),
      together(`flight/${peer.name}, 256 in the air, chat answer`, peer.share(chat), inTurn(keys)),
      ...(bounding.has(peer.name)
        ? [
            oneByOne(`flight/${peer.name}, 1 in the air, of one key`, peer.share(number), () => ONE_KEY),
            afterCollection(`flight/${peer.name}, the first 2,048 after a collection`, peer.share(number), inTurn(keys)),
          ]
        : []),
    ]);
    return { rows: rows.map((row) => (row.name.startsWith('flight/coalescer') && 'run' in row ? { ...row, gate: 1.07 } : row)) };
  },
};
