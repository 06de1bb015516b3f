// Where a flight goes next and when: another target at once while one is left, the same one only after a backoff, never before its Retry-After,
// never past the flight's deadline.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FlightRecord } from '../../workers/flight-record.js';
import { attemptMs, firstTarget, nextTarget } from '../../workers/next-target.js';
import type { FilledTarget } from '../../workers/targets.js';
import { manualSeam } from './manual-seam.js';

const target: FilledTarget = {
  name: 'a',
  run: () => 1,
  classify: () => 'failover',
  replayable: true,
  attemptTimeoutMs: null,
  firstChunkTimeoutMs: null,
  idleTimeoutMs: null,
  isComplete: null,
  resume: null,
};
const backoff = { baseMs: 100, maxMs: 1_000 };
type Given = Partial<
  Pick<FlightRecord, 'route' | 'target' | 'targetsTried' | 'attemptsMade' | 'attemptsMax' | 'verdict' | 'holds' | 'repeats' | 'ended'>
>;
const record = (given: Given, deadline = 30_000): FlightRecord =>
  ({
    route: [0, 1, 2],
    target: 0,
    targetsTried: 1,
    attemptsMade: 1,
    attemptsMax: 3,
    verdict: 'failover',
    holds: null,
    repeats: 0,
    ended: null,
    order: { deadline },
    ...given,
  }) as FlightRecord;
const next = (given: Given, deadline?: number, chance = 0.5) =>
  nextTarget(
    record(given, deadline),
    target,
    backoff,
    manualSeam(() => chance),
  );

test('while a target is left that the flight has not called it is next, at once, in the order of the route', () => {
  assert.deepEqual(next({}), { target: 1, waitMs: 0 });
  assert.deepEqual(next({ route: [2, 0, 1] }), { target: 2, waitMs: 0 });
  assert.deepEqual(next({ targetsTried: 0b011, target: 1 }), { target: 2, waitMs: 0 });
  assert.deepEqual(next({ holds: new Map([[0, 99_999]]) }), { target: 1, waitMs: 0 });
});

test('a target that was called before is called again only after a backoff with full jitter that doubles and ends', () => {
  assert.deepEqual(next({ route: [0] }), { target: 0, waitMs: 50 });
  assert.deepEqual(next({ route: [0], repeats: 2 }), { target: 0, waitMs: 200 });
  assert.deepEqual(next({ route: [0], repeats: 20 }), { target: 0, waitMs: 500 });
  assert.deepEqual(next({ route: [0] }, 30_000, 0), { target: 0, waitMs: 0 });
  assert.deepEqual(next({ targetsTried: 0b111, target: 2 }), { target: 0, waitMs: 50 });
  assert.deepEqual(next({ verdict: 'retry' }), { target: 0, waitMs: 50 });
});

test('a target is never called before its Retry-After, nor after the deadline', () => {
  assert.deepEqual(next({ route: [0], holds: new Map([[0, 5_000]]) }), { target: 0, waitMs: 5_000 });
  assert.equal(next({ route: [0], holds: new Map([[0, 5_000]]) }, 5_000), null);
  assert.deepEqual(next({ verdict: 'retry', holds: new Map([[0, 5_000]]) }, 4_000), { target: 1, waitMs: 0 });
});

test('no flight waits longer than a minute for a target, however long it may', () => {
  assert.deepEqual(next({ route: [0], holds: new Map([[0, 60_000]]) }, 600_000), { target: 0, waitMs: 60_000 });
  assert.equal(next({ route: [0], holds: new Map([[0, 60_001]]) }, 600_000), null);
  assert.equal(next({ route: [0], holds: new Map([[0, Infinity]]) }, 600_000), null);
  assert.deepEqual(next({ verdict: 'retry', holds: new Map([[0, 60_001]]) }, 600_000), { target: 1, waitMs: 0 });
});

test('what must not be sent twice goes nowhere', () => {
  assert.equal(nextTarget(record({}), { ...target, replayable: false }, backoff, manualSeam()), null);
});

test('a relaunch begins at the first target that no life has called, else behind the last one', () => {
  assert.equal(firstTarget([0, 1, 2], 0, -1), 0);
  assert.equal(firstTarget([2, 0, 1], 0b100, 2), 0);
  assert.equal(firstTarget([0, 1, 2], 0b111, 1), 2);
  assert.equal(firstTarget([0, 1, 2], 0b111, 2), 0);
});

test('an attempt has its own time, else an equal share of what is left; the last has all of it', () => {
  assert.equal(attemptMs(record({ targetsTried: 0, attemptsMade: 1 }), null, 0), 10_000);
  assert.equal(attemptMs(record({ targetsTried: 0, attemptsMade: 1 }), 7, 0), 7);
  assert.equal(attemptMs(record({ targetsTried: 0b011, target: 2, attemptsMade: 3 }), null, 10_000), 20_000);
  assert.equal(attemptMs(record({}), 50_000, 29_000), 1_000);
});
