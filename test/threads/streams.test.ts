// Streams from worker threads: chunks arrive equal, as bytes arrive unparsed; the thread runs ahead of its readers by a window and no further; its death is a
// failover in mid-air like any other.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createCoalescer, flightOf, threadTargets, type CoalescerError, type StreamsOption } from '../../src/index.js';
import { CREDIT_BYTES } from '../../workers/protocol.js';
import type targets from './fixtures/stream-chunks.js';
import { Tally, until } from './tally.js';

function open(tally: Tally, streams: StreamsOption = {}, threads = 1) {
  const module = new URL('./fixtures/stream-chunks.js', import.meta.url);
  return createCoalescer({
    name: 'streams',
    scope: 'public',
    streams,
    targets: threadTargets<typeof targets>(module, { config: { tally: tally.buffer }, threads }),
  });
}

async function read(stream: AsyncIterable<unknown>): Promise<unknown[]> {
  const chunks: unknown[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return chunks;
}

const numbers = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

for (const threads of [0, 1, 2]) {
  test(`a hundred readers and as many requests of one key are one call, with ${threads} threads`, async () => {
    const tally = new Tally();
    await using coalescer = open(tally, {}, threads);
    const order = { id: 1, count: 50 };
    const streams = numbers(100).map(() => read(coalescer.stream(order)));
    const values = numbers(100).map(() => coalescer.request(order));
    const all = await Promise.all([...streams, ...values]);
    assert.equal(tally.count('calls'), 1);
    for (const chunks of all) assert.deepEqual(chunks, numbers(50));
  });
}

test('chunks of every kind arrive equal, bytes as bytes and nobody else’s', async () => {
  const tally = new Tally();
  await using coalescer = open(tally);
  const chunks = ['text', 'ein Ü', 'half of an emoji \ud83d', { other: '\ude00' }, 0, -0, Number.NaN, null, undefined, true, 7n, { a: [1, { b: 2 }] }, [], new Date(5), Buffer.from('buffer'), new Uint8Array(70_000).fill(3), new Float64Array([1.5, -0])]; // biome-ignore format: one of each
  const arrived = await read(coalescer.stream({ id: 1, chunks }, { key: 'kinds' }));
  assert.equal(tally.count('calls'), 1);
  assert.deepEqual(arrived, chunks);
  assert.ok(Object.is(arrived[5], -0));
  for (const chunk of arrived)
    if (ArrayBuffer.isView(chunk) && !Buffer.isBuffer(chunk))
      assert.equal(chunk.buffer.byteLength, chunk.byteLength, 'a view on nobody else’s bytes');
});

for (const threads of [0, 1]) {
  test(`a producer that fills one buffer again and again gives each reader what it gave, with ${threads} threads`, async () => {
    const tally = new Tally();
    await using coalescer = open(tally, {}, threads);
    const arrived = (await read(coalescer.stream({ id: 1, count: 200, asBytes: 1_000 }))) as Uint8Array[];
    assert.equal(tally.count('calls'), 1);
    assert.deepEqual(
      arrived.map((chunk) => [chunk.length, chunk[0], chunk[999]]),
      numbers(200).map((index) => [1_000, index, index]),
    );
  });
}

test('a chunk that cannot cross is refused with its path, for all at once, and calls no other target', async () => {
  const tally = new Tally();
  await using coalescer = open(tally, { midStream: 'verify' });
  const order = { id: 1, count: 10, at: 4, what: 'function' } as const;
  const both = [read(coalescer.stream(order)), coalescer.request(order)];
  const errors = await Promise.all(both.map((wait) => wait.catch((error: unknown) => error as CoalescerError)));
  assert.equal(tally.count('calls'), 1);
  for (const error of errors)
    assert.deepEqual([(error as CoalescerError).code, (error as CoalescerError).path], ['COALESCER_NOT_CLONEABLE', '$']);
  assert.equal(errors[0], errors[1], 'one error object');
  await until(() => tally.count('closings') === 1, 'the generator is closed');
});

test('the thread runs ahead of a reader that stands still by a window, and goes on with it', async () => {
  const tally = new Tally();
  await using coalescer = open(tally);
  const count = 2_000;
  const iterator = coalescer.stream({ id: 1, count, asBytes: 1_000 })[Symbol.asyncIterator]();
  await iterator.next();
  const ahead = Math.ceil(CREDIT_BYTES / 1_000);
  await until(() => tally.count('late') >= ahead - 3, 'the window is full');
  for (let turn = 0; turn < 50; turn++)
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
  assert.ok(tally.count('late') <= 1.5 * ahead + 2, `${tally.count('late')} chunks were made for one that was read`);
  assert.equal(tally.count('calls'), 1);
  let left = count - 1;
  for (let next = await iterator.next(); next.done !== true; next = await iterator.next()) left--;
  assert.deepEqual([left, tally.count('late')], [0, count]);
});

test('the last reader that breaks out of its loop aborts the call on its thread, and closes its generator', async () => {
  const tally = new Tally();
  await using coalescer = open(tally);
  for await (const chunk of coalescer.stream({ id: 1, count: 1_000_000 })) if (chunk === 3) break;
  assert.equal(tally.count('calls'), 1);
  assert.equal(coalescer.stats().waiting, 0);
  await until(() => tally.count('aborts') === 1 && tally.count('closings') === 1, 'the call is aborted');
  await coalescer.idle();
});

for (const at of [1, 7, 49]) {
  for (const what of ['exit', 'fail'] as const) {
    test(`'fail': ${what} before chunk ${at} tells each reader how many chunks there were, and calls nobody else`, async () => {
      const tally = new Tally();
      await using coalescer = open(tally);
      const order = { id: 1, count: 50, at, what };
      const streams = [coalescer.stream(order), coalescer.stream(order)];
      const ended = await Promise.all(
        streams.map(async (stream) => {
          const chunks: unknown[] = [];
          try {
            for await (const chunk of stream) chunks.push(chunk);
          } catch (error) {
            return { chunks, error: error as CoalescerError };
          }
          throw new Error('the stream ended as if it were whole');
        }),
      );
      assert.equal(tally.count('calls'), 1);
      for (const { chunks, error } of ended) {
        assert.deepEqual(chunks, numbers(at));
        assert.deepEqual([error.code, error.chunks], ['COALESCER_STREAM_BROKEN', at]);
        assert.equal(flightOf(error)?.attempts[0]?.end, what === 'exit' ? 'thread-lost' : 'failed');
      }
    });

    for (const midStream of ['verify', 'resume'] as const) {
      test(`'${midStream}': ${what} before chunk ${at} goes on at the next target, and late joiners read the one sequence`, async () => {
        const tally = new Tally();
        await using coalescer = open(tally, { midStream });
        const order = { id: 1, count: 50, at, what, gateAt: at };
        const first = coalescer.stream(order);
        const early = read(first);
        await first.opened;
        const late = read(coalescer.stream(order));
        const collected = coalescer.request(order);
        tally.open();
        assert.deepEqual(await Promise.all([early, late, collected]), [numbers(50), numbers(50), numbers(50)]);
        assert.equal(tally.count('calls'), 2);
        assert.deepEqual((await first.outcome).seams, [{ from: 'primary', to: 'backup', chunk: at }]);
      });
    }
  }
}
