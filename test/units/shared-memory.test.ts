// The memory that outlives a thread: what one writes of one slot or target changes nothing of any other.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { ENDED, SharedMemory } from '../../workers/shared-memory.js';
import { TARGETS_MAX } from '../../workers/targets.js';

test('a ledger entry gives back up to 15 attempts and all 24 targets, each on its own', () => {
  const memory = SharedMemory.ofSlots(3);
  const other = new SharedMemory(memory.buffer);
  for (let attempts = 0; attempts <= 15; attempts++) {
    for (let target = 0; target < TARGETS_MAX; target++) {
      for (const tried of [1 << target, 2 ** TARGETS_MAX - 1, (2 ** TARGETS_MAX - 1) ^ (1 << target)]) {
        const entry = { attemptsMade: attempts, targetsTried: tried, target };
        memory.enterLedger(1, { ...entry, hedge: null });
        const alone = { attemptsMade: attempts, targetsTried: tried, lastTarget: target, otherTarget: -1 };
        assert.deepEqual(other.ledger(1), alone);
        memory.enterLedger(1, { ...entry, hedge: { rival: { target: TARGETS_MAX - 1 - target } } });
        assert.deepEqual(other.ledger(1), { ...alone, otherTarget: TARGETS_MAX - 1 - target });
      }
    }
  }
  const empty = { attemptsMade: 0, targetsTried: 0, lastTarget: -1, otherTarget: -1 };
  assert.deepEqual([other.ledger(0), other.ledger(2)], [empty, empty]);
  other.clearLedger(1);
  assert.deepEqual(memory.ledger(1), empty);
});

test('heartbeat and ledger do not touch one another', () => {
  const memory = SharedMemory.ofSlots(2);
  const before = memory.heartbeat;
  memory.enterLedger(0, { attemptsMade: 3, targetsTried: 5, target: 2, hedge: null });
  memory.beat();
  memory.beat();
  assert.equal(memory.heartbeat, before + 2);
  assert.deepEqual(memory.ledger(0), { attemptsMade: 3, targetsTried: 5, lastTarget: 2, otherTarget: -1 });
  assert.deepEqual(memory.ledger(1), { attemptsMade: 0, targetsTried: 0, lastTarget: -1, otherTarget: -1 });
});

test('counts of each target are its own', () => {
  const memory = SharedMemory.ofSlots(0);
  for (let target = 0; target < TARGETS_MAX; target++)
    for (const what of [0, 1, 2, 3, 4, 5]) memory.count(target, what, target * 10 + what);
  memory.began(5);
  for (let target = 0; target < TARGETS_MAX; target++) {
    const [attempts, failures, retries, ended, hedges, outraced] = [0, 1, 2, 3, 4, 5].map((what) => target * 10 + what);
    const begun = attempts! + (target === 5 ? 1 : 0);
    assert.deepEqual(memory.counts(target), { attempts: begun, failures, retries, hedges, outraced, airborne: begun - ended! });
  }
});

test('what a life that is over had in the air is nowhere any more, and all it has done is kept', () => {
  const gone = SharedMemory.ofSlots(0);
  for (let attempt = 0; attempt < 5; attempt++) gone.began(1);
  gone.count(1, ENDED, 2);
  assert.deepEqual([gone.counts(1).attempts, gone.counts(1).airborne], [5, 3]);
  const heir = SharedMemory.ofSlots(0);
  heir.began(1);
  heir.inherit(gone);
  assert.deepEqual([heir.counts(1).attempts, heir.counts(1).airborne], [6, 1]);
});

test('while a thread counts, there are never fewer attempts in the air than none', async () => {
  const memory = SharedMemory.ofSlots(0);
  const code = `
    const { workerData } = require('node:worker_threads');
    import(workerData.module).then(({ ENDED, SharedMemory }) => {
      const memory = new SharedMemory(workerData.buffer);
      for (let attempt = 0; attempt < 20_000_000; attempt++) {
        memory.began(0);
        memory.count(0, ENDED, 1);
      }
    });`;
  const module = new URL('../../workers/shared-memory.js', import.meta.url).href;
  const worker = new Worker(code, { eval: true, workerData: { module, buffer: memory.buffer } });
  const running = new AbortController();
  const ended = once(worker, 'exit').finally(() => running.abort());
  let least = 0;
  let reads = 0;
  while (!running.signal.aborted) {
    for (let read = 0; read < 100_000; read++, reads++) least = Math.min(least, memory.counts(0).airborne);
    await new Promise(setImmediate);
  }
  await ended;
  assert.equal(least, 0, `${reads} reads`);
  const { attempts, airborne } = memory.counts(0);
  assert.deepEqual([attempts, airborne], [20_000_000, 0]);
});
