// An upstream that loses most of its capacity for ten seconds, loaded to four fifths: with the retry budget it comes back, without it never.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { overload } from '../../bench/overload-run.js';

test('where the upstream serves what nobody waits for, a budget lets it recover, and without one it stays down', async () => {
  const kept = await overload({ care: 'budget', honoursAborts: false, seconds: 110 });
  assert.ok(kept.recoveredAfter !== null && kept.recoveredAfter < 75, `after ${kept.recoveredAfter} s`);
  const lost = await overload({ care: 'none', honoursAborts: false, seconds: 110 });
  assert.equal(lost.recoveredAfter, null);
});

test('where it honours aborts it is back at once; and a ceiling with flights that wait does as much where it does not', async () => {
  const honoured = await overload({ care: 'budget', honoursAborts: true, seconds: 60 });
  assert.ok(honoured.recoveredAfter !== null && honoured.recoveredAfter <= 10, `after ${honoured.recoveredAfter} s`);
  const ceiling = await overload({ care: 'budget, waiting, ceiling', honoursAborts: false, seconds: 60 });
  assert.ok(ceiling.recoveredAfter !== null && ceiling.recoveredAfter <= 10, `after ${ceiling.recoveredAfter} s`);
});
