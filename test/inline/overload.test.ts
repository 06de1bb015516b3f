// An upstream that loses most of its capacity for ten seconds: with the retry budget it comes back, and hardly later than if no flight called it twice;
// without it never.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { floorSeconds, overload, type Overload } from '../../bench/overload-run.js';

const after = async (what: Omit<Overload, 'honoursAborts'>): Promise<number> =>
  (await overload({ ...what, honoursAborts: false })).recoveredAfter ?? Infinity;

test('where the upstream serves what nobody waits for, a budget lets it recover, and without one it stays down', async () => {
  const kept = await after({ care: 'budget', seconds: 110 });
  assert.ok(kept <= 45, `after ${kept} s`);
  assert.equal(await after({ care: 'none', seconds: 110 }), Infinity);
});

test('what fails earns no retries: a load that leaves a tenth of the capacity for retries is recovered from all the same', async () => {
  const load = 0.9;
  const [kept, once] = [await after({ care: 'budget', seconds: 140, load }), await after({ care: 'one attempt', seconds: 140, load })];
  assert.ok(Math.abs(once - floorSeconds(load)) <= 5, `one call a flight: after ${once} s`);
  // First attempts alone leave it 10 a second, and the one extra attempt of each second takes a tenth of that; what was drawn before they failed, the rest.
  assert.ok(kept <= once * 1.4, `after ${kept} s, and ${once} s`);
});

test('where it honours aborts it is back at once; and a ceiling with flights that wait does as much where it does not', async () => {
  const honoured = await overload({ care: 'budget', honoursAborts: true, seconds: 60 });
  assert.ok(honoured.recoveredAfter !== null && honoured.recoveredAfter <= 10, `after ${honoured.recoveredAfter} s`);
  const ceiling = await overload({ care: 'budget, waiting, ceiling', honoursAborts: false, seconds: 60 });
  assert.ok(ceiling.recoveredAfter !== null && ceiling.recoveredAfter <= 10, `after ${ceiling.recoveredAfter} s`);
});
