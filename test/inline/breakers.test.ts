// Breakers, as flights meet them: a sick target is passed over, one attempt finds out whether it is well again, and the last one left is never shut
// out. LESSONS 26, 27; invariant I15.
import assert from 'node:assert/strict';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { test } from 'node:test';
import { createCoalescer, type CoalescerOptions } from '../../src/index.js';
import { codeOf, httpError, openStage, watch, type Script, type Stage, type StageOptions } from './stage.js';

/** Without jitter. */
const evenly = (): number => 0.5;
const staged = (options: StageOptions = {}, count: 1 | 2 | 3 = 2): Stage => openStage({ maxAttempts: 2, ...options }, count, evenly);

let keys = 0;
/** One flight, and the last call that it made of the target. */
async function fly({ coalescer, settled }: Stage): Promise<ReturnType<typeof watch>> {
  const watched = watch(coalescer.request(`key ${++keys}`));
  await settled();
  return watched;
}
const last = ({ calls }: Script): Script['calls'][number] => calls.at(-1)!;

/** So many flights fail on the primary and are answered by the backup. */
async function fail(stage: Stage, times = 5, error: unknown = httpError(503)): Promise<void> {
  for (let time = 0; time < times; time++) {
    const flight = await fly(stage);
    last(stage.primary).reject(error);
    await stage.settled();
    last(stage.backup).resolve('x');
    await stage.settled();
    assert.equal(flight.value, 'x');
  }
}

test('after five failures in a row a target is passed over: flights begin at the next one', async () => {
  const stage = staged();
  await fail(stage);
  assert.equal(stage.primary.calls.length, 5);
  for (let flight = 0; flight < 20; flight++) await fly(stage);
  assert.equal(stage.primary.calls.length, 5);
  assert.equal(stage.backup.calls.length, 25);
  assert.equal(stage.coalescer.stats().targets['primary']?.breaker, 'open');
});

test('a flight with a thousand waiters is one sample', async () => {
  const stage = staged();
  await fail(stage, 4);
  const waiters = Array.from({ length: 1_000 }, () => watch(stage.coalescer.request('herd')));
  assert.equal(stage.primary.calls.length, 5);
  for (const waiter of waiters) assert.equal(waiter.state, 'pending');
  last(stage.primary).resolve('x');
  await stage.settled();
  await fail(stage, 4);
  assert.equal(stage.coalescer.stats().targets['primary']?.breaker, 'closed', 'one success in between');
});

test('an answer that is an error, and an attempt that nobody waited for, are no failures', async () => {
  const stage = staged();
  await fail(stage, 4);
  for (let flight = 0; flight < 3; flight++) {
    const leave = new AbortController();
    const left = watch(stage.coalescer.request(`left ${flight}`, { signal: leave.signal }));
    leave.abort();
    await stage.settled();
    assert.equal(left.state, 'rejected');
  }
  const flight = await fly(stage);
  last(stage.primary).reject(httpError(404));
  await stage.settled();
  assert.equal(flight.state, 'rejected');
  await fail(stage, 4);
  assert.equal(stage.coalescer.stats().targets['primary']?.breaker, 'closed');
});

test('a target that is silent is sick too', async () => {
  const stage = staged({ attemptTimeoutMs: 100 });
  for (let flight = 0; flight < 5; flight++) {
    await fly(stage);
    await stage.environment.advance(110);
    last(stage.backup).resolve('x');
    await stage.settled();
  }
  assert.equal(stage.coalescer.stats().targets['primary']?.breaker, 'open');
});

for (const opened of ['by that very error', 'by hand, while it was called'] as const) {
  test(`a target whose breaker was opened ${opened} is not asked again, whatever its error asks for`, async () => {
    const { environment, primary, backup, settled } = staged();
    const targets = { primary: { run: primary, classify: () => 'retry' as const }, backup };
    const breaker = opened === 'by that very error' ? { consecutive: 1 } : {};
    const coalescer = createCoalescer({ scope: 'public', environment, maxAttempts: 3, targets, breaker });
    const waiter = watch(coalescer.request('a'));
    if (opened !== 'by that very error') coalescer.targets.breaker('primary', 'open');
    primary.calls[0]!.reject(httpError(503));
    await settled();
    assert.deepEqual([primary.calls.length, backup.calls.length], [1, 1], 'the next one is, and at once');
    backup.calls[0]!.resolve('x');
    await settled();
    assert.equal(waiter.value, 'x');
  });
}

test('after five seconds one flight finds out whether it is well again, and all others go elsewhere meanwhile', async () => {
  const stage = staged();
  await fail(stage);
  await stage.environment.advance(4_980);
  await fly(stage);
  assert.equal(stage.primary.calls.length, 5);
  await stage.environment.advance(30);
  const probe = await fly(stage);
  assert.equal(stage.primary.calls.length, 6);
  for (let flight = 0; flight < 100; flight++) await fly(stage);
  assert.equal(stage.primary.calls.length, 6);
  last(stage.primary).resolve('well');
  await stage.settled();
  assert.equal(probe.value, 'well');
  await fly(stage);
  assert.equal(stage.primary.calls.length, 7);
  assert.equal(stage.coalescer.stats().targets['primary']?.breaker, 'closed');
});

test('a probe that fails costs its flight one attempt, and the target twice as long', async () => {
  const stage = staged();
  await fail(stage);
  await stage.environment.advance(5_010);
  const probe = await fly(stage);
  last(stage.primary).reject(httpError(500));
  await stage.settled();
  last(stage.backup).resolve('x');
  await stage.settled();
  assert.equal(probe.value, 'x');
  await stage.environment.advance(9_980);
  await fly(stage);
  assert.equal(stage.primary.calls.length, 6);
  await stage.environment.advance(30);
  await fly(stage);
  assert.equal(stage.primary.calls.length, 7);
});

test('a probe whose waiters left is given back: the next flight is one', async () => {
  const stage = staged();
  await fail(stage);
  await stage.environment.advance(5_010);
  const leave = new AbortController();
  watch(stage.coalescer.request('probe', { signal: leave.signal }));
  assert.equal(stage.primary.calls.length, 6);
  leave.abort();
  await stage.settled();
  await fly(stage);
  assert.equal(stage.primary.calls.length, 7);
});

test('the only target is called however sick it is', async () => {
  const stage = staged({ maxAttempts: 1 }, 1);
  for (let flight = 0; flight < 30; flight++) {
    await fly(stage);
    last(stage.primary).reject(httpError(503));
    await stage.settled();
  }
  assert.equal(stage.primary.calls.length, 30);
  assert.equal(stage.coalescer.stats().targets['primary']?.breaker, 'open');
});

test('where all are to be waited for, ten thousand flights wait, one of them finds out, and the rest come as fast as they are answered', async () => {
  const stage = staged({ maxAttempts: 1, breaker: { whenAllOpen: 'wait' }, limits: { flights: 20_000 } }, 1);
  for (let flight = 0; flight < 5; flight++) {
    await fly(stage);
    last(stage.primary).reject(httpError(503));
    await stage.settled();
  }
  const waiting = Array.from({ length: 10_000 }, (_, flight) => watch(stage.coalescer.request(`waiting ${flight}`)));
  await stage.environment.advance(4_900);
  assert.equal(stage.primary.calls.length, 5);
  await stage.environment.advance(1_000);
  assert.equal(stage.primary.calls.length, 6, 'one probe');
  const inTheAir: number[] = [];
  for (let answered = 5; answered < stage.primary.calls.length; ) {
    const { length } = stage.primary.calls;
    inTheAir.push(length - answered);
    for (; answered < length; answered++) stage.primary.calls[answered]!.resolve('well');
    await stage.settled();
  }
  assert.deepEqual(inTheAir.slice(0, 5), [1, 3, 6, 12, 24]);
  assert.equal(stage.primary.calls.length, 5 + 10_000);
  for (const { value } of waiting) assert.equal(value, 'well');
  assert.equal(stage.coalescer.stats().airborne, 0);
});

test('who waits in vain is told at once that nobody will answer in its time', async () => {
  const stage = staged({ maxAttempts: 1, flightTimeoutMs: 2_000, breaker: { whenAllOpen: 'wait' } }, 1);
  for (let flight = 0; flight < 5; flight++) {
    await fly(stage);
    last(stage.primary).reject(httpError(503));
    await stage.settled();
  }
  const refused = watch(stage.coalescer.request('late'));
  await stage.environment.advance(1);
  assert.equal(stage.primary.calls.length, 5);
  assert.equal(codeOf(refused), 'COALESCER_TARGETS_FAILED');
  assert.match(String(refused.reason), /primary is closed off by its breaker/);
});

test('who leaves while it waits is gone, and its flight with it', async () => {
  const stage = staged({ maxAttempts: 1, breaker: { whenAllOpen: 'wait' } }, 1);
  for (let flight = 0; flight < 5; flight++) {
    await fly(stage);
    last(stage.primary).reject(httpError(503));
    await stage.settled();
  }
  const leave = new AbortController();
  const waiter = watch(stage.coalescer.request('a', { signal: leave.signal }));
  await stage.environment.advance(100);
  leave.abort();
  await stage.settled();
  assert.equal(waiter.state, 'rejected');
  await stage.environment.advance(6_000);
  assert.equal(stage.primary.calls.length, 5);
  assert.deepEqual([stage.coalescer.stats().airborne, stage.environment.timers()], [0, 0]);
});

test('a breaker that is switched off never opens', async () => {
  const stage = staged({ breaker: false });
  await fail(stage, 30);
  assert.equal(stage.primary.calls.length, 30);
});

test('what breakers do is published when it happens, and told in the story', async (t) => {
  const heard: unknown[] = [];
  const on = (message: unknown): void => void heard.push(message);
  subscribe('coalescer:breaker', on);
  t.after(() => unsubscribe('coalescer:breaker', on));
  const stage = staged({ name: 'users' });
  await fail(stage);
  const about = { coalescer: 'users', target: 'primary' };
  assert.deepEqual(heard, [{ ...about, from: 'closed', to: 'open' }]);
  watch(stage.coalescer.request('told'));
  last(stage.backup).resolve('x');
  await stage.settled();
  const story = await stage.coalescer.explain({ payload: 'told' });
  assert.deepEqual(
    story?.events.map(({ what, target, why }) => [what, target, why]),
    [
      ['launched', undefined, undefined],
      ['passed over', 'primary', 'is closed off by its breaker'],
      ['attempt', 'backup', undefined],
      ['value', 'backup', undefined],
      ['settled', undefined, undefined],
    ],
  );
  await stage.environment.advance(5_010);
  await fly(stage);
  last(stage.primary).resolve('x');
  await stage.settled();
  assert.deepEqual(heard.slice(1), [
    { ...about, from: 'open', to: 'half-open' },
    { ...about, from: 'half-open', to: 'closed' },
  ]);
});

test('a stream says with its first chunk that its target is well, however long it lasts', async () => {
  const stage = staged();
  let isSick = true;
  const never = new Promise<never>(() => undefined);
  async function* stream(): AsyncGenerator<string> {
    if (isSick) throw httpError(503);
    yield 'a';
    await never;
  }
  const environment = stage.environment;
  const coalescer = createCoalescer({ scope: 'public', environment, targets: { primary: stream, backup: async () => 'x' } });
  for (let flight = 0; flight < 5; flight++) await coalescer.request(`k${flight}`);
  assert.equal(coalescer.stats().targets['primary']?.breaker, 'open');
  isSick = false;
  await environment.advance(6_010);
  const reader = coalescer.stream('k');
  await environment.advance(10);
  const { attempts, airborne, breaker } = coalescer.stats().targets['primary']!;
  assert.deepEqual({ attempts, airborne, breaker }, { attempts: 6, airborne: 1, breaker: 'closed' });
  await reader[Symbol.asyncDispose]();
});

test('options of the breaker are checked', () => {
  type Options = Partial<CoalescerOptions<string, string, 'public', 'readonly'>>;
  const make = (options: unknown): unknown =>
    createCoalescer({ scope: 'public', targets: { a: (key: string) => key }, ...(options as Options) });
  for (const [breaker, message] of [
    [{ failureShare: 2 }, /options\.breaker\.failureShare: expected a share, 0 to 1, got 2/],
    [{ consecutive: 0 }, /options\.breaker\.consecutive: expected a whole number/],
    [{ whenAllOpen: 'cry' }, /options\.breaker\.whenAllOpen: expected 'try' or 'wait', got 'cry'/],
    [{ opened: 1 }, /options\.breaker\.opened: there is no such option/],
    [true, /options\.breaker: expected an object or false, got true/],
  ] as const)
    assert.throws(() => make({ breaker }), message);
  make({ breaker: false, budget: false });
  assert.throws(() => make({ limits: false }), /options\.limits: expected an object, got false/);
});
