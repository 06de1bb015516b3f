// The wait before the same target again: full jitter, bounded, never before what the target asked for, never beyond the flight's time.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createCoalescer, type CoalescerOptions, type Verdict } from '../../src/index.js';
import { scriptedTarget } from '../../src/testing.js';
import { countedEnvironment, httpError, openStage, watch, type CountedEnvironment, type Script, type Watched } from './stage.js';

const TICK = 10;

/** Fails every call at once, and tells at which instants they came. */
async function instants(options: {
  random: () => number;
  maxAttempts?: number;
  backoff?: { baseMs?: number; maxMs?: number };
}): Promise<number[]> {
  const at: number[] = [];
  const environment = countedEnvironment(options.random);
  const targets = { only: async (): Promise<string> => (at.push(environment.now()), Promise.reject(httpError(503))) };
  const { maxAttempts = 5, backoff } = options;
  const coalescer = createCoalescer({ scope: 'public', targets, environment, maxAttempts, ...(backoff === undefined ? {} : { backoff }) });
  watch(coalescer.request('a'));
  await environment.settle();
  return at;
}

const gapsOf = (at: readonly number[]): number[] => at.slice(1).map((instant, index) => instant - at[index]!);

test('the same target again comes after full jitter: up to base times two to the n, by default 100, 200, 400, 800 ms', async () => {
  const at = await instants({ random: () => 0.9999 });
  assert.equal(at.length, 5);
  for (const [n, gap] of gapsOf(at).entries()) {
    const most = 100 * 2 ** n;
    assert.ok(gap >= most * 0.99 - 1 && gap <= most + TICK, `repeat ${n} came after ${gap} ms`);
  }
});

test('full jitter may be no wait at all, and half of it with half luck', async () => {
  for (const gap of gapsOf(await instants({ random: () => 0 }))) assert.ok(gap <= TICK, `${gap}`);
  for (const [n, gap] of gapsOf(await instants({ random: () => 0.5 })).entries()) {
    const expected = 50 * 2 ** n;
    assert.ok(gap >= expected && gap <= expected + TICK, `repeat ${n} came after ${gap} ms`);
  }
});

test('the wait never grows beyond maxMs', async () => {
  const at = await instants({ random: () => 0.9999, backoff: { baseMs: 100, maxMs: 150 } });
  assert.equal(at.length, 5);
  for (const gap of gapsOf(at).slice(1)) assert.ok(gap >= 149 && gap <= 150 + TICK, `${gap}`);
});

test('the wait grows with each call of the same target, also where others are left', async () => {
  const at: number[] = [];
  const environment = countedEnvironment(() => 0.9999);
  const run = async (): Promise<string> => (at.push(environment.now()), Promise.reject(httpError(503)));
  const targets = {
    first: { run, classify: (): Verdict => 'retry' },
    second: scriptedTarget<string, string>(),
    third: scriptedTarget<string, string>(),
  };
  const coalescer = createCoalescer({ scope: 'public', targets, environment, maxAttempts: 5 });
  watch(coalescer.request('a'));
  await environment.settle();
  assert.equal(at.length, 5);
  for (const [n, gap] of gapsOf(at).entries())
    assert.ok(gap >= 99 * 2 ** n - 1 && gap <= 100 * 2 ** n + TICK, `repeat ${n} came after ${gap} ms`);
});

test('chance is drawn anew for each wait', async () => {
  let draws = 0;
  const at = await instants({ random: () => (draws++ % 2 === 0 ? 0 : 0.99) });
  assert.equal(at.length, 5);
  assert.ok(draws >= 4);
});

test('no backoff between different targets, but before a target that was called before', async () => {
  const { coalescer, primary, backup, environment } = openStage({ maxAttempts: 3 }, 2, () => 0.99);
  watch(coalescer.request('a'));
  primary.calls[0]!.reject(httpError(503));
  await environment.advance(0);
  assert.deepEqual([primary.calls.length, backup.calls.length], [1, 1]);
  backup.calls[0]!.reject(httpError(503));
  await environment.advance(0);
  assert.deepEqual([primary.calls.length, backup.calls.length], [1, 1]);
  await environment.advance(800 + TICK);
  assert.equal(primary.calls.length + backup.calls.length, 3);
});

test('a target that may be called by the end of the backoff, and was not yet, is called, not the one that failed', async () => {
  const { coalescer, primary, backup, environment, settled } = openStage({ breaker: false, budget: false, maxAttempts: 3 }, 2, () => 0.99);
  watch(coalescer.request('other', { targets: ['backup'] }));
  backup.calls[0]!.reject(Object.assign(httpError(503), { retryAfterMs: 50 }));
  await settled();
  coalescer.cancel({ payload: 'other' });
  const waiter = watch(coalescer.request('a'));
  primary.calls[0]!.reject(httpError(503));
  await environment.advance(80);
  assert.deepEqual([primary.calls.length, backup.calls.length], [1, 1], 'it backs off');
  await environment.advance(30);
  assert.deepEqual([primary.calls.length, backup.calls.length], [1, 2]);
  backup.calls[1]!.reject(httpError(503));
  await environment.advance(1_000);
  assert.deepEqual([primary.calls.length, backup.calls.length], [2, 2], 'then the first one again, as nothing else is left');
  primary.calls[1]!.resolve('x');
  await settled();
  assert.equal(waiter.value, 'x');
});

test('who comes during the backoff joins the flight and does not shorten the wait', async () => {
  const { coalescer, primary, environment } = openStage({ maxAttempts: 2 }, 1, () => 0.99);
  const before = watch(coalescer.request('a'));
  primary.calls[0]!.reject(httpError(503));
  await environment.advance(50);
  const during = watch(coalescer.request('a'));
  assert.equal(primary.calls.length, 1);
  await environment.advance(60);
  assert.equal(primary.calls.length, 2);
  primary.calls[1]!.resolve('x');
  await environment.advance(0);
  assert.deepEqual([before.value, during.value], ['x', 'x']);
});

test('cancel during the backoff: no further call, and nothing stays armed', async () => {
  const { coalescer, primary, environment } = openStage({ maxAttempts: 2 }, 1, () => 0.99);
  watch(coalescer.request('a'));
  primary.calls[0]!.reject(httpError(503));
  await environment.advance(50);
  coalescer.cancel({ payload: 'a' });
  await environment.advance(60_000);
  assert.equal(primary.calls.length, 1);
  assert.equal(environment.timers(), 0);
});

interface Held {
  readonly first: Script;
  readonly second: Script;
  readonly environment: CountedEnvironment;
  readonly waiter: Watched;
}

/** A flight over `first` (which says `verdict` of every error) and, if asked for, `second`; the first call has failed. */
async function hold(
  verdict: Verdict,
  hasSecond: boolean,
  options: Partial<CoalescerOptions<string, string, 'public', 'readonly'>> = {},
): Promise<Held> {
  const [first, second] = [scriptedTarget<string, string>(), scriptedTarget<string, string>()];
  const environment = countedEnvironment(() => 0);
  const spec = { run: first, classify: () => verdict };
  const targets: Record<string, typeof spec | Script> = hasSecond ? { first: spec, second } : { first: spec };
  const coalescer = createCoalescer({ scope: 'public', maxAttempts: 3, environment, ...options, targets });
  const waiter = watch(coalescer.request('a'));
  first.calls[0]!.reject(httpError(429));
  await environment.advance(0);
  return { first, second, environment, waiter };
}

test('a target that asked to be left alone for a while is not called before', async () => {
  for (const verdict of ['retry', 'failover'] as const) {
    const { first, environment, waiter } = await hold({ verdict, retryAfterMs: 2_000 }, false);
    await environment.advance(1_999);
    assert.equal(first.calls.length, 1);
    await environment.advance(1 + TICK);
    assert.equal(first.calls.length, 2);
    first.calls[1]!.resolve('now');
    await environment.advance(0);
    assert.equal(waiter.value, 'now');
  }
});

test('a Retry-After that stands on the error is kept without any classify', async () => {
  const shapes = [
    { retryAfterMs: 2_000 },
    { headers: { 'retry-after': '2' } },
    { headers: new Headers({ 'Retry-After': '2' }) },
    { headers: { 'retry-after-ms': '2000' } },
    { response: { headers: new Headers({ 'retry-after': '2' }) } },
  ];
  for (const shape of shapes) {
    const { coalescer, primary, environment } = openStage({ maxAttempts: 2 }, 1, () => 0);
    watch(coalescer.request('a'));
    primary.calls[0]!.reject(Object.assign(httpError(429), shape));
    await environment.advance(1_999);
    assert.equal(primary.calls.length, 1, JSON.stringify(shape));
    await environment.advance(1 + TICK);
    assert.equal(primary.calls.length, 2, JSON.stringify(shape));
  }
});

test('what the target asked for holds also where backoff alone would wait longer', async () => {
  const [first] = [scriptedTarget<string, string>()];
  const environment = countedEnvironment(() => 0.99);
  const targets = { first: { run: first, classify: (): Verdict => ({ verdict: 'retry', retryAfterMs: 50 }) } };
  const coalescer = createCoalescer({ scope: 'public', maxAttempts: 2, environment, targets, backoff: { baseMs: 1_000, maxMs: 1_000 } });
  watch(coalescer.request('a'));
  first.calls[0]!.reject(httpError(429));
  await environment.advance(49);
  assert.equal(first.calls.length, 1);
  await environment.advance(1_000);
  assert.equal(first.calls.length, 2);
});

test('a held target does not hold up the flight: another one is called at once', async () => {
  const { first, second, waiter, environment } = await hold({ verdict: 'failover', retryAfterMs: 60_000 }, true);
  assert.deepEqual([first.calls.length, second.calls.length], [1, 1]);
  second.calls[0]!.resolve('meanwhile');
  await environment.advance(0);
  assert.equal(waiter.value, 'meanwhile');
});

test('a target that was held is still held when the flight has been elsewhere', async () => {
  const { first, second, environment } = await hold({ verdict: 'failover', retryAfterMs: 5_000 }, true);
  second.calls[0]!.reject(httpError(404 + 99));
  for (let waited = 0; waited < 4_990; waited += 10) {
    for (const call of second.calls) call.reject(httpError(503));
    assert.equal(first.calls.length, 1, `called again after ${waited} ms`);
    await environment.advance(10);
  }
});

test('a hold that is longer than the flight makes no call, and ends the flight where nothing else is left', async () => {
  for (const retryAfterMs of [30_001, 1e11, Number.MAX_SAFE_INTEGER, Number.POSITIVE_INFINITY]) {
    for (const verdict of ['retry', 'failover'] as const) {
      const { first, environment, waiter } = await hold({ verdict, retryAfterMs }, false);
      assert.equal(waiter.state, 'rejected', 'nobody waits for what cannot come in time');
      await environment.advance(30_000 + TICK);
      assert.equal(first.calls.length, 1, `${verdict} after ${retryAfterMs}`);
      assert.equal(environment.timers(), 0);
    }
  }
});

test('asked to try the same target again later than the flight lives, the flight goes to another one while it can', async () => {
  const { first, second, environment, waiter } = await hold({ verdict: 'retry', retryAfterMs: 60_000 }, true);
  await environment.advance(1_000);
  assert.deepEqual([first.calls.length, second.calls.length], [1, 1]);
  second.calls[0]!.resolve('elsewhere');
  await environment.advance(0);
  assert.equal(waiter.value, 'elsewhere');
});

test('a hold that makes no sense is no loop and loses no waiter', async () => {
  for (const retryAfterMs of [Number.NaN, -1, -1e9, '5', null, undefined, {}] as never[]) {
    const { first, environment, waiter } = await hold({ verdict: 'retry', retryAfterMs }, false);
    for (let round = 0; round < 5; round++) {
      for (const call of first.calls) call.reject(httpError(429));
      await environment.advance(10_000);
    }
    assert.ok(first.calls.length <= 3, `${first.calls.length} calls`);
    assert.equal(waiter.state, 'rejected', String(retryAfterMs));
    assert.equal(environment.timers(), 0);
  }
});

test('when all have failed and one of them is held beyond the flight’s time, another one is tried again', async () => {
  const { first, second, environment, waiter } = await hold({ verdict: 'failover', retryAfterMs: 60_000 }, true);
  second.calls[0]!.reject(httpError(503));
  await environment.advance(1_000);
  assert.deepEqual([first.calls.length, second.calls.length], [1, 2]);
  second.calls[1]!.resolve('at the second time');
  await environment.advance(0);
  assert.equal(waiter.value, 'at the second time');
});
