// fresh, forget, cancel and waiters: two flights of one key in the air, and neither ends the other. LESSONS 2 to 4, 11.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CoalescerError } from '../../src/index.js';
import { codeOf, openStage, watch } from './stage.js';

test('fresh does not join a flight that began before now, and takes the key from it', async () => {
  const { coalescer, primary, settled } = openStage();
  const old = watch(coalescer.request('a'));
  const fresh = watch(coalescer.request('a', { fresh: true }));
  assert.equal(primary.calls.length, 2);
  const joined = watch(coalescer.request('a'));
  assert.equal(primary.calls.length, 2);
  primary.calls[0]!.resolve('old');
  await settled();
  assert.deepEqual([old.value, fresh.state, joined.state], ['old', 'pending', 'pending']);
  primary.calls[1]!.resolve('new');
  await settled();
  assert.deepEqual([fresh.value, joined.value], ['new', 'new']);
  assert.equal(coalescer.stats().airborne, 0);
});

test('fresh: false joins like a request that does not say', () => {
  const { coalescer, primary } = openStage();
  watch(coalescer.request('a'));
  watch(coalescer.request('a', { fresh: false }));
  assert.equal(primary.calls.length, 1);
});

test('after forget the next request launches anew; who waited gets what was in the air', async () => {
  const { coalescer, primary, settled } = openStage();
  const old = watch(coalescer.request('a'));
  assert.equal(coalescer.forget({ payload: 'a' }), 1);
  assert.equal(primary.calls[0]!.signal.aborted, false);
  const newer = watch(coalescer.request('a'));
  assert.equal(primary.calls.length, 2);
  primary.calls[0]!.resolve('old');
  await settled();
  assert.deepEqual([old.value, newer.state], ['old', 'pending']);
});

test('the settle of a forgotten flight never deletes the newer one, whichever way it ends', async () => {
  const ends = {
    value: ({ primary }) => primary.calls[0]!.resolve('old'),
    error: ({ primary }) => primary.calls[0]!.reject(new Error('old')),
    abandon: (_, leave) => leave.abort(),
    time: ({ environment }) => environment.advance(200),
  } satisfies Record<string, (stage: ReturnType<typeof openStage>, leave: AbortController) => unknown>;
  for (const end of Object.values(ends) as ((stage: ReturnType<typeof openStage>, leave: AbortController) => unknown)[]) {
    const stage = openStage({ flightTimeoutMs: 1_000, joinWithinMs: 1_000 });
    const { coalescer, primary, environment } = stage;
    const leave = new AbortController();
    const old = watch(coalescer.request('a', { signal: leave.signal, timeoutMs: 150 }));
    coalescer.forget({ payload: 'a' });
    const newer = watch(coalescer.request('a'));
    await end(stage, leave);
    await environment.advance(0);
    assert.notEqual(old.state, 'pending');
    const joined = watch(coalescer.request('a'));
    assert.equal(primary.calls.length, 2, 'the newer flight is still the one to join');
    assert.equal(primary.calls[1]!.signal.aborted, false);
    primary.calls[1]!.resolve('new');
    await environment.advance(0);
    assert.deepEqual([newer.value, joined.value], ['new', 'new']);
    assert.equal(coalescer.stats().airborne, 0);
  }
});

test('the settle of the newer flight does not end the forgotten one', async () => {
  const { coalescer, primary, settled } = openStage();
  const old = watch(coalescer.request('a'));
  coalescer.forget({ payload: 'a' });
  const newer = watch(coalescer.request('a'));
  primary.calls[1]!.resolve('new');
  await settled();
  assert.equal(primary.calls.length, 2);
  assert.deepEqual([old.state, newer.value], ['pending', 'new']);
  assert.equal(coalescer.waiters({ payload: 'a' }), 1);
  primary.calls[0]!.resolve('old');
  await settled();
  assert.equal(old.value, 'old');
});

test('forget says how many flights it dropped, and drops a flight once', async () => {
  const { coalescer, primary } = openStage();
  assert.equal(coalescer.forget({ payload: 'a' }), 0);
  watch(coalescer.request('a'));
  watch(coalescer.request('b'));
  assert.equal(primary.calls.length, 2);
  assert.equal(coalescer.forget({ payload: 'a' }), 1);
  assert.equal(coalescer.forget({ payload: 'a' }), 0);
  assert.equal(coalescer.forget({ scope: null, key: 'b' }), 1);
  watch(coalescer.request('a'));
  watch(coalescer.request('b'));
  assert.equal(primary.calls.length, 4);
  assert.equal(coalescer.forget({ scope: null }), 2);
  assert.equal(coalescer.forget({ scope: 'another' }), 0);
});

test('cancel rejects all waiters with one typed error, aborts the call and frees the key, at once', async () => {
  const { coalescer, primary, settled } = openStage();
  const waiters = Array.from({ length: 3 }, () => watch(coalescer.request('a')));
  const reason = new Error('the user pressed stop');
  assert.equal(coalescer.cancel({ payload: 'a' }, reason), 1);
  assert.equal(primary.calls[0]!.signal.aborted, true);
  const next = watch(coalescer.request('a'));
  assert.equal(primary.calls.length, 2);
  primary.calls[0]!.resolve('too late');
  await settled();
  assert.deepEqual(
    waiters.map(codeOf),
    Array.from({ length: 3 }, () => 'COALESCER_FLIGHT_CANCELLED'),
  );
  const error = waiters[0]!.reason as CoalescerError;
  assert.equal(new Set(waiters.map((waiter) => waiter.reason)).size, 1);
  assert.equal(error.cause, reason);
  assert.equal(error.key, 'a');
  assert.equal(next.state, 'pending');
  assert.equal(coalescer.cancel({ payload: 'b' }), 0);
});

test('cancel ends all flights of the key, forgotten ones too, and no other key', async () => {
  const { coalescer, primary, settled } = openStage();
  const old = watch(coalescer.request('a'));
  const newer = watch(coalescer.request('a', { fresh: true }));
  const other = watch(coalescer.request('b'));
  assert.equal(primary.calls.length, 3);
  assert.equal(coalescer.cancel({ payload: 'a' }), 2);
  await settled();
  assert.deepEqual([codeOf(old), codeOf(newer)], ['COALESCER_FLIGHT_CANCELLED', 'COALESCER_FLIGHT_CANCELLED']);
  assert.equal(other.state, 'pending');
  assert.equal(coalescer.cancel({ scope: null }), 1);
  await settled();
  assert.equal(codeOf(other), 'COALESCER_FLIGHT_CANCELLED');
});

test('a cancelled flight never goes on to the next target', async () => {
  const { coalescer, primary, backup, environment } = openStage({ maxAttempts: 3 }, 2);
  const waiter = watch(coalescer.request('a'));
  coalescer.cancel({ payload: 'a' });
  primary.calls[0]!.reject(new Error('stopped'));
  await environment.advance(60_000);
  assert.deepEqual([primary.calls.length, backup.calls.length], [1, 0]);
  assert.equal(codeOf(waiter), 'COALESCER_FLIGHT_CANCELLED');
});

test('a waiter that asks again when it is cancelled starts anew', async () => {
  const { coalescer, primary, settled } = openStage();
  const again = watch(coalescer.request('a').catch(() => coalescer.request('a')));
  coalescer.cancel({ payload: 'a' });
  await settled();
  assert.equal(primary.calls.length, 2);
  primary.calls[1]!.resolve('second');
  await settled();
  assert.equal(again.value, 'second');
});

test('waiters counts who waits now: those who joined, not those who left, and those of older flights of the key', async () => {
  const { coalescer, primary, settled } = openStage();
  assert.equal(coalescer.waiters({ payload: 'a' }), 0);
  const leaving = new AbortController();
  watch(coalescer.request('a', { signal: leaving.signal }));
  watch(coalescer.request('a'));
  watch(coalescer.request('b'));
  assert.equal(primary.calls.length, 2);
  assert.equal(coalescer.waiters({ payload: 'a' }), 2);
  leaving.abort();
  assert.equal(coalescer.waiters({ payload: 'a' }), 1);
  watch(coalescer.request('a', { fresh: true }));
  assert.equal(coalescer.waiters({ payload: 'a' }), 2);
  assert.equal(coalescer.waiters({ scope: null, key: 'a' }), 2);
  assert.equal(coalescer.waiters({ scope: null }), 3);
  for (const call of primary.calls) call.resolve('x');
  await settled();
  assert.equal(coalescer.waiters({ scope: null }), 0);
});

test('what names no flight is refused, and nothing is dropped by it', () => {
  const { coalescer, primary } = openStage();
  watch(coalescer.request('a'));
  for (const which of [undefined, null, {}, 'a', { key: 'a' }] as never[]) {
    assert.throws(() => coalescer.forget(which), TypeError);
    assert.throws(() => coalescer.cancel(which), TypeError);
    assert.throws(() => coalescer.waiters(which), TypeError);
  }
  assert.equal(primary.calls.length, 1);
  assert.equal(coalescer.waiters({ payload: 'a' }), 1);
});

test('an unshared flight has no key by which it could be found, and only its scope finds it', async () => {
  const { coalescer, primary, settled } = openStage({ key: () => null });
  const waiter = watch(coalescer.request('a'));
  for (const key of [null as never, '']) {
    assert.equal(coalescer.cancel({ scope: null, key }), 0);
    assert.equal(coalescer.waiters({ scope: null, key }), 0);
  }
  assert.throws(() => coalescer.cancel({ scope: '' }), { code: 'COALESCER_SCOPE_MISSING' });
  await settled();
  assert.deepEqual([waiter.state, primary.calls.length], ['pending', 1]);
  assert.equal(coalescer.cancel({ scope: null }), 1);
});
