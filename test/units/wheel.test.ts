// The wheel against the simplest thing that can be right: a list of dues. Under a clock that tests move, whatever is armed fires once,
// never early and at most one tick late; what is disarmed never does; when nothing is armed no timer runs.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { TICK_MS, Wheel, WheelEntry } from '../../workers/wheel.js';
import { manualSeam } from './manual-seam.js';

class Entry extends WheelEntry {
  readonly name: number;
  fired: number[] = [];
  whenDue: (now: number) => void = () => undefined;
  constructor(name: number) {
    super();
    this.name = name;
  }
  onDue(now: number): void {
    assert.equal(this.wheelSlot, -1, 'it is disarmed when it is called');
    this.fired.push(now);
    this.whenDue(now);
  }
}
const entries = (count: number): Entry[] => Array.from({ length: count }, (_, name) => new Entry(name));

test('whatever is armed, moved and disarmed, each entry fires as a list of dues says: never early, at most one tick late', () => {
  const operation = fc.oneof(
    {
      weight: 5,
      arbitrary: fc.record({
        what: fc.constant('arm' as const),
        entry: fc.nat({ max: 19 }),
        ms: fc.oneof(fc.nat({ max: 60 }), fc.double({ min: 0, max: 200, noNaN: true }), fc.nat({ max: 40_000 })),
      }),
    },
    { weight: 2, arbitrary: fc.record({ what: fc.constant('disarm' as const), entry: fc.nat({ max: 19 }), ms: fc.constant(0) }) },
    {
      weight: 4,
      arbitrary: fc.record({
        what: fc.constant('advance' as const),
        entry: fc.constant(0),
        ms: fc.oneof(fc.nat({ max: 45 }), fc.double({ min: 0, max: 30, noNaN: true }), fc.nat({ max: 30_000 })),
      }),
    },
  );
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 60 }), (operations) => {
      const seam = manualSeam();
      const wheel = new Wheel(seam);
      const all = entries(20);
      const dues = new Map<Entry, number>();
      const fire = (entry: Entry, now: number): void => {
        const due = dues.get(entry);
        assert.ok(due !== undefined, `${entry.name} is not armed`);
        assert.ok(now >= due, `${entry.name} fired ${due - now} ms early`);
        assert.ok(now <= due + TICK_MS + 1e-6, `${entry.name} fired ${now - due} ms late`);
        dues.delete(entry);
      };
      for (const entry of all) entry.whenDue = (now) => fire(entry, now);
      for (const { what, entry: name, ms } of operations) {
        const entry = all[name] as Entry;
        if (what === 'arm') {
          wheel.arm(entry, ms, seam.now());
          dues.set(entry, seam.now() + ms);
        } else if (what === 'disarm') {
          wheel.disarm(entry);
          dues.delete(entry);
        } else seam.advance(ms);
        assert.equal(wheel.size, dues.size);
        for (const due of dues.values()) assert.ok(due + TICK_MS + 1e-6 >= seam.now(), 'one that is due was left out');
      }
      seam.advance(80_000);
      assert.equal(wheel.size + dues.size + seam.timers(), 0, 'the timer ends with the last entry');
    }),
    { numRuns: 3_000 },
  );
});

test('ten thousand entries over three revolutions each fire once, at their time', () => {
  const seam = manualSeam();
  const wheel = new Wheel(seam);
  const all = entries(10_000);
  for (const entry of all) wheel.arm(entry, (entry.name * 7_919) % 31_000, 0);
  assert.equal(seam.timers(), 1, 'one timer for all');
  seam.advance(31_000 + TICK_MS);
  for (const entry of all) {
    const due = (entry.name * 7_919) % 31_000;
    assert.equal(entry.fired.length, 1);
    assert.ok((entry.fired[0] as number) >= due && (entry.fired[0] as number) <= due + TICK_MS);
  }
});

test('an armed entry that is armed again is moved, not doubled', () => {
  const seam = manualSeam();
  const wheel = new Wheel(seam);
  const [entry] = entries(1) as [Entry];
  wheel.arm(entry, 20, 0);
  wheel.arm(entry, 500, 0);
  assert.equal(wheel.size, 1);
  seam.advance(499);
  assert.deepEqual(entry.fired, []);
  wheel.arm(entry, 20, 499);
  seam.advance(10_000);
  assert.deepEqual(entry.fired, [520]);
});

test('an entry that is due may arm and disarm others of its own slot, and itself again', () => {
  const seam = manualSeam();
  const wheel = new Wheel(seam);
  const all = entries(6);
  for (const entry of all) wheel.arm(entry, 15, 0);
  const [zero, one, two, three, four, five] = all as [Entry, Entry, Entry, Entry, Entry, Entry];
  // The last that was armed fires first.
  five.whenDue = (now) => {
    wheel.disarm(four);
    wheel.arm(three, 100, now);
    if (five.fired.length < 3) wheel.arm(five, 0, now);
  };
  two.whenDue = (now) => wheel.arm(one, 10_240, now);
  seam.advance(40_000);
  assert.deepEqual(
    all.map(({ fired }) => fired),
    [[20], [10_260], [20], [140], [], [20, 30, 40]],
  );
  assert.deepEqual(zero.fired, [20]);
});

test('an entry that disarms its neighbours from within its slot leaves none of the others out, whichever it is', () => {
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 12 }), fc.nat(), fc.array(fc.nat(), { maxLength: 4 }), (count, first, victims) => {
      const seam = manualSeam();
      const wheel = new Wheel(seam);
      const all = entries(count);
      for (const entry of all) wheel.arm(entry, 10, 0);
      const killed = new Set<Entry>();
      const killer = all[first % count] as Entry;
      killer.whenDue = () => {
        for (const victim of victims.map((index) => all[index % count] as Entry).filter(({ fired }) => fired.length === 0)) {
          wheel.disarm(victim);
          killed.add(victim);
        }
      };
      seam.advance(50);
      for (const entry of all) assert.equal(entry.fired.length, killed.has(entry) ? 0 : 1);
    }),
    { numRuns: 1_000 },
  );
});

test('after a stall of the loop what is late fires soon, once, and what was read meanwhile goes first', () => {
  const seam = manualSeam();
  const wheel = new Wheel(seam);
  const [early, late] = entries(2) as [Entry, Entry];
  wheel.arm(early, 30, 0);
  wheel.arm(late, 40_000, 0);
  seam.advance(15);
  seam.stall(5_000);
  assert.deepEqual(early.fired, [], 'the tick after a stall only looks at the clock');
  seam.advance(1);
  assert.deepEqual(early.fired, [5_016]);
  seam.advance(40_000);
  assert.equal(late.fired.length, 1);
  assert.ok((late.fired[0] as number) >= 40_000 && (late.fired[0] as number) <= 40_010);
});

test('a stall longer than a revolution skips nobody', () => {
  const seam = manualSeam();
  const wheel = new Wheel(seam);
  const all = entries(1_000);
  for (const entry of all) wheel.arm(entry, entry.name * 10, 0);
  seam.stall(60_000);
  seam.advance(1);
  for (const entry of all) assert.equal(entry.fired.length, 1);
  assert.equal(seam.timers(), 0);
});

test('the timer runs while something is armed, one tick longer at most, and never twice', () => {
  const seam = manualSeam();
  const wheel = new Wheel(seam);
  const [entry, other] = entries(2) as [Entry, Entry];
  assert.equal(seam.timers(), 0);
  wheel.arm(entry, 100, 0);
  wheel.disarm(entry);
  wheel.disarm(entry);
  assert.deepEqual([wheel.size, seam.timers()], [0, 1]);
  wheel.arm(other, 100, 0);
  assert.equal(seam.timers(), 1);
  wheel.disarm(other);
  seam.advance(TICK_MS);
  assert.equal(seam.timers(), 0);
});

test('a stopped wheel has no timer, and what stayed armed fires when something is armed again', () => {
  const seam = manualSeam();
  const wheel = new Wheel(seam);
  const [entry, other] = entries(2) as [Entry, Entry];
  wheel.arm(entry, 20, 0);
  wheel.stop();
  assert.equal(seam.timers(), 0);
  seam.advance(100);
  assert.deepEqual(entry.fired, []);
  wheel.arm(other, 50, 100);
  seam.advance(60);
  assert.equal(entry.fired.length, 1);
  assert.deepEqual(other.fired, [150]);
});
