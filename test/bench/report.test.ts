// What a peer does not do stands beside its figure, wherever it has one, and says nothing that it does.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lacksOf } from '../../bench/report.js';
import type { Results } from '../../bench/results.js';
import { readText } from '../house/tree.js';

const { samples } = JSON.parse(readText('bench/results.json')) as Results;

/** No peers: other ways to do a step of ours. */
const steps = ['wire/structured clone', 'wire/JSON', 'table/live XState actor'];
/** What only threads spare the caller. */
const inline = /^loop\/.*parsing inline$/;
const ours = /\/(?:coalescer|wire,|four events|import of coalescer$)|parsing on a thread$/;

test('every row that is not ours says what it does without', () => {
  const silent = [...new Set(samples.map(({ name }) => name))].filter((name) => lacksOf(name) === '');
  const strange = silent.filter((name) => !(ours.test(name) || inline.test(name) || steps.some((step) => name.startsWith(step))));
  assert.deepEqual(strange, []);
  assert.deepEqual(
    samples.filter(({ name }) => ours.test(name) && lacksOf(name) !== '').map(({ name }) => name),
    [],
  );
});

test('what a peer does is not said to be missing', () => {
  // `capacity`, and `maxBufferSize`.
  for (const row of ['join/opossum coalesce', 'join/undici deduplicate']) assert.doesNotMatch(lacksOf(row), /limits/);
  assert.doesNotMatch(lacksOf('failover/raw Map, first target rejects'), /no failover/);
  assert.match(lacksOf('flight/raw Map, 1 in the air'), /no failover/);
});
