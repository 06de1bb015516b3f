// A waiter's signal: what it rejects with, how many listeners stand on it and that none stays. LESSONS 8, RELIABILITY I26.
import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { test } from 'node:test';
import { openStage, watch, type Stage } from './stage.js';

const listeners = (signal: AbortSignal): number => getEventListeners(signal, 'abort').length;

test('an already aborted signal: no call, no join, and its reason as it is', async () => {
  const { coalescer, primary, settled } = openStage();
  const reason = new Error('was gone before');
  const refused = watch(coalescer.request('a', { signal: AbortSignal.abort(reason) }));
  await settled();
  assert.equal(primary.calls.length, 0);
  assert.equal(refused.reason, reason);
  const waiting = watch(coalescer.request('a'));
  const notJoined = watch(coalescer.request('a', { signal: AbortSignal.abort(reason) }));
  await settled();
  assert.equal(primary.calls.length, 1);
  assert.equal(coalescer.waiters({ payload: 'a' }), 1);
  assert.deepEqual([waiting.state, notJoined.reason], ['pending', reason]);
});

test('a waiter rejects with signal.reason as it is, whatever it is', async () => {
  for (const reason of [new Error('mine'), 'text', 0, null, false, '', Symbol('s'), { any: 'thing' }, Object.freeze([])]) {
    const { coalescer, primary, settled } = openStage();
    const leaving = new AbortController();
    const waiter = watch(coalescer.request('a', { signal: leaving.signal }));
    leaving.abort(reason);
    await settled();
    assert.equal(primary.calls.length, 1);
    assert.equal(waiter.state, 'rejected');
    assert.equal(waiter.reason, reason);
  }
});

test('an abort without a reason rejects with the AbortError that the platform made', async () => {
  const { coalescer, primary, settled } = openStage();
  const leaving = new AbortController();
  const waiter = watch(coalescer.request('a', { signal: leaving.signal }));
  leaving.abort();
  await settled();
  assert.equal(primary.calls.length, 1);
  assert.equal(waiter.reason, leaving.signal.reason);
});

test('fifty waiters on one signal are one listener and no warning, and all leave by it', async () => {
  const warnings: Error[] = [];
  const onWarning = (warning: Error): number => warnings.push(warning);
  process.on('warning', onWarning);
  const { coalescer, primary, settled } = openStage();
  const leaving = new AbortController();
  const waiters = Array.from({ length: 50 }, (_, index) => watch(coalescer.request(`k${index % 5}`, { signal: leaving.signal })));
  assert.equal(primary.calls.length, 5);
  assert.equal(listeners(leaving.signal), 1);
  leaving.abort('all of them');
  assert.deepEqual(
    primary.calls.map(({ signal }) => signal.aborted),
    Array.from({ length: 5 }, () => true),
  );
  await settled();
  assert.deepEqual(new Set(waiters.map(({ reason }) => reason)), new Set(['all of them']));
  assert.equal(coalescer.stats().left, 50);
  assert.equal(listeners(leaving.signal), 0);
  process.off('warning', onWarning);
  assert.deepEqual(
    warnings.map(({ name }) => name),
    [],
  );
});

test('the listener stays while one waiter of its signal waits, and goes with the last', async () => {
  const { coalescer, primary, settled } = openStage();
  const { signal } = new AbortController();
  watch(coalescer.request('a', { signal }));
  watch(coalescer.request('b', { signal }));
  assert.equal(primary.calls.length, 2);
  primary.calls[0]!.resolve('x');
  await settled();
  assert.equal(listeners(signal), 1);
  primary.calls[1]!.reject(new Error('x'));
  await settled();
  assert.equal(listeners(signal), 0);
});

test('a signal used again after its listener was taken off is heard again', async () => {
  const { coalescer, primary, settled } = openStage();
  const leaving = new AbortController();
  const { signal } = leaving;
  for (let round = 0; round < 3; round++) {
    watch(coalescer.request('a', { signal }));
    primary.calls[round]!.resolve('x');
    await settled();
    assert.equal(listeners(signal), 0);
  }
  const waiter = watch(coalescer.request('a', { signal }));
  leaving.abort('heard');
  await settled();
  assert.equal(primary.calls.length, 4);
  assert.equal(waiter.reason, 'heard');
  assert.equal(primary.calls[3]!.signal.aborted, true);
});

test('no listener stays on a signal, however its waiter was settled', async () => {
  const { coalescer, primary, environment, settled } = openStage({ flightTimeoutMs: 1_000 });
  const signals: Record<string, AbortSignal> = {};
  const ask = (key: string, timeoutMs?: number): void => {
    const { signal } = new AbortController();
    signals[key] = signal;
    watch(coalescer.request(key, { signal, timeoutMs }));
  };
  for (const key of ['answered', 'failed', 'cancelled', 'flight out of time']) ask(key);
  ask('out of time', 20);
  assert.equal(primary.calls.length, 5);
  primary.calls[0]!.resolve('x');
  primary.calls[1]!.reject(new Error('x'));
  coalescer.cancel({ payload: 'cancelled' });
  await environment.advance(30);
  await environment.advance(1_000);
  ask('closed');
  await Promise.all([coalescer.close({ drainMs: 0 }), environment.advance(100)]);
  await settled();
  assert.deepEqual(
    Object.entries(signals).filter(([, signal]) => listeners(signal) > 0),
    [],
  );
});

test('a refused request leaves no listener on its signal', async () => {
  const { coalescer, primary, settled } = openStage({ limits: { flights: 1, waitersPerFlight: 1 } });
  const { signal } = new AbortController();
  watch(coalescer.request('a'));
  for (const key of ['a', 'b']) await assert.rejects(coalescer.request(key, { signal }), { code: 'COALESCER_LIMIT' });
  await settled();
  assert.equal(primary.calls.length, 1);
  assert.equal(listeners(signal), 0);
});

test('one signal may serve two coalescers, and leaves both', async () => {
  const [one, other] = [openStage(), openStage()];
  const leaving = new AbortController();
  const waiters = [one, other].map(({ coalescer }) => watch(coalescer.request('a', { signal: leaving.signal })));
  one.primary.calls[0]!.resolve('x');
  await one.settled();
  assert.equal(listeners(leaving.signal), 1);
  leaving.abort('gone');
  await other.settled();
  assert.deepEqual([one.calls(), other.calls()], [1, 1]);
  assert.deepEqual([waiters[0]!.value, waiters[1]!.reason, listeners(leaving.signal)], ['x', 'gone', 0]);
});

test('one signal that serves twenty coalescers is one listener and no warning, leaves all of them, and stays for who still waits', async () => {
  const warnings: Error[] = [];
  const warned = (warning: Error): void => void warnings.push(warning);
  process.on('warning', warned);
  const stages = Array.from({ length: 20 }, () => openStage());
  const [first, ...others] = stages as [Stage, ...Stage[]];
  const leaving = new AbortController();
  const waiters = stages.map(({ coalescer }) => watch(coalescer.request('a', { signal: leaving.signal })));
  await new Promise(setImmediate);
  assert.equal(
    stages.reduce((sum, { calls }) => sum + calls(), 0),
    20,
  );
  assert.equal(listeners(leaving.signal), 1);
  first.primary.calls[0]?.resolve('x');
  await first.settled();
  assert.deepEqual([waiters[0]?.value, listeners(leaving.signal)], ['x', 1]);
  leaving.abort('gone');
  await first.settled();
  assert.deepEqual(
    waiters.slice(1).map(({ reason }) => reason),
    others.map(() => 'gone'),
  );
  assert.equal(listeners(leaving.signal), 0);
  process.off('warning', warned);
  assert.deepEqual(warnings, []);
});

test('a waiter on a signal that follows several others leaves when one of them is aborted', async () => {
  const { coalescer, primary, settled } = openStage();
  const [one, other] = [new AbortController(), new AbortController()];
  const waiter = watch(coalescer.request('a', { signal: AbortSignal.any([one.signal, other.signal]) }));
  other.abort('the other');
  await settled();
  assert.equal(primary.calls.length, 1);
  assert.equal(waiter.reason, 'the other');
  assert.equal(primary.calls[0]!.signal.aborted, true);
});

test('a signal that leaves keys while it aborts others: every waiter settles once, by the signal', async () => {
  const { coalescer, primary, settled } = openStage();
  const leaving = new AbortController();
  const waiters = ['a', 'b', 'c'].map((key) => watch(coalescer.request(key, { signal: leaving.signal })));
  // The first call, stopped, cancels and asks for the keys whose waiters the same signal is about to take away.
  const again: ReturnType<typeof watch>[] = [];
  primary.calls[0]!.signal.addEventListener('abort', () => {
    coalescer.cancel({ payload: 'b' });
    again.push(watch(coalescer.request('c')), watch(coalescer.request('c', { signal: leaving.signal })));
  });
  leaving.abort('gone');
  await settled();
  assert.equal(primary.calls.filter(({ payload }) => payload === 'b').length, 1);
  assert.deepEqual(
    waiters.map(({ state }) => state),
    ['rejected', 'rejected', 'rejected'],
  );
  assert.deepEqual([again[0]!.state, again[1]!.reason], ['pending', 'gone']);
  const newest = primary.calls.findLast(({ payload }) => payload === 'c')!;
  assert.equal(newest.signal.aborted, false);
  newest.resolve('answer');
  await settled();
  assert.equal(again[0]!.value, 'answer');
  assert.equal(coalescer.stats().airborne, 0);
  assert.equal(listeners(leaving.signal), 0);
});

test('a signal that is only half of one is refused, or at least keeps nobody else from the answer', async () => {
  const wronged = (): never => {
    throw new Error('half-made');
  };
  const halves: readonly object[] = [
    { aborted: false, addEventListener: () => undefined },
    { aborted: false, addEventListener: wronged, removeEventListener: wronged },
    { aborted: false, addEventListener: () => undefined, removeEventListener: wronged },
    { addEventListener: () => undefined, removeEventListener: () => undefined },
  ];
  for (const half of halves) {
    const { coalescer, primary, environment } = openStage();
    const before = watch(coalescer.request('a'));
    const own = watch(coalescer.request('a', { signal: half as AbortSignal }));
    const after = [watch(coalescer.request('a')), watch(coalescer.request('a', { signal: new AbortController().signal }))];
    primary.calls[0]!.resolve('x');
    await environment.advance(10);
    assert.equal(primary.calls.length, 1);
    for (const waiter of [before, ...after]) assert.equal(waiter.value, 'x');
    assert.notEqual(own.state, 'pending');
    const { airborne, waiting, requests, launched, joined, refused } = coalescer.stats();
    assert.deepEqual([airborne, waiting, environment.timers()], [0, 0, 0]);
    assert.equal(requests, launched + joined + refused);
  }
});

// Such a waiter left twice: it was counted out once more, and the flight was taken from under those who still waited.
test('a signal that tells at once when it is listened to takes nobody else along', async () => {
  const { coalescer, primary, settled } = openStage();
  const reason = new Error('mine');
  const signal = {
    aborted: false,
    reason,
    addEventListener(_: string, listener: () => void) {
      this.aborted = true;
      listener();
    },
    removeEventListener: () => undefined,
  };
  const staying = watch(coalescer.request('a'));
  const leaving = watch(coalescer.request('a', { signal: signal as unknown as AbortSignal, timeoutMs: 10 }));
  await settled();
  assert.deepEqual([leaving.reason, coalescer.waiters({ payload: 'a' }), coalescer.stats().left], [reason, 1, 1]);
  primary.calls[0]!.resolve('x');
  await settled();
  assert.equal(staying.value, 'x');
});

// Its waiter stayed in the list, and what its flight was rejected with was told to a promise that nobody had; or it left twice.
test('a signal that throws at a later look, or after it has told, leaves nobody behind', async (context) => {
  const unhandled: unknown[] = [];
  const note = (error: unknown): void => void unhandled.push(error);
  process.on('unhandledRejection', note);
  context.after(() => process.off('unhandledRejection', note));
  const listening = new Set<() => void>();
  const shy = (): object => {
    let looks = 0;
    return {
      get aborted() {
        if (++looks > 2) throw new Error('not again');
        return false;
      },
      addEventListener: (_: string, listener: () => void) => void listening.add(listener),
      removeEventListener: (_: string, listener: () => void) => void listening.delete(listener),
    };
  };
  const hasty = (): object => ({
    aborted: false,
    reason: new Error('gone'),
    addEventListener(_: string, listener: () => void) {
      listener();
      throw new Error('not again');
    },
    removeEventListener: () => undefined,
  });
  const asks = ['request', 'stream'] as const;
  for (const [make, message, left] of [[shy, 'not again', 0], [hasty, 'gone', 1]] as const) // biome-ignore format: one thought
    for (const ask of asks) {
      const { coalescer, primary, settled } = openStage();
      const staying = watch(coalescer.request('a'));
      const signal = make() as AbortSignal;
      const told = watch(ask === 'request' ? coalescer.request('a', { signal }) : coalescer.stream('a', { signal }).opened);
      await settled();
      assert.equal(primary.calls.length, 1);
      assert.equal((told.reason as Error).message, message);
      assert.deepEqual([coalescer.waiters({ payload: 'a' }), coalescer.stats().waiting, coalescer.stats().left], [1, 1, left]);
      assert.equal(listening.size, 0);
      primary.calls[0]!.reject(Object.assign(new Error('x'), { status: 404 }));
      await settled();
      assert.equal((staying.reason as Error).message, 'x');
      assert.equal(coalescer.stats().waiting, 0);
    }
  await new Promise(setImmediate);
  assert.deepEqual(unhandled, []);
});
