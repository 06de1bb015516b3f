// Ends of flights of which nothing was kept: known while an older flight is in the air, by all of an identity, and never more than so many.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KeptIdentity } from '../../src/kept.js';
import { LastEnds } from '../../src/last-ends.js';

const KEYS_MAX = 10_000;
const identity = (key: string, scope: string | null = null): KeptIdentity => ({ scope, key, index: key, routeId: null });

test('an end is known to older flights of its identity, and to no other', () => {
  const ends = new LastEnds();
  ends.note(identity('a', 's'), 5, 1);
  ends.note(identity('a', 's'), 3, 1);
  assert.deepEqual([4, 5].map((flight) => ends.isNewerThan(identity('a', 's'), flight)), [true, false]); // biome-ignore format: one line
  assert.ok(!ends.isNewerThan(identity('a', 't'), 1) && !ends.isNewerThan(identity('b', 's'), 1));
});

test('nothing is remembered where no older flight is in the air', () => {
  const ends = new LastEnds();
  ends.note(identity('a'), 5, 5);
  assert.ok(!ends.isNewerThan(identity('a'), 1));
});

test(`at most ${KEYS_MAX} are remembered, and the first goes first`, () => {
  const ends = new LastEnds();
  for (let at = 0; at <= KEYS_MAX; at++) ends.note(identity(`key ${at}`), at + 2, 1);
  assert.deepEqual([0, 1, KEYS_MAX].map((at) => ends.isNewerThan(identity(`key ${at}`), 1)), [false, true, true]); // biome-ignore format: one line
});
