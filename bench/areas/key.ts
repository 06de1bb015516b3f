/** Joining by an object: the key has to be derived from the payload, and equal payloads are never the same object. */
import { createCache } from 'async-cache-dedupe';
import canonicalize from 'canonicalize';
import CircuitBreaker from 'opossum';
import pMemoize from 'p-memoize';
import type { TimedRow } from '../measure/rows.js';
import { chatRequest, inTurn, smallObjects } from '../payloads.js';
import { byMap, type Call } from '../measure/floor.js';
import type { Area } from './area.js';
import { Held } from './held.js';

const REQUESTS = 64;

/** `JSON.stringify` is the floor: it takes properties in the order they come, and collapses a Map into `{}`. */
function keyed(derive: (payload: unknown) => string) {
  return (call: Call<unknown, string>): Call<unknown, string> => {
    const share = byMap(() => call(null));
    return (payload) => share(derive(payload));
  };
}

const shares: readonly (readonly [name: string, share: (call: Call<unknown, string>) => Call<unknown, string>])[] = [
  ['JSON.stringify and raw Map', keyed((payload) => JSON.stringify(payload))],
  ['canonicalize and raw Map', keyed((payload) => canonicalize(payload) as string)],
  [
    'async-cache-dedupe',
    (call) => {
      const cache = createCache({ ttl: 0 }).define('call', call);
      return (payload) => (cache as unknown as { call: Call<unknown, string> }).call(payload);
    },
  ],
  ['p-memoize', (call) => pMemoize(call, { cache: false, cacheKey: ([payload]) => JSON.stringify(payload) })],
  [
    'opossum coalesce',
    (call) => {
      const options = { coalesce: true, timeout: false, coalesceResetOn: ['success', 'error', 'timeout'] };
      const breaker = new CircuitBreaker(call, options as object);
      return (payload) => breaker.fire(payload);
    },
  ],
];

const kinds = [
  ['chat request', chatRequest],
  ['40 small objects', smallObjects],
] as const;

export const key: Area = {
  name: 'key',
  conditions: ['fresh', 'after gc'],
  async open({ coalescers: { createCoalescer } }) {
    const ours = (call: Call<unknown, string>): Call<unknown, string> => {
      const coalescer = createCoalescer({ scope: 'public', targets: { call } });
      return (payload) => coalescer.request(payload);
    };
    const rows = kinds.flatMap(([kind, make]) => [
      { ...joinsByObject(`key/coalescer, ${kind}`, ours, make), gate: 1.1 },
      ...shares.map(([name, share]) => joinsByObject(`key/${name}, ${kind}`, share, make)),
    ]);
    return { rows };
  },
};

function joinsByObject(
  name: string,
  share: (call: Call<unknown, string>) => Call<unknown, string>,
  make: (seed: number) => unknown,
): TimedRow {
  const held = new Held<string>();
  const request = share(() => held.call('answer'));
  const nextPayload = inTurn(Array.from({ length: 2 * REQUESTS + 1 }, () => make(1)));
  const run = async (): Promise<void> => {
    const first = request(nextPayload());
    let last = first;
    for (let count = 1; count < REQUESTS; count++) last = request(nextPayload());
    held.release();
    await first;
    await last;
  };
  return { name, per: REQUESTS, run };
}
