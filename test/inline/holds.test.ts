// What a target asks for by an error (Retry-After), how many attempts it takes at once, and how many extra ones it gets: kept for all flights, not only
// for the one that was told. Faults F3, F4; invariants I12, I13.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createCoalescer, type CoalescerOptions, type Targets, type Verdict } from '../../src/index.js';
import { scriptedTarget } from '../../src/testing.js';
import { codeOf, countedEnvironment, httpError, openStage, watch, type Script } from './stage.js';

const evenly = (): number => 0.5;
const tooMany = (retryAfterMs?: number): Error => Object.assign(httpError(429), retryAfterMs === undefined ? {} : { retryAfterMs });
type Options = Partial<CoalescerOptions<string, string, 'public', 'readonly'>>;

/** A coalescer over these targets, and how to let its promises settle. */
function opened(targets: Targets, options: Options = {}) {
  const environment = countedEnvironment(evenly);
  const coalescer = createCoalescer({ scope: 'public', environment, ...options, targets });
  return { coalescer, environment, settled: () => environment.advance(0) };
}
const script = (): Script => scriptedTarget<string, string>();

test('a target that says "too many requests" is called by no flight before its time, and then again', async () => {
  const { coalescer, primary, backup, environment, settled } = openStage({}, 2, evenly);
  watch(coalescer.request('a'));
  primary.calls[0]!.reject(tooMany(3_000));
  await settled();
  assert.equal(backup.calls.length, 1);
  assert.equal(coalescer.stats().targets['primary']?.heldMs, 3_000);
  watch(coalescer.request('b'));
  await environment.advance(2_990);
  watch(coalescer.request('c'));
  assert.deepEqual([primary.calls.length, backup.calls.length], [1, 3]);
  await environment.advance(20);
  watch(coalescer.request('d'));
  assert.deepEqual([primary.calls.length, backup.calls.length], [2, 3]);
});

test('"too many requests" is no illness: however often it is said the breaker stays closed', async () => {
  const { coalescer, primary, backup, environment, settled } = openStage({}, 2, evenly);
  for (let flight = 0; flight < 20; flight++) {
    watch(coalescer.request(`k${flight}`));
    primary.calls.at(-1)!.reject(tooMany(10));
    await settled();
    backup.calls.at(-1)!.resolve('x');
    await environment.advance(20);
  }
  assert.equal(primary.calls.length, 20);
  assert.equal(coalescer.stats().targets['primary']?.breaker, 'closed');
});

test('targets of one credential are left alone together', async () => {
  const [east, west, other] = [script(), script(), script()];
  const { coalescer, settled } = opened({ east: { run: east, credential: 'k' }, west: { run: west, credential: 'k' }, other });
  watch(coalescer.request('a'));
  east.calls[0]!.reject(tooMany(5_000));
  await settled();
  assert.deepEqual([east.calls.length, west.calls.length, other.calls.length], [1, 0, 1]);
  const { targets } = coalescer.stats();
  assert.deepEqual([targets['east']?.heldMs, targets['west']?.heldMs, targets['other']?.heldMs], [5_000, 5_000, 0]);
});

test("one tenant's own limit, which `classify` says is nobody else's, is that tenant's answer and holds nothing", async () => {
  const [primary, backup] = [script(), script()];
  const classify = (): Verdict => ({ verdict: 'answer', retryAfterMs: 0 });
  const { coalescer, settled } = opened({ primary: { run: primary, classify }, backup });
  const asked = watch(coalescer.request('a'));
  primary.calls[0]!.reject(tooMany(3_600_000));
  await settled();
  watch(coalescer.request('b'));
  assert.deepEqual([primary.calls.length, backup.calls.length], [2, 0]);
  assert.equal(asked.state, 'rejected');
  assert.equal(coalescer.stats().targets['primary']?.heldMs, 0);
});

test('a reached spend cap is not tried again by its flight, and once a minute by others', async () => {
  const primary = script();
  const { coalescer, environment, settled } = opened({ primary }, { maxAttempts: 5, flightTimeoutMs: 120_000 });
  const first = watch(coalescer.request('a'));
  primary.calls[0]!.reject(Object.assign(httpError(429), { error: { details: { error_code: 'enforced_spend_limit_reached' } } }));
  await environment.advance(10_000);
  assert.equal(primary.calls.length, 1);
  assert.equal(first.state, 'rejected');
  const second = watch(coalescer.request('b'));
  await environment.advance(49_900);
  assert.equal(primary.calls.length, 1);
  await environment.advance(200);
  assert.equal(primary.calls.length, 2);
  primary.calls[1]!.resolve('paid');
  await settled();
  assert.equal(second.value, 'paid');
});

test('when all are to be left alone for longer than a flight lives it fails at once, and nobody is called too early', async () => {
  const { coalescer, primary, environment, settled } = openStage({ flightTimeoutMs: 2_000 }, 1, evenly);
  watch(coalescer.request('a'));
  primary.calls[0]!.reject(tooMany(30_000));
  await settled();
  const refused = watch(coalescer.request('b'));
  await environment.advance(1);
  assert.equal(primary.calls.length, 1);
  assert.equal(codeOf(refused), 'COALESCER_TARGETS_FAILED');
  assert.match(String(refused.reason), /primary asked to be left alone \(Retry-After\)/);
});

test('a flight waits for the only target as long as that may be called within its time', async () => {
  const { coalescer, primary, environment, settled } = openStage({}, 1, evenly);
  watch(coalescer.request('a'));
  primary.calls[0]!.reject(tooMany(3_000));
  await settled();
  const waiter = watch(coalescer.request('b'));
  await environment.advance(2_990);
  assert.equal(primary.calls.length, 1);
  await environment.advance(20);
  assert.equal(primary.calls.length, 2);
  primary.calls[1]!.resolve('x');
  await settled();
  assert.equal(waiter.value, 'x');
});

test('past its ceiling a target is passed over; past all ceilings flights wait for a place, in their order', async () => {
  const [primary, backup] = [script(), script()];
  const { coalescer, environment, settled } = opened({
    primary: { run: primary, maxConcurrency: 2 },
    backup: { run: backup, maxConcurrency: 1 },
  });
  const flights = Array.from({ length: 5 }, (_, flight) => watch(coalescer.request(`k${flight}`)));
  assert.deepEqual([primary.calls.length, backup.calls.length], [2, 1]);
  primary.calls[0]!.resolve('0');
  await settled();
  assert.deepEqual([primary.calls.length, backup.calls.length], [3, 1]);
  assert.equal(primary.calls[2]!.payload, 'k3');
  await environment.advance(1_000);
  assert.equal(flights[4]!.state, 'pending');
  backup.calls[0]!.resolve('2');
  await settled();
  assert.deepEqual([primary.calls.length, backup.calls.length], [3, 2]);
  for (const { calls } of [primary, backup]) for (const call of calls) call.resolve('x');
  await settled();
  assert.deepEqual(
    flights.map(({ state }) => state),
    Array(5).fill('fulfilled'),
  );
});

test('a flight does not sit out a Retry-After while a target that it has not called is well again', async () => {
  const { coalescer, primary, backup, environment, settled } = openStage({ breaker: { consecutive: 1 }, maxAttempts: 2 }, 2, evenly);
  watch(coalescer.request('ill', { targets: ['backup'] }));
  backup.calls[0]!.reject(httpError(500));
  await settled();
  coalescer.cancel({ payload: 'ill' });
  const waiter = watch(coalescer.request('a'));
  primary.calls[0]!.reject(tooMany(20_000));
  await environment.advance(4_900);
  assert.deepEqual([primary.calls.length, backup.calls.length], [1, 1]);
  await environment.advance(120);
  assert.deepEqual([primary.calls.length, backup.calls.length], [1, 2]);
  backup.calls[1]!.resolve('x');
  await settled();
  assert.equal(waiter.value, 'x');
});

test('a flight that calls its target again waits for a place there, in its turn, and does not back off anew', async () => {
  const primary = script();
  const options = { maxAttempts: 2, budget: false, breaker: false } as const;
  const { coalescer, environment, settled } = opened({ primary: { run: primary, maxConcurrency: 1 } }, options);
  watch(coalescer.request('first'));
  primary.calls[0]!.reject(httpError(503));
  await settled();
  watch(coalescer.request('second'));
  await environment.advance(5_000);
  watch(coalescer.request('third'));
  assert.deepEqual(
    primary.calls.map(({ payload }) => payload),
    ['first', 'second'],
  );
  primary.calls[1]!.resolve('x');
  await settled();
  primary.calls[2]?.resolve('x');
  await settled();
  assert.deepEqual(
    primary.calls.map(({ payload }) => payload),
    ['first', 'second', 'first', 'third'],
  );
});

test('when the primary dies a thousand flights do not flatten a backup with a tenth of the places', async () => {
  const [primary, backup] = [script(), script()];
  const { coalescer, settled } = opened({ primary, backup: { run: backup, maxConcurrency: 100 } });
  const flights = Array.from({ length: 1_000 }, (_, flight) => watch(coalescer.request(`k${flight}`)));
  for (const call of primary.calls) call.reject(httpError(503));
  await settled();
  for (let round = 1; round <= 10; round++) {
    assert.equal(backup.calls.length, round * 100);
    for (const call of backup.calls) call.resolve('x');
    await settled();
  }
  for (const { value } of flights) assert.equal(value, 'x');
});

test('a place that nobody comes to in the flight’s time ends it with a time-out', async () => {
  const primary = script();
  const { coalescer, environment } = opened(
    { primary: { run: primary, maxConcurrency: 1 } },
    { flightTimeoutMs: 500, attemptTimeoutMs: 400 },
  );
  watch(coalescer.request('a'));
  primary.calls[0]!.signal.addEventListener('abort', () => undefined);
  const waiter = watch(coalescer.request('b'));
  await environment.advance(420);
  assert.equal(primary.calls.length, 2, 'the first was told to stop: its place is free');
  await environment.advance(100);
  assert.equal(codeOf(waiter), 'COALESCER_TIMEOUT');
});

/** Attempts beyond one a flight, of a thousand flights in ten seconds and a bit, on a target of which these calls fail. */
async function extraAttempts(fails: (call: number) => boolean): Promise<{ extra: number; seconds: number }> {
  const { coalescer, primary, environment } = openStage({ maxAttempts: 3, breaker: false, backoff: { baseMs: 1, maxMs: 1 } }, 1, evenly);
  const FLIGHTS = 1_000;
  let ended = 0;
  for (let flight = 0; flight < FLIGHTS; flight++) {
    watch(coalescer.request(`k${flight}`));
    for (; ended < primary.calls.length; ended++) {
      if (fails(ended)) primary.calls[ended]!.reject(httpError(503));
      else primary.calls[ended]!.resolve('x');
      await environment.advance(10);
    }
  }
  const extra = primary.calls.length - FLIGHTS;
  assert.equal(coalescer.stats().targets['primary']?.retries, extra);
  return { extra, seconds: Math.ceil(environment.now() / 1_000) };
}

test('where a third of its attempts fail a target sees a tenth more attempts than flights, and one a second', async () => {
  const { extra, seconds } = await extraAttempts((call) => call % 3 === 0);
  assert.ok(extra <= 100 + seconds + 10 && extra >= 100, `${extra} extra attempts in ${seconds} s`);
});

test('in a total outage it sees one attempt a second more than flights', async () => {
  const { extra, seconds } = await extraAttempts(() => true);
  assert.ok(extra <= seconds + 10 && extra >= 10, `${extra} extra attempts in ${seconds} s`);
});

test('a hundred waiters on a failing target of 20 ms make three calls at most, and all are told within those and their backoff', async () => {
  const environment = countedEnvironment(evenly);
  let calls = 0;
  const run = (): Promise<string> =>
    new Promise((_, reject) => {
      calls++;
      environment.setTimer(20, () => reject(httpError(503)));
    });
  const coalescer = createCoalescer({ scope: 'public', environment, targets: { run }, maxAttempts: 3 });
  const waiters = Array.from({ length: 100 }, () => coalescer.outcome('a'));
  await environment.settle();
  assert.equal(calls, 3);
  for (const { status, waitedMs } of await Promise.all(waiters)) {
    assert.equal(status, 'rejected');
    // Half of 100 ms and half of 200 ms, each at the next tick.
    assert.ok(waitedMs <= 3 * 20 + 50 + 100 + 3 * 10, `${waitedMs} ms`);
  }
  const single = createCoalescer({ scope: 'public', environment, targets: { run } });
  await Promise.all(Array.from({ length: 100 }, () => single.outcome('a')).concat([environment.settle() as never]));
  assert.equal(calls, 4, 'without maxAttempts one target is called once');
});

test('who has no retry left says so in its story, and a target that was not tried is called all the same', async () => {
  const { coalescer, primary, backup, settled } = openStage({ maxAttempts: 4, budget: { share: 0, perSecondMin: 0 } }, 2, evenly);
  const waiter = watch(coalescer.request('a'));
  primary.calls[0]!.reject(httpError(503));
  await settled();
  backup.calls[0]!.reject(httpError(503));
  await settled();
  assert.deepEqual([primary.calls.length, backup.calls.length], [1, 1]);
  assert.equal(codeOf(waiter), 'COALESCER_TARGETS_FAILED');
  const story = await coalescer.explain({ payload: 'a' });
  assert.deepEqual(
    story?.events.filter(({ what }) => what === 'passed over').map(({ target, why }) => [target, why]),
    [
      ['primary', 'has no retry left in its budget'],
      ['backup', 'has no retry left in its budget'],
    ],
  );
});

test('without a budget flights try as often as they may', async () => {
  const { coalescer, primary, environment, settled } = openStage(
    { maxAttempts: 3, budget: false, breaker: false, backoff: { baseMs: 1, maxMs: 1 } },
    1,
    evenly,
  );
  for (let flight = 0; flight < 30; flight++) {
    watch(coalescer.request(`k${flight}`));
    for (let attempt = 0; attempt < 3; attempt++) {
      primary.calls.at(-1)!.reject(httpError(503));
      await environment.advance(20);
    }
    await settled();
  }
  assert.equal(primary.calls.length, 90);
});

test('settings of targets are checked', () => {
  const make = (setting: object): unknown =>
    createCoalescer({ scope: 'public', targets: { a: { run: (key: string) => key, ...setting } } });
  assert.throws(() => make({ maxConcurrency: 0 }), /targets\.a\.maxConcurrency: expected a whole number, 1 to 1000000, or Infinity, got 0/);
  assert.throws(() => make({ maxConcurrency: '5' }), /targets\.a\.maxConcurrency/);
  assert.throws(() => make({ credential: '' }), /targets\.a\.credential: expected a name, got ''/);
  assert.throws(() => make({ credential: 7 }), TypeError);
});
