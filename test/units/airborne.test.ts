// Flights launched by a stamp get their time when it is known, and nobody else does.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Airborne } from '../../src/airborne.js';
import { flightOf } from './flights.js';

const STAMP = 5.000_001;

test('those launched at a stamp are launched now; not those before it, nor one that has settled', () => {
  const airborne = new Airborne();
  const [before, settled, flying] = [5, STAMP, STAMP].map((launchedAt) => flightOf({ launchedAt }));
  for (const flight of [before, settled, flying]) airborne.add(flight!);
  settled!.status = 'fulfilled';
  airborne.caughtUp(STAMP, 9);
  assert.deepEqual([before!.launchedAt, settled!.launchedAt, flying!.launchedAt], [5, STAMP, 9]);
});
