// Real threads that reach for the probe of one breaker at the same time: however they meet, one has it.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { Breaker, ORDINARY } from '../../workers/breaker.js';
import { HealthMemory } from '../../workers/health-memory.js';
import type { Asking } from './fixtures/take-probe.js';

const THREADS = 4;
const ASKS = 2_500;

test('of 10,000 attempts on four threads exactly one is the probe', async (t) => {
  const memory = HealthMemory.ofTargets();
  const start = new Int32Array(new SharedArrayBuffer(4));
  const breaker = new Breaker({
    memory,
    target: 0,
    settings: { failureShare: 0.5, attemptsMin: 20, consecutive: 5, openMs: 5_000, openMsMax: 60_000 },
    holder: 0,
    random: () => 0.5,
    announce: () => undefined,
  });
  for (let failure = 0; failure < 5; failure++) breaker.ended(ORDINARY, 'ill', 0);
  assert.equal(breaker.phase, 'open');
  const workers = Array.from({ length: THREADS }, (_, index) => {
    const workerData: Asking = { memory: memory.buffer, start, holder: index + 1, asks: ASKS, now: 5_000 };
    return new Worker(new URL('fixtures/take-probe.js', import.meta.url), { workerData });
  });
  t.after(() => Promise.all(workers.map((worker) => worker.terminate())));
  await Promise.all(workers.map((worker) => once(worker, 'message')));
  const told = workers.map((worker) => once(worker, 'message') as Promise<[number]>);
  Atomics.store(start, 0, 1);
  Atomics.notify(start, 0);
  const passes = (await Promise.all(told)).map(([count]) => count);
  assert.equal(
    passes.reduce((total, count) => total + count, 0),
    1,
    passes.join(),
  );
  assert.equal(breaker.phase, 'half-open');
});
