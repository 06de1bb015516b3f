// Targets that misbehave: they throw at once, settle twice, never, or late, and throw what is no error. Every waiter settles once. LESSONS 5, 6, 9.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { flightOf, type CoalescerError } from '../../src/index.js';
import { openOdd, thrower } from './odd-stage.js';
import { codeOf, hang, httpError } from './stage.js';

test('a target that throws at once rejects the waiters, and does not throw out of request', async () => {
  const error = new Error('at once');
  const { request, environment, calls, stats } = openOdd(thrower(error));
  const waiter = request();
  await environment.advance(0);
  assert.equal(calls(), 1);
  assert.equal(waiter.reason, error);
  assert.equal(stats().airborne, 0);
});

test('a throw is not kept: the next request calls again', async () => {
  const { request, environment, calls } = openOdd(thrower(new Error('at once')));
  for (let round = 1; round <= 3; round++) {
    request();
    await environment.advance(0);
    assert.equal(calls(), round);
  }
});

test('a target that throws at once fails over, within the same call of request', async () => {
  const { request, environment, calls } = openOdd(thrower(httpError(503)), thrower(httpError(503)), async () => 'third');
  const waiter = request();
  await environment.advance(0);
  assert.equal(calls(), 3);
  assert.equal(waiter.value, 'third');
});

test('requests made in the tick of a sync throw all settle', async () => {
  const { request, environment, calls } = openOdd(thrower(new Error('x')));
  const waiters = Array.from({ length: 10 }, () => request());
  await environment.advance(0);
  assert.ok(calls() >= 1 && calls() <= 10);
  assert.deepEqual(new Set(waiters.map(({ state }) => state)), new Set(['rejected']));
  assert.equal(waiters.length, 10);
});

test('a plain value is as good as a promise, undefined too', async () => {
  for (const value of ['text', undefined, null, 0, false, [], () => 1]) {
    const { request, environment, calls } = openOdd(() => value);
    const waiters = [request(), request()];
    await environment.advance(0);
    assert.ok(calls() >= 1 && calls() <= 2);
    for (const waiter of waiters) assert.deepEqual([waiter.state, waiter.value], ['fulfilled', value]);
  }
});

test('what is thrown is given as it is, whatever it is, to all waiters', async () => {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  const unreadable = Object.defineProperty({}, 'message', { get: thrower(new Error('do not look')) });
  for (const thrown of [
    'text',
    7,
    0,
    '',
    null,
    undefined,
    false,
    1n,
    Symbol('s'),
    {},
    Object.freeze(new Error('frozen')),
    Object.create(null),
    unreadable,
    proxy,
  ]) {
    for (const isSync of [true, false]) {
      const { request, environment, calls, stats } = openOdd(isSync ? thrower(thrown) : async () => thrower(thrown)());
      const waiters = isSync ? [request()] : [request(), request()];
      await environment.advance(0);
      assert.equal(calls(), 1);
      for (const waiter of waiters) assert.ok(waiter.state === 'rejected' && Object.is(waiter.reason, thrown));
      assert.equal(stats().airborne, 0);
    }
  }
});

test('what is thrown in a failover is in its story, whatever it is', async () => {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  const cyclic: Error & { cause?: unknown } = new Error('cyclic');
  cyclic.cause = cyclic;
  for (const thrown of [
    'text',
    null,
    undefined,
    Symbol('s'),
    Object.create(null),
    proxy,
    1n,
    cyclic,
    { message: 7, code: {}, status: 'x' },
  ]) {
    const { request, environment, calls } = openOdd(thrower(thrown), async () => thrower(thrown)());
    const waiter = request();
    await environment.advance(0);
    assert.equal(calls(), 2);
    assert.equal(codeOf(waiter), 'COALESCER_TARGETS_FAILED');
    const { attempts, cause } = waiter.reason as CoalescerError;
    assert.deepEqual(
      attempts?.map(({ end }) => end),
      ['failed', 'failed'],
    );
    assert.ok(Object.is(cause, thrown));
  }
});

test('flightOf knows errors that are functions or frozen, and nothing of primitives', async () => {
  for (const thrown of [Object.freeze(new Error('frozen')), Object.assign(() => 1, { is: 'an error' })]) {
    const { request, environment, calls } = openOdd(thrower(thrown));
    request();
    await environment.advance(0);
    assert.equal(calls(), 1);
    assert.equal(flightOf(thrown)?.attempts.length, 1);
  }
});

test('a target that never settles and ignores its signal is left behind: waiters are told, the key is free, nothing stays armed', async () => {
  const { request, environment, calls, stats, waiters } = openOdd(() => hang());
  const waiter = request();
  await environment.advance(1_010);
  assert.equal(calls(), 1);
  assert.equal(codeOf(waiter), 'COALESCER_TIMEOUT');
  assert.deepEqual([stats().airborne, stats().waiting, waiters(), environment.timers()], [0, 0, 0, 0]);
  request();
  assert.equal(calls(), 2);
});

test('a value that an abandoned target gives synchronously from its abort reaches nobody', async () => {
  const leaving = new AbortController();
  const { request, environment, calls, stats } = openOdd(
    (_, { signal }) =>
      new Promise((resolve) => {
        signal.addEventListener('abort', () => resolve('last words'));
      }),
  );
  const left = request(leaving.signal);
  leaving.abort('gone');
  const next = request();
  await environment.advance(0);
  assert.equal(calls(), 2);
  assert.deepEqual([left.reason, next.state, stats().airborne], ['gone', 'pending', 1]);
});
