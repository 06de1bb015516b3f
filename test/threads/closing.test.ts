// After close nothing is left; and whoever forgets close is not kept alive by it, unless there is work in the air.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { createCoalescer, threadTargets } from '../../src/index.js';
import type targets from './fixtures/answer-or-die.js';
import { exceeds, resources, watchTimers } from './resources.js';
import { Tally, until } from './tally.js';
import { ThreadEvents } from './thread-events.js';

/** From the last thing that a process has to do to its end; a thread that is just starting is waited for. */
const END_MS = 2_500;

interface Ended {
  readonly code: number | null;
  readonly lines: readonly string[];
  readonly errors: string;
  /** From its last line to its end. */
  readonly tailMs: number;
}

async function run(...args: readonly string[]): Promise<Ended> {
  const script = fileURLToPath(new URL('./fixtures/forget-close.js', import.meta.url));
  const child = spawn(process.execPath, [script, ...args], { stdio: ['ignore', 'pipe', 'pipe'], timeout: 20_000 });
  const lines: string[] = [];
  let errors = '';
  let lastAt = performance.now();
  createInterface(child.stdout).on('line', (line) => {
    lines.push(line);
    lastAt = performance.now();
  });
  child.stderr.on('data', (chunk) => (errors += String(chunk)));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, lines, errors, tailMs: performance.now() - lastAt };
}

const FORGOTTEN: readonly (readonly [what: string, where: string, sentence: string])[] = [
  ['unused', 'inline', 'a coalescer that was never used does not keep its process alive'],
  ['answered', 'inline', 'a coalescer whose requests are answered does not keep its process alive'],
  ['unused', 'threads', 'threads that were never used do not keep their process alive'],
  ['answered', 'threads', 'threads whose requests are answered do not keep their process alive'],
  ['abandoned', 'threads', 'threads whose flight was abandoned do not keep their process alive'],
  ['killed', 'threads', 'threads that died and were replaced do not keep their process alive'],
  ['hanging', 'threads', 'a module that hangs while loading keeps its process alive for its time only'],
];
for (const [what, where, sentence] of FORGOTTEN) {
  test(`${sentence} (${where})`, async () => {
    const { code, lines, errors, tailMs } = await run(what, where);
    assert.deepEqual([code, lines, errors], [0, ['done'], '']);
    assert.ok(tailMs < END_MS, `${tailMs} ms`);
  });
}

for (const where of ['inline', 'threads']) {
  test(`work in the air is finished before the process ends (${where})`, async () => {
    const { code, lines, errors, tailMs } = await run('in the air', where);
    assert.deepEqual([code, lines, errors], [0, ['done 1'], '']);
    assert.ok(tailMs < END_MS, `${tailMs} ms`);
  });
}

function open(tally: Tally, name: string) {
  const module = new URL('./fixtures/answer-or-die.js', import.meta.url);
  const options = { threads: 2, config: { tally: tally.buffer }, heartbeatMs: 300 };
  return createCoalescer({ name, scope: 'public', targets: threadTargets<typeof targets>(module, options) });
}

interface Use {
  readonly sentence: string;
  readonly use: (coalescer: ReturnType<typeof open>, tally: Tally, events: ThreadEvents) => Promise<unknown>;
}
const USES: readonly Use[] = [
  { sentence: 'at once', use: () => Promise.resolve() },
  { sentence: 'when it is ready', use: (coalescer) => coalescer.ready() },
  {
    sentence: 'after requests, failures, a time-out and an abandoned flight',
    use: (coalescer) => {
      const requests = [1, 2, 3].map((id) => coalescer.request({ id, failing: id === 3 ? ['primary', 'backup', 'third'] : [] }));
      return Promise.allSettled([...requests, coalescer.request({ id: 4, waits: true }, { timeoutMs: 20 })]);
    },
  },
  {
    sentence: 'after a death that put flights into quarantine, and a hang',
    use: async (coalescer, tally, events) => {
      await coalescer.ready();
      const resident = coalescer.request({ id: 1, waits: true });
      await until(() => tally.count('calls') === 1, 'the resident is in the air');
      await coalescer.request({ id: 2, dies: 'exit', diesOnce: true });
      await coalescer.request({ id: 3, dies: 'spin', diesOnce: true });
      await events.come('lost', 2);
      tally.open();
      await resident;
    },
  },
  {
    sentence: 'with flights in the air that do not end in time',
    use: async (coalescer, tally) => {
      const stuck = [1, 2, 3].map((id) => coalescer.request({ id, waits: true }));
      await until(() => tally.count('calls') === 3, 'they are in the air');
      void Promise.allSettled(stuck);
    },
  },
];
test('once before all, so that what is loaded only once is there', async () => {
  const coalescer = open(new Tally(), 'first');
  await coalescer.ready();
  await coalescer.close();
  await until(() => !process.getActiveResourcesInfo().includes('ProcessWrap'), 'the processes of other tests are gone');
});

for (const { sentence, use } of USES) {
  test(`close leaves nothing behind: no thread, no handle, no timer (${sentence})`, async () => {
    // The loops of threads that tests before this one had end some turns later.
    await until(() => resources()['loop'] === undefined, 'threads of before are gone');
    const before = resources();
    const timers = watchTimers();
    const tally = new Tally();
    const name = `closing ${sentence}`;
    using events = new ThreadEvents(name);
    const coalescer = open(tally, name);
    await use(coalescer, tally, events);
    await coalescer.close({ drainMs: 50 });
    const { airborne, waiting, bytes } = coalescer.stats();
    assert.deepEqual([airborne, waiting, bytes], [0, 0, 0]);
    // Handles are closed in the turns that follow.
    await until(() => !exceeds(resources(), before), `no more than ${JSON.stringify(before)} is left`, 5_000);
    assert.equal(await timers.live(), 0);
    timers.stop();
  });
}

test('`ready` says that it is closed, also to who asked while threads were being set up', async () => {
  const coalescer = open(new Tally(), 'never ready');
  const ready = assert.rejects(coalescer.ready(), { code: 'COALESCER_CLOSED' });
  await coalescer.close();
  await ready;
  await assert.rejects(coalescer.ready(), { code: 'COALESCER_CLOSED' });
});

test('close waits for what is in the air, refuses what is new, and settles what does not end in time', async () => {
  const tally = new Tally();
  const coalescer = open(tally, 'drained');
  const quick = coalescer.request({ id: 1, tardyMs: 200 });
  const stuck = coalescer.request({ id: 2, waits: true });
  const stopped = assert.rejects(stuck, { code: 'COALESCER_CLOSED' });
  await until(() => tally.count('calls') === 2, 'both are in the air');
  const closed = coalescer.close({ drainMs: 600 });
  await assert.rejects(coalescer.request({ id: 3 }), { code: 'COALESCER_CLOSED' });
  assert.equal((await coalescer.request({ id: 1, tardyMs: 200 })).id, 1, 'joins still work');
  assert.equal((await quick).id, 1);
  await Promise.all([stopped, closed]);
  assert.equal(tally.count('calls'), 2);
});
