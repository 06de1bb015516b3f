// Hedges on real threads: two attempts of a flight are out on one of them. The first answer is everybody's; a thread that dies takes both, and no waiter.
// Invariants I1, I3, I11, I14, I16, I17, I26; fault F10.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createCoalescer, threadTargets, type Outcome, type ThreadOptions } from '../../src/index.js';
import type targets from './fixtures/race-targets.js';
import type { Deed, Race, Raced } from './fixtures/race-targets.js';
import { Tally, until } from './tally.js';
import { ThreadEvents } from './thread-events.js';

/** As many hedges are saved at most for a bad moment. */
const FLIGHTS = 9;
const KILLER = 0;

function open(tally: Tally, name: string, { maxAttempts, ...threads }: ThreadOptions & { readonly maxAttempts?: number } = {}) {
  const module = new URL('./fixtures/race-targets.js', import.meta.url);
  return createCoalescer({
    name,
    scope: 'public',
    breaker: false,
    budget: false,
    backoff: { baseMs: 1 },
    hedge: { afterMs: 20, maxExtraShare: 1 },
    streams: {},
    ...(maxAttempts === undefined ? {} : { maxAttempts }),
    targets: threadTargets<typeof targets>(module, { config: { tally: tally.buffer }, heartbeatMs: 2_000, heapMbMax: 64, ...threads }),
  });
}

const race = (id: number, primary: Deed, backup: Deed): Race => ({ id, primary, backup });
const residents = (primary: Deed, backup: Deed): Race[] => Array.from({ length: FLIGHTS }, (_, at) => race(at + 1, primary, backup));
const told = ({ attempts }: Outcome<unknown>): string[] => attempts.map(({ attempt, target, end }) => `${attempt} ${target} ${end}`);

function answered(outcome: Outcome<unknown>): Raced {
  if (outcome.status === 'rejected') throw new Error('a waiter noticed', { cause: outcome.reason });
  return outcome.value as Raced;
}

type Opened = ReturnType<typeof open>;

async function expectNothingLeft(coalescer: Opened): Promise<void> {
  await coalescer.idle();
  const { airborne, waiting, bytes, launched, fulfilled, rejected, abandoned, targets: counted } = coalescer.stats();
  assert.deepEqual([airborne, waiting, bytes, launched], [0, 0, 0, fulfilled + rejected + abandoned]);
  for (const [name, target] of Object.entries(counted)) assert.equal(target.airborne, 0, `${name} has nothing in the air`);
}

for (const threads of [0, 1, 3]) {
  test(`the first answer of two is everybody’s, and the other is told to stop, with ${threads} threads`, async () => {
    const tally = new Tally();
    await using coalescer = open(tally, `race-${threads}`, { threads });
    await coalescer.ready();
    const races = residents('hang', 'wait');
    const waiters = [...races, ...races].map((payload) => coalescer.outcome(payload));
    await until(() => tally.count('calls') === 2 * FLIGHTS, 'all are hedged');
    const story = await coalescer.explain({ payload: races[0]! });
    const flying = story!.events.filter(({ what }) => what === 'attempt' || what === 'hedge');
    assert.deepEqual(flying.map(({ what, target }) => `${what} ${String(target)}`), ['attempt primary', 'hedge backup']); // biome-ignore format: one line
    tally.open();
    for (const outcome of await Promise.all(waiters)) {
      assert.equal(answered(outcome).target, 'backup');
      assert.deepEqual(told(outcome), ['1 primary outraced', '2 backup value']);
    }
    await until(() => tally.count('aborts') === FLIGHTS, 'the losers are told');
    assert.deepEqual([tally.count('primary'), tally.count('backup')], [FLIGHTS, FLIGHTS]);
    const { primary, backup } = coalescer.stats().targets;
    assert.deepEqual([primary?.outraced, primary?.hedges, backup?.outraced, backup?.hedges], [FLIGHTS, 0, 0, FLIGHTS]);
    await expectNothingLeft(coalescer);
  });
}

for (const death of ['exit', 'throw', 'oom'] as const) {
  test(`${death} while two attempts of each flight are out: one more call each, both are told, nobody is lost or blamed`, async () => {
    const tally = new Tally();
    const name = `both-${death}`;
    using events = new ThreadEvents(name);
    await using coalescer = open(tally, name);
    await coalescer.ready();
    const waiters = residents('wait', 'wait').map((payload) => coalescer.outcome(payload));
    await until(() => tally.count('calls') === 2 * FLIGHTS, 'all are hedged');
    const killer = coalescer.outcome(race(KILLER, death, 'answer'));
    await events.come('lost', 1);
    assert.equal(answered(await killer).target, 'backup');
    await until(() => tally.count('calls') === 3 * FLIGHTS + 2, 'all are in the air again');
    tally.open();
    for (const [at, outcome] of (await Promise.all(waiters)).entries()) {
      assert.equal(answered(outcome).id, at + 1);
      assert.equal(tally.callsOf(at + 1), 3);
      assert.deepEqual(told(outcome), ['1 primary thread-lost', '2 backup thread-lost', '3 primary value']);
    }
    assert.equal(events.of('lost').length, 1);
    await expectNothingLeft(coalescer);
  });
}

test('on three threads those whose thread lives go on with both attempts', async () => {
  const tally = new Tally();
  using events = new ThreadEvents('one-of-three');
  await using coalescer = open(tally, 'one-of-three', { threads: 3 });
  await coalescer.ready();
  const waiters = residents('wait', 'wait').map((payload) => coalescer.outcome(payload));
  await until(() => tally.count('calls') === 2 * FLIGHTS, 'all are hedged');
  const killer = coalescer.outcome(race(KILLER, 'exit', 'answer'));
  await events.come('lost', 1);
  tally.open();
  await killer;
  for (const outcome of await Promise.all(waiters)) {
    assert.equal(tally.callsOf(answered(outcome).id), 2 + outcome.relaunches);
    assert.deepEqual(outcome.attempts.map(({ attempt }) => attempt), [1, 2, 3].slice(0, 2 + outcome.relaunches)); // biome-ignore format: one line
    const lost = outcome.attempts.filter(({ end }) => end === 'thread-lost').map(({ target }) => target);
    assert.deepEqual(lost, outcome.relaunches === 0 ? [] : ['primary', 'backup']);
  }
  await expectNothingLeft(coalescer);
});

test('a hedge whose code takes its thread down is named for it: it goes on alone, its neighbours are answered', async () => {
  for (const death of ['exit', 'spin'] as const) {
    const tally = new Tally();
    const name = `hedge-${death}`;
    using events = new ThreadEvents(name);
    await using coalescer = open(tally, name);
    await coalescer.ready();
    const waiters = residents('wait', 'wait').map((payload) => coalescer.outcome(payload));
    await until(() => tally.count('calls') === 2 * FLIGHTS, 'all are hedged');
    const killer = coalescer.outcome(race(KILLER, 'wait', death));
    await events.come('lost', 1);
    tally.open();
    assert.deepEqual(told(await killer), ['1 primary thread-lost', '2 backup thread-lost', '3 primary value']);
    for (const outcome of await Promise.all(waiters)) answered(outcome);
    assert.deepEqual([tally.callsOf(KILLER), events.of('lost').length], [3, 1]);
  }
});

test('a repeat that is hedged is lost with its thread: what is told names the target of each attempt', async () => {
  const tally = new Tally();
  using events = new ThreadEvents('repeat');
  await using coalescer = open(tally, 'repeat', { maxAttempts: 3 });
  await coalescer.ready();
  const waiter = coalescer.outcome(race(1, 'again', 'wait'));
  await until(() => tally.count('calls') === 3, 'the repeat is hedged');
  const killer = coalescer.outcome(race(KILLER, 'exit', 'answer'));
  await events.come('lost', 1);
  tally.open();
  await killer;
  assert.deepEqual(told(await waiter).slice(0, 3), ['1 primary failed', '2 primary thread-lost', '3 backup thread-lost']);
  assert.equal(tally.callsOf(1), 4);
});

for (const threads of [0, 1, 3]) {
  test(`of two streams all chunks of one arrive, more than a thread runs ahead, with ${threads} threads`, async () => {
    for (const [primary, backup] of [
      ['hang', 300],
      ['hang', 0],
      ['wait', 100],
    ] as const) {
      const tally = new Tally();
      await using coalescer = open(tally, `streams-${threads}`, { threads });
      await coalescer.ready();
      const payload = race(1, primary, backup);
      const read = async (): Promise<number[]> => {
        const chunks: number[] = [];
        for await (const chunk of coalescer.stream(payload)) chunks.push((chunk as Uint8Array)[1_023]!);
        return chunks;
      };
      const [one, other, value] = await Promise.all([read(), read(), coalescer.request(payload)]);
      assert.equal(tally.count('calls'), 2);
      const chunks = Array.from({ length: backup }, (_, index) => index & 255);
      assert.deepEqual([one, other], [chunks, chunks]);
      assert.equal((value as unknown as readonly unknown[]).length, backup);
      await until(() => tally.count('aborts') === 1, 'the loser is told');
      await expectNothingLeft(coalescer);
      tally.open();
    }
  });
}

test('close ends a flight of two attempts that does not settle in time', async () => {
  const tally = new Tally();
  const coalescer = open(tally, 'closing');
  await coalescer.ready();
  const waiter = coalescer.outcome(race(1, 'hang', 'hang'));
  await until(() => tally.count('calls') === 2, 'it is hedged');
  await coalescer.close({ drainMs: 50 });
  const outcome = await waiter;
  assert.equal(outcome.status === 'rejected' && (outcome.reason as { code?: string }).code, 'COALESCER_CLOSED');
  assert.equal(tally.count('calls'), 2);
  assert.deepEqual([coalescer.stats().airborne, coalescer.stats().waiting], [0, 0]);
});
