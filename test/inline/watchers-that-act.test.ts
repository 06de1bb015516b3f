// Subscribers run in the middle of things, and may do to the coalescer what anybody may: no waiter is lost, no flight ends twice.
import assert from 'node:assert/strict';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { test, type TestContext } from 'node:test';
import { codeOf, httpError, openStage, watch, type Stage } from './stage.js';

/** Does `act` at the first message of a channel. */
function atFirst(t: TestContext, name: string, act: () => unknown): void {
  let hasActed = false;
  const on = (): void => {
    if (hasActed) return;
    hasActed = true;
    act();
  };
  subscribe(name, on);
  t.after(() => unsubscribe(name, on));
}

function assertNothingLeft({ coalescer, environment }: Stage): void {
  const { airborne, waiting, bytes, requests, launched, joined, refused, fulfilled, rejected, abandoned } = coalescer.stats();
  assert.deepEqual([airborne, waiting, bytes, environment.timers()], [0, 0, 0, 0]);
  assert.equal(requests, launched + joined + refused);
  assert.equal(launched, fulfilled + rejected + abandoned);
}

test('who listens may ask, cancel and forget: no waiter is lost, none is told twice', async () => {
  for (const name of [
    'coalescer:flight:launched',
    'coalescer:flight:joined',
    'coalescer:attempt',
    'coalescer:failover',
    'coalescer:flight:settled',
  ]) {
    for (const act of ['cancel', 'forget', 'request'] as const) {
      const { coalescer, primary, backup, environment } = openStage({ flightTimeoutMs: 1_000, detectReentrance: false }, 2);
      let hasActed = false;
      const extra: ReturnType<typeof watch>[] = [];
      const on = (): void => {
        if (hasActed) return;
        hasActed = true;
        if (act === 'request') extra.push(watch(coalescer.request('a')));
        else coalescer[act]({ payload: 'a' });
      };
      subscribe(name, on);
      const waiters = [watch(coalescer.request('a')), watch(coalescer.request('a'))];
      primary.calls[0]?.reject(httpError(503));
      await environment.advance(0);
      backup.calls[0]?.resolve('x');
      await environment.advance(2_000);
      unsubscribe(name, on);
      assert.equal(hasActed, true, name);
      for (const waiter of [...waiters, ...extra]) {
        assert.notEqual(waiter.state, 'pending', `${act} in ${name}`);
        if (waiter.state === 'rejected') assert.match(codeOf(waiter), /CANCELLED|TIMEOUT|TARGETS_FAILED/);
      }
      const { airborne, waiting, requests, launched, joined, refused } = coalescer.stats();
      assert.deepEqual([airborne, waiting, environment.timers()], [0, 0, 0], `${act} in ${name}`);
      assert.equal(requests, launched + joined + refused);
    }
  }
});

test('a flight that is cancelled as soon as its launch is told makes no call, or one that is aborted at once', async (t) => {
  const stage = openStage();
  const { coalescer, primary, environment } = stage;
  atFirst(t, 'coalescer:flight:launched', () => coalescer.cancel({ payload: 'a' }));
  const waiter = watch(coalescer.request('a'));
  await environment.advance(10);
  assert.ok(primary.calls.every(({ signal }) => signal.aborted));
  assert.equal(codeOf(waiter), 'COALESCER_FLIGHT_CANCELLED');
  assertNothingLeft(stage);
});

test('a flight that is cancelled as its value arrives ends once, either way, and is told once', async (t) => {
  const stage = openStage();
  const { coalescer, primary, environment } = stage;
  const settles: unknown[] = [];
  const on = (message: unknown): unknown => settles.push(message);
  subscribe('coalescer:flight:settled', on);
  t.after(() => unsubscribe('coalescer:flight:settled', on));
  atFirst(t, 'coalescer:attempt', () => coalescer.cancel({ payload: 'a' }));
  const waiters = [watch(coalescer.request('a')), watch(coalescer.request('a'))];
  primary.calls[0]!.resolve('x');
  await environment.advance(10);
  assert.equal(primary.calls.length, 1);
  assert.equal(new Set(waiters.map(({ state }) => state)).size, 1);
  assert.notEqual(waiters[0]!.state, 'pending');
  assert.equal(settles.length, 1);
  assertNothingLeft(stage);
});

test('the last waiter that leaves as its value arrives leaves nothing behind', async (t) => {
  const stage = openStage();
  const { coalescer, primary, environment } = stage;
  const leave = new AbortController();
  atFirst(t, 'coalescer:attempt', () => leave.abort('gone'));
  const waiter = watch(coalescer.request('a', { signal: leave.signal }));
  primary.calls[0]!.resolve('x');
  await environment.advance(10);
  assert.equal(primary.calls.length, 1);
  assert.notEqual(waiter.state, 'pending');
  assertNothingLeft(stage);
});

test('the last waiter that leaves as the failover is told stops it', async (t) => {
  const stage = openStage({}, 3);
  const { coalescer, primary, environment, calls } = stage;
  const leave = new AbortController();
  atFirst(t, 'coalescer:failover', () => leave.abort('gone'));
  const waiter = watch(coalescer.request('a', { signal: leave.signal }));
  primary.calls[0]!.reject(httpError(503));
  await environment.advance(10);
  assert.equal(waiter.reason, 'gone');
  assert.ok(calls() <= 2);
  assert.ok(
    [...stage.backup.calls].every(({ signal }) => signal.aborted),
    'no attempt goes on after the last waiter left',
  );
  assertNothingLeft(stage);
});

test('a close while a launch is told loses nobody', async (t) => {
  const stage = openStage();
  const { coalescer, environment } = stage;
  atFirst(t, 'coalescer:flight:launched', () => watch(coalescer.close({ drainMs: 50 })));
  const waiter = watch(coalescer.request('a'));
  await environment.advance(70);
  assert.ok(stage.calls() <= 1);
  assert.equal(codeOf(waiter), 'COALESCER_CLOSED');
  assertNothingLeft(stage);
});
