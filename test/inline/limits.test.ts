// At every limit a typed error that names it; nothing in the air is lost, and what was taken is given back. RELIABILITY I28, guarantee 8.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'node:util';
import { createCoalescer, type CoalescerError, type Limits } from '../../src/index.js';
import { codeOf, countedEnvironment, httpError, openStage, watch, type Watched } from './stage.js';

/** The limit that the library's own error names. */
const limitOf = (watched: Watched): unknown =>
  codeOf(watched) === 'COALESCER_LIMIT' ? (watched.reason as CoalescerError).limit : watched.state;

test('flights: one too many is refused, those in the air are joined and answered as before', async () => {
  const { coalescer, primary, settled } = openStage({ name: 'users', limits: { flights: 2 } });
  const waiters = ['a', 'b', 'c', 'a'].map((key) => watch(coalescer.request(key)));
  await settled();
  assert.equal(primary.calls.length, 2);
  assert.deepEqual(waiters.map(limitOf), ['pending', 'pending', 'flights', 'pending']);
  const { coalescer: name, message } = waiters[2]!.reason as CoalescerError;
  assert.equal(name, 'users');
  assert.match(message, /flights/);
  assert.match(message, /2/);
  primary.calls[0]!.resolve('x');
  await settled();
  assert.deepEqual([waiters[0]!.value, waiters[3]!.value, waiters[1]!.state], ['x', 'x', 'pending']);
});

test('flights: a settle, a failure, a cancel, an abandon and a time-out each give the place back', async () => {
  const { coalescer, primary, environment } = openStage({ limits: { flights: 1 }, flightTimeoutMs: 1_000 });
  const leaving = new AbortController();
  const ends: readonly (() => unknown)[] = [
    () => primary.calls.at(-1)!.resolve('x'),
    () => primary.calls.at(-1)!.reject(new Error('x')),
    () => coalescer.cancel({ scope: null }),
    () => leaving.abort(),
    () => environment.advance(1_010),
  ];
  for (const [round, end] of ends.entries()) {
    watch(coalescer.request(`k${round}`, { signal: round === 3 ? leaving.signal : undefined }));
    assert.equal(primary.calls.length, round + 1);
    await assert.rejects(coalescer.request('one too many'), { code: 'COALESCER_LIMIT' });
    await end();
    await environment.advance(0);
  }
  watch(coalescer.request('last'));
  assert.equal(primary.calls.length, ends.length + 1);
});

test('flights: a forgotten flight still takes its place, and so does an unshared one', async () => {
  const { coalescer, primary, settled } = openStage({ limits: { flights: 2 } });
  watch(coalescer.request('a'));
  coalescer.forget({ payload: 'a' });
  watch(coalescer.request('b', { key: null }));
  const refused = watch(coalescer.request('a'));
  await settled();
  assert.equal(primary.calls.length, 2);
  assert.equal(limitOf(refused), 'flights');
});

test('a fresh request that is refused takes nothing from the flight that is in the air', async () => {
  const { coalescer, primary, settled } = openStage({ limits: { flights: 1 } });
  const first = watch(coalescer.request('a'));
  const fresh = watch(coalescer.request('a', { fresh: true }));
  const joined = watch(coalescer.request('a'));
  await settled();
  assert.equal(primary.calls.length, 1);
  assert.equal(limitOf(fresh), 'flights');
  primary.calls[0]!.resolve('x');
  await settled();
  assert.deepEqual([first.value, joined.value], ['x', 'x']);
});

test('waitersPerFlight: one too many is refused and starts no flight of its own; who leaves makes room', async () => {
  const { coalescer, primary, settled } = openStage({ limits: { waitersPerFlight: 3 } });
  const leaving = new AbortController();
  watch(coalescer.request('a', { signal: leaving.signal }));
  const waiters = Array.from({ length: 3 }, () => watch(coalescer.request('a')));
  const other = watch(coalescer.request('b'));
  await settled();
  assert.equal(primary.calls.length, 2);
  assert.deepEqual(waiters.map(limitOf), ['pending', 'pending', 'waitersPerFlight']);
  leaving.abort();
  const afterwards = watch(coalescer.request('a'));
  const again = watch(coalescer.request('a'));
  primary.calls[0]!.resolve('x');
  await settled();
  assert.deepEqual([waiters[0]!.value, waiters[1]!.value, afterwards.value], ['x', 'x', 'x']);
  assert.deepEqual([limitOf(again), other.state], ['waitersPerFlight', 'pending']);
  assert.equal(primary.calls.length, 2);
});

test('waitersPerFlight: where it is 1 nobody joins, and the leader is answered', async () => {
  const { coalescer, primary, settled } = openStage({ limits: { waitersPerFlight: 1 } });
  const [leader, other] = [watch(coalescer.request('a')), watch(coalescer.request('a'))];
  await settled();
  assert.deepEqual([primary.calls.length, limitOf(other)], [1, 'waitersPerFlight']);
  primary.calls[0]!.resolve('x');
  await settled();
  assert.equal(leader.value, 'x');
});

test('payloadBytes: a key that is too long is refused, by the bytes that it takes', async () => {
  const { coalescer, primary, settled } = openStage({ limits: { payloadBytes: 100 } });
  const waiters = ['x'.repeat(100), 'x'.repeat(101)].map((payload) => watch(coalescer.request(payload)));
  await settled();
  assert.equal(primary.calls.length, 1);
  assert.deepEqual(waiters.map(limitOf), ['pending', 'payloadBytes']);
});

test('resultBytes: a value that is too long is refused to all, without another target being asked for it', async () => {
  const environment = countedEnvironment();
  for (const [value, isTooLong] of [
    ['x'.repeat(100), false],
    ['x'.repeat(101), true],
    [Buffer.alloc(100), false],
    [Buffer.alloc(101), true],
    [new Uint8Array(101), true],
    [new Float64Array(13), true],
    [new ArrayBuffer(101), true],
    [new DataView(new ArrayBuffer(101)), true],
  ] as const) {
    let calls = 0;
    const only = async (): Promise<unknown> => (calls++, value);
    const coalescer = createCoalescer({ scope: 'public', environment, targets: { only, backup: only }, limits: { resultBytes: 100 } });
    const waiters = [watch(coalescer.request('a')), watch(coalescer.request('a'))];
    await environment.advance(0);
    assert.equal(calls, 1);
    for (const waiter of waiters) assert.equal(limitOf(waiter), isTooLong ? 'resultBytes' : 'fulfilled', inspect(value));
    assert.deepEqual([coalescer.stats().airborne, coalescer.stats().bytes], [0, 0]);
  }
});

test('airborneBytes: what all flights hold together is bounded, and given back when they end', async () => {
  const { coalescer, primary, environment } = openStage({ limits: { airborneBytes: 1_000 }, flightTimeoutMs: 1_000 });
  const key = (letter: string): string => letter.repeat(400);
  const waiters = ['a', 'b', 'c', 'd', 'a'].map((letter) => watch(coalescer.request(key(letter))));
  await environment.advance(0);
  assert.ok(primary.calls.length >= 1 && primary.calls.length <= 2);
  assert.equal(limitOf(waiters[3]!), 'airborneBytes');
  assert.equal(limitOf(waiters[4]!), 'pending');
  assert.ok(coalescer.stats().bytes > 0 && coalescer.stats().bytes <= 1_000);
  const inTheAir = primary.calls.length;
  for (const end of ['value', 'error', 'time'] as const) {
    for (const call of primary.calls.slice(-inTheAir)) {
      if (end === 'value') call.resolve('x');
      if (end === 'error') call.reject(httpError(500));
    }
    await environment.advance(end === 'time' ? 1_010 : 0);
    assert.equal(coalescer.stats().bytes, 0, end);
    for (const letter of ['e', 'f'].slice(0, inTheAir)) watch(coalescer.request(key(letter)));
  }
  assert.equal(primary.calls.length, inTheAir * 4);
});

test('a limit refuses at once: before the target, a listener or a timer', async () => {
  const { coalescer, primary, environment, settled } = openStage({ limits: { flights: 1 } });
  watch(coalescer.request('a'));
  const before = environment.timers();
  const refused = watch(coalescer.request('b', { timeoutMs: 5 }));
  await settled();
  assert.equal(primary.calls.length, 1);
  assert.equal(codeOf(refused), 'COALESCER_LIMIT');
  assert.equal(environment.timers(), before);
});

test('10,000 refused requests cost nothing that stays', async () => {
  const { coalescer, primary, settled } = openStage({ limits: { flights: 1 } });
  watch(coalescer.request('a'));
  const refused = Array.from({ length: 10_000 }, (_, index) => watch(coalescer.request(`k${index}`)));
  await settled();
  assert.equal(primary.calls.length, 1);
  assert.equal(refused.filter((waiter) => limitOf(waiter) === 'flights').length, 10_000);
  const { airborne, waiting, refused: counted, requests } = coalescer.stats();
  assert.deepEqual({ airborne, waiting, counted, requests }, { airborne: 1, waiting: 1, counted: 10_000, requests: 10_001 });
});

test('the defaults are finite: the 10,001st flight and the 10,001st waiter are refused', async () => {
  const { coalescer, primary, settled } = openStage();
  for (let index = 0; index < 10_000; index++) watch(coalescer.request(`k${index}`));
  const flight = watch(coalescer.request('one more'));
  const waiters = Array.from({ length: 10_000 }, () => watch(coalescer.request('k0')));
  await settled();
  assert.equal(primary.calls.length, 10_000);
  assert.deepEqual([limitOf(flight), limitOf(waiters[9_998]!), limitOf(waiters[9_999]!)], ['flights', 'pending', 'waitersPerFlight']);
  const names: Required<Record<keyof Limits, true>> = {
    flights: true,
    waitersPerFlight: true,
    payloadBytes: true,
    resultBytes: true,
    airborneBytes: true,
  };
  assert.equal(Object.keys(names).length, 5);
});
