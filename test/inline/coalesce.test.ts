// coalesce: a function in, a function out, with one target; no failover, no retry, errors as thrown.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { coalesce, flightOf, type AttemptContext } from '../../src/index.js';
import { countedEnvironment, hang, httpError, watch } from './stage.js';

test('equal calls share one, and get the same value', async () => {
  let reads = 0;
  const read = coalesce(async (name: string) => ({ name, read: ++reads }), { scope: 'public', environment: countedEnvironment() });
  const values = await Promise.all([read('a'), read('a'), read('b')]);
  assert.equal(reads, 2);
  assert.equal(values[0], values[1]);
  assert.deepEqual(values[2], { name: 'b', read: 2 });
});

test('an error comes as thrown after one call, whatever its status says', async () => {
  const environment = countedEnvironment();
  for (const status of [404, 429, 503]) {
    let calls = 0;
    const error = httpError(status);
    const read = coalesce(async (): Promise<string> => (calls++, Promise.reject(error)), { scope: 'public', environment });
    const waiters = [watch(read('a')), watch(read('a'))];
    await environment.settle();
    assert.equal(calls, 1);
    for (const { reason } of waiters) assert.equal(reason, error);
    assert.equal(flightOf(error)?.waiters, 2);
  }
});

test('the function gets its payload and the context of its attempt', async () => {
  let told: unknown;
  const read = coalesce(
    async (id: number, { attempt, scope, key, signal }: AttemptContext) => {
      told = { id, attempt, scope, key, isAborted: signal.aborted };
    },
    { scope: 'public', environment: countedEnvironment() },
  );
  await read(7);
  assert.deepEqual(told, { id: 7, attempt: 1, scope: null, key: read.coalescer.identify(7).key, isAborted: false });
});

test('each caller has its own signal and time', async () => {
  const environment = countedEnvironment();
  let calls = 0;
  const read = coalesce((): Promise<string> => (calls++, hang()), { scope: 'public', environment });
  const leaving = new AbortController();
  const [left, late, stays] = [watch(read('a', { signal: leaving.signal })), watch(read('a', { timeoutMs: 20 })), watch(read('a'))];
  leaving.abort('gone');
  await environment.advance(30);
  assert.equal(calls, 1);
  assert.deepEqual([left.reason, (late.reason as { code: string }).code, stays.state], ['gone', 'COALESCER_TIMEOUT', 'pending']);
});

test('its coalescer is there: to watch, to forget and to close', async () => {
  const environment = countedEnvironment();
  let calls = 0;
  const read = coalesce(async () => ++calls, { scope: 'public', name: 'reader', environment });
  const first = read('a');
  assert.equal(read.coalescer.forget({ payload: 'a' }), 1);
  assert.deepEqual([await first, await read('a')], [1, 2]);
  assert.equal(read.coalescer.stats().name, 'reader');
  await read.coalescer.close();
  await assert.rejects(read('a'), { code: 'COALESCER_CLOSED' });
  assert.equal(environment.timers(), 0);
});

test("with scope 'per-request' the compiler asks for the scope", async () => {
  let calls = 0;
  const read = coalesce(async () => ++calls, { scope: 'per-request', environment: countedEnvironment() });
  await Promise.all([read('a', { scope: 'acme' }), read('a', { scope: 'globex' })]);
  assert.equal(calls, 2);
  // @ts-expect-error: Expected 2 arguments, but got 1.
  await assert.rejects(read('a'), { code: 'COALESCER_SCOPE_MISSING' });
});

test('a function that needs no payload can be coalesced as well', async () => {
  let calls = 0;
  const read = coalesce(async () => ++calls, { scope: 'public', environment: countedEnvironment() });
  assert.deepEqual(await Promise.all([read(undefined), read(undefined)]), [1, 1]);
});

test('coalesce of a function that streams says what it gives: a list, and chunks', async () => {
  let calls = 0;
  const words = coalesce(
    async function* (first: string): AsyncGenerator<string> {
      calls++;
      yield first;
      yield await Promise.resolve('b');
    },
    { scope: 'public', share: 'same' },
  );
  const list: string[] = await words('a');
  assert.equal(calls, 1);
  assert.deepEqual(list, ['a', 'b']);
  for await (const chunk of words.coalescer.stream('a')) assert.equal(chunk.length, 1);
});
