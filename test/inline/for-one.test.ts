// Values that a target declares not shareable: the leader's alone. The others are released at once, together, and the verdict is remembered, so that
// they do not queue up behind each other. LESSONS 16; RELIABILITY (d), hit-for-miss.
import assert from 'node:assert/strict';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { test } from 'node:test';
import { createCoalescer, isCoalescerError, threadTargets, type CoalescerOptions } from '../../src/index.js';
import { scriptedTarget } from '../../src/testing.js';
import type targets from '../threads/fixtures/private-values.js';
import { codeOf, countedEnvironment, watch, type Script, type Watched } from './stage.js';

type Options = Partial<CoalescerOptions<string, string, 'public', 'readonly'>>;

/** Values that begin with `private` are for one alone. */
function opened(options: Options = {}) {
  const environment = countedEnvironment();
  const run: Script = scriptedTarget<string, string>();
  const isShareable = (value: string): boolean => !value.startsWith('private');
  const coalescer = createCoalescer({ scope: 'public', environment, ...options, targets: { primary: { run, isShareable } } });
  return { coalescer, environment, run, settled: () => environment.advance(0) };
}

test('the leader gets its value, and all others fly for themselves, together, each to a value of its own', async () => {
  const { coalescer, run, settled } = opened();
  const waiters = Array.from({ length: 100 }, () => watch(coalescer.request('a')));
  assert.equal(run.calls.length, 1);
  run.calls[0]!.resolve('private 0');
  await settled();
  assert.equal(run.calls.length, 100, 'at once, not one after the other');
  for (const [number, call] of run.calls.entries()) call.resolve(`private ${number}`);
  await settled();
  assert.equal(new Set(waiters.map(({ value }) => value)).size, 100);
  assert.equal(waiters[0]!.value, 'private 0');
  const { launched, joined, released, unshared, requests, airborne, waiting } = coalescer.stats();
  assert.deepEqual(
    { launched, joined, released, unshared, requests },
    { launched: 100, joined: 99, released: 99, unshared: 99, requests: 100 },
  );
  assert.deepEqual([airborne, waiting], [0, 0]);
});

test('that a key’s values are such is remembered for two minutes: nobody waits for another meanwhile', async () => {
  const { coalescer, environment, run, settled } = opened();
  const first = watch(coalescer.request('a'));
  run.calls[0]!.resolve('private');
  await settled();
  assert.equal(first.value, 'private');
  for (let request = 0; request < 10; request++) watch(coalescer.request('a'));
  assert.equal(run.calls.length, 11);
  watch(coalescer.request('b'));
  watch(coalescer.request('b'));
  assert.equal(run.calls.length, 12, 'other keys are shared');
  for (const call of run.calls) call.resolve('private');
  await environment.advance(120_000);
  const { length } = run.calls;
  watch(coalescer.request('a'));
  watch(coalescer.request('a'));
  assert.equal(run.calls.length, length + 1, 'then it is tried again');
});

test('the empty key is remembered as any other', async () => {
  const { coalescer, run, settled } = opened();
  watch(coalescer.request(''));
  run.calls[0]!.resolve('private');
  await settled();
  for (let request = 0; request < 3; request++) watch(coalescer.request(''));
  assert.equal(run.calls.length, 4);
});

test('values that may be shared are, as without the function', async () => {
  const { coalescer, run, settled } = opened();
  const waiters = Array.from({ length: 10 }, () => watch(coalescer.request('a')));
  run.calls[0]!.resolve('x');
  await settled();
  assert.equal(run.calls.length, 1);
  for (const { value } of waiters) assert.equal(value, 'x');
});

test('a leader that has left takes its value to nobody', async () => {
  const { coalescer, run, settled } = opened();
  const leave = new AbortController();
  const leader = watch(coalescer.request('a', { signal: leave.signal }));
  const follower = watch(coalescer.request('a'));
  leave.abort();
  await settled();
  run.calls[0]!.resolve('private 0');
  await settled();
  assert.equal(leader.state, 'rejected');
  assert.deepEqual([run.calls.length, follower.state], [2, 'pending']);
  run.calls[1]!.resolve('private 1');
  await settled();
  assert.equal(follower.value, 'private 1');
});

test('who flies alone has the time that was left, its signal, and a limit', async () => {
  const { coalescer, environment, run, settled } = opened({ limits: { flights: 3 } });
  watch(coalescer.request('a'));
  const timed = watch(coalescer.request('a', { timeoutMs: 500 }));
  const leave = new AbortController();
  const signalled = watch(coalescer.request('a', { signal: leave.signal }));
  const others = [watch(coalescer.request('a')), watch(coalescer.request('a'))];
  await environment.advance(300);
  run.calls[0]!.resolve('private');
  await settled();
  assert.equal(run.calls.length, 4);
  assert.deepEqual(
    others.map((other) => codeOf(other)),
    ['pending', 'COALESCER_LIMIT'],
  );
  leave.abort();
  await settled();
  assert.equal(signalled.state, 'rejected');
  await environment.advance(190);
  assert.equal(timed.state, 'pending');
  await environment.advance(30);
  assert.equal(codeOf(timed), 'COALESCER_TIMEOUT');
});

test('who flies alone is refused as anybody is: with an error of the library that names the coalescer', async () => {
  const module = new URL('../threads/fixtures/private-values.js', import.meta.url);
  const coalescer = createCoalescer({
    name: 'private',
    scope: 'public',
    key: () => 'one key for all',
    limits: { payloadBytes: 100 },
    targets: threadTargets<typeof targets>(module, { threads: 0 }),
  });
  const [leader, follower, told] = [coalescer.request('a'), coalescer.request('a'.repeat(200)), coalescer.outcome('a'.repeat(200))];
  const settled = await Promise.allSettled([leader, follower, told]);
  await coalescer.close();
  assert.equal(settled[0].status, 'fulfilled');
  const reasons: unknown[] = [];
  if (settled[1].status === 'rejected') reasons.push(settled[1].reason);
  if (settled[2].status === 'fulfilled' && settled[2].value.status === 'rejected') reasons.push(settled[2].value.reason);
  assert.equal(reasons.length, 2);
  for (const reason of reasons) {
    assert.ok(isCoalescerError(reason, 'COALESCER_LIMIT'), String(reason));
    assert.deepEqual([reason.limit, reason.coalescer], ['payloadBytes', 'private']);
  }
});

test('where each waiter gets a copy, so does the one that the value is for', async () => {
  const values: { n: number }[] = [];
  const run = (): { n: number } => {
    values.push({ n: values.length });
    return values.at(-1) as { n: number };
  };
  const environment = countedEnvironment();
  const coalescer = createCoalescer({
    scope: 'public',
    share: 'copy',
    environment,
    targets: { primary: { run, isShareable: () => false } },
  });
  const got = await Promise.all([coalescer.request('a'), coalescer.request('a')]);
  assert.deepEqual(got, [{ n: 0 }, { n: 1 }]);
  for (const [index, value] of got.entries()) assert.notEqual(value, values[index], 'its target may still hold it');
});

test('outcome tells of the flight that the value came from', async () => {
  const { coalescer, run, settled } = opened();
  const [leader, follower] = [coalescer.outcome('a'), coalescer.outcome('a')];
  await settled();
  run.calls[0]!.resolve('private 0');
  await settled();
  run.calls[1]!.resolve('private 1');
  const told = await Promise.all([leader, follower]);
  assert.deepEqual(
    told.map((outcome) => [outcome.status === 'fulfilled' && outcome.value, outcome.role, outcome.flight, outcome.waiters]),
    [
      ['private 0', 'leader', 'coalescer#1', 2],
      ['private 1', 'leader', 'coalescer#2', 1],
    ],
  );
});

test('what is for one alone is not kept, and read by its leader alone: beside others it is refused to all, who fly alone the next time', async () => {
  const { coalescer, run, settled } = opened({ keep: { ttlMs: 60_000 } });
  watch(coalescer.request('a'));
  run.calls[0]!.resolve('private');
  await settled();
  assert.equal(coalescer.stats().kept, 0);
  const read = (key: string): Watched => watch(coalescer.stream(key)[Symbol.asyncIterator]().next());
  const alone = read('b');
  const together = [read('c'), read('c')];
  assert.equal(run.calls.length, 3);
  for (const call of run.calls) call.resolve('private');
  await settled();
  assert.deepEqual(alone.value, { done: false, value: 'private' });
  for (const chunk of together) assert.equal(codeOf(chunk), 'COALESCER_NOT_SHAREABLE');
  const again = [read('b'), read('b'), read('c'), read('c')];
  assert.equal(run.calls.length, 7);
  for (const call of run.calls) call.resolve('private');
  await settled();
  for (const chunk of again) assert.deepEqual(chunk.value, { done: false, value: 'private' });
  assert.deepEqual([coalescer.stats().kept, coalescer.stats().waiting], [0, 0]);
});

test('a function that throws, or says anything but true, has not said that others may have the value', async () => {
  for (const isShareable of [() => { throw new Error('boom'); }, () => undefined, () => 'yes', () => Promise.reject(new Error('late'))] as unknown as (() => boolean)[]) {
    const environment = countedEnvironment();
    let calls = 0;
    const coalescer = createCoalescer({ scope: 'public', environment, targets: { a: { run: async () => ++calls, isShareable } } });
    assert.deepEqual(await Promise.all([coalescer.request('k'), coalescer.request('k')]), [1, 2]);
  } // biome-ignore format: one thought
});

test('threads say it too', async () => {
  for (const threads of [0, 1]) {
    const module = new URL('../threads/fixtures/private-values.js', import.meta.url);
    const coalescer = createCoalescer({ scope: 'public', targets: threadTargets<typeof targets>(module, { threads }) });
    // Before it is known, and when it is.
    for (const key of ['a', 'b']) {
      const values = await Promise.all(Array.from({ length: 20 }, () => coalescer.request(key)));
      assert.equal(new Set(values).size, 20);
      assert.equal(coalescer.stats().released, key === 'a' ? 19 : 38);
    }
    await coalescer.close();
  }
});

// Found by a schedule of the simulation in which readers' flight was cancelled while its value crossed.
test('what a flight brings that was cancelled meanwhile says nothing of its key', async (context) => {
  const { coalescer, run, settled } = opened();
  const cancel = (): void => void coalescer.cancel({ payload: 'a' });
  const readers = [coalescer.stream('a'), coalescer.stream('a')].map(({ opened: began }) => watch(began));
  subscribe('coalescer:attempt', cancel);
  context.after(() => unsubscribe('coalescer:attempt', cancel));
  run.calls[0]!.resolve('private');
  await settled();
  unsubscribe('coalescer:attempt', cancel);
  assert.equal(run.calls.length, 1);
  assert.deepEqual(readers.map(codeOf), Array(2).fill('COALESCER_FLIGHT_CANCELLED'));
  for (let count = 0; count < 2; count++) void watch(coalescer.request('a'));
  assert.deepEqual([run.calls.length, coalescer.stats().joined], [2, 2]);
});
