// explain and stats: what happened, in order and with times, and counters that add up at every moment.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createCoalescer, type Explanation, type Stats } from '../../src/index.js';
import { scriptedTarget, virtualEnvironment } from '../../src/testing.js';
import { httpError, openStage, watch } from './stage.js';

const told = (story: Explanation | null): string[] => (story?.events ?? []).map(({ atMs, what }) => `${atMs} ${what}`);

test('a flight that failed over tells launch, attempts, verdict and settle in order, with times since its launch', async () => {
  const { coalescer, primary, backup, environment, calls } = openStage({ name: 'users' }, 2);
  await environment.advance(1_000);
  watch(coalescer.request('a'));
  await environment.advance(40);
  primary.calls[0]!.reject(httpError(503));
  await environment.advance(60);
  backup.calls[0]!.resolve('x');
  await environment.advance(0);
  assert.equal(calls(), 2);
  const story = await coalescer.explain({ payload: 'a' });
  assert.deepEqual(told(story), ['0 launched', '0 attempt', '40 failed', '40 failover', '40 attempt', '100 value', '100 settled']);
  const [launched, attempt, failed, failover] = story!.events;
  assert.deepEqual([launched?.['flight'], launched?.['key']], ['users#1', 'a']);
  assert.deepEqual([attempt?.['target'], attempt?.['attempt']], ['primary', 1]);
  assert.deepEqual([failed?.['status'], failed?.['verdict']], [503, 'failover']);
  assert.deepEqual([failover?.['from'], failover?.['to']], ['primary', 'backup']);
  const lines = String(story).split('\n');
  assert.equal(lines.length, 7);
  for (const [index, { what }] of story!.events.entries()) assert.ok(lines[index]!.includes(what), lines[index]);
});

test('a flight in the air tells what is known now, the attempt that is being made too', async () => {
  const { coalescer, primary, environment, calls } = openStage({}, 2);
  watch(coalescer.request('a'));
  await environment.advance(10);
  const [, attempt] = (await coalescer.explain({ payload: 'a' }))!.events;
  assert.deepEqual([calls(), attempt], [1, { atMs: 0, what: 'attempt', target: 'primary' }]);
  primary.calls[0]!.reject(httpError(503));
  await environment.advance(10);
  assert.equal(calls(), 2);
  assert.deepEqual(told(await coalescer.explain({ payload: 'a' })), ['0 launched', '0 attempt', '10 failed', '10 failover', '10 attempt']);
});

test('an abandon, a cancel and a time-out are told as the ends that they are', async () => {
  const { coalescer, primary, environment } = openStage({ flightTimeoutMs: 100 });
  const leave = new AbortController();
  watch(coalescer.request('left', { signal: leave.signal }));
  watch(coalescer.request('cancelled'));
  watch(coalescer.request('late'));
  leave.abort();
  coalescer.cancel({ payload: 'cancelled' });
  await environment.advance(110);
  assert.equal(primary.calls.length, 3);
  const ends = await Promise.all(['left', 'cancelled', 'late'].map((payload) => coalescer.explain({ payload })));
  const last = ends.map((story) => story!.events.at(-1)!);
  assert.deepEqual(
    last.map(({ what }) => what),
    ['settled', 'settled', 'settled'],
  );
  assert.deepEqual(
    last.map((event) => event['as']),
    ['abandoned', 'rejected', 'rejected'],
  );
  assert.deepEqual(
    last.map((event) => event['why']),
    [undefined, 'cancelled', 'timed-out'],
  );
});

test('what close cut off says so, and so does a value that `collect` or a limit refused', async () => {
  const environment = virtualEnvironment();
  const whyOf = async (payload: string): Promise<unknown> => (await coalescer.explain({ payload }))!.events.at(-1)!['why'];
  let calls = 0;
  async function* run(payload: string): AsyncGenerator<string> {
    calls++;
    yield payload.slice(0, 60);
    yield payload.slice(60);
    if (payload === 'late') await new Promise(() => undefined);
  }
  const collect = (): string => {
    throw new Error('no');
  };
  const coalescer = createCoalescer({ scope: 'public', environment, targets: { run }, collect, limits: { resultBytes: 100 } });
  for (const payload of ['refused', 'x'.repeat(101), 'late']) watch(coalescer.request(payload));
  await environment.advance(0);
  const closing = coalescer.close({ drainMs: 50 });
  await environment.advance(50);
  await closing;
  assert.equal(calls, 3);
  assert.deepEqual(await Promise.all([whyOf('refused'), whyOf('x'.repeat(101)), whyOf('late')]), ['refused', 'refused', 'closed']);
});

test('of a key that never flew there is no story; of several flights the newest tells', async () => {
  const { coalescer, primary, settled } = openStage({ name: 'users' });
  assert.equal(await coalescer.explain({ payload: 'a' }), null);
  for (let round = 0; round < 2; round++) {
    watch(coalescer.request('a'));
    primary.calls[round]!.resolve('x');
    await settled();
  }
  assert.equal(primary.calls.length, 2);
  assert.equal((await coalescer.explain({ payload: 'a' }))!.events[0]!['flight'], 'users#2');
  watch(coalescer.request('a'));
  watch(coalescer.request('a', { fresh: true }));
  assert.equal((await coalescer.explain({ scope: null, key: 'a' }))!.events[0]!['flight'], 'users#4');
});

test('the stories of the last 256 flights are kept, older ones are not', async () => {
  const { coalescer, primary, settled } = openStage();
  for (let index = 0; index < 257; index++) {
    watch(coalescer.request(`k${index}`));
    primary.calls[index]!.resolve('x');
  }
  await settled();
  assert.equal(primary.calls.length, 257);
  assert.equal(await coalescer.explain({ payload: 'k0' }), null);
  for (const payload of ['k1', 'k256']) assert.notEqual(await coalescer.explain({ payload }), null, payload);
});

test('a story is told to its own scope only', async () => {
  const only = scriptedTarget<string, string>();
  const coalescer = createCoalescer({ scope: 'per-request', targets: { only } });
  watch(coalescer.request('a', { scope: 'acme' }));
  only.calls[0]!.resolve('x');
  await coalescer.idle();
  assert.equal(only.calls.length, 1);
  assert.equal(await coalescer.explain({ payload: 'a', scope: 'globex' }), null);
  assert.notEqual(await coalescer.explain({ payload: 'a', scope: 'acme' }), null);
  await coalescer.close();
});

function assertSums({ requests, launched, joined, refused, fulfilled, rejected, abandoned, airborne }: Stats): void {
  assert.equal(requests, launched + joined + refused, 'requests = launched + joined + refused');
  assert.equal(launched, fulfilled + rejected + abandoned + airborne, 'launched = settled + airborne');
}

test('counters add up at every moment of a busy life', async () => {
  const { coalescer, primary, backup, environment } = openStage({ flightTimeoutMs: 500, limits: { flights: 8, waitersPerFlight: 5 } }, 2);
  const step = (round: number): void => {
    const key = `k${(round * 7) % 6}`;
    const leave = new AbortController();
    watch(
      coalescer.request(key, {
        signal: round % 3 === 0 ? leave.signal : undefined,
        timeoutMs: round % 5 === 0 ? 30 : undefined,
        fresh: round % 11 === 0,
      }),
    );
    if (round % 6 === 0) leave.abort();
    if (round % 13 === 0) coalescer.cancel({ payload: key });
    if (round % 17 === 0) coalescer.forget({ scope: null });
    if (round % 19 === 0) watch(coalescer.request(key, { signal: AbortSignal.abort() }));
    if (round % 23 === 0) watch(coalescer.request(key, { timeoutMs: -1 }));
    if (round % 4 === 0) primary.calls.at(-1)?.resolve('x');
    if (round % 7 === 0) primary.calls.at(-2)?.reject(httpError(503));
    if (round % 9 === 0) backup.calls.at(-1)?.reject(httpError(503));
  };
  for (let round = 1; round <= 400; round++) {
    step(round);
    assertSums(coalescer.stats());
    if (round % 3 === 0) await environment.advance(round % 2 === 0 ? 0 : 15);
    assertSums(coalescer.stats());
    assert.equal(coalescer.stats().waiting, coalescer.waiters({ scope: null }));
  }
  await environment.advance(1_000);
  const stats = coalescer.stats();
  assertSums(stats);
  assert.deepEqual([stats.airborne, stats.waiting, stats.bytes], [0, 0, 0]);
  assert.equal(stats.targets['primary']!.attempts, primary.calls.length);
  assert.equal(stats.targets['backup']!.attempts, backup.calls.length);
  assert.deepEqual([stats.targets['primary']!.airborne, stats.targets['backup']!.airborne], [0, 0]);
  assert.ok(stats.joined > 0 && stats.left > 0 && stats.timedOut > 0 && stats.abandoned > 0 && stats.refused > 0 && stats.failovers > 0);
});

test('attempts, failures, retries and failovers are counted for each target', async () => {
  const { coalescer, primary, backup, environment } = openStage({ maxAttempts: 3 }, 2, () => 0);
  watch(coalescer.request('a'));
  assert.equal(coalescer.stats().targets['primary']!.airborne, 1);
  primary.calls[0]!.reject(httpError(503));
  await environment.advance(0);
  backup.calls[0]!.reject(httpError(503));
  await environment.advance(20);
  assert.equal(primary.calls.length, 2);
  primary.calls[1]!.resolve('x');
  await environment.advance(0);
  const { targets, failovers } = coalescer.stats();
  assert.deepEqual(targets, {
    primary: { attempts: 2, failures: 1, retries: 1, hedges: 0, outraced: 0, airborne: 0, breaker: 'closed', heldMs: 0 },
    backup: { attempts: 1, failures: 1, retries: 0, hedges: 0, outraced: 0, airborne: 0, breaker: 'closed', heldMs: 0 },
  });
  assert.equal(failovers, 2);
});

test('a repeat of the same target is a retry, and no failover', async () => {
  const { coalescer, primary, environment } = openStage({ maxAttempts: 2 }, 1, () => 0);
  watch(coalescer.request('a'));
  primary.calls[0]!.reject(httpError(503));
  await environment.advance(20);
  assert.equal(primary.calls.length, 2);
  const { targets, failovers } = coalescer.stats();
  assert.deepEqual(targets, {
    primary: { attempts: 2, failures: 1, retries: 1, hedges: 0, outraced: 0, airborne: 1, breaker: 'closed', heldMs: 0 },
  });
  assert.equal(failovers, 0);
});

test('stats are a picture of a moment: they do not change in the hand', async () => {
  const { coalescer, primary, settled } = openStage({ name: 'users' });
  const before = coalescer.stats();
  watch(coalescer.request('a'));
  assert.equal(primary.calls.length, 1);
  assert.deepEqual([before.name, before.requests, before.airborne, before.targets['primary']!.attempts], ['users', 0, 0, 0]);
  primary.calls[0]!.resolve('x');
  await settled();
  assert.equal(coalescer.stats().fulfilled, 1);
});

test('when nothing ever joins in 10,000 launches, one process warning names the coalescer', async () => {
  const warnings: { code?: string; message: string }[] = [];
  const onWarning = (warning: Error): unknown => warnings.push(warning);
  process.on('warning', onWarning);
  const environment = openStage().environment;
  const targets = { only: (payload: string): string => payload };
  const kinds = {
    'nothing joins': {},
    'something joins': {},
    'what is kept is given': { keep: { ttlMs: 60_000 } },
    'nothing is shared, as the key says': { key: () => null },
  };
  for (const [name, options] of Object.entries(kinds)) {
    const coalescer = createCoalescer({ name, scope: 'public', targets, environment, ...options });
    if (name === 'something joins') await Promise.all([coalescer.request('a'), coalescer.request('a')]);
    else if (name === 'what is kept is given') for (let hit = 0; hit < 2; hit++) await coalescer.request('a');
    for (let index = 0; index < 20_000; index++) {
      watch(coalescer.request(`k${index}`));
      if (index % 1_000 === 0) await environment.advance(0);
    }
  }
  await environment.advance(0);
  process.off('warning', onWarning);
  assert.deepEqual(
    warnings.map(({ code }) => code),
    ['COALESCER_NOTHING_JOINS'],
  );
  assert.match(warnings[0]!.message, /'nothing joins'/);
});

test('what is told of a flight after its end is in its story, however long its key', async () => {
  for (const [key, failsFirst] of [
    ['short', true],
    ['x'.repeat(9_000), true],
    ['y'.repeat(9_000), false],
  ] as const) {
    const { coalescer, primary, backup, settled } = openStage({}, 2);
    const waiter = watch(coalescer.request(key));
    if (failsFirst) {
      primary.calls[0]?.reject(httpError(503));
      await settled();
      assert.equal(backup.calls.length, 1);
    }
    coalescer.cancel({ payload: key });
    await settled();
    assert.equal(waiter.state, 'rejected');
    const story = await coalescer.explain({ payload: key });
    const ends = story?.events.filter(({ what }) => what === 'aborted' || what === 'failed').map(({ what }) => what);
    assert.deepEqual(ends, failsFirst ? ['failed', 'aborted'] : ['aborted'], key.slice(0, 5));
  }
});
