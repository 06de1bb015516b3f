// A thread dies while one of its streams has chunks that a reader wrote to: that flight cannot be gone on with, and nobody else waits behind it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createCoalescer, threadTargets, type CoalescerError } from '../../src/index.js';
import type targets from './fixtures/stream-chunks.js';
import { Tally } from './tally.js';

test('chunks that a reader made impossible to hand on break its own stream, and no other flight of the dead thread', async () => {
  const tally = new Tally();
  const module = new URL('./fixtures/stream-chunks.js', import.meta.url);
  await using coalescer = createCoalescer({
    scope: 'public',
    share: 'same',
    streams: { midStream: 'resume' },
    targets: threadTargets<typeof targets>(module, { config: { tally: tally.buffer }, threads: 1 }),
  });
  await coalescer.ready();
  const chunks = ['one', 'two', 'three'].map((text) => ({ text }));
  const other = coalescer.stream({ id: 2, chunks, gateAt: 1 });
  await other.opened;
  const write = async (): Promise<void> => {
    for await (const chunk of coalescer.stream({ id: 1, chunks, at: 2, what: 'exit' }))
      Object.assign(chunk as object, { seen: () => true });
  };
  await assert.rejects(write(), (error: CoalescerError) => error.code === 'COALESCER_STREAM_BROKEN');
  tally.open();
  const read: unknown[] = [];
  for await (const chunk of other) read.push(chunk);
  assert.deepEqual(read, chunks);
  assert.equal(tally.count('calls'), 3, 'one each, and the bystander went on once');
});
