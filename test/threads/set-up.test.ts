// A module is set up once on each thread that becomes active, never on the spare, and closed in order; a set-up that fails by bad luck costs nobody.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createCoalescer, threadTargets, type Coalescer, type ThreadOptions } from '../../src/index.js';
import type { Fault } from './fixtures/fail-in-set-up.js';
import { Tally, until } from './tally.js';
import { ThreadEvents } from './thread-events.js';

function open(name: string, fixture: string, options: ThreadOptions & { readonly config: object }): Coalescer<string, string> {
  const targets = threadTargets(new URL(`./fixtures/${fixture}`, import.meta.url), options as never);
  return createCoalescer({ name, scope: 'public', flightTimeoutMs: 10_000, targets }) as unknown as Coalescer<string, string>;
}

test('set-up runs on active threads only: the spare waits without one until it is needed', async () => {
  const tally = new Tally();
  using events = new ThreadEvents('spare');
  const coalescer = open('spare', 'set-up-and-close.js', { threads: 2, config: { tally: tally.buffer } });
  await coalescer.ready();
  assert.equal(await coalescer.request('x'), 'x');
  assert.equal(tally.count('calls'), 1);
  assert.equal(tally.count('setUps'), 2);
  await coalescer.request('killer');
  await events.come('replaced', 1);
  assert.equal(tally.count('setUps'), 3);
  assert.equal(await coalescer.request('y'), 'y');
  await coalescer.close();
  assert.equal(tally.count('setUps'), 3);
  assert.equal(events.of('lost').length, 1, 'threads that are closed in order are no loss');
});

test('what a module registered runs at close, last in first out, on each active thread', async () => {
  const tally = new Tally();
  const coalescer = open('order', 'set-up-and-close.js', { config: { tally: tally.buffer } });
  assert.equal(await coalescer.request('x'), 'x');
  assert.equal(tally.count('closings'), 0);
  await coalescer.close();
  assert.equal(tally.count('calls'), 1);
  assert.equal(tally.count('closings'), 3);
  // Place in the order, then which one it was.
  assert.deepEqual([13, 22, 31].map((id) => tally.callsOf(id)), [1, 1, 1]); // biome-ignore format: one line
});

for (const threads of [0, 1]) {
  for (const closing of ['throws', 'hangs', 'exits', 'spins'] as const) {
    if (threads === 0 && (closing === 'exits' || closing === 'spins')) continue; // would end the test's own process, or hold it
    test(`a closing that ${closing} does not keep the coalescer from closing (threads: ${threads})`, async () => {
      const tally = new Tally();
      const coalescer = open('closing', 'set-up-and-close.js', { threads, config: { tally: tally.buffer, closing } });
      assert.equal(await coalescer.request('x'), 'x');
      const startedAt = performance.now();
      await coalescer.close();
      assert.equal(tally.count('calls'), 1);
      assert.ok(performance.now() - startedAt < 3_000, `${performance.now() - startedAt} ms`);
      if (closing === 'throws' || threads === 0) assert.equal(tally.count('closings'), 3, 'the others ran');
      await coalescer.close();
      await assert.rejects(coalescer.request('y'), { code: 'COALESCER_CLOSED' });
    });
  }
}

const FAULTS: readonly Fault[] = ['throw', 'exit', 'reject'];
for (const how of FAULTS) {
  test(`a replacement whose set-up fails once (${how}) is replaced itself, and nobody notices`, async () => {
    const tally = new Tally();
    using events = new ThreadEvents(`luck-${how}`);
    const coalescer = open(`luck-${how}`, 'fail-in-set-up.js', { config: { tally: tally.buffer, how, from: 2, to: 2 } });
    await coalescer.ready();
    await coalescer.request('exit');
    await events.come('lost', 1);
    const answers = await Promise.all([coalescer.request('a'), coalescer.request('b')]);
    assert.deepEqual(answers, ['answered a', 'answered b']);
    assert.ok(tally.count('calls') >= 3);
    assert.ok(tally.count('setUps') >= 3);
    assert.equal(coalescer.stats().rejected, 0);
    await coalescer.close();
  });
}

test('replacements that cannot be set up are given up: who waits is told, and the next request after a while tries again', async () => {
  const tally = new Tally();
  using events = new ThreadEvents('given-up');
  const coalescer = open('given-up', 'fail-in-set-up.js', { config: { tally: tally.buffer, how: 'throw', from: 2, to: 4 } });
  await coalescer.ready();
  await coalescer.request('exit');
  await events.come('lost', 1);
  const told = { code: 'COALESCER_TARGETS_NOT_LOADED', message: /the database is away/ };
  await assert.rejects(coalescer.request('a'), told);
  await assert.rejects(coalescer.ready(), told);
  assert.equal(tally.count('setUps'), 4);
  // Asked again and again, it does not try each time.
  let answer: string | null = null;
  let refused = 0;
  await until(() => {
    void coalescer.request(`b${refused}`).then(
      (value) => (answer = value),
      () => refused++,
    );
    return answer !== null;
  }, 'it has recovered');
  assert.equal(tally.count('setUps'), 5);
  assert.ok(refused > 0);
  await coalescer.ready();
  await coalescer.close();
});

test('one of three places that cannot be filled again is flown around, and filled when somebody needs it', async () => {
  const tally = new Tally();
  using events = new ThreadEvents('three-places');
  const config = { tally: tally.buffer, how: 'throw' as Fault, from: 4, to: 6 };
  const coalescer = open('three-places', 'fail-in-set-up.js', { threads: 3, config });
  await coalescer.ready();
  await coalescer.request('exit');
  await events.come('lost', 1);
  await until(() => tally.count('setUps') === 6, 'the replacement is given up');
  const answers = await Promise.all(Array.from({ length: 30 }, (_, id) => coalescer.request(`around ${id}`)));
  assert.equal(answers.length, 30);
  await coalescer.ready();
  let asked = 0;
  await until(() => {
    void coalescer.request(`later ${asked++}`);
    return events.of('ready').length + events.of('replaced').length === 4;
  }, 'the place is filled');
  await coalescer.idle();
  assert.equal(coalescer.stats().rejected, 0);
  await coalescer.close();
});
