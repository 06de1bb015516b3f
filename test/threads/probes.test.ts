// Four real threads and one breaker: one probe in the process however many wait, and threads that die as the probe leave it to the next.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { halfOpen, probeKills } from '../../bench/probe-run.js';

test('with four threads and 10,000 flights that wait exactly one is the probe, and all are answered when it is well', async () => {
  assert.deepEqual(await halfOpen(10_000), { probes: 1, answered: 10_000, outMost: 1 });
});

test('when the probing thread dies, ten times, another probes: never two at once, and the breaker closes in the end', async (context) => {
  const { kills, outMost, gapMost, isClosed } = await probeKills(10);
  assert.ok(kills >= 10);
  assert.deepEqual([outMost, isClosed], [1, true]);
  // Told, not asserted: other tests run beside this one. `npm run probes` measures.
  context.diagnostic(`${gapMost.toFixed(0)} ms from a death to the next probe at most`);
});
