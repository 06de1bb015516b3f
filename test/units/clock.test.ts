// A burst is stamped by a few readings of the clock, and whoever times something by stamps is told before they can do harm.
import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { Clock } from '../../workers/clock.js';

const BURST = 32;
/** No clock stands still. */
const TINY = 1e-9;

let time = 0;
let readings = 0;
let waiting: (() => void)[] = [];
let waitedFor = 0;
let told: { stamp: number; now: number }[] = [];
let clock: Clock;

beforeEach(() => {
  time = 1_000;
  readings = 0;
  waiting = [];
  waitedFor = 0;
  told = [];
  clock = new Clock(
    () => {
      readings++;
      // Time goes on.
      return time + readings * TINY;
    },
    (run) => {
      waitedFor++;
      waiting.push(run);
    },
  );
  clock.reportTo({ caughtUp: (stamp, now) => told.push({ stamp, now }) });
});

const whole = (instant: number): number => Math.round(instant);

const endTurn = (): void => {
  const runs = waiting;
  waiting = [];
  for (const run of runs) run();
};

/** So many stamps, `gapMs` apart. */
function stamps(count: number, gapMs = 0): number[] {
  return Array.from({ length: count }, () => {
    const stamp = clock.stamp();
    time += gapMs;
    return stamp;
  });
}

test('what comes apart is read each time, and waits for no turn', () => {
  assert.equal(new Set(stamps(100, 0.02)).size, 100);
  assert.equal(readings, 100);
  assert.equal(waiting.length, 0);
  assert.deepEqual(told, []);
});

test('of a burst one in many reads the clock, after the two that show that it is one', () => {
  stamps(2 + 10 * BURST - 1, 0.001);
  assert.equal(readings, 2 + 9);
  assert.equal(waiting.length, 1, 'one turn is waited for');
});

test('a stamp is told of at the next reading, before that is known; a reading never is', () => {
  const [first, second, third, fourth] = stamps(4);
  assert.deepEqual([first!, second!].map(whole), [1_000, 1_000]);
  assert.equal(third, fourth);
  assert.ok(third !== second && Math.abs(third! - second!) < 1e-5, `${third}`);
  time += 200;
  const now = clock.now();
  assert.equal(whole(now), 1_200);
  assert.deepEqual(told, [{ stamp: third, now }]);
  clock.now();
  assert.equal(told.length, 1, 'there is nothing to tell of twice');
});

test('the first stamp after a turn is read anew, however short the turn was', () => {
  stamps(3);
  time += 10;
  endTurn();
  assert.deepEqual(
    told.map(({ now }) => whole(now)),
    [1_010],
    'what was stamped in it is told of as it ends',
  );
  time += 10;
  assert.equal(whole(clock.stamp()), 1_020);
});

test('a turn without a stamp that is past reads nothing when it ends', () => {
  stamps(2);
  assert.equal(waiting.length, 1);
  endTurn();
  assert.equal(readings, 2);
});

test('a loop that is held in a burst is seen by the next reading of it', () => {
  stamps(3);
  time += 500;
  stamps(BURST - 2);
  assert.equal(readings, 2);
  assert.equal(whole(clock.stamp()), 1_500);
  assert.equal(whole(told.at(-1)?.now ?? 0), 1_500);
  // No burst any more: each is read.
  time += 500;
  assert.equal(whole(clock.stamp()), 2_000);
});

test('catching up reads the clock where a stamp is past, and only there', () => {
  stamps(2);
  clock.catchUp();
  assert.equal(readings, 2);
  clock.stamp();
  clock.catchUp();
  clock.catchUp();
  assert.equal(readings, 3);
  assert.equal(told.length, 1);
});

/** So many turns with so many stamps in each. */
function turns(count: number, each: number): void {
  for (let turn = 0; turn < count; turn++) {
    stamps(each, 0.000_1);
    endTurn();
  }
}

test('where turns have little to share, most of them are not waited for, whatever came before', () => {
  // The first stamp of a turn begins a burst: seven share its reading.
  for (const each of [1, 3, 8]) {
    turns(10, 100);
    turns(40, each);
    waitedFor = 0;
    turns(340, each);
    // Of 32 bursts that pass, and two turns that are looked at.
    assert.ok(waitedFor <= 20 + 340 * ((2 * each) / (32 + 2 * each)), `${each}: ${waitedFor}`);
  }
});

test('a turn that shares more is waited for each time, whatever came before', () => {
  for (const each of [9, 10, 14, 20, 34, 36, 38, 41])
    for (let small = 0; small < 15; small++) {
      turns(small, 3);
      turns(40, each);
      waitedFor = 0;
      const before = readings;
      turns(100, each);
      assert.equal(waitedFor, 100, `${each} after ${small}`);
      // One for 32, and one when it is over.
      assert.ok(readings - before <= 100 * (Math.ceil(each / BURST) + 1), `${each} after ${small}: ${readings - before}`);
    }
});

test('a clock that stands still is read each time: a test moves it in the middle of a turn', () => {
  const still = new Clock(
    () => (readings++, time),
    (run) => waiting.push(run),
  );
  for (let count = 0; count < 10; count++) assert.equal(still.stamp(), 1_000);
  assert.equal(readings, 10);
  assert.equal(waiting.length, 0);
});

test('a stamp is no reading, also of a process that has run for years', () => {
  for (const days of [0, 1, 199, 365 * 30]) {
    time = days * 86_400_000 + 1;
    const late = new Clock(
      () => (time += 0.001),
      () => undefined,
    );
    late.reportTo({ caughtUp: (stamp, now) => told.push({ stamp, now }) });
    late.stamp();
    const reading = late.stamp();
    const stamp = late.stamp();
    assert.ok(stamp > reading && stamp < reading + 0.001, `${days} days: ${stamp - reading}`);
  }
});
