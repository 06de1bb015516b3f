// Many equal requests on threads are one flight: the proof is how often targets on all threads together were called.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createCoalescer, flightOf, threadTargets, type Coalescer, type CoalescerError } from '../../src/index.js';
import type targets from './fixtures/answer-or-die.js';
import type { Answer, Order } from './fixtures/answer-or-die.js';
import { Tally } from './tally.js';

const MANY = 1_000;

function open(threads: number): { readonly tally: Tally; readonly coalescer: Coalescer<Order, Answer> } {
  const tally = new Tally();
  const module = new URL('./fixtures/answer-or-die.js', import.meta.url);
  const coalescer = createCoalescer({
    name: `coalescing-${threads}`,
    scope: 'public',
    targets: threadTargets<typeof targets>(module, { threads, config: { tally: tally.buffer } }),
  });
  return { tally, coalescer };
}

for (const threads of [0, 1, 3]) {
  test(`1,000 concurrent equal requests are one call (threads: ${threads})`, async () => {
    const { tally, coalescer } = open(threads);
    // Before the threads are ready: the first request need not wait for them.
    const answers = await Promise.all(Array.from({ length: MANY }, () => coalescer.request({ id: 1 })));
    assert.equal(tally.count('calls'), 1);
    for (const { id, target, attempt } of answers) assert.deepEqual([id, target, attempt], [1, 'primary', 1]);
    assert.equal(coalescer.stats().joined, MANY - 1);
    await coalescer.close();
  });

  test(`with the first target failing they are two calls (threads: ${threads})`, async () => {
    const { tally, coalescer } = open(threads);
    await coalescer.ready();
    const answers = await Promise.all(Array.from({ length: MANY }, () => coalescer.request({ id: 1, failing: ['primary'] })));
    assert.equal(tally.count('calls'), 2);
    assert.equal(tally.count('backup'), 1);
    for (const { id, target, attempt } of answers) assert.deepEqual([id, target, attempt], [1, 'backup', 2]);
    await coalescer.close();
  });

  test(`with all three failing they are three calls and one shared error (threads: ${threads})`, async () => {
    const { tally, coalescer } = open(threads);
    const order: Order = { id: 1, failing: ['primary', 'backup', 'third'] };
    const results = await Promise.allSettled(Array.from({ length: MANY }, () => coalescer.request(order)));
    assert.equal(tally.count('calls'), 3);
    const errors = new Set(results.map((result) => (result.status === 'rejected' ? (result.reason as CoalescerError) : null)));
    const [error] = errors;
    assert.equal(errors.size, 1);
    assert.equal(error?.code, 'COALESCER_TARGETS_FAILED');
    const ends = error.attempts?.map(({ target, end, status }) => [target, end, status]);
    assert.deepEqual(ends, [['primary', 'failed', 503], ['backup', 'failed', 503], ['third', 'failed', 503]]); // biome-ignore format: one line
    assert.equal(flightOf(error)?.waiters, MANY);
    await coalescer.close();
  });

  test(`different requests meet neither on a thread nor between threads (threads: ${threads})`, async () => {
    const { tally, coalescer } = open(threads);
    const answers = await Promise.all(Array.from({ length: MANY }, (_, id) => coalescer.request({ id })));
    assert.equal(tally.count('calls'), MANY);
    assert.deepEqual(answers.map(({ id }) => id), Array.from({ length: MANY }, (_, id) => id)); // biome-ignore format: one line
    await coalescer.close();
  });
}

test('the last of ten waiters to leave is not one of the nine who stay: none of them notices the leader abort', async () => {
  const { tally, coalescer } = open(1);
  const leader = new AbortController();
  const led = coalescer.request({ id: 1, waits: true }, { signal: leader.signal });
  const followers = Array.from({ length: 9 }, () => coalescer.request({ id: 1, waits: true }));
  leader.abort(new Error('gone'));
  await assert.rejects(led, { message: 'gone' });
  tally.open();
  const answers = await Promise.all(followers);
  assert.equal(tally.count('calls'), 1);
  for (const { id } of answers) assert.equal(id, 1);
  await coalescer.close();
});

// The shard of such a thread cannot say that the time is up; the front does, and what is kept was not asked.
test('a kept value stands in for a flight whose thread is deaf at its deadline', async () => {
  const tally = new Tally();
  const module = new URL('./fixtures/answer-or-die.js', import.meta.url);
  const coalescer = createCoalescer({
    scope: 'public',
    key: ({ id }: Order) => String(id),
    keep: { ttlMs: 0, staleIfErrorMs: 60_000 },
    flightTimeoutMs: 500,
    targets: threadTargets<typeof targets>(module, { config: { tally: tally.buffer }, spare: false, heartbeatMs: 2_000 }),
  });
  await coalescer.ready();
  const kept = await coalescer.request({ id: 1 });
  const outcome = await coalescer.outcome({ id: 1, dies: 'spin', atOnce: true });
  assert.deepEqual([outcome.status === 'fulfilled' && outcome.value, outcome.role], [kept, 'stale']);
  await coalescer.close({ drainMs: 0 });
});
