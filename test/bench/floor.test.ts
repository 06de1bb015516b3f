// The floors do what they are held up as: they share, they forget, they go on with the next call, and they keep until a time.
import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import { byKeptRecord, byMap, byRecord } from '../../bench/measure/floor.js';

for (const [name, share] of [
  ['a Map of promises', byMap],
  ['a record with a promise of its own', byRecord],
] as const) {
  test(`${name} calls once for all who ask while it is in the air, and again afterwards`, async () => {
    const call = mock.fn(async (key: string) => `to ${key}`);
    const request = share<string>(call);
    const answers = await Promise.all([request('a'), request('a'), request('b')]);
    assert.equal(call.mock.callCount(), 2);
    assert.deepEqual(answers, ['to a', 'to a', 'to b']);
    await request('a');
    assert.equal(call.mock.callCount(), 3);
  });
}

test('a record goes on with the next call when one rejects, rejects with the last error, and is forgotten', async () => {
  const failed = mock.fn(async (): Promise<string> => {
    throw new Error('the first');
  });
  const failedToo = mock.fn(async (): Promise<string> => {
    throw new Error('the second');
  });
  const answered = mock.fn(async (key: string) => key);
  const request = byRecord(failed, answered);
  assert.deepEqual(await Promise.all([request('a'), request('a')]), ['a', 'a']);
  assert.deepEqual([failed.mock.callCount(), answered.mock.callCount()], [1, 1]);
  const inVain = byRecord(failed, failedToo);
  await assert.rejects(inVain('a'), /the second/);
  await assert.rejects(inVain('a'), /the second/);
  assert.equal(failedToo.mock.callCount(), 2);
});

test('what is kept is given until its time, and asked for again then', async (t) => {
  const now = t.mock.method(performance, 'now', () => 1_000);
  const call = mock.fn(async (key: string) => key);
  const request = byKeptRecord(call, 50);
  await request('a');
  now.mock.mockImplementation(() => 1_049);
  await request('a');
  assert.equal(call.mock.callCount(), 1);
  now.mock.mockImplementation(() => 1_050);
  await request('a');
  assert.equal(call.mock.callCount(), 2);
});
