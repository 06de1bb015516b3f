// A waiter's own time, and the flight's: never early, never later than a tick, never anybody else's. LESSONS 7, RELIABILITY I2, I7.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createCoalescer, flightOf, type CoalescerError } from '../../src/index.js';
import { promisesSettled } from '../../workers/environment.js';
import { codeOf, countedEnvironment, hang, openStage, watch } from './stage.js';

const TICK = 10;

test('a waiter whose time is up leaves alone: the others get the answer of the one call', async () => {
  const { coalescer, primary, environment } = openStage();
  const hurried = watch(coalescer.request('a', { timeoutMs: 100 }));
  const patient = watch(coalescer.request('a'));
  await environment.advance(100 + TICK);
  assert.equal(primary.calls.length, 1);
  assert.equal(primary.calls[0]!.signal.aborted, false);
  assert.deepEqual([codeOf(hurried), patient.state], ['COALESCER_TIMEOUT', 'pending']);
  primary.calls[0]!.resolve('answer');
  await environment.advance(0);
  assert.equal(patient.value, 'answer');
});

test('the last waiter whose time is up aborts the call and frees the key', async () => {
  const { coalescer, primary, environment } = openStage();
  const waiters = [50, 100].map((timeoutMs) => watch(coalescer.request('a', { timeoutMs })));
  await environment.advance(90);
  assert.equal(primary.calls[0]!.signal.aborted, false);
  await environment.advance(20);
  assert.equal(primary.calls.length, 1);
  assert.equal(primary.calls[0]!.signal.aborted, true);
  assert.deepEqual(waiters.map(codeOf), ['COALESCER_TIMEOUT', 'COALESCER_TIMEOUT']);
  watch(coalescer.request('a'));
  assert.equal(primary.calls.length, 2);
});

test('the leader gives its short time to nobody: who joins waits as long as the flight', async () => {
  const { coalescer, primary, environment } = openStage({ flightTimeoutMs: 10_000 });
  const leader = watch(coalescer.request('a', { timeoutMs: 20 }));
  const follower = watch(coalescer.request('a'));
  await environment.advance(9_990);
  assert.equal(primary.calls.length, 1);
  assert.deepEqual([codeOf(leader), follower.state], ['COALESCER_TIMEOUT', 'pending']);
  await environment.advance(20);
  assert.equal(codeOf(follower), 'COALESCER_TIMEOUT');
});

test('no waiter settles before its time, and none later than a tick after it, whenever it came', async () => {
  const { coalescer, primary, environment } = openStage({ flightTimeoutMs: 2_000_000, joinWithinMs: 2_000_000 });
  watch(coalescer.request('a'));
  const waiting: { readonly due: number; readonly waiter: ReturnType<typeof watch> }[] = [];
  // Times of all sizes, at instants that are no multiple of anything.
  for (let round = 0; round < 200; round++) {
    await environment.advance((round * 7) % 13);
    const timeoutMs = 1 + ((round * round * 131) % 70_001);
    waiting.push({ due: environment.now() + timeoutMs, waiter: watch(coalescer.request('a', { timeoutMs })) });
  }
  assert.equal(primary.calls.length, 1);
  const instants = waiting.flatMap(({ due }) => [due - 1, due + TICK]).sort((one, other) => one - other);
  for (const instant of instants) {
    await environment.advance(Math.max(0, instant - environment.now()));
    const now = environment.now();
    for (const { due, waiter } of waiting) {
      if (now < due) assert.equal(waiter.state, 'pending', `due at ${due}, settled by ${now}`);
      if (now >= due + TICK) assert.equal(waiter.state, 'rejected', `due at ${due}, not settled at ${now}`);
    }
  }
  assert.equal(coalescer.stats().timedOut, 200);
});

test('a target that never settles is ended by the flight, whose error lists the attempt, and the key is free', async () => {
  const { coalescer, primary, environment } = openStage({ flightTimeoutMs: 1_000 });
  const waiters = Array.from({ length: 3 }, () => watch(coalescer.request('a')));
  await environment.advance(999);
  assert.equal(waiters[0]!.state, 'pending');
  await environment.advance(1 + TICK);
  assert.equal(primary.calls.length, 1);
  assert.equal(primary.calls[0]!.signal.aborted, true);
  assert.deepEqual(waiters.map(codeOf), ['COALESCER_TIMEOUT', 'COALESCER_TIMEOUT', 'COALESCER_TIMEOUT']);
  const error = waiters[0]!.reason as CoalescerError;
  assert.deepEqual(new Set(waiters.map(({ reason }) => reason)), new Set([error]));
  assert.deepEqual(
    flightOf(error)?.attempts.map(({ target, attempt }) => ({ target, attempt })),
    [{ target: 'primary', attempt: 1 }],
  );
  watch(coalescer.request('a'));
  assert.equal(primary.calls.length, 2);
});

test('the default is thirty seconds', async () => {
  const { coalescer, primary, environment } = openStage();
  const waiter = watch(coalescer.request('a'));
  await environment.advance(29_999);
  assert.equal(waiter.state, 'pending');
  await environment.advance(1 + TICK);
  assert.equal(primary.calls.length, 1);
  assert.equal(codeOf(waiter), 'COALESCER_TIMEOUT');
});

test('no waiter makes the flight longer, however much time it has', async () => {
  for (const timeoutMs of [60_000, Number.MAX_SAFE_INTEGER, Number.POSITIVE_INFINITY]) {
    const { coalescer, primary, environment } = openStage({ flightTimeoutMs: 1_000 });
    const waiter = watch(coalescer.request('a', { timeoutMs }));
    await environment.advance(1_000 + TICK);
    assert.equal(primary.calls.length, 1);
    assert.equal(codeOf(waiter), 'COALESCER_TIMEOUT');
    assert.equal(environment.timers(), 0);
  }
});

test('an error that says a waiter is out of time names the coalescer and the key', async () => {
  const { coalescer, primary, environment } = openStage({ name: 'users' });
  const waiter = watch(coalescer.request('the key', { timeoutMs: 10 }));
  await environment.advance(30);
  assert.equal(primary.calls.length, 1);
  const { coalescer: name, key } = waiter.reason as CoalescerError;
  assert.deepEqual({ name, key }, { name: 'users', key: 'the key' });
});

test('a flight past its joining age is not joined: nobody inherits its time-out', async () => {
  const { coalescer, primary, environment } = openStage({ flightTimeoutMs: 1_000 });
  const old = watch(coalescer.request('a'));
  await environment.advance(499);
  const joined = watch(coalescer.request('a'));
  assert.equal(primary.calls.length, 1);
  await environment.advance(1 + TICK);
  const newer = watch(coalescer.request('a'));
  assert.equal(primary.calls.length, 2);
  assert.equal(coalescer.waiters({ payload: 'a' }), 3);
  await environment.advance(400);
  const follower = watch(coalescer.request('a'));
  assert.equal(primary.calls.length, 2);
  await environment.advance(100);
  assert.deepEqual([codeOf(old), codeOf(joined), newer.state], ['COALESCER_TIMEOUT', 'COALESCER_TIMEOUT', 'pending']);
  primary.calls[1]!.resolve('new');
  await environment.advance(0);
  assert.deepEqual([newer.value, follower.value], ['new', 'new']);
});

test('an old flight that answers after all ends for its own waiters only', async () => {
  const { coalescer, primary, environment } = openStage({ joinWithinMs: 100 });
  const old = watch(coalescer.request('a'));
  await environment.advance(100 + TICK);
  const newer = watch(coalescer.request('a'));
  primary.calls[0]!.resolve('old');
  await environment.advance(0);
  assert.equal(primary.calls.length, 2);
  assert.deepEqual([old.value, newer.state], ['old', 'pending']);
  watch(coalescer.request('a'));
  assert.equal(primary.calls.length, 2);
});

test('the age of joining is the newest flight’s own, not its key’s', async () => {
  const { coalescer, primary, environment } = openStage({ joinWithinMs: 100 });
  watch(coalescer.request('a'));
  await environment.advance(60);
  primary.calls[0]!.resolve('first');
  await environment.advance(0);
  watch(coalescer.request('a'));
  await environment.advance(60);
  watch(coalescer.request('a'));
  assert.equal(primary.calls.length, 2);
});

test('after a leap of the clock over many ticks, what was due is done, once', async () => {
  const environment = countedEnvironment();
  let leap = 0;
  let calls = 0;
  const leaping = { ...environment, now: () => environment.now() + leap };
  const coalescer = createCoalescer({
    scope: 'public',
    flightTimeoutMs: 5_000,
    environment: leaping,
    targets: { only: (): Promise<string> => (calls++, hang()) },
  });
  const waiters = [100, 2_000, 60_000].map((timeoutMs) => watch(coalescer.request('a', { timeoutMs })));
  leap = 86_400_000;
  await environment.advance(3 * TICK);
  assert.equal(calls, 1);
  assert.deepEqual(waiters.map(codeOf), ['COALESCER_TIMEOUT', 'COALESCER_TIMEOUT', 'COALESCER_TIMEOUT']);
  assert.equal(coalescer.stats().airborne, 0);
  assert.equal(environment.timers(), 0);
});

test('flightOf knows the flight behind a waiter’s own time-out', async () => {
  const { coalescer, primary, environment } = openStage({ name: 'users' });
  await environment.advance(5);
  const hurried = watch(coalescer.request('a', { timeoutMs: 10 }));
  watch(coalescer.request('a'));
  await environment.advance(30);
  assert.equal(primary.calls.length, 1);
  assert.equal(flightOf(hurried.reason)?.flight, 'users#1');
  assert.equal(flightOf(hurried.reason)?.durationMs, 0);
});

test('times that are up in one tick are all told in it, although the first ones told take others away', async () => {
  const { coalescer, primary, environment } = openStage();
  const waiters = Array.from({ length: 12 }, (_, index) => watch(coalescer.request(`k${index}`, { timeoutMs: 100 })));
  for (const [index, { signal }] of primary.calls.entries()) {
    signal.addEventListener('abort', () => {
      for (const neighbour of index % 3 === 0 ? [index - 1, index + 1] : [index + 1]) coalescer.cancel({ payload: `k${neighbour}` });
    });
  }
  await environment.advance(100 + TICK);
  assert.equal(primary.calls.length, 12);
  assert.equal(waiters.filter(({ state }) => state === 'pending').length, 0);
  assert.deepEqual([coalescer.stats().airborne, environment.timers()], [0, 0]);
});

test('fake timers that were set before the coalescer was made hold', async (t) => {
  const timers: { readonly at: number; readonly run: () => void }[] = [];
  let now = 0;
  t.mock.method(performance, 'now', () => now);
  const setTimer = t.mock.method(globalThis, 'setTimeout', (run: () => void, ms: number) => timers.push({ at: now + ms, run }));
  let calls = 0;
  const coalescer = createCoalescer({
    scope: 'public',
    targets: { only: (): Promise<string> => (calls++, hang()) },
    flightTimeoutMs: 1_000,
  });
  setTimer.mock.restore();
  const waiter = watch(coalescer.request('a'));
  while (now < 1_020) {
    now += TICK;
    for (const timer of timers.splice(0)) {
      if (timer.at <= now) timer.run();
      else timers.push(timer);
    }
  }
  await promisesSettled();
  assert.equal(calls, 1);
  assert.equal(codeOf(waiter), 'COALESCER_TIMEOUT');
});
