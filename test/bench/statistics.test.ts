// Medians and their intervals: right on what can be reckoned by hand, honest on what is random, and the same every time.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { estimate, median, quantile, randomOf, ratioOfMedians, shuffled } from '../../bench/measure/statistics.js';

test('a median is the middle, or half-way between the two', () => {
  assert.equal(median([3, 1, 2]), 2);
  assert.equal(median([4, 1, 2, 3]), 2.5);
  assert.equal(quantile([10, 20, 30], 0.25), 15);
  assert.equal(quantile([10, 20, 30], 1), 30);
});

test('there is no median of nothing, and no ratio of what was not measured in pairs', () => {
  assert.throws(() => median([]), RangeError);
  assert.throws(() => estimate([]), RangeError);
  assert.throws(() => ratioOfMedians([1, 2], [1]), /2 samples and 1 references/);
});

test('equal samples leave no doubt, and one sample is taken as it is', () => {
  assert.deepEqual(estimate([5, 5, 5, 5]), { p50: 5, low: 5, high: 5 });
  assert.deepEqual(estimate([7]), { p50: 7, low: 7, high: 7 });
});

test('the same samples give the same interval', () => {
  const samples = [1, 5, 2, 8, 3, 9, 4];
  assert.deepEqual(estimate(samples), estimate(samples));
});

test('an interval of 95 % holds the true median in at least 9 of 10 cases', () => {
  const random = randomOf(11);
  const trials = 200;
  let held = 0;
  for (let trial = 0; trial < trials; trial++) {
    const { low, high } = estimate(Array.from({ length: 11 }, () => random()));
    if (low <= 0.5 && 0.5 <= high) held++;
  }
  assert.ok(held / trials >= 0.9, `${held} of ${trials}`);
});

test('what slows both of a pair is no difference', () => {
  const weather = [1, 1.5, 2, 1.2, 3, 1.1];
  const ratio = ratioOfMedians(
    weather.map((factor) => 200 * factor),
    weather.map((factor) => 100 * factor),
  );
  assert.ok(Math.abs(ratio.low - 2) < 1e-9 && Math.abs(ratio.high - 2) < 1e-9, JSON.stringify(ratio));
});

test('shuffling loses nothing and is not the order given', () => {
  const items = Array.from({ length: 50 }, (_, at) => at);
  const mixed = shuffled(items, randomOf(1));
  assert.notDeepEqual(mixed, items);
  assert.deepEqual(
    mixed.toSorted((one, other) => one - other),
    items,
  );
});
