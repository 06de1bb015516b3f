// A waiter that leaves changes nothing for the rest; the last one leaving frees the key and stops the call. LESSONS 1 to 3, 8, 11.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codeOf, openStage, watch } from './stage.js';

test('the leader aborts among ten: none of the other nine notices', async () => {
  const { coalescer, primary, settled } = openStage();
  const leaving = new AbortController();
  const leader = watch(coalescer.request('a', { signal: leaving.signal }));
  const others = Array.from({ length: 9 }, () => watch(coalescer.request('a')));
  leaving.abort('gone');
  await settled();
  assert.equal(primary.calls.length, 1);
  assert.equal(primary.calls[0]!.signal.aborted, false);
  assert.deepEqual([leader.state, leader.reason], ['rejected', 'gone']);
  assert.deepEqual(new Set(others.map(({ state }) => state)), new Set(['pending']));
  primary.calls[0]!.resolve('answer');
  await settled();
  assert.deepEqual(new Set(others.map(({ value }) => value)), new Set(['answer']));
  assert.equal(primary.calls.length, 1);
});

test('any nine of ten may leave, in any order, and the tenth gets the answer of the one call', async () => {
  for (const stays of [0, 4, 9]) {
    const { coalescer, primary, settled } = openStage();
    const controllers = Array.from({ length: 10 }, () => new AbortController());
    const waiters = controllers.map(({ signal }) => watch(coalescer.request('a', { signal })));
    for (const [index, controller] of [...controllers.entries()].reverse()) if (index !== stays) controller.abort(index);
    assert.equal(primary.calls.length, 1);
    assert.equal(coalescer.waiters({ payload: 'a' }), 1);
    assert.equal(primary.calls[0]!.signal.aborted, false);
    primary.calls[0]!.resolve('answer');
    await settled();
    assert.deepEqual(
      waiters.map(({ state, value, reason }) => (state === 'fulfilled' ? value : reason)),
      controllers.map((_, index) => (index === stays ? 'answer' : index)),
    );
  }
});

test('the last one leaving frees the key and aborts the call, both in the same tick', async () => {
  const { coalescer, primary, settled } = openStage();
  const controllers = [new AbortController(), new AbortController()];
  const waiters = controllers.map(({ signal }) => watch(coalescer.request('a', { signal })));
  const { signal } = primary.calls[0]!;
  controllers[0]!.abort();
  assert.equal(signal.aborted, false);
  controllers[1]!.abort();
  assert.equal(signal.aborted, true);
  assert.equal(coalescer.waiters({ payload: 'a' }), 0);
  const next = watch(coalescer.request('a'));
  assert.equal(primary.calls.length, 2);
  assert.equal(primary.calls[1]!.signal.aborted, false);
  primary.calls[1]!.resolve('new');
  await settled();
  assert.deepEqual([waiters[0]!.state, waiters[1]!.state, next.value], ['rejected', 'rejected', 'new']);
});

test('what the abandoned target answers late reaches nobody, and does not end the flight that came after it', async () => {
  const { coalescer, primary, settled } = openStage();
  const leaving = new AbortController();
  const left = watch(coalescer.request('a', { signal: leaving.signal }));
  leaving.abort('gone');
  const next = watch(coalescer.request('a'));
  primary.calls[0]!.resolve('late');
  await settled();
  assert.equal(primary.calls.length, 2);
  assert.equal(next.state, 'pending');
  assert.equal(left.reason, 'gone');
  const joined = watch(coalescer.request('a'));
  assert.equal(primary.calls.length, 2);
  primary.calls[1]!.resolve('new');
  await settled();
  assert.deepEqual([next.value, joined.value], ['new', 'new']);
});

test('an abandoned target that rejects on its abort, as fetch does, starts no failover and disturbs nobody', async () => {
  const { coalescer, primary, backup, settled, calls } = openStage({}, 2);
  const leaving = new AbortController();
  const left = watch(coalescer.request('a', { signal: leaving.signal }));
  const call = primary.calls[0]!;
  call.signal.addEventListener('abort', () => call.reject(new Error('the call was stopped')));
  leaving.abort('gone');
  await settled();
  assert.equal(calls(), 1);
  assert.equal(backup.calls.length, 0);
  assert.equal(left.reason, 'gone');
  assert.equal(coalescer.stats().airborne, 0);
});

test('nobody left: no attempt starts any more, not even the one a backoff was waiting for', async () => {
  const { coalescer, primary, environment, settled } = openStage({ maxAttempts: 3 });
  const leaving = new AbortController();
  watch(coalescer.request('a', { signal: leaving.signal }));
  primary.calls[0]!.reject(new Error('first'));
  await settled();
  leaving.abort();
  await environment.advance(60_000);
  assert.equal(primary.calls.length, 1);
  assert.equal(environment.timers(), 0);
});

test('a target that asks again while it is being aborted starts a new flight, not the one that dies', async () => {
  const { coalescer, primary, settled } = openStage();
  const leaving = new AbortController();
  watch(coalescer.request('a', { signal: leaving.signal }));
  const again: ReturnType<typeof watch>[] = [];
  primary.calls[0]!.signal.addEventListener('abort', () => again.push(watch(coalescer.request('a'))));
  leaving.abort();
  assert.equal(primary.calls.length, 2);
  assert.equal(primary.calls[1]!.signal.aborted, false);
  primary.calls[1]!.resolve('new');
  await settled();
  assert.deepEqual(
    again.map(({ value }) => value),
    ['new'],
  );
  assert.equal(coalescer.stats().airborne, 0);
});

test('who joins from an abort listener that runs before ours keeps the flight alive', async () => {
  const { coalescer, primary, settled } = openStage();
  const leaving = new AbortController();
  const joined: ReturnType<typeof watch>[] = [];
  leaving.signal.addEventListener('abort', () => joined.push(watch(coalescer.request('a'))));
  const left = watch(coalescer.request('a', { signal: leaving.signal }));
  leaving.abort('gone');
  assert.equal(primary.calls.length, 1);
  assert.equal(primary.calls[0]!.signal.aborted, false);
  primary.calls[0]!.resolve('answer');
  await settled();
  assert.deepEqual([left.reason, joined[0]!.value], ['gone', 'answer']);
});

test('an abort after the answer changes nothing', async () => {
  const { coalescer, primary, settled } = openStage();
  const leaving = new AbortController();
  const waiter = watch(coalescer.request('a', { signal: leaving.signal }));
  primary.calls[0]!.resolve('answer');
  await settled();
  leaving.abort();
  await settled();
  assert.equal(primary.calls.length, 1);
  assert.equal(waiter.value, 'answer');
  assert.deepEqual([coalescer.stats().left, coalescer.stats().abandoned], [0, 0]);
});

test('an abort and an answer in one tick: the waiter settles once, with one of them, and counts once', async () => {
  for (const abortsFirst of [true, false]) {
    const { coalescer, primary, settled } = openStage();
    const leaving = new AbortController();
    const [waiter, other] = [watch(coalescer.request('a', { signal: leaving.signal })), watch(coalescer.request('a'))];
    if (abortsFirst) leaving.abort('gone');
    primary.calls[0]!.resolve('answer');
    if (!abortsFirst) leaving.abort('gone');
    await settled();
    assert.equal(primary.calls.length, 1);
    assert.equal(other.value, 'answer');
    assert.equal(coalescer.stats().left, waiter.state === 'rejected' ? 1 : 0);
    assert.equal(coalescer.stats().waiting, 0);
    if (abortsFirst) assert.equal(waiter.reason, 'gone');
  }
});

test('a waiter with a signal and a time leaves once, by whichever comes first', async () => {
  const { coalescer, primary, environment } = openStage();
  const [early, late] = [new AbortController(), new AbortController()];
  const byTime = watch(coalescer.request('a', { signal: late.signal, timeoutMs: 50 }));
  const bySignal = watch(coalescer.request('a', { signal: early.signal, timeoutMs: 500 }));
  const stays = watch(coalescer.request('a'));
  early.abort('early');
  await environment.advance(60);
  late.abort('late');
  await environment.advance(600);
  assert.equal(primary.calls.length, 1);
  assert.deepEqual([codeOf(byTime), bySignal.reason, stays.state], ['COALESCER_TIMEOUT', 'early', 'pending']);
  const { left, timedOut, waiting } = coalescer.stats();
  assert.deepEqual({ left, timedOut, waiting }, { left: 1, timedOut: 1, waiting: 1 });
});
