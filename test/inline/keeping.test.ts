// Values that outlive their flight: hits and stale values told apart from joins, refreshed by one flight in the background, standing in for failures,
// freed by forget, never across scopes. LESSONS 16, 17.
import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { createCoalescer, flightOf } from '../../src/index.js';
import { scriptedTarget, virtualEnvironment } from '../../src/testing.js';
import { codeOf, httpError, openStage, watch, type Stage } from './stage.js';

const counts = ({ coalescer }: Stage): Record<string, number> => {
  const { requests, launched, joined, hits, stale, refreshes, refused, kept } = coalescer.stats();
  assert.equal(requests + refreshes, launched + joined + hits + stale + refused);
  return { launched, joined, hits, stale, refreshes, kept };
};

/** One value for `a`, settled. */
async function given(stage: Stage, value = 'x'): Promise<void> {
  const leader = watch(stage.coalescer.request('a'));
  stage.primary.calls.at(-1)!.resolve(value);
  await stage.settled();
  assert.equal(leader.value, value);
}

for (const isStraight of [true, false]) {
  test(`a hit tells of the flight its value came from as the leader was told, ${isStraight ? 'gone straight' : 'failed over'}: one report for all`, async () => {
    const stage = openStage({ keep: { ttlMs: 1_000 } }, 2);
    const { coalescer, primary, backup, environment } = stage;
    const leader = coalescer.outcome('a');
    const follower = coalescer.outcome('a');
    await environment.advance(40);
    if (isStraight) primary.calls[0]!.resolve('x');
    else primary.calls[0]!.reject(httpError(503));
    await stage.settled();
    await environment.advance(7);
    if (!isStraight) backup.calls[0]!.resolve('x');
    const told = await leader;
    await follower;
    await environment.advance(100);
    const hits = await Promise.all([coalescer.outcome('a'), coalescer.outcome('a')]);
    assert.deepEqual([primary.calls.length, backup.calls.length], isStraight ? [1, 0] : [1, 1]);
    for (const hit of hits) assert.deepEqual(hit, { ...told, role: 'hit', waitedMs: 0 });
    assert.deepEqual([told.role, told.waiters, told.durationMs, told.failedOver], ['leader', 2, isStraight ? 40 : 47, !isStraight]);
    assert.equal(hits[0]?.attempts, hits[1]?.attempts);
    for (const { attempts } of hits) assert.ok(Object.isFrozen(attempts) && attempts.every((attempt) => Object.isFrozen(attempt)));
  });
}

test('a kept value is given to later requests for its time, without a call; joins and hits are counted apart', async () => {
  const stage = openStage({ keep: { ttlMs: 1_000 } });
  const both = [watch(stage.coalescer.request('a')), watch(stage.coalescer.request('a'))];
  stage.primary.calls[0]!.resolve('x');
  await stage.settled();
  assert.deepEqual(
    both.map(({ value }) => value),
    ['x', 'x'],
  );
  await stage.environment.advance(999);
  const hit = await stage.coalescer.outcome('a');
  assert.equal(stage.primary.calls.length, 1);
  assert.deepEqual([hit.status, hit.role, hit.flight, hit.target], ['fulfilled', 'hit', 'coalescer#1', 'primary']);
  assert.deepEqual(counts(stage), { launched: 1, joined: 1, hits: 1, stale: 0, refreshes: 0, kept: 1 });
  await stage.environment.advance(1);
  watch(stage.coalescer.request('a'));
  assert.equal(stage.primary.calls.length, 2);
});

test('without keep nothing is kept', async () => {
  const stage = openStage();
  await given(stage);
  watch(stage.coalescer.request('a'));
  assert.equal(stage.primary.calls.length, 2);
  assert.equal(stage.coalescer.stats().kept, 0);
});

test('fresh takes no kept value, and what it brings replaces it', async () => {
  const stage = openStage({ keep: { ttlMs: 1_000 } });
  await given(stage, 'old');
  const fresh = watch(stage.coalescer.request('a', { fresh: true }));
  assert.equal(stage.primary.calls.length, 2);
  stage.primary.calls[1]!.resolve('new');
  await stage.settled();
  assert.deepEqual([fresh.value, await stage.coalescer.request('a')], ['new', 'new']);
  assert.equal(stage.primary.calls.length, 2);
});

test('fresh takes no kept value where all targets fail either; who has joined it does', async () => {
  const stage = openStage({ keep: { ttlMs: 100, staleIfErrorMs: 60_000 } });
  await given(stage, 'old');
  await stage.environment.advance(200);
  const [fresh, told, joined] = [
    stage.coalescer.request('a', { fresh: true }),
    stage.coalescer.outcome('a', { fresh: true }),
    stage.coalescer.outcome('a'),
  ];
  const waiting = watch(fresh);
  const error = httpError(503);
  for (const call of stage.primary.calls.slice(1)) call.reject(error);
  const outcome = await told;
  assert.equal(waiting.reason, error);
  assert.deepEqual([outcome.status === 'rejected' && outcome.reason, outcome.role], [error, 'leader']);
  assert.equal((await joined).role, 'stale');
});

test('a stale value is given at once to all, while one flight refreshes it', async () => {
  const stage = openStage({ keep: { ttlMs: 1_000, staleWhileRevalidateMs: 5_000 } });
  await given(stage, 'old');
  await stage.environment.advance(1_500);
  const stale = await Promise.all(Array.from({ length: 100 }, () => stage.coalescer.outcome('a')));
  assert.equal(stage.primary.calls.length, 2);
  for (const outcome of stale) assert.deepEqual([outcome.status === 'fulfilled' && outcome.value, outcome.role], ['old', 'stale']);
  stage.primary.calls[1]!.resolve('new');
  await stage.settled();
  assert.deepEqual([await stage.coalescer.request('a'), stage.primary.calls.length], ['new', 2]);
  assert.deepEqual(counts(stage), { launched: 2, joined: 0, hits: 1, stale: 100, refreshes: 1, kept: 1 });
  assert.deepEqual([stage.coalescer.stats().waiting, stage.coalescer.stats().airborne], [0, 0]);
});

test('nobody waits for a refresh: it is no waiter, takes no place of one, and goes on when all who joined it have left', async () => {
  const stage = openStage({ keep: { ttlMs: 1_000, staleWhileRevalidateMs: 2_000 }, limits: { waitersPerFlight: 1 } });
  await given(stage, 'old');
  await stage.environment.advance(2_500);
  assert.equal(await stage.coalescer.request('a'), 'old');
  assert.equal(stage.primary.calls.length, 2);
  assert.deepEqual([stage.coalescer.waiters({ payload: 'a' }), stage.coalescer.stats().waiting], [0, 0]);
  // Too old to be given by now: those who come wait for what is on its way.
  await stage.environment.advance(1_000);
  const controller = new AbortController();
  const leaving = watch(stage.coalescer.request('a', { signal: controller.signal }));
  await stage.settled();
  assert.deepEqual([leaving.state, stage.coalescer.waiters({ payload: 'a' }), stage.primary.calls.length], ['pending', 1, 2]);
  const refused = watch(stage.coalescer.request('a'));
  await stage.settled();
  assert.equal(codeOf(refused), 'COALESCER_LIMIT');
  controller.abort(new Error('enough'));
  await stage.settled();
  assert.ok(!stage.primary.calls[1]!.signal.aborted);
  stage.primary.calls[1]!.resolve('new');
  await stage.settled();
  assert.deepEqual([await stage.coalescer.request('a'), stage.primary.calls.length], ['new', 2]);
});

test('a refresh that fails troubles nobody, and is tried again by the next request', async () => {
  const stage = openStage({ keep: { ttlMs: 1_000, staleWhileRevalidateMs: 5_000, errorMs: 500 } });
  await given(stage, 'old');
  await stage.environment.advance(1_500);
  assert.equal(await stage.coalescer.request('a'), 'old');
  stage.primary.calls[1]!.reject(httpError(503));
  await stage.settled();
  await stage.environment.advance(400);
  assert.equal(await stage.coalescer.request('a'), 'old');
  assert.equal(stage.primary.calls.length, 2, 'not within errorMs');
  await stage.environment.advance(200);
  assert.equal(await stage.coalescer.request('a'), 'old');
  assert.equal(stage.primary.calls.length, 3);
});

test('when all targets fail a value that was kept for it stands in, and outcome tells', async () => {
  const stage = openStage({ keep: { ttlMs: 1_000, staleIfErrorMs: 60_000 } }, 2);
  await given(stage, 'old');
  await stage.environment.advance(30_000);
  const waiters = [stage.coalescer.outcome('a'), stage.coalescer.outcome('a')];
  assert.equal(stage.primary.calls.length, 2);
  stage.primary.calls[1]!.reject(httpError(503));
  await stage.settled();
  stage.backup.calls[0]!.reject(httpError(502));
  for (const outcome of await Promise.all(waiters)) {
    assert.deepEqual([outcome.status === 'fulfilled' && outcome.value, outcome.role, outcome.attempts.length], ['old', 'stale', 2]);
  }
  assert.equal(stage.coalescer.stats().rejected, 1, 'the flight itself has failed');
  await stage.environment.advance(40_000);
  const late = watch(stage.coalescer.request('a'));
  stage.primary.calls[2]!.reject(httpError(503));
  await stage.settled();
  stage.backup.calls[1]!.reject(httpError(503));
  await stage.settled();
  assert.equal(codeOf(late), 'COALESCER_TARGETS_FAILED', 'its time is over');
});

// Only the request that was told of the Retry-After got it; all that came after it were refused, the value at hand.
for (const barred of ['held', 'forced', 'open'] as const) {
  test(`where no target may be called (${barred}), a kept value stands in as well`, async () => {
    const breaker = { consecutive: 1, whenAllOpen: 'wait' } as const;
    const stage = openStage({ keep: { ttlMs: 100, staleIfErrorMs: 600_000 }, breaker, flightTimeoutMs: 1_000, maxAttempts: 1 });
    await given(stage, 'old');
    await stage.environment.advance(200);
    if (barred === 'forced') stage.coalescer.targets.breaker('primary', 'open');
    else {
      watch(stage.coalescer.request('b'));
      stage.primary.calls[1]!.reject(Object.assign(httpError(barred === 'held' ? 429 : 503), { headers: { 'retry-after': '120' } }));
      await stage.settled();
    }
    const calls = stage.primary.calls.length;
    const asked = stage.coalescer.outcome('a');
    await stage.environment.advance(1_100);
    const outcome = await asked;
    assert.equal(stage.primary.calls.length, calls);
    assert.deepEqual([outcome.status === 'fulfilled' && outcome.value, outcome.role], ['old', 'stale']);
  });
}

test('a newer flight that streamed, or ended with an answer, ends what was kept and what an older one brings', async () => {
  for (const isRead of [false, true]) {
    for (const isAnswer of isRead ? [false, true] : [true]) {
      const stage = openStage({ keep: { ttlMs: 60_000 } });
      await given(stage, 'old');
      const older = watch(stage.coalescer.request('a', { fresh: true }));
      watch(stage.coalescer.request('a', { fresh: true }));
      if (isRead) watch(stage.coalescer.stream('a').outcome);
      if (isAnswer) stage.primary.calls[2]!.reject(httpError(404));
      else stage.primary.calls[2]!.resolve(Readable.from(['new']) as unknown as string);
      await stage.environment.advance(10);
      stage.primary.calls[1]!.resolve('older');
      await stage.settled();
      assert.equal(older.value, 'older');
      watch(stage.coalescer.request('a'));
      assert.equal(stage.primary.calls.length, 4, `read: ${isRead}, an answer: ${isAnswer}`);
    }
  }
});

test('an error that is the answer is the answer, also of a flight that is older than what is kept', async () => {
  const { coalescer, primary, settled } = openStage({ keep: { ttlMs: 1_000, staleIfErrorMs: 60_000 } });
  const older = watch(coalescer.request('a'));
  const newer = watch(coalescer.request('a', { fresh: true }));
  primary.calls[1]!.resolve('newer');
  await settled();
  const notFound = httpError(404);
  primary.calls[0]!.reject(notFound);
  await settled();
  assert.deepEqual([newer.value, older.state, older.reason, primary.calls.length], ['newer', 'rejected', notFound, 2]);
});

test('forget from inside `ttlMs` holds for the value that is just being kept', async () => {
  const stage = openStage({
    keep: {
      ttlMs() {
        stage.coalescer.forget({ payload: 'a' });
        return 60_000;
      },
    },
  });
  await given(stage);
  assert.equal(stage.coalescer.stats().kept, 0);
});

// What hangs on the value was looked at to weigh it, and threw: nobody was told, and the process ended with an unhandled rejection.
test('a value that does not let itself be looked at is everybody’s, and costs no waiter', async () => {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  const environment = virtualEnvironment();
  const targets = { target: () => Promise.resolve({ inner: proxy }) };
  const coalescer = createCoalescer({ scope: 'public', keep: { ttlMs: 60_000 }, environment, targets });
  const waiters = [watch(coalescer.request('a')), watch(coalescer.request('a'))];
  await environment.advance(0);
  assert.deepEqual(
    waiters.map(({ state }) => state),
    ['fulfilled', 'fulfilled'],
  );
  assert.equal(coalescer.stats().airborne, 0);
});

test('nobody can write what others are told of where a kept value came from', async () => {
  const stage = openStage({ keep: { ttlMs: 60_000 } });
  await given(stage);
  const { attempts } = await stage.coalescer.outcome('a');
  assert.throws(() => (attempts as unknown[]).push('mine'), TypeError);
  assert.throws(() => Object.assign(attempts[0]!, { target: 'mine' }), TypeError);
});

test('an error that is the answer is given as it is, and ends what was kept', async () => {
  const stage = openStage({ keep: { ttlMs: 1_000, staleIfErrorMs: 60_000 } });
  await given(stage, 'old');
  await stage.environment.advance(2_000);
  const gone = watch(stage.coalescer.request('a'));
  const error = httpError(404);
  stage.primary.calls[1]!.reject(error);
  await stage.settled();
  assert.equal(gone.reason, error);
  const later = watch(stage.coalescer.request('a'));
  stage.primary.calls[2]!.reject(httpError(503));
  await stage.settled();
  assert.equal(later.state, 'rejected');
});

test('a failure is given to late-comers of the herd for a moment: their retries make one call', async () => {
  const stage = openStage({ keep: { errorMs: 1_000 } });
  const error = httpError(503);
  const first = watch(stage.coalescer.request('a'));
  stage.primary.calls[0]!.reject(error);
  await stage.settled();
  assert.equal(first.reason, error);
  for (let retry = 0; retry < 100; retry++) {
    const outcome = await stage.coalescer.outcome('a');
    assert.ok(outcome.status === 'rejected' && outcome.reason === error && outcome.role === 'hit');
  }
  assert.equal(stage.primary.calls.length, 1);
  assert.equal(flightOf(error)?.flight, 'coalescer#1');
  await stage.environment.advance(1_000);
  watch(stage.coalescer.request('a'));
  assert.equal(stage.primary.calls.length, 2);
});

test('forget frees what was kept, and what is in the air is not kept when it comes', async () => {
  const stage = openStage({ keep: { ttlMs: 60_000 } });
  await given(stage, 'old');
  assert.equal(stage.coalescer.forget({ payload: 'a' }), 1);
  assert.equal(stage.coalescer.stats().kept, 0);
  const flying = watch(stage.coalescer.request('a'));
  assert.equal(stage.primary.calls.length, 2);
  assert.equal(stage.coalescer.forget({ payload: 'a' }), 1);
  stage.primary.calls[1]!.resolve('outdated');
  await stage.settled();
  assert.equal(flying.value, 'outdated');
  assert.equal(stage.coalescer.stats().kept, 0);
  watch(stage.coalescer.request('a'));
  assert.equal(stage.primary.calls.length, 3);
});

test('what is kept for one scope, key or list of targets is for no other, and a scope is forgotten as a whole', async () => {
  const environment = virtualEnvironment();
  let calls = 0;
  const target = async (payload: string): Promise<string> => `${payload} ${++calls}`;
  const coalescer = createCoalescer({ scope: 'per-request', environment, targets: { a: target, b: target }, keep: { ttlMs: 60_000 } });
  const ask = (payload: string, scope: string, targets?: string[]): Promise<string> =>
    coalescer.request(payload, { scope, ...(targets === undefined ? {} : { targets }) });
  const first = [await ask('x', 's'), await ask('x', 't'), await ask('y', 's'), await ask('x', 's', ['b'])];
  assert.equal(calls, 4);
  assert.deepEqual([await ask('x', 's'), await ask('x', 't'), await ask('y', 's'), await ask('x', 's', ['b'])], first);
  assert.equal(calls, 4);
  assert.equal(coalescer.forget({ scope: 's' }), 3);
  await ask('x', 't');
  assert.equal(calls, 4);
  await ask('x', 's');
  assert.equal(calls, 5);
});

test('what is not shared is not kept', async () => {
  const stage = openStage({ keep: { ttlMs: 60_000 } });
  watch(stage.coalescer.request('a', { key: null }));
  stage.primary.calls[0]!.resolve('x');
  await stage.settled();
  assert.equal(stage.coalescer.stats().kept, 0);
});

test('the time may depend on the value', async () => {
  const stage = openStage({ keep: { ttlMs: (value) => (value === 'short' ? 10 : -1) } });
  await given(stage, 'short');
  assert.equal(stage.coalescer.stats().kept, 1);
  await stage.environment.advance(10);
  await given(stage, 'never');
  assert.equal(stage.coalescer.stats().kept, 0);
});

test('with copies every request gets its own of what is kept', async () => {
  const environment = virtualEnvironment();
  const target = scriptedTarget<string, { list: number[] }>();
  const coalescer = createCoalescer({ scope: 'public', environment, share: 'copy', targets: { target }, keep: { ttlMs: 1_000 } });
  const leader = coalescer.request('a');
  target.calls[0]!.resolve({ list: [1] });
  (await leader).list.push(2);
  const hit = await coalescer.request('a');
  hit.list.push(3);
  assert.deepEqual(await coalescer.request('a'), { list: [1] });
  assert.equal(target.calls.length, 1);
});

test('no more is kept than allowed, and nothing when it is closed', async () => {
  const environment = virtualEnvironment();
  const coalescer = createCoalescer({
    scope: 'public',
    environment,
    targets: { a: async (key: string) => key.repeat(100) },
    keep: { ttlMs: 1e9, entries: 50 },
  });
  for (let key = 0; key < 500; key++) await coalescer.request(`k${key}`);
  assert.equal(coalescer.stats().kept, 50);
  await coalescer.close();
  assert.equal(coalescer.stats().kept, 0);
});

test('options of keep are checked', () => {
  const make = (keep: unknown): unknown => createCoalescer({ scope: 'public', targets: { a: (key: string) => key }, keep: keep as object });
  assert.throws(() => make({ ttlMs: -1 }), /options\.keep\.ttlMs: expected milliseconds, 0 or more, or a function of the value, got -1/);
  assert.throws(() => make({ errorMs: 1_001 }), /options\.keep\.errorMs: expected milliseconds, 0 to 1000, got 1001/);
  assert.throws(() => make({ entries: 0 }), /options\.keep\.entries/);
  assert.throws(() => make(7), /options\.keep: expected an object, got 7/);
  assert.throws(() => make({ ttl: 7 }), /options\.keep\.ttl: there is no such option/);
});

test('a ttlMs that says a promise, also one that rejects, keeps nothing and is no crash', async () => {
  for (const said of [() => Promise.reject(new Error('late')), () => Promise.resolve(1_000)]) {
    const stage = openStage({ keep: { ttlMs: said as never } });
    for (const round of [1, 2]) {
      const waiter = watch(stage.coalescer.request('a'));
      assert.equal(stage.primary.calls.length, round);
      stage.primary.calls.at(-1)!.resolve('value');
      await stage.settled();
      assert.equal(waiter.value, 'value');
    }
  }
});
