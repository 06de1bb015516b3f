// Shows that the simulation works: each of these bugs, put in on purpose, is found by some schedule, and the schedules that found it are clean without it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FOR_ONE_MUTANTS } from './for-one-mutants.js';
import { FRONT_MUTANTS } from './front-mutants.js';
import { HEALTH_MUTANTS } from './health-mutants.js';
import { HEDGE_MUTANTS } from './hedge-mutants.js';
import { KEEP_MUTANTS } from './keep-mutants.js';
import { LINK_MUTANTS } from './link-mutants.js';
import { simulate } from './simulate.js';
import { STEER_MUTANTS } from './steer-mutants.js';
import { STREAM_MUTANTS } from './stream-mutants.js';

/** Schedules until each must be found. */
const SEEDS_MAX = 6_000;

const MUTANTS = [
  ...FRONT_MUTANTS,
  ...LINK_MUTANTS,
  ...HEALTH_MUTANTS,
  ...STREAM_MUTANTS,
  ...HEDGE_MUTANTS,
  ...KEEP_MUTANTS,
  ...FOR_ONE_MUTANTS,
  ...STEER_MUTANTS,
];

for (const { name, plant, alteration } of MUTANTS) {
  test(`the simulation finds: ${name}`, async (context) => {
    const takeOut = plant();
    let found: number | null = null;
    try {
      for (let seed = 1; seed <= SEEDS_MAX && found === null; seed++) {
        const { violations } = await simulate(seed, alteration);
        const [first] = violations;
        if (first === undefined) continue;
        found = seed;
        context.diagnostic(`${seed} schedules: ${first.invariant}: ${first.what.split('\n')[0]}`);
      }
    } finally {
      takeOut();
    }
    assert.notEqual(found, null, `not found in ${SEEDS_MAX} schedules`);
    assert.deepEqual((await simulate(found as number)).violations, []);
  });
}
