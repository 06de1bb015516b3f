// An attempt's time: an equal share, so that a hang never eats the backup's; what comes after it is late and counts no more.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createCoalescer, flightOf, type AttemptContext, type CoalescerError } from '../../src/index.js';
import { scriptedTarget } from '../../src/testing.js';
import { codeOf, countedEnvironment, hang, httpError, openStage, watch } from './stage.js';

const TICK = 10;

test('a hang of the first target leaves the others their equal share, and the last gets all that is left', async () => {
  const { coalescer, primary, backup, third, environment } = openStage({ flightTimeoutMs: 30_000 }, 3);
  const waiter = watch(coalescer.request('a'));
  await environment.advance(9_990);
  assert.equal(backup.calls.length, 0);
  await environment.advance(10 + TICK);
  assert.deepEqual([primary.calls.length, backup.calls.length], [1, 1]);
  assert.equal(primary.calls[0]!.signal.aborted, true);
  await environment.advance(9_900);
  assert.equal(third.calls.length, 0);
  await environment.advance(100 + TICK);
  assert.equal(third.calls.length, 1);
  assert.equal(backup.calls[0]!.signal.aborted, true);
  await environment.advance(9_900);
  assert.equal(third.calls[0]!.signal.aborted, false);
  third.calls[0]!.resolve('in the last moment');
  await environment.advance(0);
  assert.equal(waiter.value, 'in the last moment');
});

test('an early failure gives its time to those who come after', async () => {
  const { coalescer, primary, backup, third, environment } = openStage({ flightTimeoutMs: 30_000 }, 3);
  watch(coalescer.request('a'));
  await environment.advance(2_000);
  primary.calls[0]!.reject(httpError(503));
  await environment.advance(13_900);
  assert.deepEqual([backup.calls.length, third.calls.length], [1, 0]);
  await environment.advance(100 + TICK);
  assert.equal(third.calls.length, 1);
});

test('a single target has all of the time', async () => {
  const { coalescer, primary, environment } = openStage({ flightTimeoutMs: 30_000 });
  const waiter = watch(coalescer.request('a'));
  await environment.advance(29_990);
  assert.equal(primary.calls.length, 1);
  assert.equal(primary.calls[0]!.signal.aborted, false);
  assert.equal(waiter.state, 'pending');
});

test('with fewer attempts than targets the time is shared among the attempts there will be', async () => {
  const { coalescer, primary, backup, third, environment } = openStage({ flightTimeoutMs: 30_000, maxAttempts: 1 }, 3);
  const waiter = watch(coalescer.request('a'));
  await environment.advance(29_900);
  assert.equal(primary.calls.length, 1);
  assert.equal(primary.calls[0]!.signal.aborted, false, 'no other target will be tried: there is nobody to leave time for');
  primary.calls[0]!.resolve('late but in time');
  await environment.advance(0);
  assert.equal(waiter.value, 'late but in time');
  assert.deepEqual([backup.calls.length, third.calls.length], [0, 0]);
});

test('remainingMs tells each attempt what it has left, now', async () => {
  const environment = countedEnvironment();
  const told: number[] = [];
  // oxlint-disable-next-line typescript/unbound-method -- Taking it out of the context is what is tested.
  const ask = (_: string, { remainingMs }: { remainingMs(): number }): Promise<string> => {
    told.push(remainingMs());
    environment.setTimer(1_000, () => told.push(remainingMs()));
    return hang();
  };
  const coalescer = createCoalescer({ scope: 'public', targets: { one: ask, two: ask }, flightTimeoutMs: 30_000, environment });
  watch(coalescer.request('a'));
  await environment.advance(16_500);
  assert.equal(told.length, 4);
  assert.deepEqual(told.slice(0, 2), [15_000, 14_000]);
  assert.ok(told[2]! <= 15_000 && told[2]! >= 15_000 - TICK, `${told[2]}`);
  assert.equal(told[3], told[2]! - 1_000);
});

test('remainingMs never goes below nothing', async () => {
  const environment = countedEnvironment();
  let remaining = (): number => -1;
  const run = (_: string, context: { remainingMs(): number }): Promise<string> => {
    remaining = () => context.remainingMs();
    return hang();
  };
  const coalescer = createCoalescer({ scope: 'public', targets: { run }, flightTimeoutMs: 1_000, environment });
  watch(coalescer.request('a'));
  await environment.advance(5_000);
  assert.equal(remaining(), 0);
});

test('attemptTimeoutMs ends an attempt, and a target’s own goes before the coalescer’s', async () => {
  const [first, second] = [scriptedTarget<string, string>(), scriptedTarget<string, string>()];
  const environment = countedEnvironment();
  const targets = { first: { run: first, attemptTimeoutMs: 100 }, second };
  const coalescer = createCoalescer({ scope: 'public', targets, attemptTimeoutMs: 500, environment });
  const waiter = watch(coalescer.request('a'));
  await environment.advance(99);
  assert.equal(second.calls.length, 0);
  await environment.advance(1 + TICK);
  assert.deepEqual([first.calls.length, second.calls.length], [1, 1]);
  await environment.advance(480);
  assert.equal(second.calls[0]!.signal.aborted, false);
  await environment.advance(40);
  assert.equal(second.calls[0]!.signal.aborted, true);
  assert.equal(codeOf(waiter), 'COALESCER_TARGETS_FAILED');
  assert.deepEqual(
    (waiter.reason as CoalescerError).attempts?.map(({ end }) => end),
    ['timed-out', 'timed-out'],
  );
});

test('an attempt never has more time than its flight', async () => {
  const { coalescer, primary, environment } = openStage({ flightTimeoutMs: 1_000, attemptTimeoutMs: 60_000 });
  const waiter = watch(coalescer.request('a'));
  await environment.advance(1_000 + TICK);
  assert.equal(primary.calls.length, 1);
  assert.equal(primary.calls[0]!.signal.aborted, true);
  assert.equal(codeOf(waiter), 'COALESCER_TIMEOUT');
});

test('a target that answers its abort with an AbortError was too slow, and that is no answer', async () => {
  const { coalescer, primary, backup, environment } = openStage({ attemptTimeoutMs: 100 }, 2);
  const waiter = watch(coalescer.request('a'));
  const call = primary.calls[0]!;
  call.signal.addEventListener('abort', () => call.reject(new DOMException('stopped', 'AbortError')));
  await environment.advance(100 + TICK);
  assert.deepEqual([primary.calls.length, backup.calls.length], [1, 1]);
  backup.calls[0]!.resolve('from backup');
  await environment.advance(0);
  assert.equal(waiter.value, 'from backup');
});

test('an answer that comes after its attempt timed out reaches nobody, neither as value nor as error', async () => {
  for (const late of ['value', 'error'] as const) {
    const { coalescer, primary, backup, environment } = openStage({ attemptTimeoutMs: 100 }, 2);
    const waiter = watch(coalescer.request('a'));
    await environment.advance(100 + TICK);
    if (late === 'value') primary.calls[0]!.resolve('too late');
    else primary.calls[0]!.reject(httpError(404));
    await environment.advance(0);
    assert.deepEqual([primary.calls.length, backup.calls.length], [1, 1]);
    assert.equal(waiter.state, 'pending');
    backup.calls[0]!.resolve('from backup');
    await environment.advance(0);
    assert.equal(waiter.value, 'from backup');
    assert.equal(flightOf(waiter.reason), undefined);
  }
});

test('a late answer of one flight is never the answer of another', async () => {
  const { coalescer, primary, environment } = openStage({ flightTimeoutMs: 100, joinWithinMs: 100 });
  const first = watch(coalescer.request('a'));
  await environment.advance(100 + TICK);
  const second = watch(coalescer.request('a'));
  const other = watch(coalescer.request('b'));
  primary.calls[0]!.resolve('for the first');
  await environment.advance(0);
  assert.equal(primary.calls.length, 3);
  assert.deepEqual([codeOf(first), second.state, other.state], ['COALESCER_TIMEOUT', 'pending', 'pending']);
});

test('a target is told why its answer is no longer wanted: a TimeoutError when its time is up, an AbortError when nobody waits', async () => {
  const { coalescer, primary, environment } = openStage({ attemptTimeoutMs: 100 }, 2);
  const leave = new AbortController();
  watch(coalescer.request('late'));
  watch(coalescer.request('left', { signal: leave.signal }));
  leave.abort(new Error('the waiter’s own reason, which is not the flight’s'));
  await environment.advance(100 + TICK);
  assert.equal(primary.calls.length, 2);
  const names = primary.calls.map(({ signal }) => (signal.reason as DOMException).name);
  assert.deepEqual(names, ['TimeoutError', 'AbortError']);
});

test('the signal of an attempt is not aborted when it was answered in time', async () => {
  const { coalescer, primary, environment } = openStage({}, 2);
  watch(coalescer.request('a'));
  watch(coalescer.request('b'));
  primary.calls[0]!.resolve('x');
  primary.calls[1]!.reject(httpError(404));
  await environment.advance(60_000);
  assert.equal(primary.calls.length, 2);
  assert.deepEqual(
    primary.calls.map(({ signal }) => signal.aborted),
    [false, false],
  );
});

test('the flight’s time holds over all attempts and backoffs together', async () => {
  const { coalescer, primary, environment } = openStage(
    { flightTimeoutMs: 1_000, maxAttempts: 5, backoff: { baseMs: 900, maxMs: 8_000 } },
    1,
    () => 0.99,
  );
  const waiter = watch(coalescer.request('a'));
  primary.calls[0]!.reject(httpError(503));
  await environment.advance(950);
  primary.calls.at(-1)!.reject(httpError(503));
  const made = primary.calls.length;
  await environment.advance(50 + TICK);
  assert.equal(waiter.state, 'rejected');
  await environment.advance(60_000);
  assert.ok(primary.calls.length <= made + 1 && primary.calls.length <= 3);
  assert.equal(environment.timers(), 0);
});

test('each target has its own time also where another comes first than was written', async () => {
  const [slow, quick] = [scriptedTarget<string, string>(), scriptedTarget<string, string>()];
  const environment = countedEnvironment();
  const targets = { slow: { run: slow, attemptTimeoutMs: 5_000 }, quick: { run: quick, attemptTimeoutMs: 100 } };
  const coalescer = createCoalescer({ scope: 'public', environment, targets });
  watch(coalescer.request('a'));
  coalescer.targets.order(['quick', 'slow']);
  watch(coalescer.request('b'));
  await environment.advance(100 + TICK);
  assert.deepEqual([slow.calls.map(({ payload }) => payload), quick.calls.map(({ payload }) => payload)], [['a', 'b'], ['b']]);
  await environment.advance(4_880);
  assert.deepEqual([slow.calls.length, quick.calls.length], [2, 1]);
  await environment.advance(10 + TICK);
  assert.deepEqual([slow.calls.length, quick.calls.map(({ payload }) => payload)], [2, ['b', 'a']]);
});

test('no attempt begins when the time of its flight is over, also before the tick that says so', async () => {
  const { coalescer, primary, environment, calls } = openStage({ flightTimeoutMs: 100, attemptTimeoutMs: 1_000 }, 2);
  await environment.advance(5);
  const waiter = watch(coalescer.request('a'));
  await environment.advance(102);
  primary.calls[0]!.reject(httpError(503));
  await environment.advance(2);
  assert.deepEqual([calls(), waiter.state], [1, 'pending']);
  await environment.advance(TICK);
  assert.deepEqual([calls(), codeOf(waiter)], [1, 'COALESCER_TIMEOUT']);
  assert.deepEqual(
    flightOf(waiter.reason)?.attempts.map(({ target, end }) => `${target} ${end}`),
    ['primary failed'],
  );
});

test('what a target writes to its context changes no other attempt', async () => {
  const environment = countedEnvironment();
  const left: unknown[] = [];
  const run = (_payload: string, context: AttemptContext): Promise<string> => {
    left.push([context.attempt, context.remainingMs()]);
    Object.assign(context, { attempt: 9 });
    return Promise.reject(httpError(503));
  };
  const coalescer = createCoalescer({ scope: 'public', environment, targets: { a: run, b: run, c: run }, flightTimeoutMs: 900 });
  watch(coalescer.request('x'));
  await environment.advance(0);
  assert.deepEqual(left, [[1, 300], [2, 450], [3, 900]]); // biome-ignore format: three of a kind
});
