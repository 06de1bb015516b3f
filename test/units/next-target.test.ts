// Where a flight goes next and when: another target at once while one is left that may be called, the same one only after a backoff and within its
// budget, never before its Retry-After, never past the flight's deadline; and the last one that is left is not shut out.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ORDINARY } from '../../workers/breaker.js';
import type { Detour } from '../../workers/detour.js';
import { FlightRecord, FlightStart } from '../../workers/flight-record.js';
import { HealthMemory } from '../../workers/health-memory.js';
import { Health } from '../../workers/health.js';
import { afterRest, attemptMs, firstTarget, nextTarget, type Choice, type ChoiceSetup } from '../../workers/next-target.js';
import type { LaunchOrder } from '../../workers/protocol.js';
import { filledTarget } from './filled-target.js';
import { manualSeam, type ManualSeam } from './manual-seam.js';

const target = filledTarget;
const receiver = { recordDue: () => undefined };
type Given = Partial<
  Pick<FlightRecord, 'target' | 'targetsTried' | 'attemptsMade'> &
    Pick<Detour, 'verdict' | 'holds' | 'repeats' | 'lastStatus'> & {
      route: number[];
      attemptsMax: number;
      deadline: number;
      /** Attempts of earlier lives. */
      flown: number;
    }
>;

/** A flight that has failed once, on the first of three targets. */
function flown({ route = [0, 1, 2], attemptsMax = 3, deadline = 30_000, flown: attemptsMade = 0, ...given }: Given = {}): FlightRecord {
  const order = { attemptsMade, targetsTried: 0, lastTarget: given.target ?? -1, deadline, route: null } as unknown as LaunchOrder;
  const record = new FlightRecord(
    order,
    new FlightStart({ route, attemptsMax, state: 0, target: 0, attemptsMade, targetsTried: 0 }),
    receiver,
  );
  const { target: called = 0, targetsTried = 1, attemptsMade: made = 1, ...detour } = given;
  Object.assign(record.ownDetour(), detour);
  return Object.assign(record, { target: called, targetsTried, attemptsMade: made });
}

/** One that has not been launched. */
const fresh = (given: Given = {}): FlightRecord => flown({ targetsTried: 0, attemptsMade: 0, ...given });

interface Stand extends ChoiceSetup {
  readonly seam: ManualSeam;
  open(index: number): void;
}

interface Circumstances {
  readonly chance?: number;
  readonly targets?: ChoiceSetup['targets'];
  readonly whenAllOpen?: 'try' | 'wait';
  readonly budget?: number;
}

function stand(circumstances: Circumstances = {}): Stand {
  const { chance = 0.5, targets = [target('a'), target('b'), target('c')], whenAllOpen = 'try', budget = 10 } = circumstances;
  const seam = manualSeam(() => chance);
  const health = new Health({
    memory: HealthMemory.ofTargets(targets.length),
    targets,
    settings: {
      breaker: { failureShare: 0.5, attemptsMin: 20, consecutive: 1, openMs: 5_000, openMsMax: 60_000 },
      budget: { share: 0, perSecondMin: budget / 10 },
      hedge: null,
      steering: 'priority',
    },
    holder: 0,
    random: () => 0.5,
    announce: () => undefined,
  });
  const open = (index: number): void => health.of(index).ended(health.of(index).admit(seam.now()), 'ill', seam.now(), seam.now());
  return { targets, backoff: { baseMs: 100, maxMs: 1_000 }, whenAllOpen, seam, health, open };
}

const next = (record: FlightRecord, setup: Stand = stand()): Choice => nextTarget(record, setup, setup.seam.now());
const rested = (record: FlightRecord, setup: Stand): Choice => afterRest(record, setup, setup.seam.now());
const now = (index: number): Choice => ({ kind: 'now', target: index, pass: ORDINARY });
const later = (index: number, waitMs: number): Choice => ({ kind: 'later', target: index, waitMs });
const WAIT: Choice = { kind: 'wait' };
const NOWHERE: Choice = { kind: 'nowhere' };

test('while a target is left that the flight has not called it is next, at once, in the order of the route', () => {
  assert.deepEqual(next(flown()), now(1));
  assert.deepEqual(next(flown({ route: [2, 0, 1] })), now(2));
  assert.deepEqual(next(flown({ targetsTried: 0b011, target: 1 })), now(2));
  assert.deepEqual(next(flown({ holds: new Map([[0, 99_999]]) })), now(1));
});

test('a target that was called before is called again only after a backoff with full jitter that doubles and ends', () => {
  assert.deepEqual(next(flown({ route: [0] })), later(0, 50));
  assert.deepEqual(next(flown({ route: [0], repeats: 2 })), later(0, 200));
  assert.deepEqual(next(flown({ route: [0], repeats: 20 })), later(0, 500));
  assert.deepEqual(next(flown({ route: [0], lastStatus: 429 })), later(0, 250));
  assert.deepEqual(next(flown({ route: [0] }), stand({ chance: 0 })), later(0, 0));
  assert.deepEqual(next(flown({ targetsTried: 0b111, target: 2 })), later(0, 50));
  assert.deepEqual(next(flown({ verdict: 'retry' })), later(0, 50));
});

test('a target is never called before its Retry-After, nor after the deadline', () => {
  const holds = new Map([[0, 5_000]]);
  assert.deepEqual(next(flown({ route: [0], holds })), later(0, 5_000));
  assert.deepEqual(next(flown({ route: [0], holds, deadline: 5_000 })), NOWHERE);
  assert.deepEqual(next(flown({ verdict: 'retry', holds, deadline: 4_000 })), now(1));
  const held = stand();
  held.health.hold(0, { ms: 7_000, isForCredential: false }, 0);
  assert.deepEqual(next(flown({ route: [0] }), held), later(0, 7_000), 'also where another flight was told');
});

test('no flight waits longer than a minute for a target, however long it may', () => {
  const waiting = (until: number): Given => ({ route: [0], holds: new Map([[0, until]]), deadline: 600_000 });
  assert.deepEqual(next(flown(waiting(60_000))), later(0, 60_000));
  assert.deepEqual(next(flown(waiting(60_001))), NOWHERE);
  assert.deepEqual(next(flown(waiting(Infinity))), NOWHERE);
  assert.deepEqual(next(flown({ ...waiting(60_001), route: [0, 1], verdict: 'retry' })), now(1));
});

test('what must not be sent twice goes nowhere', () => {
  assert.deepEqual(next(flown(), stand({ targets: [target('a', { replayable: false }), target('b'), target('c')] })), NOWHERE);
});

test('a target that is to be left alone, or closed off, is passed over, and the story says why', () => {
  const setup = stand();
  setup.health.hold(0, { ms: 1_000, isForCredential: false }, 0);
  setup.open(1);
  const record = fresh();
  assert.deepEqual(next(record, setup), now(2));
  assert.deepEqual(record.detour.passedOver, [
    { target: 'a', why: 'held' },
    { target: 'b', why: 'open' },
  ]);
  next(record, setup);
  assert.equal(record.detour.passedOver?.length, 2, 'once');
});

test('what only lacks a place is waited for, before any target is called again', () => {
  const setup = stand({ targets: [target('a'), target('b', { maxConcurrency: 1 })] });
  assert.equal(setup.health.of(1).admit(0), ORDINARY);
  assert.deepEqual(next(flown({ route: [0, 1] }), setup), WAIT);
  setup.health.of(1).ended(ORDINARY, 'well', 0, 0);
  assert.deepEqual(next(flown({ route: [0, 1] }), setup), now(1));
});

test('another attempt on a target that was tried draws from its budget; going on to one that was not does not', () => {
  const setup = stand({ budget: 1 });
  assert.deepEqual(next(flown({ route: [0] }), setup), later(0, 50));
  const refused = flown({ route: [0] });
  assert.deepEqual(next(refused, setup), NOWHERE);
  assert.deepEqual(refused.detour.passedOver, [{ target: 'a', why: 'budget' }]);
  assert.deepEqual(next(flown({ route: [0, 1] }), setup), now(1));
  assert.deepEqual(next(flown({ targetsTried: 0b11, route: [0, 1], target: 1 }), setup), later(1, 50), 'each target has its own');
});

test('where another that was not called is free before the Retry-After of the one that was is over, that one is waited for', () => {
  const given = { route: [0, 1], holds: new Map([[0, 20_000]]) };
  const setup = stand();
  setup.open(1);
  assert.deepEqual(next(flown(given), setup), WAIT);
  assert.deepEqual(next(flown({ ...given, holds: new Map([[0, 4_000]]) }), setup), later(0, 4_000), 'that comes first');
  assert.deepEqual(next(flown({ route: [0, 1] }), setup), later(0, 50), 'no backoff is longer for it');
  setup.health.of(1).breaker!.force('open', 0);
  assert.deepEqual(next(flown(given), setup), later(0, 20_000), 'by hand is for ever');
});

test('one repeat draws once, however often the flight has to look for it', () => {
  const setup = stand({ budget: 1 });
  const record = flown({ route: [0] });
  for (let look = 0; look < 3; look++) assert.deepEqual(next(record, setup), later(0, 50));
});

test('when all are closed off the one that reopens first is called all the same', () => {
  const setup = stand();
  for (const index of [1, 0, 2]) {
    setup.open(index);
    setup.seam.advance(1_000);
  }
  assert.deepEqual(next(fresh(), setup), now(1));
  assert.deepEqual(next(fresh({ route: [0, 2] }), setup), now(0));
  setup.seam.advance(2_500);
  const choice = next(fresh(), setup);
  assert.ok(choice.kind === 'now' && choice.target === 1 && choice.pass !== ORDINARY, 'as its probe, where that is due');
});

test('after a failure a target that may be called is called again before one that is closed off; only then that one', () => {
  const setup = stand({ budget: 1 });
  setup.open(1);
  assert.deepEqual(next(flown({ route: [0, 1] }), setup), later(0, 50));
  assert.deepEqual(next(flown({ route: [0, 1] }), setup), now(1), 'the first has no budget left');
});

test('a flight whose only target was closed off under it calls it again after its backoff', () => {
  const setup = stand();
  setup.open(0);
  const record = flown({ route: [0] });
  assert.deepEqual(next(record, setup), later(0, 50));
  setup.seam.advance(50);
  assert.deepEqual(rested(record, setup), now(0));
});

test('where all are to be waited for, none is called before its probe is due', () => {
  const setup = stand({ whenAllOpen: 'wait' });
  for (const index of [0, 1, 2]) setup.open(index);
  assert.deepEqual(next(fresh(), setup), WAIT);
  assert.deepEqual(next(fresh({ deadline: 5_000 }), setup), NOWHERE, 'not within its time');
  setup.seam.advance(5_000);
  assert.equal(next(fresh({ deadline: 50_000 }), setup).kind, 'now');
  assert.equal(next(fresh({ deadline: 50_000, route: [0] }), setup).kind, 'wait', 'the probe is out');
});

test('a flight whose targets are all to be left alone waits if that ends within its time, and fails at once if not', () => {
  const setup = stand();
  for (const index of [0, 1, 2]) setup.health.hold(index, { ms: 10_000 + index, isForCredential: false }, 0);
  assert.deepEqual(next(fresh(), setup), WAIT);
  assert.deepEqual(next(fresh({ deadline: 10_000 }), setup), NOWHERE);
});

test('what is closed by hand is not called, whatever is left', () => {
  const setup = stand();
  for (const index of [0, 1, 2]) setup.health.of(index).breaker!.force('open', 0);
  assert.deepEqual(next(fresh(), setup), NOWHERE);
});

test('after its backoff a flight asks again: what has become full meanwhile is waited for, what was closed off is not called', () => {
  const setup = stand({ targets: [target('a', { maxConcurrency: 1 }), target('b')] });
  const record = flown({ route: [0, 1], targetsTried: 0b11 });
  assert.deepEqual(rested(record, setup), now(0));
  assert.deepEqual(rested(record, setup), WAIT, 'full');
  assert.deepEqual(record.detour.passedOver, [{ target: 'a', why: 'full' }]);
  setup.health.of(0).ended(ORDINARY, 'ill', 0, 0);
  assert.deepEqual(rested(record, setup), later(1, 50), 'open, and another is left');
});

test('after its backoff a flight goes to a target that it has not called, where one may be called by now', () => {
  const setup = stand({ targets: [target('a', { maxConcurrency: 1 }), target('b')] });
  assert.deepEqual(rested(flown({ route: [0, 1] }), setup), now(1));
  assert.deepEqual(rested(flown({ route: [0, 1], verdict: 'retry' }), setup), now(0), 'the same one was asked for');
  assert.deepEqual(rested(flown({ route: [0, 1], verdict: 'retry' }), setup), now(1), 'and has no place');
  assert.deepEqual(rested(flown({ route: [0, 1], deadline: 0 }), setup), WAIT, 'and none when its time is over');
});

test('a relaunch begins at the first target that no life has called, else behind the last one, without backoff or budget', () => {
  assert.equal(firstTarget([0, 1, 2], 0, -1), 0);
  assert.equal(firstTarget([2, 0, 1], 0b100, 2), 0);
  assert.equal(firstTarget([0, 1, 2], 0b111, 1), 2);
  assert.equal(firstTarget([0, 1, 2], 0b111, 2), 0);
  const setup = stand({ budget: 0 });
  setup.open(2);
  assert.deepEqual(next(flown({ targetsTried: 0b111, attemptsMade: 1, flown: 1, target: 1 }), setup), now(0));
});

test('an attempt has its own time, else an equal share of what is left; the last has all of it', () => {
  assert.equal(attemptMs(flown({ targetsTried: 0, attemptsMade: 1 }), null, 0), 10_000);
  assert.equal(attemptMs(flown({ targetsTried: 0, attemptsMade: 1 }), 7, 0), 7);
  assert.equal(attemptMs(flown({ targetsTried: 0b011, target: 2, attemptsMade: 3 }), null, 10_000), 20_000);
  assert.equal(attemptMs(flown(), 50_000, 29_000), 1_000);
});
