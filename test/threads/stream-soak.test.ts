// Streams break off in mid-air on real threads, by their targets' failures and by their threads' deaths: every reader has the whole text of its key.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { streamSoak } from '../../bench/stream-soak-run.js';

for (const midStream of ['verify', 'resume'] as const) {
  test(`'${midStream}': through 100 failovers in mid-air no chunk is lost, doubled or out of order`, async (context) => {
    const { failovers, failed, wrong, threadsLost, readers, problems } = await streamSoak({ failovers: 100, midStream });
    assert.deepEqual([failed, wrong], [0, 0], problems.join('\n'));
    assert.ok(failovers >= 100, `${failovers} failovers`);
    assert.ok(threadsLost >= 2, `${threadsLost} threads lost`);
    context.diagnostic(`${readers} readers, ${failovers} failovers in mid-air, ${threadsLost} threads lost`);
  });
}
