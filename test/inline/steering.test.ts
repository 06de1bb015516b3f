// Where flights begin, and who changes that while requests run: order, weights, latency, probes, breakers by hand, and what is told of the targets.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createCoalescer, type CoalescerOptions, type Targets } from '../../src/index.js';
import { virtualEnvironment } from '../../src/testing.js';
import { codeOf, httpError, openStage, watch } from './stage.js';

type Options = Partial<CoalescerOptions<string, string, 'public', 'readonly'>>;

/** How many of `flights` began at each target. Attempts take `tookMs`. */
async function begun(
  targets: Record<string, { weight?: number; tookMs?: number }>,
  flights: number,
  options: Options = {},
): Promise<Record<string, number>> {
  const environment = virtualEnvironment({ seed: 11 });
  const spec = Object.fromEntries(
    Object.entries(targets).map(([name, { tookMs = 0, ...rest }]) => [
      name,
      { ...rest, run: () => new Promise((resolve) => void environment.setTimer(tookMs, () => resolve(name))) },
    ]),
  ) as Targets;
  const coalescer = createCoalescer({ scope: 'public', environment, ...options, targets: spec });
  for (let flight = 0; flight < flights; flight++) {
    watch(coalescer.request(`k${flight}`));
    await environment.advance(1);
  }
  await environment.settle();
  return Object.fromEntries(coalescer.targets.report().map(({ target, attempts }) => [target, attempts]));
}

test('a new order holds for flights from now on, and who is left out is not called by them', async () => {
  const { coalescer, primary, backup, third, settled } = openStage({}, 3);
  const before = watch(coalescer.request('a'));
  coalescer.targets.order(['third', 'backup']);
  watch(coalescer.request('b'));
  assert.deepEqual([primary.calls.length, backup.calls.length, third.calls.length], [1, 0, 1]);
  third.calls[0]!.reject(httpError(503));
  await settled();
  const failed = watch(coalescer.request('c'));
  third.calls[1]!.reject(httpError(503));
  await settled();
  for (const call of backup.calls) call.reject(httpError(503));
  await settled();
  assert.deepEqual([primary.calls.length, backup.calls.length, third.calls.length], [1, 2, 2]);
  assert.equal(codeOf(failed), 'COALESCER_TARGETS_FAILED');
  primary.calls[0]!.resolve('x');
  await settled();
  assert.equal(before.value, 'x', 'what was in the air stays there');
  coalescer.targets.order(['primary', 'backup', 'third']);
  watch(coalescer.request('d'));
  assert.equal(primary.calls.length, 2);
});

test('a request’s own targets stay as they are', () => {
  const { coalescer, primary, backup } = openStage({}, 2);
  coalescer.targets.order(['primary']);
  watch(coalescer.request('a', { targets: ['backup'] }));
  assert.deepEqual([primary.calls.length, backup.calls.length], [0, 1]);
});

test('a request’s own targets stay as they are where they are all targets as written', async () => {
  const { coalescer, primary, backup, settled } = openStage({}, 2);
  coalescer.targets.order(['backup']);
  const targets = ['primary', 'backup'];
  const [mine, others] = [watch(coalescer.request('a', { targets })), watch(coalescer.request('a'))];
  assert.deepEqual([primary.calls.length, backup.calls.length], [1, 1], 'nor do they share with those who follow the order');
  primary.calls[0]!.reject(httpError(503));
  await settled();
  backup.calls[0]!.resolve('ordered');
  backup.calls[1]!.resolve('own');
  await settled();
  assert.deepEqual([mine.value, others.value], ['own', 'ordered']);
});

test('a request’s own targets are tried in their order, whatever the weights', () => {
  const { coalescer, primary } = openStage({}, 2);
  coalescer.targets.weights({ primary: 0 });
  watch(coalescer.request('a', { targets: ['primary', 'backup'] }));
  assert.equal(primary.calls.length, 1);
});

test('with weights flights begin by weight', async () => {
  const { one, two, none } = await begun({ one: { weight: 3 }, two: { weight: 1 }, none: { weight: 0 } }, 2_000);
  assert.ok(one! > 1_400 && one! < 1_600, `${one}`);
  assert.deepEqual([one! + two!, none], [2_000, 0]);
});

test('weights can be changed while requests run', async () => {
  const { coalescer, primary, backup } = openStage({}, 2);
  coalescer.targets.weights({ primary: 0 });
  for (let flight = 0; flight < 50; flight++) watch(coalescer.request(`k${flight}`));
  assert.deepEqual([primary.calls.length, backup.calls.length], [0, 50]);
  coalescer.targets.weights({ primary: 1, backup: 0 });
  for (let flight = 50; flight < 100; flight++) watch(coalescer.request(`k${flight}`));
  assert.deepEqual([primary.calls.length, backup.calls.length], [50, 50]);
});

test('by latency flights go to those that answer sooner, and a slow one is not drowned', async () => {
  const counts = await begun({ slow: { tookMs: 200 }, quick: { tookMs: 10 }, quicker: { tookMs: 5 } }, 1_000, { steering: 'latency' });
  assert.ok(counts['slow']! < 60, JSON.stringify(counts));
  assert.ok(counts['quicker']! > 300 && counts['quick']! > 200, JSON.stringify(counts));
});

test('a share of the flights begins at another target than the first', async () => {
  const counts = await begun({ first: {}, second: {}, third: {} }, 2_000, { probeShare: 0.05 });
  const probes = counts['second']! + counts['third']!;
  assert.ok(probes > 60 && probes < 140, JSON.stringify(counts));
  assert.ok(counts['second']! > 20 && counts['third']! > 20, JSON.stringify(counts));
  assert.deepEqual(await begun({ first: {}, second: {} }, 100), { first: 100, second: 0 });
});

test('a breaker is opened and closed by hand, until auto', async () => {
  const { coalescer, primary, backup, settled } = openStage({ maxAttempts: 1 }, 2);
  coalescer.targets.breaker('primary', 'open');
  watch(coalescer.request('a'));
  assert.deepEqual([primary.calls.length, backup.calls.length], [0, 1]);
  const [report] = coalescer.targets.report();
  assert.deepEqual([report?.breaker, report?.forced], ['open', true]);
  coalescer.targets.breaker('backup', 'open');
  const shut = watch(coalescer.request('b'));
  await settled();
  assert.equal(codeOf(shut), 'COALESCER_TARGETS_FAILED', 'by hand is by hand');
  assert.match(String(shut.reason), /primary is closed off by hand, backup is closed off by hand/);
  coalescer.targets.breaker('primary', 'closed');
  for (let flight = 0; flight < 20; flight++) {
    watch(coalescer.request(`k${flight}`));
    primary.calls.at(-1)!.reject(httpError(503));
    await settled();
  }
  assert.equal(primary.calls.length, 20);
  coalescer.targets.breaker('primary', 'auto');
  assert.deepEqual([coalescer.targets.report()[0]?.breaker, coalescer.targets.report()[0]?.forced], ['closed', false]);
});

test('nobody waits for the Retry-After of a target that is open by hand', async () => {
  const { coalescer, primary, settled } = openStage({});
  const asked = watch(coalescer.request('a'));
  primary.calls[0]!.reject(Object.assign(httpError(429), { retryAfterMs: 5_000 }));
  await settled();
  coalescer.targets.breaker('primary', 'open');
  const later = watch(coalescer.request('b'));
  await settled();
  assert.equal(codeOf(later), 'COALESCER_TARGETS_FAILED');
  assert.match(String(later.reason), /primary is closed off by hand/);
  assert.deepEqual([asked.state, primary.calls.length], ['rejected', 1]);
  assert.ok((coalescer.targets.report()[0]?.heldMs ?? 0) > 0);
});

test('a report tells how each target is', async () => {
  const { coalescer, primary, environment, settled } = openStage({}, 2);
  for (let flight = 1; flight <= 100; flight++) {
    watch(coalescer.request(`k${flight}`));
    await environment.advance(10);
    primary.calls.at(-1)!.resolve('x');
    await settled();
  }
  const [report, backup] = coalescer.targets.report();
  const { p50Ms, p99Ms, ...rest } = report!;
  assert.ok(Math.abs(p50Ms - 10) < 1 && Math.abs(p99Ms - 10) < 1, `${p50Ms}, ${p99Ms}`);
  assert.deepEqual(rest, {
    target: 'primary',
    breaker: 'closed',
    forced: false,
    heldMs: 0,
    reopensInMs: 0,
    airborne: 0,
    attempts: 100,
    failures: 0,
    budgetLeft: 20,
  });
  assert.deepEqual([backup?.target, backup?.attempts, backup?.p50Ms, backup?.budgetLeft], ['backup', 0, 0, 10]);
});

test('what is said of targets is checked', () => {
  const { coalescer } = openStage({}, 2);
  const { targets } = coalescer;
  assert.throws(() => targets.order(['nobody']), /targets\.order: expected one of 'primary', 'backup', got 'nobody'/);
  assert.throws(() => targets.order(['primary', 'primary']), /targets\.order: 'primary' is named twice/);
  assert.throws(() => targets.order([]), TypeError);
  assert.throws(() => targets.weights({ primary: -1 }), /targets\.weights\.primary: expected a number, 0 to 1000000, got -1/);
  assert.throws(() => targets.weights({ nobody: 1 }), RangeError);
  assert.throws(() => targets.breaker('primary', 'ajar' as never), /targets\.breaker: expected 'open', 'closed' or 'auto', got 'ajar'/);
  assert.throws(() => openStage({ breaker: false }).coalescer.targets.breaker('primary', 'open'), /switched off/);
  assert.throws(() => openStage({ steering: 'luck' as never }), /options\.steering: expected 'priority' or 'latency'/);
  assert.throws(() => openStage({ probeShare: 0.6 }), /options\.probeShare: expected a share, 0 to 0\.5/);
});
