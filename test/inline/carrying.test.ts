// What `carry` takes along, and what it may do: once for each launch, from the leader's context, before anything is in the air.
import assert from 'node:assert/strict';
import { AsyncLocalStorage } from 'node:async_hooks';
import { test } from 'node:test';
import { inspect } from 'node:util';
import { createCoalescer, type AttemptContext, type Coalescer } from '../../src/index.js';
import { scriptedTarget } from '../../src/testing.js';
import { countedEnvironment, hang, httpError, watch, type Watched } from './stage.js';

const tenant = new AsyncLocalStorage<string>();

test('carry takes along from the leader’s context what every attempt shall see, once for each launch', async () => {
  const environment = countedEnvironment();
  const told: unknown[] = [];
  let carried = 0;
  const tell = (_: string, context: AttemptContext): Promise<never> => (told.push(context.carried), Promise.reject(httpError(503)));
  const carry = (): unknown => (carried++, { trace: tenant.getStore() });
  const coalescer = createCoalescer({ scope: 'public', targets: { one: tell, two: tell }, carry, environment });
  tenant.run('leader', () => watch(coalescer.request('a')));
  tenant.run('follower', () => watch(coalescer.request('a')));
  await environment.advance(0);
  assert.deepEqual(told, [{ trace: 'leader' }, { trace: 'leader' }]);
  assert.equal(carried, 1);
  tenant.run('another', () => watch(coalescer.request('b')));
  assert.deepEqual([told.at(-1), carried], [{ trace: 'another' }, 2]);
});

test('a context that is logged says which attempt it is', async () => {
  const logged: string[][] = [];
  const run = async (_: string, context: AttemptContext): Promise<string> => {
    logged.push([inspect(context), JSON.stringify(context)]);
    if (context.target === 'primary') throw httpError(503);
    return 'answer';
  };
  const coalescer = createCoalescer({ scope: 'public', carry: () => ({ trace: 'a' }), targets: { primary: run, backup: run } });
  assert.equal(await coalescer.request('a'), 'answer');
  assert.deepEqual(
    logged.map(([shown]) => shown),
    ['primary', 'backup'].map((target, at) => inspect({ flight: 'coalescer#1', attempt: at + 1, target, carried: { trace: 'a' } })),
  );
  assert.deepEqual(
    logged.map(([, json]) => JSON.parse(json as string).target),
    ['primary', 'backup'],
  );
});

test('without carry there is nothing, and what was carried is no part of the key', () => {
  const told: unknown[] = [];
  const tell = (_: string, context: AttemptContext): Promise<never> => (told.push(context.carried), hang());
  const without = createCoalescer({ scope: 'public', targets: { tell }, environment: countedEnvironment() });
  watch(without.request('a'));
  let count = 0;
  const counting = createCoalescer({ scope: 'public', targets: { tell }, carry: () => ++count, environment: countedEnvironment() });
  for (let request = 0; request < 3; request++) watch(counting.request('a'));
  assert.equal(told.length, 2);
  assert.deepEqual([told[0] ?? null, told[1]], [null, 1]);
});

test('a carry that throws fails its request with what it threw, and leaves no flight behind', async () => {
  const environment = countedEnvironment();
  let calls = 0;
  const thrown = new Error('nothing to carry');
  let isBroken = true;
  const carry = (): unknown => {
    if (isBroken) throw thrown;
    return {};
  };
  const coalescer = createCoalescer({ scope: 'public', targets: { only: (): string => `call ${++calls}` }, carry, environment });
  const waiter = watch(coalescer.request('a'));
  await environment.advance(0);
  assert.equal(calls, 0);
  assert.equal(waiter.reason, thrown);
  const { airborne, waiting, bytes, requests, launched, joined, refused } = coalescer.stats();
  assert.deepEqual([airborne, waiting, bytes], [0, 0, 0]);
  assert.equal(requests, launched + joined + refused);
  isBroken = false;
  const again = watch(coalescer.request('a'));
  await environment.advance(0);
  assert.equal(again.value, 'call 1');
});

/** A coalescer whose first `carry` does something to it. */
function openCarrying(act: (coalescer: Coalescer<string, never>) => unknown): {
  readonly coalescer: Coalescer<string, never>;
  readonly called: string[];
  readonly environment: ReturnType<typeof countedEnvironment>;
} {
  const environment = countedEnvironment();
  const called: string[] = [];
  let hasActed = false;
  const coalescer: Coalescer<string, never> = createCoalescer({
    scope: 'public',
    environment,
    targets: { only: (payload: string) => (called.push(payload), hang()) },
    flightTimeoutMs: 1_000,
    limits: { flights: 1 },
    carry: () => {
      if (hasActed) return;
      hasActed = true;
      act(coalescer);
    },
  });
  return { coalescer, called, environment };
}

test('a carry that makes a request of its own cannot get the outer one past a limit', async () => {
  const inner: Watched[] = [];
  const { coalescer, called, environment } = openCarrying((itself) => inner.push(watch(itself.request('b'))));
  const outer = watch(coalescer.request('a'));
  assert.equal(called.length, 1);
  assert.equal(coalescer.stats().airborne, 1);
  await environment.advance(1_010);
  for (const waiter of [outer, ...inner]) assert.equal(waiter.state, 'rejected');
  assert.deepEqual([coalescer.stats().airborne, environment.timers()], [0, 0]);
});

test('a carry that asks for the very key loses neither request', async () => {
  const inner: Watched[] = [];
  const { coalescer, called, environment } = openCarrying((itself) => inner.push(watch(itself.request('a'))));
  const outer = watch(coalescer.request('a'));
  await environment.advance(1_010);
  assert.equal(called.length, 1);
  for (const waiter of [outer, ...inner]) assert.equal(waiter.state, 'rejected');
  assert.deepEqual([coalescer.stats().airborne, coalescer.stats().waiting, environment.timers()], [0, 0, 0]);
});

test('a flight that a carry launched for the very key is not the current one of that key, and frees it for nobody', async () => {
  const environment = countedEnvironment();
  const target = scriptedTarget<string, string>();
  let inner: Watched | null = null;
  let isAsking = false;
  const carry = (): string => {
    if (isAsking) return 'inner';
    isAsking = true;
    inner = watch(coalescer.request('a'));
    return 'outer';
  };
  const coalescer = createCoalescer({ scope: 'public', environment, carry, targets: { target } });
  const outer = watch(coalescer.request('a'));
  assert.equal(target.calls.length, 2);
  target.calls[0]?.resolve('inner');
  await environment.advance(0);
  assert.equal((inner as Watched | null)?.value, 'inner');
  const joins = watch(coalescer.request('a'));
  assert.equal(target.calls.length, 2, 'it joins what is in the air');
  target.calls[1]?.resolve('outer');
  await environment.advance(0);
  assert.deepEqual([outer.value, joins.value], ['outer', 'outer']);
});

test('a carry that closes the coalescer: the request is refused or drained, and nothing is left', async () => {
  let closing: Watched | undefined;
  const { coalescer, called, environment } = openCarrying((itself) => (closing = watch(itself.close({ drainMs: 100 }))));
  const waiter = watch(coalescer.request('a'));
  await environment.advance(1_010);
  assert.ok(called.length <= 1);
  assert.deepEqual([waiter.state, closing?.state], ['rejected', 'fulfilled']);
  assert.deepEqual([coalescer.stats().airborne, environment.timers()], [0, 0]);
});

test('the context of an attempt still tells what it told when the flight is over', async () => {
  const environment = countedEnvironment();
  const contexts: AttemptContext[] = [];
  const tell = (_: string, context: AttemptContext): Promise<never> => (contexts.push(context), hang());
  const coalescer = createCoalescer({
    scope: 'per-request',
    targets: { tell },
    carry: () => ({ trace: 'abc' }),
    environment,
  });
  const long = 'k'.repeat(9_000);
  const leave = new AbortController();
  for (const key of ['short', long]) watch(coalescer.request('a', { scope: 'acme', key, signal: leave.signal }));
  leave.abort();
  await environment.advance(100);
  assert.equal(contexts.length, 2);
  assert.deepEqual(
    contexts.map(({ carried, key, scope, target, attempt }) => ({
      carried,
      isWhole: key === 'short' || key === long,
      scope,
      target,
      attempt,
    })),
    contexts.map(() => ({ carried: { trace: 'abc' }, isWhole: true, scope: 'acme', target: 'tell', attempt: 1 })),
  );
  assert.deepEqual(
    contexts.map(({ signal }) => signal.aborted),
    [true, true],
  );
});
