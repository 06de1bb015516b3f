// What becomes of a flight whose last waiter left: aborted at once, kept a while, or let to finish.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openStage, watch, type Stage } from './stage.js';

/** A request that leaves at once. */
function come(stage: Stage, key = 'a'): () => void {
  const leaving = new AbortController();
  watch(stage.coalescer.request(key, { signal: leaving.signal }));
  return () => leaving.abort();
}

test('within abandonAfterMs another waiter finds the flight as it was', async () => {
  const stage = openStage({ abandonAfterMs: 100 });
  const { coalescer, primary, environment } = stage;
  come(stage)();
  await environment.advance(90);
  const waiter = watch(coalescer.request('a'));
  assert.equal(primary.calls.length, 1);
  assert.equal(primary.calls[0]!.signal.aborted, false);
  await environment.advance(10_000);
  assert.equal(primary.calls[0]!.signal.aborted, false);
  primary.calls[0]!.resolve('answer');
  await environment.advance(0);
  assert.equal(primary.calls.length, 1);
  assert.equal(waiter.value, 'answer');
});

test('who comes back within abandonAfterMs and is answered leaves nothing behind that is still timed', async () => {
  const stage = openStage({ abandonAfterMs: 60_000 });
  const { coalescer, primary, environment } = stage;
  come(stage)();
  await environment.advance(90);
  const waiter = watch(coalescer.request('a'));
  assert.equal(primary.calls.length, 1);
  primary.calls[0]!.resolve('answer');
  await environment.advance(30);
  assert.equal(waiter.value, 'answer');
  assert.equal(environment.timers(), 0);
});

test('after abandonAfterMs the call is aborted and the key is free', async () => {
  const stage = openStage({ abandonAfterMs: 100 });
  const { coalescer, primary, environment } = stage;
  come(stage)();
  await environment.advance(99);
  assert.equal(primary.calls[0]!.signal.aborted, false);
  await environment.advance(11);
  assert.equal(primary.calls.length, 1);
  assert.equal(primary.calls[0]!.signal.aborted, true);
  assert.equal(coalescer.stats().airborne, 0);
  assert.equal(environment.timers(), 0);
  watch(coalescer.request('a'));
  assert.equal(primary.calls.length, 2);
});

test('each time the last one leaves, the wait begins anew', async () => {
  const stage = openStage({ abandonAfterMs: 100 });
  const { primary, environment } = stage;
  for (let round = 0; round < 10; round++) {
    const leave = come(stage);
    await environment.advance(40);
    leave();
    await environment.advance(80);
  }
  assert.equal(primary.calls.length, 1);
  assert.equal(primary.calls[0]!.signal.aborted, false);
  await environment.advance(40);
  assert.equal(primary.calls[0]!.signal.aborted, true);
});

test('when the last one leaves again, the wait that began before counts no longer', async () => {
  const stage = openStage({ abandonAfterMs: 1_000 });
  const { primary, environment } = stage;
  for (let round = 0; round < 3; round++) {
    come(stage)();
    await environment.advance(500);
  }
  assert.equal(primary.calls.length, 1);
  await environment.advance(490);
  assert.equal(primary.calls[0]!.signal.aborted, false);
  await environment.advance(20);
  assert.equal(primary.calls[0]!.signal.aborted, true);
});

test('a waiter that is out of time counts as one that left', async () => {
  const { coalescer, primary, environment } = openStage({ abandonAfterMs: 100 });
  watch(coalescer.request('a', { timeoutMs: 50 }));
  await environment.advance(140);
  assert.equal(primary.calls[0]!.signal.aborted, false);
  await environment.advance(30);
  assert.equal(primary.calls.length, 1);
  assert.equal(primary.calls[0]!.signal.aborted, true);
});

test('a flight that ends while nobody waits ends quietly, with a value or an error', async () => {
  for (const ends of ['value', 'error'] as const) {
    const stage = openStage({ abandonAfterMs: 100 });
    const { coalescer, primary, environment } = stage;
    come(stage)();
    if (ends === 'value') primary.calls[0]!.resolve('for nobody');
    else primary.calls[0]!.reject(new Error('for nobody'));
    await environment.advance(0);
    assert.equal(primary.calls.length, 1);
    assert.equal(coalescer.stats().airborne, 0);
    await environment.advance(1_000);
    assert.equal(environment.timers(), 0);
    watch(coalescer.request('a'));
    assert.equal(primary.calls.length, 2);
  }
});

test('the flight ends at its own time although it might wait longer for another waiter', async () => {
  for (const abandonAfterMs of [60_000, 'finish'] as const) {
    const stage = openStage({ abandonAfterMs, flightTimeoutMs: 1_000 });
    const { coalescer, primary, environment } = stage;
    come(stage)();
    await environment.advance(1_010);
    assert.equal(primary.calls.length, 1);
    assert.equal(primary.calls[0]!.signal.aborted, true);
    assert.equal(coalescer.stats().airborne, 0);
    assert.equal(environment.timers(), 0);
  }
});

test("with 'finish' the flight goes on, failing over, and who comes meanwhile joins it", async () => {
  const stage = openStage({ abandonAfterMs: 'finish' }, 2);
  const { coalescer, primary, backup, environment, calls } = stage;
  come(stage)();
  primary.calls[0]!.reject(new Error('first'));
  await environment.advance(5_000);
  assert.equal(backup.calls.length, 1);
  const waiter = watch(coalescer.request('a'));
  assert.equal(calls(), 2);
  backup.calls[0]!.resolve('answer');
  await environment.advance(0);
  assert.equal(waiter.value, 'answer');
});

test("with 'finish' a flight that nobody waits for is neither aborted nor a lost rejection", async () => {
  const stage = openStage({ abandonAfterMs: 'finish' }, 2);
  const { coalescer, primary, backup, environment, calls } = stage;
  come(stage)();
  primary.calls[0]!.reject(new Error('first'));
  await environment.advance(0);
  backup.calls[0]!.reject(new Error('second'));
  await environment.advance(0);
  assert.equal(calls(), 2);
  assert.equal(coalescer.stats().airborne, 0);
  assert.equal(primary.calls[0]!.signal.aborted, false);
  await environment.advance(10);
  assert.equal(environment.timers(), 0);
});

test('a forgotten flight that nobody waits for and nobody can join is not kept for another', async () => {
  const stage = openStage({ abandonAfterMs: 1_000 });
  const { coalescer, primary, environment } = stage;
  const leave = come(stage);
  coalescer.forget({ payload: 'a' });
  leave();
  assert.equal(primary.calls.length, 1);
  assert.equal(primary.calls[0]!.signal.aborted, true);
  assert.equal(coalescer.stats().airborne, 0);
  await environment.advance(10);
  assert.equal(environment.timers(), 0);
});

test('an unshared flight ends with its waiter', async () => {
  const { coalescer, primary } = openStage({ key: () => null });
  const leaving = new AbortController();
  watch(coalescer.request('a', { signal: leaving.signal }));
  leaving.abort();
  assert.equal(primary.calls.length, 1);
  assert.equal(primary.calls[0]!.signal.aborted, true);
  assert.equal(coalescer.stats().airborne, 0);
});

test('a flight that was abandoned counts as abandoned, once, and neither as fulfilled nor as rejected', async () => {
  const stage = openStage();
  const { coalescer, primary, settled } = stage;
  come(stage)();
  primary.calls[0]!.resolve('late');
  await settled();
  assert.equal(primary.calls.length, 1);
  const { abandoned, fulfilled, rejected, left, launched } = coalescer.stats();
  assert.deepEqual({ abandoned, fulfilled, rejected, left, launched }, { abandoned: 1, fulfilled: 0, rejected: 0, left: 1, launched: 1 });
});

test('a flight that somebody left and another joined is past joining when its age says so, however long it may linger', async () => {
  const stage = openStage({ abandonAfterMs: 10_000, flightTimeoutMs: 30_000 });
  const { coalescer, primary, environment } = stage;
  const leave = come(stage);
  await environment.advance(4_000);
  leave();
  await environment.advance(1_000);
  watch(coalescer.request('a', { timeoutMs: 8_000 }));
  await environment.advance(15_000);
  watch(coalescer.request('a'));
  assert.equal(primary.calls.length, 2);
});

test('a flight that lingers past its age of joining is joined by nobody', async () => {
  const stage = openStage({ abandonAfterMs: 25_000, flightTimeoutMs: 30_000 });
  const { coalescer, primary, environment } = stage;
  const leave = come(stage);
  await environment.advance(14_000);
  leave();
  await environment.advance(900);
  const joined = watch(coalescer.request('a', { timeoutMs: 50 }));
  await environment.advance(110);
  watch(coalescer.request('a'));
  assert.equal(primary.calls.length, 2);
  assert.equal(joined.state, 'rejected');
});
