// Hedged flights at random: every waiter settles, every call is told once, what two attempts hold is given back. I1, I2, I3, I4, I11, I14, I15, I17, I26.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertNothingLeft } from './hedge-stage.js';
import { HedgedLife } from './hedged-life.js';

const SEEDS = 60;

async function live(seed: number, meddles: boolean): Promise<number> {
  using life = new HedgedLife(seed, meddles);
  const { coalescer, environment } = life;
  for (let step = 0; step < 60; step++) {
    for (let acts = life.draw(4); acts > 0; acts--) life.act();
    await environment.advance(life.draw(40));
  }
  life.isOver = true;
  await environment.advance(5_000);
  const told = [...life.told.values()];
  assert.equal(told.flat().length, life.calls, 'each call is told as one attempt');
  for (const numbers of told) {
    const inOrder = numbers.toSorted((one, other) => one - other);
    assert.ok(inOrder.every((attempt, at) => attempt === at + 1), `attempts ${numbers.join()}`); // biome-ignore format: one line
  }
  assert.deepEqual(life.faults, []);
  assert.equal(life.waiters.filter(({ state }) => state === 'pending').length, 0, 'every waiter is settled');
  assert.deepEqual(coalescer.targets.report().map(({ airborne }) => airborne), [0, 0, 0]); // biome-ignore format: one line
  assertNothingLeft(coalescer, environment);
  const { targets } = coalescer.stats();
  assert.equal(Object.values(targets).reduce((sum, { attempts }) => sum + attempts, 0), life.calls); // biome-ignore format: one line
  return Object.values(targets).reduce((sum, { hedges }) => sum + hedges, 0);
}

for (const meddles of [false, true]) {
  test(`${SEEDS} services with hedges${meddles ? ' that meddle with their own flights' : ''} lose no waiter, no call and no place`, async () => {
    let hedges = 0;
    for (let seed = 1; seed <= SEEDS; seed++) {
      try {
        hedges += await live(seed, meddles);
      } catch (error) {
        throw new Error(`seed ${seed}`, { cause: error });
      }
    }
    assert.ok(hedges > SEEDS, `${hedges} hedges`);
  });
}
