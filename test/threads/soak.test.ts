// A hundred threads are killed under load, in every way: the soak in small.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { percentile, soak } from '../../bench/soak-run.js';

test('through 100 deaths of threads every waiter gets the answer to its key, with one more attempt for each death at most', async (context) => {
  const result = await soak({ kills: 100, seed: 7 });
  assert.equal(result.surplusAttempts, 0);
  assert.deepEqual([result.lostWaiters, result.failed, result.wrong], [0, 0, 0], result.problems.join('\n'));
  assert.equal(result.kills, 100);
  assert.ok(result.deaths >= 100, `${result.deaths} deaths`);
  assert.ok(result.recoveries.length > 100, `${result.recoveries.length} recoveries`);
  // Told, not asserted: other tests run beside this one. `npm run soak` measures.
  const p99 = percentile(result.recoveries, 0.99);
  context.diagnostic(
    `recovery p50 ${percentile(result.recoveries, 0.5).toFixed(1)} ms, p99 ${p99.toFixed(1)} ms, of ${result.recoveries.length}`,
  );
});
