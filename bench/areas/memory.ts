/** What a key in the air weighs, and what becomes of joins and flights when a million of them are. */
import { setImmediate as turn } from 'node:timers/promises';
import type { TakenRow } from '../measure/rows.js';
import { randomOf } from '../measure/statistics.js';
import { keysOf } from '../payloads.js';
import type { Call } from '../measure/floor.js';
import { asyncCacheDedupe, least, type Peer, rawMap } from '../peers.js';
import type { Area } from './area.js';
import { hitRows } from './hits.js';

const WEIGHED = 100_000;
/** A coalescer holds at most a million; some room is left for those that come and go. */
const HELD = 990_000;
const JOINS = 300_000;
const FLIGHTS = 51_200;
const AIRBORNE = 256;

interface Sharer {
  readonly request: Call<string, string>;
  /** Lets go of what never settles. */
  readonly close: () => unknown;
}
type Share = (call: Call<string, string>) => Sharer;
const byPeer =
  (peer: Peer): Share =>
  (call) => ({ request: peer.share(call), close: () => undefined });

const never = (): Promise<string> => new Promise(() => {});

const collect = async (): Promise<number> => {
  for (let times = 0; times < 2; times++) {
    await turn();
    globalThis.gc?.();
  }
  return process.memoryUsage().heapUsed;
};

/** Bytes for each key in the air: the record, what it waits by, and the upstream's promise; not the key itself. */
function weight(name: string, share: Share): TakenRow {
  const take = async (): Promise<number> => {
    const keys = keysOf(WEIGHED, name);
    const { request, close } = share(never);
    void request('the first makes what all need');
    const before = await collect();
    for (const key of keys) void request(key);
    const after = await collect();
    // A join: what is weighed must be reachable until it has been.
    void request(keys[0] as string);
    await close();
    return (after - before) / WEIGHED;
  };
  return { name: `memory/${name}, a key in the air`, unit: 'B', take, rounds: 2 };
}

/** Joins and flights with a million keys in the air, which are put there once and stay. */
function atSize(name: string, share: Share): TakenRow[] {
  let filled: ReturnType<typeof fill> | null = null;
  const timed = (
    what: string,
    count: number,
    run: (request: Call<string, string>, keys: readonly string[]) => Promise<void>,
  ): TakenRow => ({
    name: `memory/${name}, ${what} at 10^6 keys`,
    unit: 'ns',
    rounds: 3,
    async take() {
      filled ??= fill(share);
      const { request, keys } = await filled;
      const startedAt = performance.now();
      await run(request, keys);
      return ((performance.now() - startedAt) * 1e6) / count;
    },
  });
  return [timed('joins', JOINS, joinAtRandom), timed('flights', FLIGHTS, comeAndGo)];
}

async function fill(share: Share): Promise<{ readonly request: Call<string, string>; readonly keys: readonly string[] }> {
  const keys = keysOf(HELD);
  const isHeld = { now: true };
  const { request } = share((key) => (isHeld.now ? never() : Promise.resolve(key)));
  for (const key of keys) void request(key);
  isHeld.now = false;
  await collect();
  return { request, keys };
}

let joined: unknown;

async function joinAtRandom(request: Call<string, string>, keys: readonly string[]): Promise<void> {
  const random = randomOf(1);
  for (let count = 0; count < JOINS; count++) joined = request(keys[Math.floor(random() * HELD)] as string);
  if (joined === undefined) throw new Error('nothing was joined');
}

async function comeAndGo(request: Call<string, string>): Promise<void> {
  const keys = keysOf(FLIGHTS, 'new');
  for (let at = 0; at < FLIGHTS; at += AIRBORNE) await Promise.all(keys.slice(at, at + AIRBORNE).map((key) => request(key)));
}

export const memory: Area = {
  name: 'memory',
  conditions: ['after gc'],
  async open({ coalescers }) {
    const { createCoalescer } = coalescers;
    // Those that are weighed never settle: they are closed with a hundred thousand waiters, and nobody listens.
    process.on('unhandledRejection', () => undefined);
    const limits = { flights: 1_000_000, airborneBytes: 16 * 1_073_741_824, waitersPerFlight: 1_000_000 };
    const ours: Share = (call) => {
      const coalescer = createCoalescer({ scope: 'public', limits, flightTimeoutMs: 600_000, targets: { call } });
      return { request: (key) => coalescer.request(key), close: () => coalescer.close({ drainMs: 0 }) };
    };
    return {
      rows: [
        weight('coalescer', ours),
        weight('raw Map', byPeer(rawMap)),
        weight(least.name, byPeer(least)),
        weight('async-cache-dedupe', byPeer(asyncCacheDedupe)),
        ...atSize('coalescer', ours),
        ...atSize('raw Map', byPeer(rawMap)),
        ...hitRows(coalescers),
      ],
    };
  },
};
