// Threads die under work in every way they can, not by the fault of a flight: flights go on elsewhere, and nobody who waits notices.
import assert from 'node:assert/strict';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { test } from 'node:test';
import { type ChannelMessages, createCoalescer, threadTargets, type Outcome, type ThreadOptions } from '../../src/index.js';
import type targets from './fixtures/answer-or-die.js';
import type { Answer } from './fixtures/answer-or-die.js';
import type busy from './fixtures/answer-together.js';
import type onceOnly from './fixtures/call-once-only.js';
import { DEATHS } from './fixtures/deaths.js';
import type spinning from './fixtures/spin-chunks.js';
import { Tally, until } from './tally.js';
import { ThreadEvents } from './thread-events.js';

const KILLER = 0;
const RESIDENTS = 20;

function open(tally: Tally, name: string, options: ThreadOptions = {}) {
  const module = new URL('./fixtures/answer-or-die.js', import.meta.url);
  const threads = threadTargets<typeof targets>(module, { config: { tally: tally.buffer }, heartbeatMs: 300, heapMbMax: 64, ...options });
  return createCoalescer({ name, scope: 'public', targets: threads });
}

const ids = (count: number, from = 1): number[] => Array.from({ length: count }, (_, at) => from + at);

function answered(outcome: Outcome<unknown>): Answer {
  if (outcome.status === 'rejected') throw new Error('a waiter noticed', { cause: outcome.reason });
  return outcome.value as Answer;
}

for (const death of DEATHS) {
  test(`${death}: begun flights go on elsewhere with one more attempt each, and new ones meet no gap`, async (t) => {
    const tally = new Tally();
    using events = new ThreadEvents(`begun-${death}`);
    const coalescer = open(tally, `begun-${death}`);
    const told: ChannelMessages['coalescer:failover'][] = [];
    const listener = (message: unknown): void => void told.push(message as ChannelMessages['coalescer:failover']);
    subscribe('coalescer:failover', listener);
    t.after(() => unsubscribe('coalescer:failover', listener));
    await coalescer.ready();
    const residents = ids(RESIDENTS).map((id) => coalescer.outcome({ id, waits: true }));
    await until(() => tally.count('calls') === RESIDENTS, 'all residents are in the air');
    assert.equal((await coalescer.request({ id: KILLER, dies: death, diesAfter: true })).id, KILLER);
    const afterwards = ids(RESIDENTS, 100).map((id) => coalescer.request({ id }));
    await events.come('lost', 1);
    const meanwhile = ids(RESIDENTS, 200).map((id) => coalescer.request({ id }));
    await until(() => ids(RESIDENTS).every((id) => tally.callsOf(id) === 2), 'all residents are in the air again');
    tally.open();
    for (const [at, outcome] of (await Promise.all(residents)).entries()) {
      const { id, target } = answered(outcome);
      assert.equal(tally.callsOf(id), 2);
      assert.deepEqual([id, target], [at + 1, 'backup']);
      assert.deepEqual(outcome.attempts.map(({ end, target: on }) => [end, on]), [['thread-lost', 'primary'], ['value', 'backup']]); // biome-ignore format: one line
      assert.equal(outcome.relaunches, 1);
    }
    assert.deepEqual((await Promise.all(meanwhile)).map(({ id }) => id), ids(RESIDENTS, 200)); // biome-ignore format: one line
    assert.deepEqual((await Promise.all(afterwards)).map(({ id }) => id), ids(RESIDENTS, 100)); // biome-ignore format: one line
    const { threadsLost, relaunches, failovers, rejected, airborne, waiting } = coalescer.stats();
    assert.equal(threadsLost, 1);
    assert.ok(relaunches >= RESIDENTS);
    assert.ok(failovers >= RESIDENTS && failovers <= relaunches, `${failovers} failovers, ${relaunches} relaunches`);
    assert.equal(told.length, failovers);
    assert.ok(told.every(({ from, to, code }) => from === 'primary' && to === 'backup' && code === 'thread-lost'));
    const story = String(await coalescer.explain({ payload: { id: 1, waits: true } }));
    assert.match(story, /thread-lost: [^]+failover: from primary, to backup[^]+attempt: attempt 2, target backup/);
    assert.deepEqual([rejected, airborne, waiting], [0, 0, 0]);
    await coalescer.close();
  });
}

for (const death of ['exit', 'oom', 'spin'] as const) {
  test(`${death}: flights that had not begun are launched again for free`, async () => {
    const tally = new Tally();
    const coalescer = open(tally, `not-begun-${death}`);
    await coalescer.ready();
    // All in one envelope: the thread dies in the first call, before it has looked at the others.
    const killer = coalescer.outcome({ id: KILLER, dies: death, diesOnce: true, atOnce: true });
    const residents = ids(RESIDENTS).map((id) => coalescer.outcome({ id }));
    for (const outcome of await Promise.all(residents)) {
      const { id, target, attempt } = answered(outcome);
      assert.equal(tally.callsOf(id), 1);
      assert.deepEqual([target, attempt, outcome.attempts.length, outcome.relaunches], ['primary', 1, 1, 1]);
    }
    assert.equal(answered(await killer).target, 'backup');
    assert.equal(tally.callsOf(KILLER), 2);
    await coalescer.close();
  });
}

test('a target that must not be called twice is not, and its flight goes nowhere else either', async () => {
  const tally = new Tally();
  const module = new URL('./fixtures/call-once-only.js', import.meta.url);
  const threads = threadTargets<typeof onceOnly>(module, { config: { tally: tally.buffer } });
  const coalescer = createCoalescer({ name: 'once', scope: 'public', targets: threads });
  await coalescer.ready();
  const payment = coalescer.outcome('pay');
  await until(() => tally.count('calls') === 1, 'the payment is in the air');
  assert.equal(await coalescer.request('killer'), 'killed');
  const outcome = await payment;
  assert.equal(tally.count('calls'), 2, 'the payment and the killer');
  assert.equal(outcome.status, 'rejected');
  assert.deepEqual(outcome.attempts.map(({ end, target }) => [end, target]), [['thread-lost', 'payment']]); // biome-ignore format: one line
  assert.equal(outcome.status === 'rejected' && (outcome.reason as { code?: string }).code, 'COALESCER_TARGETS_FAILED');
  await coalescer.close();
});

test('without a spare, flights wait for the next thread', async () => {
  const tally = new Tally();
  const coalescer = open(tally, 'no-spare', { spare: false });
  await coalescer.ready();
  const resident = coalescer.outcome({ id: 1, waits: true });
  await until(() => tally.count('calls') === 1, 'the resident is in the air');
  tally.open();
  const killer = coalescer.outcome({ id: KILLER, dies: 'exit', diesOnce: true, atOnce: true });
  const behind = coalescer.outcome({ id: 2 });
  const outcomes = await Promise.all([resident, killer, behind]);
  assert.deepEqual([tally.callsOf(KILLER), tally.callsOf(2)], [2, 1]);
  assert.deepEqual(outcomes.map((outcome) => answered(outcome).id), [1, KILLER, 2]); // biome-ignore format: one line
  await coalescer.close();
});

test('keys spread over three threads, and those on the other two do not notice the death of one', async () => {
  const tally = new Tally();
  using events = new ThreadEvents('three');
  const coalescer = open(tally, 'three', { threads: 3 });
  await coalescer.ready();
  const residents = ids(60).map((id) => coalescer.outcome({ id, waits: true }));
  await until(() => tally.count('calls') === 60, 'all residents are in the air');
  const { thread } = await coalescer.request({ id: KILLER, dies: 'exit', diesAfter: true });
  await events.come('lost', 1);
  tally.open();
  const outcomes = await Promise.all(residents);
  const moved = outcomes.filter(({ relaunches }) => relaunches > 0);
  assert.equal(tally.count('calls'), 61 + moved.length);
  assert.ok(moved.length > 5 && moved.length < 40, `${moved.length} of 60 were on one of three threads`);
  const threads = new Set(outcomes.filter(({ relaunches }) => relaunches === 0).map((outcome) => answered(outcome).thread));
  assert.equal(threads.size, 2);
  assert.ok(!threads.has(thread));
  assert.equal(events.of('lost')[0]?.thread, thread);
  assert.equal(events.of('lost')[0]?.relaunched, moved.length);
  await coalescer.close();
});

test('a thread that dies while nothing is on it is replaced, and the next request finds the new one', async () => {
  const tally = new Tally();
  using events = new ThreadEvents('idle-death');
  const coalescer = open(tally, 'idle-death');
  const before = await coalescer.request({ id: KILLER, dies: 'exit', diesAfter: true });
  await coalescer.idle();
  await events.come('replaced', 1);
  const after = await coalescer.outcome({ id: 1 });
  assert.equal(tally.count('calls'), 2);
  assert.notEqual(answered(after).thread, before.thread);
  assert.equal(after.relaunches, 0);
  assert.deepEqual(events.all.map(({ event, relaunched }) => [event, relaunched]), [['ready', 0], ['lost', 0], ['replaced', 0]]); // biome-ignore format: one line
  await coalescer.close();
});

test('a thread with much work is no hung one: answers that come together are signs of life, each', async () => {
  const tally = new Tally();
  const together = 60;
  const module = new URL('./fixtures/answer-together.js', import.meta.url);
  const options = { config: { tally: tally.buffer }, heartbeatMs: 400 };
  const coalescer = createCoalescer({ name: 'busy', scope: 'public', targets: threadTargets<typeof busy>(module, options) });
  await coalescer.ready();
  // Three times as long as a heart may stand still.
  const orders = ids(together).map((id) => ({ id, together, workMs: 20 }));
  assert.deepEqual(await Promise.all(orders.map((order) => coalescer.request(order))), ids(together));
  assert.deepEqual([tally.count('calls'), coalescer.stats().threadsLost], [together, 0]);
  await coalescer.close();
});

test('a stream that never lets its loop turn is a hang, however many chunks it gives: its neighbours go on elsewhere', async () => {
  const module = new URL('./fixtures/spin-chunks.js', import.meta.url);
  const targets = threadTargets<typeof spinning>(module, { heartbeatMs: 300 });
  const coalescer = createCoalescer({ name: 'spinning', scope: 'public', targets, flightTimeoutMs: 20_000 });
  await coalescer.ready();
  const leaving = new AbortController();
  const spinner = coalescer.outcome({ id: 0, chunkMs: 5 }, { signal: leaving.signal });
  const neighbours = await Promise.all(ids(5).map((id) => coalescer.request({ id })));
  assert.deepEqual(neighbours, ids(5));
  assert.ok(coalescer.stats().threadsLost >= 1);
  leaving.abort();
  await spinner;
  await coalescer.close();
});
