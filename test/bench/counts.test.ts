// What the gate counts is what is promised: upstream calls, messages, and attempts for a kill.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { root } from '../house/tree.js';
import { countsOf } from '../../bench/gate/run-gate.js';
import { deaf, mutate } from '../../bench/gate/mutants.js';

test('requests make as many upstream calls as there are keys, 256 flights eight messages in each direction, a kill one attempt more', async () => {
  const { 'bytes allocated by a join': joinBytes, 'bytes allocated by a flight': flightBytes, ...counts } = await countsOf(root);
  assert.deepEqual(counts, {
    'upstream calls, 1,000 requests for 10 keys': 10,
    'upstream calls, 1,000 requests for 10 keys whose first target fails': 20,
    'upstream calls, 10,000 waiters on one key whose first target fails': 2,
    // The first goes at once, since it is alone; the others as soon as 24 to 48 wait, and with the end of the turn.
    'messages to a thread, 256 flights': 8,
    'messages from it, 256 flights': 8,
    'attempts of a flight whose thread is killed': 2,
    'waiters that the kill costs': 0,
  });
  // How many is the gate's to compare; that they are counted at all is ours.
  assert.ok(joinBytes !== undefined && joinBytes >= 0 && flightBytes !== undefined && flightBytes > 0);
});

test('a build in which one request in a thousand does not join is counted out', async () => {
  const mutant = mutate(root, deaf);
  try {
    const counts = await countsOf(mutant.root);
    assert.equal(counts['upstream calls, 1,000 requests for 10 keys'], 11);
  } finally {
    mutant.remove();
  }
});
