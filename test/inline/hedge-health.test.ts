// Hedges beside all else that decides where a flight goes: routes, attempts, places, breakers, holds, orders, kept values, leaving, closing. What a hedge
// holds is given back, and nothing is left. Invariants I3, I6, I11, I13, I15, I26.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createCoalescer } from '../../src/index.js';
import { scriptedTarget } from '../../src/testing.js';
import { assertNothingLeft, HEDGE, HEDGED_MS, hedgedStage, last } from './hedge-stage.js';
import { codeOf, countedEnvironment, httpError, watch, type Stage } from './stage.js';

const counts = ({ primary, backup, third }: Stage): number[] => [primary, backup, third].map(({ calls }) => calls.length);

test('a request’s own route bounds where its hedge goes: with one target there is none', async () => {
  const stage = hedgedStage({}, 3);
  void watch(stage.coalescer.request('a', { targets: ['primary'] }));
  await stage.environment.advance(1_000);
  assert.deepEqual(counts(stage), [1, 0, 0]);
  void watch(stage.coalescer.request('b', { targets: ['third', 'primary'] }));
  await stage.environment.advance(HEDGED_MS);
  assert.deepEqual(counts(stage), [2, 0, 1]);
});

for (const maxAttempts of [1, 2, 3, 4]) {
  test(`maxAttempts ${maxAttempts} bounds all calls of a flight, its hedge included`, async () => {
    const stage = hedgedStage({ maxAttempts, backoff: { baseMs: 10 } }, 3);
    const waiter = watch(stage.coalescer.request('a'));
    await stage.environment.advance(1_000);
    assert.equal(stage.calls(), Math.min(2, maxAttempts));
    for (let turn = 0; turn < 5; turn++) {
      for (const { calls } of [stage.primary, stage.backup, stage.third]) for (const call of calls) call.reject(httpError(503));
      await stage.environment.advance(500);
    }
    assert.equal(stage.calls(), maxAttempts);
    assert.equal(codeOf(waiter), 'COALESCER_TARGETS_FAILED');
    assert.equal((waiter.reason as { readonly attempts: readonly unknown[] }).attempts.length, maxAttempts);
  });
}

test('an attempt whose own time is up before its hedge is due fails over, and is not hedged', async () => {
  const stage = hedgedStage({ attemptTimeoutMs: 50 });
  void watch(stage.coalescer.request('a'));
  await stage.environment.advance(200);
  assert.deepEqual(counts(stage), [1, 1, 0]);
  assert.equal(stage.coalescer.stats().targets['backup']?.hedges, 0);
});

test('hedges fill the places of their target and no more; a loser gives its place back, though it ignores that it is told to stop', async () => {
  const environment = countedEnvironment();
  const [primary, backup] = [scriptedTarget<string, string>(), scriptedTarget<string, string>()];
  const targets = { primary, backup: { run: backup, maxConcurrency: 2 } };
  const coalescer = createCoalescer({ scope: 'public', environment, hedge: HEDGE, targets });
  for (const key of ['a', 'b', 'c', 'd']) void watch(coalescer.request(key));
  await environment.advance(HEDGED_MS);
  assert.deepEqual([primary.calls.length, backup.calls.length], [4, 2]);
  for (const call of primary.calls) call.resolve('x');
  await environment.advance(0);
  assert.equal(coalescer.stats().targets['backup']?.airborne, 0);
  for (const key of ['e', 'f', 'g']) void watch(coalescer.request(key));
  await environment.advance(HEDGED_MS);
  assert.deepEqual([primary.calls.length, backup.calls.length], [7, 4]);
});

test('a hedge that the budget does not allow leaves the share as it was', async () => {
  const stage = hedgedStage({ hedge: { ...HEDGE, maxExtraShare: 0.5 }, budget: { share: 0, perSecondMin: 0.1 } });
  for (const [key, hedges] of [
    ['a', 1],
    ['b', 1],
    ['c', 2],
  ] as const) {
    // One in ten seconds.
    if (key === 'c') await stage.environment.advance(11_000);
    void watch(stage.coalescer.request(key));
    await stage.environment.advance(HEDGED_MS + 10);
    assert.equal(stage.backup.calls.length, hedges, key);
    last(stage.primary).resolve('x');
  }
});

/** A target's breaker is open, and its probe is due. */
async function probing(target: 'primary' | 'backup'): Promise<Stage> {
  const stage = hedgedStage({ breaker: { consecutive: 1, openMs: 1_000 }, budget: false });
  const other = target === 'primary' ? 'backup' : 'primary';
  void watch(stage.coalescer.request('trip', { targets: [target, other] }));
  last(stage[target]).reject(httpError(503));
  await stage.settled();
  last(stage[other]).resolve('x');
  await stage.environment.advance(1_300);
  assert.deepEqual([stage[target].calls.length, breakerOf(stage, target)], [1, 'open']);
  return stage;
}
const breakerOf = ({ coalescer }: Stage, name: string): unknown =>
  coalescer.targets.report().find(({ target }) => target === name)?.breaker;

for (const end of ['wins', 'fails', 'is outraced', 'is cancelled'] as const) {
  test(`a hedge may be its target’s probe: it ${end}, and the probe is not stuck`, async () => {
    const stage = await probing('backup');
    const { coalescer, environment, primary, backup, settled } = stage;
    for (const key of ['a', 'b']) void watch(coalescer.request(key));
    await environment.advance(HEDGED_MS);
    assert.deepEqual([backup.calls.length, breakerOf(stage, 'backup')], [2, 'half-open'], 'one probe for both');
    const { payload } = last(backup);
    if (end === 'wins') last(backup).resolve('x');
    else if (end === 'fails') last(backup).reject(httpError(503));
    else if (end === 'is outraced') primary.calls.find((call) => call.payload === payload)!.resolve('x');
    else coalescer.cancel({ payload });
    await settled();
    assert.equal(breakerOf(stage, 'backup'), end === 'wins' ? 'closed' : 'open');
    void watch(coalescer.request('c'));
    await environment.advance(HEDGED_MS);
    assert.equal(backup.calls.length, end === 'fails' ? 2 : 3, 'after a failure it is left alone, else it is asked again');
  });
}

test('a first attempt that is a probe and is outraced gives the probe back', async () => {
  const stage = await probing('primary');
  void watch(stage.coalescer.request('a'));
  await stage.environment.advance(HEDGED_MS);
  assert.deepEqual(counts(stage), [2, 2, 0]);
  last(stage.backup).resolve('x');
  await stage.settled();
  void watch(stage.coalescer.request('b'));
  assert.deepEqual(counts(stage), [3, 2, 0]);
  last(stage.primary).resolve('x');
  await stage.settled();
  assert.equal(breakerOf(stage, 'primary'), 'closed');
});

test('a target that asked to be left alone is no hedge until then', async () => {
  const stage = hedgedStage({ budget: false });
  void watch(stage.coalescer.request('limit', { targets: ['backup', 'primary'] }));
  last(stage.backup).reject(Object.assign(httpError(429), { retryAfterMs: 2_000 }));
  await stage.settled();
  last(stage.primary).resolve('x');
  void watch(stage.coalescer.request('a'));
  await stage.environment.advance(1_900);
  assert.deepEqual(counts(stage), [2, 1, 0]);
  void watch(stage.coalescer.request('b'));
  await stage.environment.advance(HEDGED_MS + 10);
  assert.deepEqual(counts(stage), [3, 2, 0]);
});

test('a hedge whose target asks to be left alone is obeyed by its own flight as well', async () => {
  const stage = hedgedStage({ budget: false, maxAttempts: 4 });
  void watch(stage.coalescer.request('a'));
  await stage.environment.advance(HEDGED_MS);
  last(stage.backup).reject(Object.assign(httpError(429), { retryAfterMs: 2_000 }));
  last(stage.primary).reject(httpError(503));
  await stage.environment.advance(1_900);
  assert.equal(stage.backup.calls.length, 1);
});

test('a new order is for new flights: one that is hedged goes on along its own route', async () => {
  const stage = hedgedStage({ budget: false }, 3);
  const waiter = watch(stage.coalescer.request('a'));
  await stage.environment.advance(HEDGED_MS);
  stage.coalescer.targets.order(['third', 'backup', 'primary']);
  void watch(stage.coalescer.request('b'));
  await stage.environment.advance(HEDGED_MS);
  assert.deepEqual(counts(stage), [1, 2, 1]);
  stage.backup.calls[0]!.reject(httpError(503));
  stage.primary.calls[0]!.reject(httpError(503));
  await stage.settled();
  assert.deepEqual(counts(stage), [1, 2, 2]);
  last(stage.third).resolve('x');
  await stage.settled();
  assert.equal(waiter.value, 'x');
});

test('a breaker that is closed by hand lets a hedge through, though it would be open by itself', async () => {
  const { coalescer, primary, backup, environment, settled } = hedgedStage({ breaker: { consecutive: 1, openMs: 60_000 }, budget: false });
  void watch(coalescer.request('sick', { targets: ['backup'] }));
  last(backup).reject(httpError(503));
  await settled();
  assert.equal(coalescer.targets.report()[1]?.breaker, 'open');
  coalescer.targets.breaker('backup', 'closed');
  const waiter = watch(coalescer.request('a'));
  await environment.advance(HEDGED_MS);
  assert.deepEqual([primary.calls.length, backup.calls.length], [1, 2]);
  last(backup).resolve('x');
  await settled();
  assert.equal(waiter.value, 'x');
});

test('what a hedge brought is kept, stands in when both fail, and nothing of the loser is', async () => {
  const stage = hedgedStage({ keep: { ttlMs: 100, staleIfErrorMs: 10_000 }, budget: false });
  const { coalescer, environment, primary, backup, settled } = stage;
  void watch(coalescer.request('a'));
  await environment.advance(HEDGED_MS);
  last(backup).resolve('one');
  await settled();
  last(primary).resolve('other');
  await settled();
  assert.equal(await coalescer.request('a'), 'one');
  await environment.advance(200);
  const stale = watch(coalescer.outcome('a'));
  await environment.advance(HEDGED_MS);
  assert.equal(stage.calls(), 4);
  last(backup).reject(httpError(503));
  last(primary).reject(httpError(503));
  await settled();
  const { role, value } = stale.value as { readonly role: string; readonly value: string };
  assert.deepEqual([role, value], ['stale', 'one']);
});

test('waiters leave a hedged flight one by one and change nothing for the rest; the last one ends both attempts', async () => {
  const { coalescer, environment, primary, backup, calls } = hedgedStage();
  const leaves = Array.from({ length: 4 }, () => new AbortController());
  for (const { signal } of leaves) void watch(coalescer.request('a', { signal }));
  const timed = watch(coalescer.request('a', { timeoutMs: 150 }));
  await environment.advance(HEDGED_MS);
  for (const leave of leaves.slice(0, 3)) leave.abort();
  await environment.advance(60);
  assert.equal(codeOf(timed), 'COALESCER_TIMEOUT');
  assert.deepEqual([calls(), last(primary).signal.aborted, last(backup).signal.aborted], [2, false, false]);
  leaves[3]!.abort();
  assert.deepEqual([last(primary).signal.aborted, last(backup).signal.aborted], [true, true], 'in the same tick');
  await environment.advance(20);
  assertNothingLeft(coalescer, environment);
});

for (const isAnswered of [true, false]) {
  test(`close waits for a hedged flight, and ends both attempts${isAnswered ? ' when one has answered' : ' when its time is up'}`, async () => {
    const { coalescer, environment, primary, backup, settled } = hedgedStage();
    const waiter = watch(coalescer.request('a'));
    await environment.advance(HEDGED_MS);
    const [idle, closing] = [watch(coalescer.idle()), watch(coalescer.close({ drainMs: 500 }))];
    await settled();
    assert.deepEqual([waiter.state, idle.state, closing.state], ['pending', 'pending', 'pending']);
    if (isAnswered) last(backup).resolve('x');
    await environment.advance(isAnswered ? 0 : 520);
    assert.deepEqual([waiter.state, idle.state, closing.state], [isAnswered ? 'fulfilled' : 'rejected', 'fulfilled', 'fulfilled']);
    assert.deepEqual([last(primary).signal.aborted, last(backup).signal.aborted], [true, !isAnswered]);
    await environment.advance(20);
    assertNothingLeft(coalescer, environment);
  });
}

test('10,000 hedged flights with one signal leave no listener, no timer, and sums that agree', async () => {
  const warnings: string[] = [];
  const onWarning = ({ name }: Error): void => void warnings.push(name);
  process.on('warning', onWarning);
  const { coalescer, environment, primary, backup, settled } = hedgedStage({ budget: false });
  const { signal } = new AbortController();
  for (let batch = 0; batch < 1_000; batch++) {
    const waiters = Array.from({ length: 11 }, (_, index) => watch(coalescer.request(`key ${index % 10}`, { signal })));
    await environment.advance(HEDGED_MS);
    for (const target of [primary, backup])
      for (const call of target.calls.slice(-10)) if (call.payload < 'key 5' === (target === primary)) call.resolve('x');
    await settled();
    assert.ok(waiters.every(({ value }) => value === 'x'));
  }
  await environment.advance(20);
  process.off('warning', onWarning);
  assert.deepEqual([primary.calls.length, backup.calls.length, warnings], [10_000, 10_000, []]);
  assertNothingLeft(coalescer, environment);
  const sums = Object.values(coalescer.stats().targets).map(({ attempts, hedges, outraced }) => [attempts, hedges, outraced]);
  assert.deepEqual(sums, [
    [10_000, 0, 5_000],
    [10_000, 10_000, 5_000],
  ]);
});
