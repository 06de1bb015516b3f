// The demo's own traffic: the same for the same seed, keys by Zipf's law, arrivals in bursts, small enough for its time.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { flightTimeMs } from '../../demo/question.js';
import { makeTraffic, ownTraffic, spedUp } from '../../demo/traffic.js';

const traffic = makeTraffic({ ...ownTraffic, seed: 1 });
/** Long enough for its proportions to show. */
const longTraffic = makeTraffic({ ...ownTraffic, seed: 1, durationMs: 400_000 });

test('the same seed makes the same traffic, another seed another', () => {
  assert.deepEqual(makeTraffic({ ...ownTraffic, seed: 1 }), traffic);
  assert.notDeepEqual(makeTraffic({ ...ownTraffic, seed: 2 }), traffic);
});

test('requests come in order of time, and within the time they were made for', () => {
  for (const [index, { atMs }] of traffic.entries()) {
    assert.ok(atMs >= (traffic[index - 1]?.atMs ?? 0) && atMs < ownTraffic.durationMs);
  }
});

test('whatever the seed, there are thousands of requests, and all ends in time', () => {
  for (let seed = 0; seed < 20; seed++) {
    const arrivals = makeTraffic({ ...ownTraffic, seed });
    assert.ok(arrivals.length > 2_000 && arrivals.length < 6_000, `seed ${seed}: ${arrivals.length} requests`);
    assert.ok(arrivals.every(({ question }) => flightTimeMs(question.tokens) <= 3_000));
  }
});

test('keys are popular by Zipf: the exponent comes out again', () => {
  const counts = new Map<string, number>();
  for (const { question } of longTraffic) counts.set(question.key, (counts.get(question.key) ?? 0) + 1);
  const ranks = [...counts.values()].sort((one, other) => other - one);
  // The slope over the ranks that are drawn often enough.
  const points = ranks.slice(0, 300).map((drawn, rank) => [Math.log(rank + 1), Math.log(drawn)] as const);
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  const meanX = mean(points.map(([x]) => x));
  const meanY = mean(points.map(([, y]) => y));
  const slope = mean(points.map(([x, y]) => (x - meanX) * (y - meanY))) / mean(points.map(([x]) => (x - meanX) ** 2));
  assert.ok(Math.abs(-slope - ownTraffic.zipfExponent) < 0.05, `exponent ${-slope}`);
});

test('arrivals are bursty: seconds differ far more than chance would have them', () => {
  const perSecond = Array.from({ length: 400 }, () => 0);
  for (const { atMs } of longTraffic) perSecond[Math.floor(atMs / 1_000)] = (perSecond[Math.floor(atMs / 1_000)] ?? 0) + 1;
  const mean = longTraffic.length / perSecond.length;
  const variance = perSecond.reduce((sum, count) => sum + (count - mean) ** 2, 0) / perSecond.length;
  // Requests that know nothing of each other have a variance like their mean.
  assert.ok(variance / mean > 10, `variance ${variance}, mean ${mean}`);
});

test('speed divides the time of arrival and nothing else', () => {
  const [before] = traffic;
  const [after] = spedUp(traffic, 10);
  assert.ok(before !== undefined && after !== undefined);
  assert.deepEqual(after, { atMs: before.atMs / 10, question: before.question });
});
