// A key function of the user's own, and a key that one request brings along: what they return is the key as it is; null is "do not share";
// anything else is refused.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createCoalescer, isCoalescerError, type CoalescerOptions } from '../../src/index.js';
import { scriptedTarget } from '../../src/testing.js';

type Key = NonNullable<CoalescerOptions<string, string, 'public', 'readonly'>['key']>;

function stage(key?: Key) {
  const primary = scriptedTarget<string, string>();
  const backup = scriptedTarget<string, string>();
  const coalescer = createCoalescer({ scope: 'public', targets: { primary, backup }, ...(key === undefined ? {} : { key }) });
  return { coalescer, primary, backup };
}

const notKeyable = (error: unknown): boolean => isCoalescerError(error, 'COALESCER_NOT_KEYABLE') && error.path === '$';

test('what the key function returns is the key as it is, and equal keys share', async () => {
  const { coalescer, primary } = stage((payload) => payload.split('?')[0] ?? '');
  const waiting = ['/a?1', '/a?2', '/b?1', '/a', '?1', ''].map((payload) => coalescer.request(payload));
  assert.deepEqual(
    primary.calls.map(({ payload }) => payload),
    ['/a?1', '/b?1', '?1'],
  );
  assert.equal(coalescer.identify('/a?9').key, '/a');
  assert.equal(coalescer.identify('?9').key, '');
  assert.equal(coalescer.waiters({ payload: '/a?7' }), 3);
  for (const call of primary.calls) call.resolve(call.payload);
  assert.deepEqual(await Promise.all(waiting), ['/a?1', '/a?1', '/b?1', '/a?1', '?1', '?1']);
});

test('the key function is asked once for each request, with the payload as it is', async () => {
  const asked: string[] = [];
  const { coalescer, primary } = stage((payload) => {
    asked.push(payload);
    return 'k';
  });
  const waiting = ['a', 'b', 'c'].map((payload) => coalescer.request(payload));
  assert.deepEqual(asked, ['a', 'b', 'c']);
  primary.calls[0]?.resolve('v');
  await Promise.all(waiting);
  assert.deepEqual(asked, ['a', 'b', 'c']);
});

test('a key of null is not shared, and still fails over', async () => {
  const { coalescer, primary, backup } = stage(() => null);
  const waiting = [coalescer.request('a'), coalescer.request('a'), coalescer.request('')];
  assert.equal(primary.calls.length, 3);
  assert.deepEqual(coalescer.identify('a'), { scope: null, key: null });
  for (const call of primary.calls) call.reject(new Error('down'));
  while (backup.calls.length < 3) await new Promise(setImmediate);
  for (const [index, call] of backup.calls.entries()) call.resolve(`${call.payload}${index}`);
  assert.deepEqual(await Promise.all(waiting), ['a0', 'a1', '2']);
  const { unshared, launched, joined } = coalescer.stats();
  assert.deepEqual({ unshared, launched, joined }, { unshared: 3, launched: 3, joined: 0 });
});

test('a key of null, the empty key and the key "null" never meet', async () => {
  const { coalescer, primary } = stage();
  const waiting = [null, '', 'null', null, '', 'null'].map((key) => coalescer.request('a', { key }));
  assert.equal(primary.calls.length, 4);
  assert.equal(coalescer.waiters({ scope: null, key: '' }), 2);
  assert.equal(coalescer.waiters({ scope: null, key: 'null' }), 2);
  assert.equal(coalescer.waiters({ scope: null }), 6);
  assert.equal(coalescer.forget({ scope: null, key: '' }), 1);
  for (const call of primary.calls) call.resolve('v');
  await Promise.all(waiting);
});

test('a target sees the key that its flight has, and null where it is not shared', async () => {
  const seen: (string | null)[] = [];
  const coalescer = createCoalescer({ scope: 'public', targets: { only: (_: unknown, { key }) => seen.push(key) } });
  await coalescer.request({ b: 1, a: 2 });
  await coalescer.request('text');
  await coalescer.request('=text');
  await coalescer.request(7);
  await coalescer.request('a', { key: 'mine' });
  await coalescer.request('a', { key: null });
  assert.deepEqual(seen, ['{"a":2,"b":1}', 'text', '"=text"', '=7', 'mine', null]);
});

test('a key function that returns no string is refused, whatever it returns', async () => {
  for (const key of [
    undefined,
    0,
    1,
    Number.NaN,
    true,
    {},
    [],
    ['k'],
    Object('k'),
    Symbol('k'),
    () => 'k',
    Promise.resolve('k'),
    Buffer.from('k'),
    1n,
  ]) {
    const { coalescer, primary } = stage(() => key as string);
    await assert.rejects(coalescer.request('a'), notKeyable);
    await assert.rejects(coalescer.outcome('a'), notKeyable);
    assert.throws(() => coalescer.identify('a'), notKeyable);
    assert.equal(primary.calls.length, 0);
  }
});

test("a request's own key that is no string is refused, and undefined is none", async () => {
  const { coalescer, primary } = stage(() => 'from the function');
  for (const key of [0, {}, ['k'], Symbol('k'), true])
    await assert.rejects(coalescer.request('a', { key: key as unknown as string }), notKeyable);
  assert.equal(coalescer.identify('a', { key: undefined as unknown as null }).key, 'from the function');
  assert.equal(coalescer.identify('a', { key: 'mine' }).key, 'mine');
  assert.equal(primary.calls.length, 0);
});

test('a key function that throws rejects the request with what it throws, and throws nothing at the caller', async () => {
  const thrown = new RangeError('no id in here');
  const { coalescer, primary } = stage(() => {
    throw thrown;
  });
  const promise = coalescer.request('a');
  await assert.rejects(promise, (error) => error === thrown);
  await assert.rejects(coalescer.outcome('a'), (error) => error === thrown);
  assert.throws(
    () => coalescer.identify('a'),
    (error) => error === thrown,
  );
  assert.throws(
    () => coalescer.waiters({ payload: 'a' }),
    (error) => error === thrown,
  );
  const { requests, refused, launched, airborne } = coalescer.stats();
  assert.deepEqual(
    { calls: primary.calls.length, requests, refused, launched, airborne },
    { calls: 0, requests: 2, refused: 2, launched: 0, airborne: 0 },
  );
});

test("a request's own key meets the keys of others, whoever made them", async () => {
  const { coalescer, primary } = stage();
  const waiting = [coalescer.request('text'), coalescer.request('other', { key: 'text' })];
  assert.equal(primary.calls.length, 1);
  assert.equal(coalescer.waiters({ scope: null, key: 'text' }), 2);
  primary.calls[0]?.resolve('v');
  assert.deepEqual(await Promise.all(waiting), ['v', 'v']);
});
