// What may be held and what may not: waiters of one flight by the hundred thousand, and of settled flights their stories only, never the long
// keys, payloads, values or error texts they came with. Heaps are compared after a collection, with room for noise far below what would be held.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { createCoalescer, isCoalescerError } from '../../src/index.js';
import { scriptedTarget, virtualEnvironment } from '../../src/testing.js';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;
const MIB = 2 ** 20;

async function heapUsed(): Promise<number> {
  for (let round = 0; round < 3; round++) {
    await new Promise(setImmediate);
    collect();
  }
  return process.memoryUsage().heapUsed;
}

const large = (end: number): string => Buffer.alloc(MIB / 2, 'x').toString('latin1') + end;

test('100,000 waiters on one flight are one call, one answer, and gone', async () => {
  const warnings: Error[] = [];
  const warned = (warning: Error): void => void warnings.push(warning);
  process.on('warning', warned);
  const target = scriptedTarget<string, object>();
  const coalescer = createCoalescer({ scope: 'public', limits: { waitersPerFlight: 200_000 }, targets: { target } });
  const controllers = Array.from({ length: 1_000 }, () => new AbortController());
  const before = await heapUsed();
  let waiting = Array.from({ length: 100_000 }, (_, index) => {
    const { signal } = controllers[index % controllers.length] as AbortController;
    return coalescer.request('key', index % 3 === 0 ? {} : index % 3 === 1 ? { signal } : { signal, timeoutMs: 20_000 });
  });
  assert.equal(target.calls.length, 1);
  assert.equal(coalescer.waiters({ payload: 'key' }), 100_000);
  for (const controller of controllers.slice(0, 10)) controller.abort();
  const left = coalescer.stats().left;
  assert.equal(coalescer.waiters({ payload: 'key' }), 100_000 - left);
  const value = { answer: 42 };
  target.calls[0]?.resolve(value);
  const settled = await Promise.allSettled(waiting);
  assert.equal(settled.filter((result) => result.status === 'fulfilled' && result.value === value).length, 100_000 - left);
  assert.equal(settled.filter(({ status }) => status === 'rejected').length, left);
  assert.ok(left > 600 && left < 1_000);
  assert.equal(coalescer.stats().waiting, 0);
  waiting = settled.length = 0 as never;
  const after = await heapUsed();
  assert.ok(after - before < 4 * MIB, `${after - before} bytes are left`);
  process.off('warning', warned);
  assert.deepEqual(warnings, []);
});

test('kept values take what they count as, with the promises that hits share', async () => {
  const bytes = 8 * MIB;
  let calls = 0;
  const only = async (payload: string): Promise<number> => (calls++, payload.length);
  const coalescer = createCoalescer({ scope: 'public', keep: { ttlMs: 3_600_000, entries: 1_000_000, bytes }, targets: { only } });
  await coalescer.request('the first makes what all need');
  const before = await heapUsed();
  const count = 20_000;
  for (let key = 0; key < count; key++) await coalescer.request(`key ${key}`);
  const { kept } = coalescer.stats();
  assert.ok(kept < count, 'there is no room for all');
  // The youngest are there.
  for (let key = count - kept + 100; key < count; key++) await coalescer.request(`key ${key}`);
  assert.equal(calls, count + 1);
  const held = (await heapUsed()) - before;
  assert.equal(coalescer.stats().kept, kept, 'it was there until now');
  assert.ok(held < 1.05 * bytes, `${held} bytes are held, ${bytes} may be`);
  assert.ok(held > 0.8 * bytes, `${held} bytes are held, where ${bytes} could be`);
});

test('stories of settled flights hold no long key, payload or value', async () => {
  const coalescer = createCoalescer({ scope: 'public', targets: { only: async (payload: string) => [`${payload}!`] } });
  const before = await heapUsed();
  for (let flight = 0; flight < 256; flight++) await coalescer.request(large(flight));
  const after = await heapUsed();
  assert.ok(after - before < 8 * MIB, `${after - before} bytes are left`);
  const story = await coalescer.explain({ payload: large(7) });
  assert.equal(story?.events.at(-1)?.what, 'settled');
});

test('stories of flights that were abandoned in the air hold no long key either', async () => {
  const coalescer = createCoalescer({ scope: 'public', targets: { only: (_payload: string) => new Promise<string>(() => {}) } });
  const before = await heapUsed();
  for (let flight = 0; flight < 100; flight++) {
    const leaving = new AbortController();
    const left = coalescer.request(large(flight), { signal: leaving.signal }).catch((error: unknown) => error);
    leaving.abort('left');
    assert.equal(await left, 'left');
  }
  const after = await heapUsed();
  assert.ok(after - before < 8 * MIB, `${after - before} bytes are left`);
  assert.match(String(await coalescer.explain({ payload: large(7) })), /settled: as abandoned/);
});

test('stories of failed flights hold no more of an error than they tell', async () => {
  const only = async (payload: string): Promise<string> => {
    throw Object.assign(new Error(large(0) + payload), { code: large(1) });
  };
  const coalescer = createCoalescer({ scope: 'public', targets: { only } });
  const before = await heapUsed();
  for (let flight = 0; flight < 256; flight++) await coalescer.request(`key ${flight}`).catch(() => undefined);
  const after = await heapUsed();
  assert.ok(after - before < 8 * MIB, `${after - before} bytes are left`);
  assert.match(String(await coalescer.explain({ payload: 'key 9' })), /xxxx/);
});

test('an error that somebody keeps does not keep the long key it names', async () => {
  const only = async (): Promise<string> => {
    throw new Error('down');
  };
  const coalescer = createCoalescer({
    scope: 'public',
    targets: { primary: (_payload: string) => only(), backup: (_payload: string) => only() },
  });
  const kept: unknown[] = [];
  const before = await heapUsed();
  for (let flight = 0; flight < 100; flight++) await coalescer.request(large(flight)).catch((error: unknown) => kept.push(error));
  const after = await heapUsed();
  assert.equal(kept.filter((error) => isCoalescerError(error, 'COALESCER_TARGETS_FAILED') && error.key?.length === 200).length, 100);
  assert.ok(after - before < 8 * MIB, `${after - before} bytes are left`);
});

/** A text of its own each time, with a short beginning, and that beginning: V8 holds the one as long as the other. */
const cutOutOfLarge = (words: string): string =>
  Buffer.from(words.padEnd(MIB / 2, 'x'))
    .toString('latin1')
    .slice(0, words.length);

test('what is kept holds none of the large texts that its keys and scopes were cut out of', async () => {
  type Asked = readonly [payload: unknown, options: { readonly scope: string; readonly key?: string }];
  const asks: Record<string, (words: string) => Asked> = {
    keys: (words) => [cutOutOfLarge(words), { scope: 'one' }],
    'keys that are told': (words) => [{ words }, { scope: 'one', key: cutOutOfLarge(words) }],
    scopes: (words) => ['one', { scope: cutOutOfLarge(words) }],
  };
  for (const [what, asked] of Object.entries(asks)) {
    const only = async (_payload: unknown): Promise<number> => 1;
    const coalescer = createCoalescer({ scope: 'per-request', keep: { ttlMs: 600_000, staleIfErrorMs: 600_000 }, targets: { only } });
    const before = await heapUsed();
    // Of thirteen characters: what is shorter V8 copies.
    for (let flight = 100; flight < 200; flight++) await coalescer.request(...asked(`question: ${flight}`));
    // Their stories, which hold what they came with, make room for others'.
    for (let flight = 0; flight < 256; flight++) await coalescer.request('another', { scope: 'one', fresh: true });
    assert.equal(coalescer.stats().kept, 101);
    const after = await heapUsed();
    assert.ok(after - before < 4 * MIB, `${what}: ${after - before} bytes are left`);
    await coalescer.request(...asked('question: 107'));
    assert.equal(coalescer.stats().hits, 1);
  }
});

test('who joins a flight leaves nothing of the large texts that its key and scope were cut out of', async () => {
  const [words, tenant] = ['the same question', 'the same tenant'];
  const open = [1, 2, 3, 4, 5, 6, 7, 8].map(() => {
    const target = scriptedTarget<string, string>();
    const forAll = createCoalescer({ scope: 'public', targets: { target } });
    const forTenants = createCoalescer({ scope: 'per-request', targets: { target } });
    return { target, forAll, forTenants };
  });
  const before = await heapUsed();
  for (const { target, forAll, forTenants } of open) {
    const waiting = [forAll.request(words), forTenants.request(words, { scope: tenant })];
    for (let joiner = 0; joiner < 3; joiner++)
      waiting.push(forAll.request(cutOutOfLarge(words)), forTenants.request(words, { scope: cutOutOfLarge(tenant) }));
    assert.equal(target.calls.length, 2);
    for (const call of target.calls) call.resolve('answer');
    assert.deepEqual(new Set(await Promise.all(waiting)), new Set(['answer']));
  }
  const after = await heapUsed();
  assert.ok(after - before < 2 * MIB, `${after - before} bytes are left`);
});

test('a failure that is kept beside a value holds its key no second time', async () => {
  let isDown = false;
  const only = async (): Promise<number> => {
    if (isDown) throw new Error('down');
    return 1;
  };
  const keep = { ttlMs: 1, staleIfErrorMs: 600_000, errorMs: 1_000, bytes: 512 * MIB };
  const environment = virtualEnvironment();
  const targets = { only: (_payload: { text: string }) => only() };
  const coalescer = createCoalescer({ scope: 'public', keep, breaker: false, environment, targets });
  const askAll = async (from: number, count: number): Promise<void> => {
    for (let flight = from; flight < from + count; flight++) await coalescer.request({ text: large(flight) });
  };
  await askAll(0, 40);
  await environment.advance(5);
  const before = await heapUsed();
  isDown = true;
  await askAll(0, 40);
  const after = await heapUsed();
  const { launched, stale, fulfilled, rejected } = coalescer.stats();
  assert.deepEqual([launched, stale, fulfilled, rejected], [80, 0, 40, 40]);
  assert.ok(after - before < 8 * MIB, `${after - before} bytes are left`);
});

test('of payloads that were keyed no more is remembered than a few megabytes, however many came', async () => {
  const coalescer = createCoalescer({ scope: 'public', targets: { only: async (payload: { text: string }) => payload.text.length } });
  const before = await heapUsed();
  for (let round = 0; round < 3_000; round++) await coalescer.request({ text: large(round).slice(-20_000) });
  const after = await heapUsed();
  assert.ok(after - before < 8 * MIB, `${after - before} bytes are left`);
});

test('a closed coalescer leaves no timer, and one that was never closed holds no process', async () => {
  const baseline = process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length;
  const coalescer = createCoalescer({ scope: 'public', targets: { only: async (payload: string) => payload } });
  await Promise.all(
    ['a', 'b', 'a'].map((payload) => coalescer.request(payload, { timeoutMs: 10_000, signal: new AbortController().signal })),
  );
  await coalescer.close();
  assert.equal(process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length, baseline);
});
