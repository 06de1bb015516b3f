/**
 * Joining a flight that is in the air: one launch and 999 joins a call, by equal strings that are not the same string. And flights of eight keys, asked for in
 * turn, so that no request is for what the last one was for.
 */
import type { TimedRow } from '../measure/rows.js';
import { inTurn, keysOf } from '../payloads.js';
import type { Call } from '../measure/floor.js';
import { least, peers, rawMap } from '../peers.js';
import type { Area } from './area.js';
import { Held } from './held.js';

const REQUESTS = 1_000;
const KEYS = 8;
const LIMITS = { waitersPerFlight: 1_000_000 };

/** Sixteen strings that are equal and not the same one. */
const equalKeys = (): string[] => Array.from({ length: 16 }, () => Buffer.from('a-key-of-some-length').toString());
/** The same of each of the keys. */
const keysByTurns = (): string[] => Array.from({ length: 16 }, () => keysOf(KEYS, 'a-key-of-some')).flat();

let sink: unknown;
/** Read by nobody, so that no row is optimised away. */
export const lastJoined = (): unknown => sink;

export function joins(
  name: string,
  share: (call: Call<string, string>) => Call<string, string>,
  { keys = equalKeys(), gate }: { readonly keys?: readonly string[]; readonly gate?: number } = {},
): TimedRow {
  const held = new Held<string>();
  const request = share((key) => held.call(key));
  const nextKey = inTurn(keys);
  const run = async (): Promise<void> => {
    const first = request(nextKey());
    for (let count = 1; count < REQUESTS; count++) sink = request(nextKey());
    held.release();
    await first;
  };
  return { name, per: REQUESTS, run, ...(gate === undefined ? {} : { gate }) };
}

export const join: Area = {
  name: 'join',
  conditions: ['fresh', 'after gc'],
  async open({ coalescers: { createCoalescer } }) {
    const shared = (call: Call<string, string>): Call<string, string> => {
      const coalescer = createCoalescer({ scope: 'public', limits: LIMITS, targets: { call } });
      return (key) => coalescer.request(key);
    };
    const scoped = (call: Call<string, string>): Call<string, string> => {
      const coalescer = createCoalescer({ scope: 'per-request', limits: LIMITS, targets: { call } });
      return (key) => coalescer.request(key, { scope: 'acme' });
    };
    return {
      rows: [
        joins('join/raw Map', rawMap.share),
        joins(`join/${least.name}`, least.share),
        joins('join/coalescer', shared, { gate: 1.1 }),
        joins('join/coalescer, a scope per request', scoped, { gate: 1.1 }),
        joins(`join/raw Map, ${KEYS} keys in turn`, rawMap.share, { keys: keysByTurns() }),
        joins(`join/coalescer, ${KEYS} keys in turn`, shared, { keys: keysByTurns(), gate: 1.1 }),
        ...peers.map((peer) => joins(`join/${peer.name}`, peer.share)),
      ],
    };
  },
};
