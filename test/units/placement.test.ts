// Flights are spread over threads: what keys have in common must not bring them all to one.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { placeOf } from '../../src/placement.js';
import { flightOf } from './flights.js';

/** How many of a hundred flights each of two threads gets. */
function spread(keyOf: (index: number) => string | null): readonly number[] {
  const places = Array.from({ length: 100 }, (_, index) => placeOf(flightOf({ key: keyOf(index) })) % 2);
  return [0, 1].map((place) => places.filter((other) => other === place).length);
}

test('keys of one length that differ in two characters are spread, wherever those are', () => {
  for (const length of [10, 60, 70, 300, 2_000, 9_000]) {
    for (const at of [1, 5, Math.floor(length / 2), length - 5]) {
      const keyOf = (index: number): string => `${'x'.repeat(at)}${String(index).padStart(2, '0')}`.padEnd(length, 'y');
      const [one, other] = spread(keyOf);
      assert.ok(one! >= 30 && other! >= 30, `${length} characters, at ${at}: ${one} and ${other}`);
    }
  }
});

test('flights that are not shared are spread', () => {
  assert.deepEqual(
    spread(() => null),
    [50, 50],
  );
});

test('all flights of a short key fly on one thread', () => {
  assert.equal(Math.max(...spread(() => 'user 7')), 100);
});
