// Flights launched by a stamp get their time when it is known, and nobody else does.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Airborne } from '../../src/airborne.js';
import type { Flight } from '../../src/flight.js';
import { Random } from '../simulation/random.js';
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

const MARKS = { slow: 3, aged: 8, overdue: 15 } as const;
type Mark = keyof typeof MARKS;

test('whatever comes and goes, each is given out once when it has taken so long, oldest first, and all that are in the air are known', () => {
  for (let seed = 1; seed <= 300; seed++) {
    const random = new Random(seed, 0);
    const airborne = new Airborne();
    let flying: Flight[] = [];
    const given: Record<Mark, Set<Flight>> = { slow: new Set(), aged: new Set(), overdue: new Set() };
    const land = (flight: Flight): void => {
      airborne.delete(flight);
      flying = flying.filter((other) => other !== flight);
    };
    for (let now = 0; now < 60; now++) {
      for (let count = random.whole(0, 2); count > 0; count--) {
        const flight = flightOf({ launchedAt: now });
        airborne.add(flight);
        flying.push(flight);
      }
      for (const mark of Object.keys(MARKS) as Mark[]) {
        if (random.chance(0.3)) continue;
        const due = flying.filter((flight) => now >= flight.launchedAt + MARKS[mark] && !given[mark].has(flight));
        const found: Flight[] = [];
        for (const flight of airborne[mark](MARKS[mark], now)) {
          found.push(flight);
          // As the front does with those whose time is up.
          if (random.chance(0.5)) land(flight);
        }
        for (const flight of found) given[mark].add(flight);
        assert.deepEqual(
          found.map((flight) => due.indexOf(flight)),
          [...due.keys()],
          `${mark} at ${now}, seed ${seed}`,
        );
      }
      if (flying.length > 0 && random.chance(0.6)) land(random.pick<Flight>(flying));
      assert.equal(airborne.size, flying.length);
      assert.equal(airborne.oldest, flying[0]?.number ?? Infinity);
      assert.ok(airborne.filter(() => true).every((flight, index) => flight === flying[index]));
      assert.equal(
        airborne.isTimed,
        flying.some((flight) => !given.overdue.has(flight)),
      );
    }
  }
});
