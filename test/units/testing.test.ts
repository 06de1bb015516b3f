// What `coalescer/testing` gives: time that stands still until it is moved, the same chance from the same seed, and targets that a test answers.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createCoalescer } from '../../src/index.js';
import { scriptedTarget, virtualEnvironment } from '../../src/testing.js';

test('timers run in the order of their time, then of their arming, promises settling in between', async () => {
  const environment = virtualEnvironment();
  const log: string[] = [];
  const note = (name: string) => () => void Promise.resolve().then(() => log.push(`${name} ${environment.now()}`));
  environment.setTimer(20, note('c'));
  environment.setTimer(10, note('a'));
  environment.setTimer(10, note('b'));
  environment.clearTimer(environment.setTimer(5, note('never')));
  await environment.advance(9);
  assert.deepEqual([log, environment.now()], [[], 9]);
  await environment.advance(11);
  assert.deepEqual(log, ['a 10', 'b 10', 'c 20']);
  environment.setTimer(1e9, note('late'));
  await environment.settle();
  assert.equal(log.at(-1), `late ${1e9 + 20}`);
});

test('time goes on, and never back: side by side it goes as far as the furthest', async () => {
  const environment = virtualEnvironment();
  await Promise.all([environment.advance(20), environment.advance(10)]);
  assert.equal(environment.now(), 20);
  for (const ms of [-5, Number.NaN]) await assert.rejects(environment.advance(ms), RangeError);
  assert.equal(environment.now(), 20);
});

test('chance follows from the seed alone', () => {
  const draws = (seed?: number): number[] => {
    const environment = virtualEnvironment(seed === undefined ? {} : { seed });
    return Array.from({ length: 1_000 }, () => environment.random());
  };
  assert.deepEqual(draws(7), draws(7));
  assert.deepEqual(draws(), draws(1));
  assert.notDeepEqual(draws(7), draws(8));
  assert.ok(draws(3).every((draw) => draw >= 0 && draw < 1));
  assert.equal(new Set(draws(3)).size, 1_000);
});

test('a scripted target counts its calls and answers when the test does', async () => {
  const target = scriptedTarget<string, number>();
  const { signal } = new AbortController();
  const [one, other] = [target('a', { signal }), target('b', { signal })];
  assert.deepEqual(
    target.calls.map(({ payload }) => payload),
    ['a', 'b'],
  );
  assert.equal(target.calls[0]?.signal, signal);
  target.calls[1]?.resolve(2);
  target.calls[0]?.reject(new Error('no'));
  await assert.rejects(one, /no/);
  assert.equal(await other, 2);
});

test('virtual time goes on beside fake timers of the test runner', async (t) => {
  const { setImmediate: afterTurn } = globalThis;
  const [environment, script] = [virtualEnvironment(), scriptedTarget<string, string>()];
  t.mock.timers.enable();
  const coalescer = createCoalescer({ scope: 'public', environment, targets: { script } });
  const request = coalescer.request('a', { timeoutMs: 50 }).catch(({ code }: { code: string }) => code);
  const told: unknown[] = [];
  void environment.advance(60).then(async () => told.push(await request));
  for (let turn = 0; turn < 50; turn++) await new Promise<void>((resolve) => void afterTurn(resolve));
  assert.equal(script.calls.length, 1);
  assert.deepEqual(told, ['COALESCER_TIMEOUT']);
});
