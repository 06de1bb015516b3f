// Whatever users' functions do while the library calls them: every waiter settles once, counters add up, nothing is left. I1, I2, I4, I9, I11, I26.
import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { test } from 'node:test';
import { Meddling } from './meddling.js';

const SEEDS = 150;
const ATTEMPTS_MAX = 5;

function assertSums({ coalescer }: Meddling): void {
  const { requests, launched, joined, refused, airborne, waiting, bytes } = coalescer.stats();
  assert.equal(requests, launched + joined + refused);
  assert.ok(airborne >= 0 && waiting >= 0 && bytes >= 0);
}

function assertNothingLeft({ coalescer, environment, waiters, signals, settles, attempts }: Meddling): void {
  const { airborne, waiting, bytes, launched, fulfilled, rejected, abandoned, targets } = coalescer.stats();
  assert.deepEqual([airborne, waiting, bytes, environment.timers()], [0, 0, 0, 0]);
  assert.equal(launched, fulfilled + rejected + abandoned);
  assert.ok(Object.values(targets).every((target) => target.airborne === 0));
  assert.equal(waiters.filter(({ state }) => state === 'pending').length, 0, 'every waiter is settled');
  assert.equal(waiters.filter(({ reason }) => reason instanceof TypeError || reason instanceof RangeError).length, 0);
  assert.ok(signals.every(({ signal }) => getEventListeners(signal, 'abort').length === 0));
  assert.equal(settles.size, launched);
  assert.ok(
    [...settles.values()].every((times) => times === 1),
    'every flight settles once',
  );
  assert.ok([...attempts.values()].every((times) => times <= ATTEMPTS_MAX));
}

test(`${SEEDS} services that meddle with their own coalescers lose no waiter and leave nothing`, async () => {
  let calls = 0;
  for (let seed = 1; seed <= SEEDS; seed++) {
    const meddling = new Meddling(seed);
    try {
      for (let step = 0; step < 150; step++) {
        meddling.act();
        if (step % 3 === 0) await meddling.environment.advance(meddling.draw(25));
        assertSums(meddling);
      }
      await meddling.environment.advance(1_500);
      meddling.isOver = true;
      await meddling.environment.advance(3_000);
      assertNothingLeft(meddling);
    } catch (error) {
      throw new Error(`seed ${seed}`, { cause: error });
    } finally {
      meddling.end();
    }
    calls += meddling.calls;
  }
  assert.ok(calls > SEEDS * 50, `${calls} calls`);
});
