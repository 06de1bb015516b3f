/** What failing over costs: a first target that rejects after an await, and ten thousand waiters on one key whose first target fails. */
import type { TimedRow } from '../measure/rows.js';
import { inTurn, keysOf } from '../payloads.js';
import { byMap, byRecord, type Call } from '../measure/floor.js';
import { least } from '../peers.js';
import type { Area } from './area.js';
import { together } from './flight.js';

const WAITERS = 10_000;
const KEYS = 65_536;

/** Made once: what an upstream's client throws has its stack already, and making one is not what is measured. */
const ready = new Error('the first target fails');
const primary = async (): Promise<string> => {
  await Promise.resolve();
  throw ready;
};
const backup = async (key: string): Promise<string> => key;
/** The same by hand. */
const byHand: Call<string, string> = async (key) => {
  try {
    return await primary();
  } catch {
    return backup(key);
  }
};

/** All on one key; asked for in one go, and all of them answered. */
function herd(name: string, request: Call<string, string>, nextKey: () => string): TimedRow {
  const run = async (): Promise<void> => {
    const key = nextKey();
    const waiters: Promise<string>[] = [];
    for (let waiter = 0; waiter < WAITERS; waiter++) waiters.push(request(key));
    await Promise.all(waiters);
  };
  return { name, per: WAITERS, run };
}

export const failover: Area = {
  name: 'failover',
  conditions: ['fresh', 'after gc'],
  async open({ coalescers: { createCoalescer } }) {
    const plain = createCoalescer({ scope: 'public', targets: { backup } });
    // Its breaker would open after the first few, and nothing would fail over any more.
    const failing = createCoalescer({ scope: 'public', targets: { primary, backup }, breaker: false });
    const open = createCoalescer({ scope: 'public', targets: { primary, backup } });
    const nextKey = inTurn(keysOf(KEYS));
    /** @throws Error when this did not measure what its rows say */
    const close = async (): Promise<void> => {
      const { launched, targets } = failing.stats();
      const failures = targets['primary']?.failures;
      const attempts = targets['backup']?.attempts;
      if (failures !== launched || attempts !== launched)
        throw new Error(`failover: of ${launched} flights ${failures} failed at their first target, and ${attempts} went on`);
    };
    return {
      close,
      rows: [
        { ...together('failover/coalescer, first target rejects', (key) => failing.request(key), nextKey), gate: 1.07 },
        together('failover/coalescer, first target closed off by its breaker', (key) => open.request(key), nextKey),
        together('failover/coalescer, plain flight', (key) => plain.request(key), nextKey),
        together('failover/raw Map, first target rejects', byMap(byHand), nextKey),
        together(`failover/${least.name}, first target rejects`, byRecord<string>(primary, backup), nextKey),
        { ...herd('failover/coalescer, 10,000 waiters', (key) => failing.request(key), nextKey), gate: 1.1 },
        herd('failover/raw Map, 10,000 waiters', byMap(byHand), nextKey),
      ],
    };
  },
};
