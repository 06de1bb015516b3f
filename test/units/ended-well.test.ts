// Attempts that went well are counted together, and always before anything is told, chosen or counted that they could matter to.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HealthMemory } from '../../workers/health-memory.js';
import { TargetHealth } from '../../workers/target-health.js';

/** A target whose attempts are weighed by what they took. */
function target(consecutive = 5): TargetHealth {
  return new TargetHealth({
    memory: HealthMemory.ofTargets(1),
    index: 0,
    target: { name: 'only', maxConcurrency: Infinity, credential: null },
    settings: {
      breaker: { failureShare: 0.5, attemptsMin: 1_000, consecutive, openMs: 1_000, openMsMax: 60_000 },
      budget: null,
      hedge: null,
      steering: 'latency',
    },
    holder: 0,
    random: () => 0.5,
    announce: () => undefined,
  });
}

/** One attempt, from its beginning to its end. */
function goesWell(health: TargetHealth, startedAt: number, endedAt: number): void {
  health.endedWell(health.admit(startedAt) + startedAt, endedAt);
}

test('one alone is told of at once', () => {
  const health = target();
  goesWell(health, 0, 100);
  const p50Ms = health.latency.percentile(0.5) ?? 0;
  assert.ok(Math.abs(p50Ms - 100) < 100 / 16, `${p50Ms}`);
  assert.equal(health.latency.samples, 1);
});

test('one alone is chosen by at once', () => {
  const health = target();
  assert.equal(health.cost, 0);
  goesWell(health, 0, 100);
  assert.equal(health.cost, 100);
});

test('one that ended before a stream opened was before it', () => {
  const health = target();
  goesWell(health, 0, 1);
  health.admit(19_900);
  health.answered(0, 19_900, 20_000);
  assert.equal(health.cost, 200, 'what it took, twice, since it goes on');
});

test('one between failures is between them', () => {
  const health = target(2);
  const fails = (now: number): void => health.ended(health.admit(now), 'ill', now, now);
  fails(1);
  goesWell(health, 2, 3);
  fails(4);
  assert.equal(health.breaker?.phase, 'closed');
  fails(5);
  assert.equal(health.breaker?.phase, 'open');
});

test('however many there are, each is counted once', () => {
  for (const count of [31, 32, 33, 100]) {
    const health = target();
    for (let at = 0; at < count; at++) goesWell(health, at, at + 5);
    assert.equal(health.latency.samples, count);
    assert.equal(health.latency.samples, count);
  }
});

test('also those that began and ended together', () => {
  for (const together of [2, 5, 16, 40]) {
    const health = target();
    for (let at = 0; at < 100; at++) {
      const startedAt = Math.floor(at / together);
      goesWell(health, startedAt, startedAt + (at < 25 ? 5 : 100));
    }
    assert.equal(health.latency.samples, 100);
    const quarter = health.latency.percentile(0.25) ?? 0;
    const above = health.latency.percentile(0.26) ?? 0;
    assert.ok(quarter < 6 && above > 90, `${together}: ${quarter}, ${above}`);
  }
});

test('and for their breaker: those that went well are so many beside those that failed', () => {
  for (const together of [1, 7, 32]) {
    const health = target(1_000);
    for (let at = 0; at < 1_000; at++) goesWell(health, Math.floor(at / together), Math.floor(at / together));
    const fails = (): void => health.ended(health.admit(1_000), 'ill', 1_000, 1_000);
    for (let at = 0; at < 999; at++) fails();
    assert.equal(health.breaker?.phase, 'closed', 'not yet half of them');
    fails();
    assert.equal(health.breaker?.phase, 'open');
  }
});
