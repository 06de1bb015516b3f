// A target, a key or a scope that asks the coalescer for something while it is being called: every request is answered, each for itself.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createCoalescer, type Coalescer } from '../../src/index.js';
import { codeOf, countedEnvironment, hang, watch, type Watched } from './stage.js';

test('a target that asks for its own key, undetected, is ended by the flight’s time and not for ever', async () => {
  const environment = countedEnvironment();
  let calls = 0;
  const run = (payload: string): Promise<unknown> => (calls++, coalescer.request(payload));
  const coalescer: Coalescer<string, unknown> = createCoalescer({
    scope: 'public',
    targets: { run },
    environment,
    flightTimeoutMs: 1_000,
    detectReentrance: false,
  });
  const waiter = watch(coalescer.request('a'));
  await environment.advance(1_010);
  assert.equal(calls, 1);
  assert.equal(codeOf(waiter), 'COALESCER_TIMEOUT');
  assert.deepEqual([coalescer.stats().airborne, coalescer.stats().waiting], [0, 0]);
});

test('a target that asks for its own key unshared, or with fresh, gets a flight of its own', async () => {
  for (const options of [{ key: null }, { fresh: true }]) {
    const environment = countedEnvironment();
    let calls = 0;
    const run = (payload: string): Promise<never> => {
      if (++calls === 1) watch(coalescer.request(payload, options));
      return hang();
    };
    const coalescer: Coalescer<string, never> = createCoalescer({ scope: 'public', targets: { run }, environment, flightTimeoutMs: 1_000 });
    watch(coalescer.request('a'));
    assert.equal(calls, 2);
    assert.equal(coalescer.stats().airborne, 2);
    await environment.advance(1_010);
    assert.deepEqual([coalescer.stats().airborne, coalescer.stats().waiting, environment.timers()], [0, 0, 0]);
  }
});

test('who asks afresh from inside takes the key: the outer flight ends for its own waiter only', async () => {
  const resolvers: ((value: string) => void)[] = [];
  let inner: Watched | undefined;
  const environment = countedEnvironment();
  const run = (payload: string): Promise<string> =>
    new Promise((resolve) => {
      resolvers.push(resolve);
      if (resolvers.length === 1) inner = watch(coalescer.request(payload, { fresh: true }));
    });
  const coalescer: Coalescer<string, string> = createCoalescer({ scope: 'public', targets: { run }, environment });
  const outer = watch(coalescer.request('a'));
  const third = watch(coalescer.request('a'));
  assert.equal(resolvers.length, 2);
  resolvers[0]!('outer');
  await environment.advance(0);
  assert.deepEqual([outer.value, inner?.state], ['outer', 'pending']);
  resolvers[1]!('inner');
  await environment.advance(0);
  assert.equal(inner?.value, 'inner');
  assert.ok(third.value === 'inner' || third.value === 'outer');
});

test('a key or a scope that asks for another key is no trouble', async () => {
  const environment = countedEnvironment();
  const called: string[] = [];
  const inner: Watched[] = [];
  const ask = (payload: string): string => {
    if (payload === 'a') inner.push(watch(coalescer.request('b')));
    return payload;
  };
  const run = (payload: string): string => (called.push(payload), payload);
  const coalescer: Coalescer<string, string> = createCoalescer({ scope: ask, key: ask, targets: { run }, environment });
  const waiter = watch(coalescer.request('a'));
  await environment.advance(0);
  assert.deepEqual([...new Set(called)], ['b', 'a']);
  assert.deepEqual([waiter.value, ...inner.map(({ value }) => value)], ['a', 'b', 'b']);
});

test('a key that asks for its own key first: both requests are answered, and nothing stays behind', async () => {
  const environment = countedEnvironment();
  let calls = 0;
  let asked = 0;
  const inner: Watched[] = [];
  const key = (payload: string): string => {
    if (asked++ === 0) inner.push(watch(coalescer.request(payload)));
    return payload;
  };
  const run = async (payload: string): Promise<string> => (calls++, payload);
  const coalescer: Coalescer<string, string> = createCoalescer({ scope: 'public', key, targets: { run }, environment });
  const waiter = watch(coalescer.request('a'));
  await environment.advance(10);
  assert.equal(calls, 1);
  assert.deepEqual([waiter.value, inner[0]?.value], ['a', 'a']);
  assert.deepEqual([coalescer.stats().airborne, environment.timers()], [0, 0]);
});

test('a target that joins its own flight and leaves again takes nothing from the one who launched it', async () => {
  const environment = countedEnvironment();
  const leave = new AbortController();
  let calls = 0;
  let inner: Watched | undefined;
  const run = (payload: string): Promise<string> => {
    calls++;
    if (calls > 1) return Promise.resolve('answer');
    inner = watch(coalescer.request(payload, { signal: leave.signal }));
    leave.abort('only the inner one');
    return Promise.resolve('answer');
  };
  const coalescer: Coalescer<string, string> = createCoalescer({ scope: 'public', targets: { run }, environment, detectReentrance: false });
  const leader = watch(coalescer.request('a'));
  await environment.advance(10);
  assert.ok(calls <= 2);
  assert.equal(inner?.reason, 'only the inner one');
  assert.equal(leader.value, 'answer');
  const { airborne, waiting, requests, launched, joined, refused } = coalescer.stats();
  assert.deepEqual([airborne, waiting, environment.timers()], [0, 0, 0]);
  assert.equal(requests, launched + joined + refused);
});
