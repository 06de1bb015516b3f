// Targets that misbehave: they throw at once, settle twice, never, or late, and throw what is no error. Every waiter settles once. LESSONS 5, 6, 9.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createCoalescer, flightOf, type AttemptContext, type CoalescerError, type TargetCall } from '../../src/index.js';
import { codeOf, countedEnvironment, httpError, watch, type CountedEnvironment } from './stage.js';

interface Odd {
  readonly environment: CountedEnvironment;
  calls(): number;
  request(signal?: AbortSignal): ReturnType<typeof watch>;
  stats(): { readonly airborne: number; readonly waiting: number };
  waiters(): number;
}

/** A coalescer whose targets are these functions, in this order. */
function openOdd(...runs: TargetCall<string, unknown>[]): Odd {
  const environment = countedEnvironment();
  let calls = 0;
  const counted = (run: TargetCall<string, unknown>) => (payload: string, context: AttemptContext) => (calls++, run(payload, context));
  const targets = Object.fromEntries(runs.map((run, index) => [`t${index}`, counted(run)]));
  const coalescer = createCoalescer({ scope: 'public', targets, environment, flightTimeoutMs: 1_000 });
  return {
    environment,
    calls: () => calls,
    request: (signal) => watch(coalescer.request('a', { signal })),
    stats: () => coalescer.stats(),
    waiters: () => coalescer.waiters({ payload: 'a' }),
  };
}

const thrower = (thrown: unknown) => (): never => {
  throw thrown;
};

test('a target that throws at once rejects the waiters, and does not throw out of request', async () => {
  const error = new Error('at once');
  const { request, environment, calls, stats } = openOdd(thrower(error));
  const waiter = request();
  await environment.advance(0);
  assert.equal(calls(), 1);
  assert.equal(waiter.reason, error);
  assert.equal(stats().airborne, 0);
});

test('a throw is not kept: the next request calls again', async () => {
  const { request, environment, calls } = openOdd(thrower(new Error('at once')));
  for (let round = 1; round <= 3; round++) {
    request();
    await environment.advance(0);
    assert.equal(calls(), round);
  }
});

test('a target that throws at once fails over, within the same call of request', async () => {
  const { request, environment, calls } = openOdd(thrower(httpError(503)), thrower(httpError(503)), async () => 'third');
  const waiter = request();
  await environment.advance(0);
  assert.equal(calls(), 3);
  assert.equal(waiter.value, 'third');
});

test('requests made in the tick of a sync throw all settle', async () => {
  const { request, environment, calls } = openOdd(thrower(new Error('x')));
  const waiters = Array.from({ length: 10 }, () => request());
  await environment.advance(0);
  assert.ok(calls() >= 1 && calls() <= 10);
  assert.deepEqual(new Set(waiters.map(({ state }) => state)), new Set(['rejected']));
  assert.deepEqual([waiters.length, 0], [10, openOdd(async () => 1).stats().waiting]);
});

test('a plain value is as good as a promise, undefined too', async () => {
  for (const value of ['text', undefined, null, 0, false, { then: 'no function' }, [], () => 1]) {
    const { request, environment, calls } = openOdd(() => value);
    const waiters = [request(), request()];
    await environment.advance(0);
    assert.ok(calls() >= 1 && calls() <= 2);
    for (const waiter of waiters) assert.deepEqual([waiter.state, waiter.value], ['fulfilled', value]);
  }
});

test('what is thrown is given as it is, whatever it is, to all waiters', async () => {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  const unreadable = Object.defineProperty({}, 'message', { get: thrower(new Error('do not look')) });
  for (const thrown of ['text', 7, 0, '', null, undefined, false, 1n, Symbol('s'), {}, Object.freeze(new Error('frozen')), Object.create(null), unreadable, proxy]) {
    for (const isSync of [true, false]) {
      const { request, environment, calls, stats } = openOdd(isSync ? thrower(thrown) : async () => thrower(thrown)());
      const waiters = isSync ? [request()] : [request(), request()];
      await environment.advance(0);
      assert.equal(calls(), 1);
      for (const waiter of waiters) assert.ok(waiter.state === 'rejected' && Object.is(waiter.reason, thrown));
      assert.equal(stats().airborne, 0);
    }
  }
});

test('what is thrown in a failover is in its story, whatever it is', async () => {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  const cyclic = Object.assign(new Error('cyclic'), { cause: undefined as unknown });
  cyclic.cause = cyclic;
  for (const thrown of ['text', null, undefined, Symbol('s'), Object.create(null), proxy, 1n, cyclic, { message: 7, code: {}, status: 'x' }]) {
    const { request, environment, calls } = openOdd(thrower(thrown), async () => thrower(thrown)());
    const waiter = request();
    await environment.advance(0);
    assert.equal(calls(), 2);
    assert.equal(codeOf(waiter), 'COALESCER_TARGETS_FAILED');
    const { attempts, cause } = waiter.reason as CoalescerError;
    assert.deepEqual(attempts?.map(({ end }) => end), ['failed', 'failed']);
    assert.ok(Object.is(cause, thrown));
  }
});

test('flightOf knows errors that are functions or frozen, and nothing of primitives', async () => {
  for (const thrown of [Object.freeze(new Error('frozen')), Object.assign(() => 1, { is: 'an error' })]) {
    const { request, environment, calls } = openOdd(thrower(thrown));
    request();
    await environment.advance(0);
    assert.equal(calls(), 1);
    assert.equal(flightOf(thrown)?.attempts.length, 1);
  }
});

test('a thenable is awaited like a promise', async () => {
  // biome-ignore lint: a thenable is what is tested.
  const { request, environment, calls } = openOdd(() => ({ then: (resolve: (value: string) => void) => resolve('from a thenable') }));
  const waiter = request();
  await environment.advance(0);
  assert.equal(calls(), 1);
  assert.equal(waiter.value, 'from a thenable');
});

test('a thenable that settles twice settles once: the first word counts, and no second target is called for the second', async () => {
  const twice = (first: 'value' | 'error', second: 'value' | 'error' | 'throw') => () => ({
    then(resolve: (value: unknown) => void, reject: (error: unknown) => void) {
      for (const [at, word] of [first, second].entries()) {
        if (word === 'value') resolve(`value ${at}`);
        else if (word === 'error') reject(httpError(404));
        else throw httpError(503);
      }
    },
  });
  for (const second of ['value', 'error', 'throw'] as const) {
    const { request, environment, calls, stats } = openOdd(twice('value', second), async () => 'backup');
    const waiters = [request(), request()];
    await environment.advance(100);
    assert.ok(calls() <= 2);
    assert.deepEqual(waiters.map(({ value }) => value), ['value 0', 'value 0']);
    assert.equal(stats().airborne, 0);
    const other = openOdd(twice('error', second), async () => 'backup');
    const answered = other.request();
    await other.environment.advance(100);
    assert.equal(other.calls(), 1);
    assert.equal((answered.reason as { status?: number } | undefined)?.status, 404);
  }
});

test('a thenable whose then cannot be read, or throws, is a failed attempt', async () => {
  const unreadable = Object.defineProperty({}, 'then', { get: thrower(httpError(503)) });
  for (const odd of [() => unreadable, () => ({ then: thrower(httpError(503)) })]) {
    const { request, environment, calls } = openOdd(odd, async () => 'backup');
    const waiter = request();
    await environment.advance(0);
    assert.equal(calls(), 2);
    assert.equal(waiter.value, 'backup');
  }
});

test('a thenable that resolves to another one, and that to a third, is followed to the end', async () => {
  const nested = { then: (outer: (value: unknown) => void) => outer({ then: (inner: (value: unknown) => void) => inner(Promise.resolve('deep')) }) };
  const { request, environment, calls } = openOdd(() => nested);
  const waiter = request();
  await environment.advance(0);
  assert.equal(calls(), 1);
  assert.equal(waiter.value, 'deep');
});

test('a target that never settles and ignores its signal is left behind: waiters are told, the key is free, nothing stays armed', async () => {
  const { request, environment, calls, stats, waiters } = openOdd(() => new Promise(() => undefined));
  const waiter = request();
  await environment.advance(1_010);
  assert.equal(calls(), 1);
  assert.equal(codeOf(waiter), 'COALESCER_TIMEOUT');
  assert.deepEqual([stats().airborne, stats().waiting, waiters(), environment.timers()], [0, 0, 0, 0]);
  request();
  assert.equal(calls(), 2);
});

test('a value that an abandoned target gives synchronously from its abort reaches nobody', async () => {
  const leaving = new AbortController();
  const { request, environment, calls, stats } = openOdd(
    (_, { signal }) =>
      new Promise((resolve) => {
        signal.addEventListener('abort', () => resolve('last words'));
      }),
  );
  const left = request(leaving.signal);
  leaving.abort('gone');
  const next = request();
  await environment.advance(0);
  assert.equal(calls(), 2);
  assert.deepEqual([left.reason, next.state, stats().airborne], ['gone', 'pending', 1]);
});
