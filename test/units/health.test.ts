// Whether a target may be called now: held, open, full or by hand; who is held together; and what is free when a thread is gone.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ORDINARY, REFUSED, type Sample } from '../../workers/breaker.js';
import { HealthMemory } from '../../workers/health-memory.js';
import { Health } from '../../workers/health.js';
import type { HealthSettings, HealthTarget } from '../../workers/target-health.js';

const settings: HealthSettings = {
  breaker: { failureShare: 0.5, attemptsMin: 20, consecutive: 5, openMs: 5_000, openMsMax: 60_000 },
  budget: { share: 0.1, perSecondMin: 1 },
  hedge: null,
  steering: 'priority',
};
const target = (name: string, changed: Partial<HealthTarget> = {}): HealthTarget => ({
  name,
  maxConcurrency: Infinity,
  credential: null,
  ...changed,
});

function threads(count: number, targets: readonly HealthTarget[], changed: Partial<HealthSettings> = {}): Health[] {
  const memory = HealthMemory.ofTargets(targets.length);
  return Array.from(
    { length: count },
    (_, holder) =>
      new Health({ memory, targets, settings: { ...settings, ...changed }, holder, random: () => 0.5, announce: () => undefined }),
  );
}
const alone = (targets: readonly HealthTarget[], changed?: Partial<HealthSettings>): Health => threads(1, targets, changed)[0]!;

function open(health: Health, index: number, now: number): void {
  for (let failure = 0; failure < 5; failure++) {
    health.of(index).admit(now);
    health.of(index).ended(ORDINARY, 'ill', now, now);
  }
}

test('a target that asked to be left alone is not called before its time, on any thread, and is at it', () => {
  const [one, other] = threads(2, [target('a'), target('b')]) as [Health, Health];
  one.hold(0, { ms: 3_000, isForCredential: false }, 100);
  assert.equal(other.of(0).refusal(200), 'held');
  assert.equal(other.of(0).admit(3_099), REFUSED);
  assert.equal(other.of(0).freeInMs(200), 2_900);
  assert.equal(other.of(0).admit(3_100), ORDINARY);
  assert.equal(other.of(1).admit(200), ORDINARY);
});

test('a hold is never made shorter, and nothing is held for no time', () => {
  const health = alone([target('a')]);
  health.hold(0, { ms: 0, isForCredential: true }, 0);
  assert.equal(health.of(0).heldMs(0), 0);
  health.hold(0, { ms: 10_000, isForCredential: false }, 0);
  health.hold(0, { ms: 50, isForCredential: false }, 0);
  assert.equal(health.of(0).heldMs(0), 10_000);
  health.hold(0, { ms: 20_000, isForCredential: false }, 0);
  assert.equal(health.of(0).heldMs(0), 20_000);
});

test('targets with one credential are held together where it is the credential that is meant', () => {
  const health = alone([target('a', { credential: 'k' }), target('b', { credential: 'k' }), target('c', { credential: 'l' }), target('d')]);
  health.hold(0, { ms: 1_000, isForCredential: false }, 0);
  assert.deepEqual(
    [0, 1, 2, 3].map((index) => health.of(index).heldMs(0)),
    [1_000, 0, 0, 0],
  );
  health.hold(0, { ms: 2_000, isForCredential: true }, 0);
  assert.deepEqual(
    [0, 1, 2, 3].map((index) => health.of(index).heldMs(0)),
    [2_000, 2_000, 0, 0],
  );
  health.hold(3, { ms: 2_000, isForCredential: true }, 0);
  assert.deepEqual(
    [2, 3].map((index) => health.of(index).heldMs(0)),
    [0, 2_000],
  );
});

test('no more attempts are in the air than the target has places, over all threads', () => {
  const healths = threads(3, [target('a', { maxConcurrency: 4 })]);
  const taken = healths.flatMap((health) => [health.of(0).admit(0), health.of(0).admit(0)]);
  assert.equal(taken.filter((pass) => pass === ORDINARY).length, 4);
  assert.equal(healths[2]!.of(0).refusal(0), 'full');
  healths[0]!.of(0).ended(ORDINARY, 'well', 0, 5);
  assert.equal(healths[2]!.of(0).admit(5), ORDINARY);
  assert.equal(healths[1]!.of(0).admit(5), REFUSED);
});

test('the places and the probe of a dead thread are free again, and those of others are not', () => {
  const [front, dead, living] = threads(3, [target('a', { maxConcurrency: 3 })]) as [Health, Health, Health];
  dead.of(0).admit(0);
  dead.of(0).admit(0);
  living.of(0).admit(0);
  assert.equal(living.of(0).admit(0), REFUSED);
  front.giveBack(1, 0);
  assert.equal(living.of(0).admit(0), ORDINARY);
  assert.equal(living.of(0).admit(0), ORDINARY);
  assert.equal(living.of(0).admit(0), REFUSED);
});

test('a probe that cannot be made for want of a place is not taken', () => {
  const health = alone([target('a', { maxConcurrency: 1 })]);
  open(health, 0, 0);
  assert.equal(health.of(0).admit(1_000), REFUSED);
  assert.equal(health.of(0).refusal(1_000), 'open');
  assert.equal(health.of(0).places.taken, 0, 'who is refused by the breaker holds no place');
  health.of(0).places.take();
  assert.equal(health.of(0).admit(5_000), REFUSED);
  assert.equal(health.report(0, 5_000).breaker, 'open');
  health.of(0).places.leave();
  assert.notEqual(health.of(0).admit(5_000), REFUSED);
  assert.equal(health.report(0, 5_000).breaker, 'half-open');
});

test('when all are open one is called all the same, but not before its Retry-After, not beyond its places, and not against a hand', () => {
  const health = alone([target('a', { maxConcurrency: 2 })]);
  open(health, 0, 0);
  assert.equal(health.of(0).admitAnyway(0), ORDINARY);
  health.of(0).ended(ORDINARY, 'ill', 0, 0);
  health.hold(0, { ms: 1_000, isForCredential: false }, 0);
  assert.equal(health.of(0).admitAnyway(500), REFUSED);
  const probe = health.of(0).admitAnyway(5_000);
  assert.ok(probe !== ORDINARY && probe !== REFUSED, 'the probe, where that is due');
  assert.equal(health.of(0).admitAnyway(5_000), ORDINARY);
  assert.equal(health.of(0).admitAnyway(5_000), REFUSED, 'both places are taken');
  health.of(0).ended(ORDINARY, 'none', 5_000, 5_000);
  health.of(0).breaker!.force('open', 5_000);
  assert.equal(health.of(0).admitAnyway(5_000), REFUSED);
});

test('an attempt that failed earns nothing for its target; one that was answered, or not waited for, does', () => {
  const earned = (sample: Sample): number => {
    const health = alone([target('a')]).of(0);
    for (let attempt = 0; attempt < 200; attempt++) {
      health.budget!.first(0);
      health.ended(health.admitAnyway(0), sample, 0, 0);
    }
    health.budget!.first(20);
    return health.budget!.left(30);
  };
  assert.deepEqual({ well: earned('well'), none: earned('none'), ill: earned('ill') }, { well: 30, none: 30, ill: 10 });
});

test('a report tells what people ask', () => {
  const health = alone([target('a'), target('b')]);
  for (let ms = 1; ms <= 100; ms++) health.of(0).ended(health.of(0).admit(0), 'well', 0, ms);
  const { p50Ms, p99Ms, ...rest } = health.report(0, 0);
  assert.ok(Math.abs(p50Ms - 50) < 5 && Math.abs(p99Ms - 99) < 9, `${p50Ms}, ${p99Ms}`);
  assert.deepEqual(rest, { breaker: 'closed', forced: false, heldMs: 0, reopensInMs: 0, budgetLeft: 10 });
  open(health, 1, 0);
  health.hold(1, { ms: 900, isForCredential: false }, 0);
  assert.deepEqual(health.report(1, 0), {
    breaker: 'open',
    forced: false,
    heldMs: 900,
    reopensInMs: 5_000,
    p50Ms: 0,
    p99Ms: 0,
    budgetLeft: 10,
  });
  health.of(1).breaker!.force('closed', 0);
  assert.deepEqual([health.report(1, 0).breaker, health.report(1, 0).forced, health.report(1, 0).reopensInMs], ['closed', true, 0]);
});

test('without breaker and budget nothing is refused, and nothing counted', () => {
  const health = alone([target('a')], { breaker: null, budget: null });
  open(health, 0, 0);
  open(health, 0, 0);
  assert.equal(health.of(0).admit(0), ORDINARY);
  assert.deepEqual([health.report(0, 0).breaker, health.report(0, 0).budgetLeft], ['closed', Infinity]);
});
