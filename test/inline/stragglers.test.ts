// A target that is a hundred times slower once in a hundred calls: hedges cut off its slowest answers, and cost no more than they may. Issue figures: p99.9
// cut by five or more, with at most two in a hundred more calls.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stragglers } from '../../bench/stragglers-run.js';

const FLIGHTS = 8_000;

for (const spread of [0, 0.6]) {
  test(`one call in a hundred takes a hundred times as long, the others differ by ${spread}: hedged, the slowest take a fifth at most`, async () => {
    const plain = await stragglers({ hedge: null, flights: FLIGHTS, seed: 7, spread });
    const hedged = await stragglers({ hedge: {}, flights: FLIGHTS, seed: 7, spread });
    assert.equal(plain.extra, 0);
    // Ten may have been saved before the first that counts.
    assert.ok(hedged.extra > 0 && hedged.extra <= 0.02 + 10 / FLIGHTS, `${hedged.extra} more calls`);
    assert.ok(plain.p999 / hedged.p999 >= 5, `${plain.p999} ms, and ${hedged.p999} ms`);
  });
}
