// Hedges: a second attempt beside the first, where the first takes longer than usual. The first answer wins, an error ends nothing while the other is
// out, and what it may cost is bounded. Invariants I3, I11, I12, I14; fault F10.
import assert from 'node:assert/strict';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { test } from 'node:test';
import { createCoalescer, type ChannelMessages } from '../../src/index.js';
import { scriptedTarget } from '../../src/testing.js';
import { codeOf, countedEnvironment, httpError, openStage, watch, type Script, type Stage, type StageOptions } from './stage.js';

const AFTER_MS = 100;
const staged = (options: StageOptions = {}, count: 1 | 2 | 3 = 2): Stage =>
  openStage({ hedge: { afterMs: AFTER_MS, maxExtraShare: 1 }, ...options }, count);
const last = ({ calls }: Script): Script['calls'][number] => calls.at(-1)!;

/** A flight with two attempts out: the primary's, and the hedge on the backup. */
async function hedged(options: StageOptions = {}, count: 2 | 3 = 2): Promise<Stage & { readonly waiter: ReturnType<typeof watch> }> {
  const stage = staged(options, count);
  const waiter = watch(stage.coalescer.request('a'));
  await stage.environment.advance(AFTER_MS - 1);
  assert.equal(stage.calls(), 1, 'not earlier');
  // The wheel ticks every 10 ms.
  await stage.environment.advance(11);
  assert.deepEqual([stage.primary.calls.length, stage.backup.calls.length, waiter.state], [1, 1, 'pending']);
  return { ...stage, waiter };
}

test('off by default: however long the first target takes, there is one call', async () => {
  const { coalescer, environment, calls } = openStage({}, 2);
  void watch(coalescer.request('a'));
  await environment.advance(10_000);
  assert.equal(calls(), 1);
});

test('the hedge answers first: it is everybody’s value, and the first attempt is told to stop', async () => {
  const { coalescer, primary, backup, waiter, settled, calls } = await hedged();
  const follower = watch(coalescer.request('a'));
  last(backup).resolve('quick');
  await settled();
  assert.deepEqual([waiter.value, follower.value, calls()], ['quick', 'quick', 2]);
  assert.equal(last(primary).signal.aborted, true);
  assert.match(String(last(primary).signal.reason), /another attempt of this flight has answered first/);
  assert.equal(last(backup).signal.aborted, false);
});

test('the first attempt answers first: the hedge is told to stop', async () => {
  const { primary, backup, waiter, settled } = await hedged();
  last(primary).resolve('slow');
  await settled();
  assert.equal(waiter.value, 'slow');
  assert.deepEqual([last(primary).signal.aborted, last(backup).signal.aborted], [false, true]);
});

test('what the loser says later is nobody’s', async () => {
  for (const late of ['value', 'error'] as const) {
    const { coalescer, primary, backup, waiter, settled } = await hedged();
    last(backup).resolve('quick');
    if (late === 'value') last(primary).resolve('slow');
    else last(primary).reject(new Error('stopped'));
    await settled();
    assert.equal(waiter.value, 'quick');
    const { fulfilled, rejected, targets } = coalescer.stats();
    assert.deepEqual([fulfilled, rejected, targets['primary']?.failures], [1, 0, 0]);
  }
});

test('an error of either ends nothing while the other is out', async () => {
  for (const first of ['primary', 'backup'] as const) {
    const stage = await hedged();
    const other = first === 'primary' ? stage.backup : stage.primary;
    last(stage[first]).reject(httpError(503));
    await stage.settled();
    assert.deepEqual([stage.waiter.state, stage.calls(), last(other).signal.aborted], ['pending', 2, false]);
    last(other).resolve('x');
    await stage.settled();
    assert.equal(stage.waiter.value, 'x');
  }
});

test('both fail: one error for all, that lists both, and no third call where two are allowed', async () => {
  const { primary, backup, waiter, settled, calls } = await hedged();
  last(backup).reject(httpError(500));
  await settled();
  last(primary).reject(httpError(503));
  await settled();
  assert.equal(codeOf(waiter), 'COALESCER_TARGETS_FAILED');
  const { attempts } = waiter.reason as { readonly attempts: readonly { readonly target: string; readonly isHedge?: true }[] };
  assert.deepEqual(
    attempts.map(({ target, isHedge }) => [target, isHedge]),
    [
      ['primary', undefined],
      ['backup', true],
    ],
  );
  assert.equal(calls(), 2);
});

test('both fail, and a third target is left: the flight goes on there, once', async () => {
  const { primary, backup, third, waiter, settled, environment } = await hedged({}, 3);
  last(primary).reject(httpError(503));
  last(backup).reject(httpError(503));
  await settled();
  assert.equal(third.calls.length, 1);
  await environment.advance(1_000);
  assert.equal(third.calls.length, 1, 'a flight is hedged once');
  last(third).resolve('x');
  await settled();
  assert.equal(waiter.value, 'x');
});

test('an error that is the answer is the answer, from whichever it comes', async () => {
  const { primary, backup, waiter, settled } = await hedged();
  const missing = httpError(404);
  last(backup).reject(missing);
  await settled();
  assert.equal(waiter.reason, missing);
  assert.equal(last(primary).signal.aborted, true);
});

test('the attempts’ own times go on: the first is cut off at its own, the hedge has its own', async () => {
  const { primary, backup, waiter, environment, settled } = await hedged({ attemptTimeoutMs: 500 });
  await environment.advance(380);
  assert.deepEqual([last(primary).signal.aborted, last(backup).signal.aborted], [false, false], 'at 490 ms');
  await environment.advance(20);
  assert.deepEqual([last(primary).signal.aborted, last(backup).signal.aborted, waiter.state], [true, false, 'pending'], 'at 510 ms');
  await environment.advance(80);
  assert.equal(last(backup).signal.aborted, false);
  await environment.advance(30);
  assert.equal(last(backup).signal.aborted, true);
  await settled();
  assert.equal(codeOf(waiter), 'COALESCER_TARGETS_FAILED');
});

test('the times of both are up in one tick: neither has another tick', async () => {
  const { environment } = staged();
  const signals: AbortSignal[] = [];
  const run = (_: string, { signal }: { readonly signal: AbortSignal }): Promise<string> => {
    signals.push(signal);
    return new Promise<string>(() => {});
  };
  const coalescer = createCoalescer({
    scope: 'public',
    environment,
    hedge: { afterMs: AFTER_MS, maxExtraShare: 1 },
    targets: { first: { run, attemptTimeoutMs: 195 }, second: { run, attemptTimeoutMs: 98 } },
  });
  void watch(coalescer.request('a'));
  await environment.advance(199);
  assert.deepEqual(
    signals.map(({ aborted }) => aborted),
    [false, false],
  );
  await environment.advance(1);
  assert.deepEqual(
    signals.map(({ aborted }) => aborted),
    [true, true],
  );
});

test('the time of one is up, and the other fails before the late tick that would have said so: the one is told in that tick', async () => {
  const exact = countedEnvironment();
  const LATE_MS = 3;
  const environment = { ...exact, setTimer: (ms: number, run: () => void) => exact.setTimer(ms + LATE_MS, run) };
  const [first, second] = [scriptedTarget<string, string>(), scriptedTarget<string, string>()];
  const coalescer = createCoalescer({
    scope: 'public',
    environment,
    hedge: { afterMs: 50, maxExtraShare: 1 },
    targets: { first: { run: first, attemptTimeoutMs: 102 }, second: { run: second, attemptTimeoutMs: 500 } },
  });
  const waiter = watch(coalescer.request('a'));
  await exact.advance(111);
  assert.deepEqual([second.calls.length, first.calls[0]!.signal.aborted], [1, false]);
  second.calls[0]!.reject(httpError(503));
  await exact.advance(LATE_MS);
  assert.equal(first.calls[0]!.signal.aborted, true);
  assert.equal(codeOf(waiter), 'COALESCER_TARGETS_FAILED');
});

test('the flight’s time, the last waiter leaving, and cancel end both', async () => {
  const ends: Record<string, (stage: Awaited<ReturnType<typeof hedged>>, leave: AbortController) => Promise<void>> = {
    deadline: ({ environment }) => environment.advance(1_000),
    cancel: async ({ coalescer, settled }) => {
      coalescer.cancel({ payload: 'a' });
      await settled();
    },
  };
  for (const [how, end] of Object.entries(ends)) {
    const stage = await hedged({ flightTimeoutMs: 1_000 });
    await end(stage, new AbortController());
    assert.deepEqual([last(stage.primary).signal.aborted, last(stage.backup).signal.aborted], [true, true], how);
    assert.equal(stage.waiter.state, 'rejected');
    await stage.environment.advance(20);
    assert.equal(stage.environment.timers(), 0, how);
    assert.equal(stage.coalescer.stats().airborne, 0, how);
    const { primary, backup } = stage.coalescer.stats().targets;
    assert.deepEqual([primary?.airborne, backup?.airborne], [0, 0], how);
  }
  const stage = staged();
  const leave = new AbortController();
  const waiter = watch(stage.coalescer.request('a', { signal: leave.signal }));
  await stage.environment.advance(AFTER_MS + 10);
  leave.abort();
  await stage.settled();
  assert.deepEqual([waiter.state, last(stage.primary).signal.aborted, last(stage.backup).signal.aborted], ['rejected', true, true]);
  await stage.environment.advance(20);
  assert.equal(stage.environment.timers(), 0);
});

test('a target that is not replayable is neither hedged nor a hedge', async () => {
  const { environment } = staged();
  for (const once of ['first', 'second'] as const) {
    let calls = 0;
    const run = (): Promise<string> => {
      calls++;
      return new Promise<string>(() => {});
    };
    const coalescer = createCoalescer({
      scope: 'public',
      environment,
      hedge: { afterMs: AFTER_MS, maxExtraShare: 1 },
      targets: { first: { run, replayable: once !== 'first' }, second: { run, replayable: once !== 'second' } },
    });
    void watch(coalescer.request('a'));
    await environment.advance(1_000);
    assert.equal(calls, 1, once);
  }
});

test('at most maxExtraShare of the first attempts are hedged, besides the one at the start', async () => {
  const stage = staged({ hedge: { afterMs: AFTER_MS, maxExtraShare: 0.02 }, limits: { flights: 1_000 } });
  for (let flight = 0; flight < 500; flight++) void watch(stage.coalescer.request(`key ${flight}`));
  await stage.environment.advance(1_000);
  assert.equal(stage.primary.calls.length, 500);
  assert.equal(stage.backup.calls.length, 10, 'what 500 have saved is ten, and no more can be saved');
  for (let flight = 500; flight < 549; flight++) void watch(stage.coalescer.request(`key ${flight}`));
  await stage.environment.advance(1_000);
  assert.equal(stage.backup.calls.length, 10);
  void watch(stage.coalescer.request('key 549'));
  await stage.environment.advance(1_000);
  assert.equal(stage.backup.calls.length, 11, 'fifty more save one more');
});

test('each draws from the budget of the target that is too slow', async () => {
  // 10 % of the firsts, and one for each of ten seconds.
  const stage = staged({ hedge: { afterMs: AFTER_MS, maxExtraShare: 1 } });
  for (let flight = 0; flight < 100; flight++) void watch(stage.coalescer.request(`key ${flight}`));
  await stage.environment.advance(500);
  assert.equal(stage.backup.calls.length, 10, 'savings are ten at most');
  for (let flight = 100; flight < 200; flight++) void watch(stage.coalescer.request(`key ${flight}`));
  await stage.environment.advance(500);
  assert.equal(stage.backup.calls.length, 20);
  for (let flight = 200; flight < 220; flight++) void watch(stage.coalescer.request(`key ${flight}`));
  await stage.environment.advance(500);
  assert.equal(stage.backup.calls.length, 30, '220 first attempts allow 32');
  for (let flight = 220; flight < 230; flight++) void watch(stage.coalescer.request(`key ${flight}`));
  await stage.environment.advance(500);
  assert.equal(stage.backup.calls.length, 33, '230 allow 33');
  const { hedges, retries } = stage.coalescer.stats().targets['backup']!;
  assert.deepEqual([hedges, retries], [33, 0]);
});

test('where no other target may be called, there is no hedge, and nothing is drawn for it', async () => {
  const stage = staged({ hedge: { afterMs: AFTER_MS, maxExtraShare: 0.02 } });
  stage.coalescer.targets.breaker('backup', 'open');
  const waiter = watch(stage.coalescer.request('a'));
  await stage.environment.advance(1_000);
  assert.deepEqual([stage.calls(), waiter.state], [1, 'pending']);
  stage.coalescer.targets.breaker('backup', 'auto');
  void watch(stage.coalescer.request('b'));
  await stage.environment.advance(1_000);
  assert.equal(stage.backup.calls.length, 1, 'the hedge of the start was still there');
});

test('after the percentile of what the target took, once a hundred attempts were answered', async () => {
  const stage = staged({ hedge: { percentile: 90, maxExtraShare: 1 } });
  const answered = async (count: number, ms: number): Promise<void> => {
    for (let flight = 0; flight < count; flight++) {
      void watch(stage.coalescer.request('x'));
      await stage.environment.advance(ms);
      last(stage.primary).resolve('x');
      await stage.settled();
    }
  };
  await answered(80, 200);
  void watch(stage.coalescer.request('early'));
  await stage.environment.advance(10_000);
  assert.equal(stage.backup.calls.length, 0, 'not enough is known');
  last(stage.primary).resolve('x');
  await stage.settled();
  await answered(30, 200);
  void watch(stage.coalescer.request('late'));
  await stage.environment.advance(185);
  assert.equal(stage.backup.calls.length, 0);
  await stage.environment.advance(50);
  assert.equal(stage.backup.calls.length, 1, '200 ms, within a sixteenth and a tick');
});

test('an attempt that was outraced counts as slow: hedges do not make their target look quick', async () => {
  const stage = staged({ hedge: { afterMs: AFTER_MS, maxExtraShare: 1 }, budget: { perSecondMin: 100 } });
  for (let flight = 0; flight < 10; flight++) {
    void watch(stage.coalescer.request('a'));
    await stage.environment.advance(AFTER_MS + 10);
    last(stage.backup).resolve('x');
    await stage.settled();
  }
  const [primary, backup] = stage.coalescer.targets.report();
  assert.ok(primary!.p50Ms >= AFTER_MS, `${primary!.p50Ms} ms`);
  assert.ok(backup!.p50Ms < 10, `${backup!.p50Ms} ms`);
  const { targets } = stage.coalescer.stats();
  assert.deepEqual([targets['primary']?.outraced, targets['backup']?.hedges, targets['primary']?.failures], [10, 10, 0]);
  assert.equal(primary!.breaker, 'closed');
});

test('it is told: by outcome, and by explain while two are out and afterwards', async () => {
  const stage = staged();
  const outcome = stage.coalescer.outcome('a');
  await stage.environment.advance(AFTER_MS + 10);
  const whats = async (): Promise<unknown[]> =>
    (await stage.coalescer.explain({ payload: 'a' }))!.events.map(({ what, target }) => [what, target]);
  assert.deepEqual(await whats(), [
    ['launched', undefined],
    ['attempt', 'primary'],
    ['hedge', 'backup'],
  ]);
  last(stage.backup).resolve('x');
  await stage.settled();
  const { attempts, target, failedOver } = await outcome;
  assert.deepEqual(
    attempts.map((attempt) => [attempt.target, attempt.attempt, attempt.end, attempt.isHedge]),
    [
      ['primary', 1, 'outraced', undefined],
      ['backup', 2, 'value', true],
    ],
  );
  assert.deepEqual([target, failedOver], ['backup', false]);
  assert.deepEqual(await whats(), [
    ['launched', undefined],
    ['attempt', 'primary'],
    ['hedge', 'backup'],
    ['outraced', 'primary'],
    ['value', 'backup'],
    ['settled', undefined],
  ]);
});

// `outcome` said so, and neither the counter nor the channel nor the story did.
test('where the first attempt fails its flight has gone on to the hedge’s target: counted, and told', async () => {
  for (const [failing, failovers] of [
    ['primary', 1],
    ['backup', 0],
  ] as const) {
    const stage = staged();
    const told: string[][] = [];
    const note = (message: unknown): void => {
      const { from, to } = message as ChannelMessages['coalescer:failover'];
      told.push([from, to]);
    };
    subscribe('coalescer:failover', note);
    const outcome = stage.coalescer.outcome('a');
    await stage.environment.advance(AFTER_MS + 10);
    last(stage[failing]).reject(httpError(503));
    await stage.settled();
    last(failing === 'primary' ? stage.backup : stage.primary).resolve('x');
    await stage.settled();
    unsubscribe('coalescer:failover', note);
    assert.equal(stage.calls(), 2);
    const isTold = failovers === 1;
    assert.deepEqual([stage.coalescer.stats().failovers, (await outcome).failedOver], [failovers, isTold]);
    assert.deepEqual(told, isTold ? [['primary', 'backup']] : []);
    const story = String(await stage.coalescer.explain({ payload: 'a' }));
    assert.equal(/failover: from primary, to backup$/m.test(story), isTold, story);
  }
});

test('why there was no hedge is told as well', async () => {
  const stage = staged();
  stage.coalescer.targets.breaker('backup', 'open');
  void watch(stage.coalescer.request('a'));
  await stage.environment.advance(AFTER_MS + 10);
  last(stage.primary).resolve('x');
  await stage.settled();
  const story = await stage.coalescer.explain({ payload: 'a' });
  assert.match(String(story), /not hedged: target backup, why is closed off by hand/);
});

test('what may be said in the options, and what not', () => {
  assert.throws(() => openStage({ hedge: { afterMs: 5, percentile: 95 } }), /options\.hedge: expected afterMs or percentile, got both/);
  assert.throws(
    () => openStage({ hedge: { percentile: 0.95 } }),
    /options\.hedge\.percentile: expected a percentile, 50 to 99\.9, got 0\.95/,
  );
  assert.throws(() => openStage({ hedge: { maxExtraShare: 2 } }), /options\.hedge\.maxExtraShare: expected a share, 0 to 1/);
  assert.throws(() => openStage({ hedge: 100 as never }), /options\.hedge: expected an object or false, got 100/);
  assert.doesNotThrow(() => openStage({ hedge: {} }));
  assert.doesNotThrow(() => openStage({ hedge: false }));
});
