// Long keys: V8 hashes a string of 16,384 characters or more by its length alone, so that a Map of such keys is a list. Their cost is
// compared with that of short keys plus one sha256 of the text, medians of many small batches of one run; the same keys indexed by
// themselves show what it would be.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { createCoalescer } from '../../src/index.js';
import { scriptedTarget } from '../../src/testing.js';
import { digestOf, FlightTable, indexOf } from '../../src/flight-table.js';
import { flightOf } from '../units/flights.js';

const KEYS = 10_000;
const CHARACTERS = 20_000;
const BATCH = 100;

/** Keys of one length that differ in their middle only, each in one piece. */
function keysOf(count: number, characters: number): string[] {
  return Array.from({ length: count }, (_, index) => {
    const half = 'x'.repeat((characters - 8) / 2);
    return Buffer.from(`${half}${String(index).padStart(8, '0')}${half}`).toString('latin1');
  });
}

/** Median over batches of the microseconds that one `run` takes. */
function medianMicroseconds(keys: readonly string[], run: (key: string) => void): number {
  const batches: number[] = [];
  for (let start = 0; start < keys.length; start += BATCH) {
    const batch = keys.slice(start, start + BATCH);
    const startedAt = performance.now();
    for (const key of batch) run(key);
    batches.push(((performance.now() - startedAt) * 1_000) / batch.length);
  }
  return batches.sort((one, other) => one - other)[Math.floor(batches.length / 2)] as number;
}

/** What a launch and a join cost in a table, keys being looked up by what `index` makes of them. */
function tableCosts(keys: readonly string[], index: (key: string) => string): { launch: number; join: number } {
  const table = new FlightTable();
  const launch = medianMicroseconds(keys, (key) => {
    const at = index(key);
    if (table.find(null, null, at, key) === undefined) table.put(flightOf({ key, index: at }));
  });
  const join = medianMicroseconds(keys, (key) => assert.ok(table.find(null, null, index(key), key)?.key === key));
  return { launch, join };
}

const short = keysOf(KEYS, 20);
const long = keysOf(KEYS, CHARACTERS);
const digestCost = medianMicroseconds(long, (key) => createHash('sha256').update(key).digest('base64url'));

test('10,000 long keys of equal length launch and join in a table at the cost of short ones and their sha256', () => {
  tableCosts(short, indexOf);
  const shortCosts = tableCosts(short, indexOf);
  const longCosts = tableCosts(long, indexOf);
  assert.ok(
    longCosts.launch <= 4 * (shortCosts.launch + digestCost),
    `launch: ${longCosts.launch} µs, ${shortCosts.launch} + ${digestCost}`,
  );
  assert.ok(longCosts.join <= 4 * (shortCosts.join + digestCost), `join: ${longCosts.join} µs, ${shortCosts.join} + ${digestCost}`);
});

test('the same keys, were they looked up by themselves, would cost orders of magnitude more: the comparison above can fail', () => {
  const few = long.slice(0, 2_000);
  const costs = tableCosts(few, (key) => key);
  const fewShort = tableCosts(short.slice(0, 2_000), (key) => key);
  assert.ok(costs.join > 4 * (fewShort.join + digestCost), `join: ${costs.join} µs, ${fewShort.join} + ${digestCost}`);
});

test('10,000 requests with long keys of equal length cost what short ones cost and their sha256, launched and joined', async () => {
  const costsOf = async (payloads: readonly string[]): Promise<{ launch: number; join: number }> => {
    const limits = { flights: KEYS, airborneBytes: 2 ** 30 };
    let calls = 0;
    const only = (_payload: string): Promise<number> => Promise.resolve(++calls);
    const coalescer = createCoalescer({ scope: 'public', limits, targets: { only } });
    const answers: Promise<number>[] = [];
    const request = (payload: string): void => void answers.push(coalescer.request(payload));
    const costs = { launch: medianMicroseconds(payloads, request), join: medianMicroseconds(payloads, request) };
    await Promise.all(answers);
    assert.equal(calls, payloads.length);
    assert.equal(coalescer.stats().joined, payloads.length);
    return costs;
  };
  await costsOf(short);
  let failure = '';
  // Once more where a processor was taken away in the middle of it: keys that V8 hashes badly cost a hundred times too much every time.
  for (let round = 0; round < 3; round++) {
    const shortCosts = await costsOf(short);
    const longCosts = await costsOf(long);
    const slow = (['launch', 'join'] as const).find((what) => longCosts[what] > 4 * (shortCosts[what] + digestCost));
    if (slow === undefined) return;
    failure = `${slow}: ${longCosts[slow]} µs, ${shortCosts[slow]} + ${digestCost}`;
  }
  assert.fail(failure);
});

test('a short key that is written like the digest of a long one does not join its flight, nor is it reached by it', async () => {
  const [key = ''] = long;
  const fakes = [digestOf(key), indexOf(key), `sha256:${digestOf(key)}`, createHash('sha256').update(key).digest('base64url')];
  const only = scriptedTarget<string, number>();
  const coalescer = createCoalescer({ scope: 'public', targets: { only } });
  const settled = Promise.allSettled([key, ...fakes, key, ...fakes].map((payload) => coalescer.request(payload)));
  assert.equal(only.calls.length, new Set([key, ...fakes]).size);
  assert.equal(coalescer.waiters({ payload: key }), 2);
  for (const fake of new Set(fakes)) assert.equal(coalescer.cancel({ payload: fake }), 1);
  assert.equal(coalescer.waiters({ payload: key }), 2);
  assert.equal(coalescer.forget({ payload: key }), 1);
  assert.equal(coalescer.cancel({ payload: key }), 1);
  await settled;
});
