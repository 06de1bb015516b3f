// One request among a hundred kills whatever thread it is on: it is stopped, and nobody else pays. How many threads it took is counted.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createCoalescer, isCoalescerError, threadTargets, type Outcome } from '../../src/index.js';
import type targets from './fixtures/answer-or-die.js';
import type { Answer, Order } from './fixtures/answer-or-die.js';
import type handling from './fixtures/handle-its-own.js';
import { DEATHS, type Death } from './fixtures/deaths.js';
import { Tally, until } from './tally.js';
import { ThreadEvents } from './thread-events.js';

const POISON = 0;
const RESIDENTS = 99;
const HEARTBEAT_MS = 400;

function open(tally: Tally, name: string) {
  const options = { config: { tally: tally.buffer }, heartbeatMs: HEARTBEAT_MS, heapMbMax: 64 };
  const module = threadTargets<typeof targets>(new URL('./fixtures/answer-or-die.js', import.meta.url), options);
  return createCoalescer({ name, scope: 'public', targets: module });
}

interface Case {
  readonly death: Death;
  readonly atOnce: boolean;
  /** What the poison may cost: its own code is named at once, else it takes one death for all, one for the suspects, and one alone. */
  readonly kills: number;
}
const CASES: readonly Case[] = [
  ...DEATHS.map((death) => ({ death, atOnce: false, kills: 3 })),
  ...(['exit', 'oom', 'spin'] as const).map((death) => ({ death, atOnce: true, kills: 2 })),
];

for (const { death, atOnce, kills } of CASES) {
  const when = atOnce ? 'in its synchronous code' : 'after an await';
  test(`a poison that brings ${death} ${when} is stopped after ${kills} threads, and its ${RESIDENTS} neighbours are answered`, async () => {
    const tally = new Tally();
    const name = `poison-${death}-${atOnce}`;
    using events = new ThreadEvents(name);
    const coalescer = open(tally, name);
    await coalescer.ready();
    const neighbours = Array.from({ length: RESIDENTS }, (_, at) => coalescer.outcome({ id: at + 1, waits: true }));
    await until(() => tally.count('calls') === RESIDENTS, 'all neighbours are in the air');
    const poison = coalescer.outcome({ id: POISON, dies: death, atOnce });
    // Its neighbours end when the gate opens: until then they are there at each death.
    const stopped = await Promise.race([poison, Promise.all(neighbours).then(() => null)]).finally(() => tally.open());
    const outcome = stopped ?? (await poison);
    const answered = await Promise.all(neighbours);
    assert.ok(tally.callsOf(POISON) <= kills, `the poison was called ${tally.callsOf(POISON)} times`);
    assert.equal(events.of('lost').length, tally.callsOf(POISON));
    assert.equal(outcome.status, 'rejected');
    assert.ok(isCoalescerError(outcome.status === 'rejected' ? outcome.reason : null, 'COALESCER_POISONED'), JSON.stringify(outcome));
    for (const [at, neighbour] of answered.entries()) expectAnswered(neighbour, at + 1, events.of('lost').length);
    assert.equal((await coalescer.request({ id: RESIDENTS + 1 })).target, 'primary');
    await coalescer.close();
  });
}

function expectAnswered(outcome: Outcome<unknown>, id: number, deaths: number): void {
  assert.equal(outcome.status, 'fulfilled', outcome.status === 'rejected' ? String(outcome.reason) : '');
  if (outcome.status === 'fulfilled') assert.equal((outcome.value as Answer).id, id);
  assert.ok(outcome.attempts.length <= 1 + deaths, `${outcome.attempts.length} attempts for ${deaths} deaths`);
  assert.equal(outcome.attempts.filter(({ end }) => end === 'thread-lost').length, outcome.attempts.length - 1);
}

test('a poison on its own is stopped after two threads', async () => {
  const tally = new Tally();
  const coalescer = open(tally, 'poison-alone');
  const order: Order = { id: POISON, dies: 'exit' };
  const results = await Promise.allSettled(Array.from({ length: 50 }, () => coalescer.request(order)));
  assert.equal(tally.callsOf(POISON), 2);
  const errors = new Set(results.map((result) => (result.status === 'rejected' ? (result.reason as unknown) : null)));
  const [error] = errors;
  assert.equal(errors.size, 1);
  assert.ok(isCoalescerError(error, 'COALESCER_POISONED'));
  assert.deepEqual(error.attempts?.map(({ end }) => end), ['thread-lost', 'thread-lost']); // biome-ignore format: one line
  assert.match(error.message, /this request killed 2 threads/);
  await coalescer.close();
});

// What does not end an active thread must not end one in quarantine: it was taken for the crime of whoever flew there.
for (const handled of ['rejections', 'exceptions'] as const) {
  test(`where the module handles ${handled} that nobody catches, they are nobody's crime in quarantine either`, async () => {
    const tally = new Tally();
    const module = new URL('./fixtures/handle-its-own.js', import.meta.url);
    const options = { config: { tally: tally.buffer, handled }, heartbeatMs: HEARTBEAT_MS };
    const coalescer = createCoalescer({ name: handled, scope: 'public', targets: threadTargets<typeof handling>(module, options) });
    await coalescer.ready();
    const innocents = Array.from({ length: 20 }, (_, at) => coalescer.outcome({ id: at + 1 }));
    const poison = coalescer.outcome({ id: POISON, exits: true });
    const told = await poison;
    assert.ok(isCoalescerError(told.status === 'rejected' ? told.reason : null, 'COALESCER_POISONED'), JSON.stringify(told));
    for (const [at, outcome] of (await Promise.all(innocents)).entries())
      assert.equal(outcome.status === 'fulfilled' ? outcome.value : outcome.reason, at + 1);
    assert.equal(coalescer.stats().threadsLost, tally.callsOf(POISON));
    await coalescer.close();
  });
}
