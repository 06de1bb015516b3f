// Latency percentiles out of counts in shared memory: near enough to the true ones, and led by what came last.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Latency, LATENCY_CELLS } from '../../workers/latency.js';
import { manualRandom } from './manual-random.js';

const made = (): Latency => new Latency(new Int32Array(LATENCY_CELLS + 2), 1);

test('without samples there is no percentile', () => {
  assert.equal(made().percentile(0.5), null);
});

test('every duration is told within a sixteenth, from 64 µs to 18 minutes, and what lies beyond as these', () => {
  for (let ms = 0.064; ms < 1_000_000; ms *= 1.013) {
    const latency = made();
    latency.add(ms);
    const told = latency.percentile(0.99)!;
    assert.ok(Math.abs(told - ms) <= ms / 16 + 0.004, `${ms} ms told as ${told}`);
  }
  for (const ms of [0, -1, 1e-9, 1e12, Infinity]) {
    const latency = made();
    latency.add(ms);
    assert.ok(latency.percentile(0.5)! > 0.06 && latency.percentile(0.5)! < 2_200_000, String(ms));
  }
});

test('percentiles of many samples are those of the samples', () => {
  const random = manualRandom(7);
  const latency = made();
  const samples = Array.from({ length: 1_900 }, () => 5 / (1 - random()) ** 0.7).sort((one, other) => one - other);
  for (const ms of samples) latency.add(ms);
  for (const share of [0.1, 0.5, 0.9, 0.95, 0.99]) {
    const exact = samples[Math.ceil(share * samples.length) - 1]!;
    assert.ok(Math.abs(latency.percentile(share)! - exact) < exact / 10, `p${share * 100}: ${latency.percentile(share)} for ${exact}`);
  }
});

test('what was long ago fades: after some thousand samples of another kind it is gone', () => {
  const latency = made();
  for (let sample = 0; sample < 10_000; sample++) latency.add(500);
  for (let sample = 0; sample < 10_000; sample++) latency.add(10);
  assert.ok(latency.percentile(0.5)! < 11);
  assert.ok(latency.percentile(0.9)! < 11);
  assert.ok(latency.samples <= 2_048);
});
