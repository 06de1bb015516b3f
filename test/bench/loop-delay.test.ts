// What says how long the caller's loop is held must see all of a hold, its first milliseconds too: a lower bound, that no load can break.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventDelay, timerDelay } from '../../bench/measure/loop-delay.js';

const HELD_MS = 10;
/** Both look every 2 ms: in step with what holds the loop, they would see 8 of 10 at most. */
const SEEN_MS = 9;

const never = new Int32Array(new SharedArrayBuffer(4));
let asked = 0;
const holdTheLoop = async (): Promise<void> => {
  asked++;
  Atomics.wait(never, 0, 0, HELD_MS);
};

for (const measure of [eventDelay, timerDelay])
  test(`${measure.name} sees a whole hold of the loop`, async () => {
    asked = 0;
    const delay = await measure(holdTheLoop);
    assert.ok(asked > 10, `${asked} holds`);
    assert.ok(delay >= SEEN_MS, `${delay} of ${HELD_MS} ms`);
  });
