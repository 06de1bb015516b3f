// Targets that answer with something like a promise: awaited as the language awaits, guarded against what it does wrong. LESSONS 9.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openOdd, thrower } from './odd-stage.js';
import { hang, httpError } from './stage.js';

/** An object with this `then`, made so that it is clear that it was meant. */
function thenable(then: (resolve: (value: unknown) => void, reject: (error: unknown) => void) => unknown): object {
  return Object.fromEntries([['then', then]]);
}

test('a thenable is awaited like a promise', async () => {
  const { request, environment, calls } = openOdd(() => thenable((resolve) => resolve('from a thenable')));
  const waiter = request();
  await environment.advance(0);
  assert.equal(calls(), 1);
  assert.equal(waiter.value, 'from a thenable');
});

test('a then that is no function makes no thenable', async () => {
  const value = Object.fromEntries([['then', 'what follows']]);
  const { request, environment, calls } = openOdd(() => value);
  const waiter = request();
  await environment.advance(0);
  assert.equal(calls(), 1);
  assert.equal(waiter.value, value);
});

const twice = (first: 'value' | 'error', second: 'value' | 'error' | 'throw') => (): object =>
  thenable((resolve, reject) => {
    for (const [at, word] of [first, second].entries()) {
      if (word === 'value') resolve(`value ${at}`);
      else if (word === 'error') reject(httpError(404));
      else throw httpError(503);
    }
  });

test('a thenable that settles twice settles once: the first word counts, and no second target is called for the second', async () => {
  for (const second of ['value', 'error', 'throw'] as const) {
    const { request, environment, calls, stats } = openOdd(twice('value', second), async () => 'backup');
    const waiters = [request(), request()];
    await environment.advance(100);
    assert.equal(calls(), 1);
    for (const { value } of waiters) assert.equal(value, 'value 0');
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
  for (const odd of [unreadable, thenable(thrower(httpError(503)))]) {
    const { request, environment, calls } = openOdd(
      () => odd,
      async () => 'backup',
    );
    const waiter = request();
    await environment.advance(0);
    assert.equal(calls(), 2);
    assert.equal(waiter.value, 'backup');
  }
});

test('a thenable that resolves to another one, and that to a third, is followed to the end', async () => {
  const inner = thenable((resolve) => resolve(Promise.resolve('deep')));
  const { request, environment, calls } = openOdd(() => thenable((resolve) => resolve(inner)));
  const waiter = request();
  await environment.advance(0);
  assert.equal(calls(), 1);
  assert.equal(waiter.value, 'deep');
});

test('a thenable that resolves to itself is a failed attempt, or ends with its time', async () => {
  const ring = thenable((resolve) => void Promise.resolve().then(() => resolve('out of the ring')));
  const { request, environment, calls, stats } = openOdd(() => ring);
  const waiter = request();
  await environment.advance(1_010);
  assert.equal(calls(), 1);
  assert.notEqual(waiter.state, 'pending');
  assert.equal(stats().airborne, 0);
});

/** What lazy queries of some database clients are: promises whose `then` begins the work. */
class Lazy extends Promise<string> {
  static override get [Symbol.species](): PromiseConstructor {
    return Promise;
  }
}

test('a promise with a then of its own may throw in it, settle at once or never: no waiter is lost, and the next target is tried', async () => {
  const withThen = (then: (...args: never[]) => unknown): Promise<string> =>
    Object.defineProperty(new Lazy(() => undefined), 'then', { value: then });
  const odd: readonly [promise: () => Promise<string>, calls: number, value: string | undefined][] = [
    [() => withThen(thrower(httpError(503))), 2, 'backup'],
    [() => withThen((resolve: (value: string) => void) => resolve('at once')), 1, 'at once'],
    [() => withThen((_: unknown, reject: (error: unknown) => void) => reject(httpError(503))), 2, 'backup'],
    [() => withThen(() => hang()), 2, undefined],
    [() => Object.defineProperty(Promise.resolve('own then'), 'then', { value: thrower(httpError(503)) }), 2, 'backup'],
  ];
  for (const [promise, expected, value] of odd) {
    const { request, environment, calls, stats } = openOdd(promise, async () => 'backup');
    const waiters = [request(), request()];
    await environment.advance(0);
    if (value === undefined) await environment.advance(510);
    assert.equal(calls(), expected);
    for (const waiter of waiters) assert.equal(waiter.value, value ?? 'backup');
    assert.equal(stats().airborne, 0);
  }
});
